"""Sign-in by OpenID against a real, certified provider: the whole way, and every answer that must not let anybody in."""

import asyncio
import logging
import os
import secrets
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from oidc_front import Front
from pydantic import SecretStr
from starlette.testclient import TestClient

from rag.errors import SettingsError
from rag.serving import Serving
from rag.settings import PROJECT, load_settings
from ui.app import create_app
from ui.oidc import FAILED, PENDING_S, PREFIX, Begun, Identity, Oidc, OidcError, oidc_routes, seal, unseal

BACK = f"http://testserver{PREFIX}/xong"
SECRET = secrets.token_urlsafe(32)
SEAL = secrets.token_urlsafe(32)
DISCOVERY, KEYS, TOKEN, USER = "/.well-known/openid-configuration", "/jwks", "/token", "/me"
FOLDER = PROJECT / ".oidc-provider"
BEGUN = Begun("http://127.0.0.1/auth", "trang-thai", "mot-lan", "bi-mat")


@pytest.fixture(scope="module")
def start():
    """Return a function that starts a provider of an issuer and returns its port."""
    if not shutil.which("node") or not (FOLDER / ".installed").exists():
        pytest.skip("node or the npm package oidc-provider is missing: make oidc-provider")
    started = []

    def _start(issuer):
        command = ["node", str(PROJECT / "tests" / "oidc_provider.mjs"), str(FOLDER), issuer, SECRET, BACK]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        started.append(process)
        return int(process.stdout.readline())

    yield _start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def running(start):
    """A front with its provider, and another provider of the same name and clients with keys of its own."""
    front = Front()
    front.upstream, front.second = start(front.url), start(front.url)
    yield front
    front.close()


@pytest.fixture
def front(running):
    yield running
    running.other, running.faults, running.client, running.seen = {}, {}, None, []


@pytest.fixture
def oidc(front):
    return Oidc(front.url, "binhdan", SecretStr(SECRET))


@pytest.fixture
def visitor(oidc):
    with TestClient(app(oidc), follow_redirects=False) as client:
        yield client


def app(oidc):
    def on_identity(identity, _):
        if identity.subject == "bi-khoa":
            raise OidcError("the account is locked")
        return PlainTextResponse(f"{identity.subject}|{identity.issuer}|{identity.email}|{identity.name}")

    app = FastAPI(openapi_url=None)
    app.include_router(oidc_routes(oidc, SEAL, on_identity))
    return app


def agree(url, login="lan"):
    """Fill in the provider's own forms as a person would and return the address that it sends the browser back to."""
    with httpx2.Client(follow_redirects=False) as browser:
        answer = browser.get(url)
        while True:
            if answer.is_redirect:
                url = urljoin(url, answer.headers["location"])
                if url.startswith(BACK):
                    return url
                answer = browser.get(url)
            else:
                assert answer.status_code == 200, answer.text
                prompt = "login" if 'value="login"' in answer.text else "consent"
                answer = browser.post(url, data={"prompt": prompt, "login": login, "password": "x"})


def query(address):
    return dict(parse_qsl(urlsplit(address).query))


def finish(oidc, begun, address):
    return asyncio.run(oidc.finish(begun, query(address), BACK))


def begin(oidc):
    return asyncio.run(oidc.begin(BACK))


def refused(visitor, address):
    answer = visitor.get(address)
    assert (answer.status_code, answer.headers["location"]) == (303, FAILED)
    return answer


@pytest.mark.oidc
def test_the_whole_way_gives_subject_email_and_name(front, visitor):
    begun = visitor.get(PREFIX)
    assert begun.status_code == 303
    cookie = begun.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", f"Path={PREFIX}", f"Max-Age={PENDING_S}"} <= set(cookie.split("; "))
    assert query(begun.headers["location"])["code_challenge_method"] == "S256"
    done = visitor.get(agree(begun.headers["location"]))
    assert done.text == f"lan|{front.url}|lan@vidu.example|Nguyễn Thị Thử"
    assert not visitor.cookies


@pytest.mark.oidc
def test_an_email_that_the_provider_has_not_checked_is_not_given(oidc):
    begun = begin(oidc)
    identity = finish(oidc, begun, agree(begun.url, "chua-xac-minh"))
    assert identity == Identity("chua-xac-minh", oidc.issuer, None, "Nguyễn Thị Thử")


@pytest.mark.oidc
def test_the_caller_may_refuse_whom_the_provider_knows(visitor):
    refused(visitor, agree(visitor.get(PREFIX).headers["location"], "bi-khoa"))


@pytest.mark.oidc
def test_the_same_answer_is_taken_once_even_with_its_cookie(front, visitor):
    begun = visitor.get(PREFIX)
    cookie = {"Cookie": begun.headers["set-cookie"].partition(";")[0]}
    address = agree(begun.headers["location"])
    assert visitor.get(address, headers=cookie).status_code == 200
    front.seen.clear()
    assert visitor.get(address, headers=cookie).headers["location"] == FAILED
    refused(visitor, address)
    assert front.seen == []


@pytest.mark.oidc
def test_the_provider_refuses_a_code_used_twice(oidc):
    begun = begin(oidc)
    address = agree(begun.url)
    finish(oidc, begun, address)
    with pytest.raises(OidcError, match="token: refused, invalid_grant"):
        finish(oidc, begun, address)


@pytest.mark.oidc
@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"state": "khac"}, "state"),
        ({"nonce": "khac"}, "ID token: invalid_claim nonce"),
        ({"verifier": "khac" * 12}, "token: refused, invalid_grant"),
    ],
)
def test_an_answer_to_another_sign_in_is_refused(oidc, changed, reason):
    begun = begin(oidc)
    address = agree(begun.url)
    with pytest.raises(OidcError, match=reason) as caught:
        finish(oidc, replace(begun, **changed), address)
    said = str(caught.value)
    assert not any(secret in said for secret in (query(address)["code"], begun.nonce, begun.verifier, SECRET))


@pytest.mark.oidc
@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"iss": "https://khac.example"}, "not of this provider"),
        ({"iss": None}, "not of this provider"),
        ({"code": None}, "no code"),
        ({"error": "access_denied"}, "the provider refused: access_denied"),
        ({"error": "x\nforged line of the log"}, r"the provider refused: \(no code\)"),
    ],
)
def test_an_answer_that_is_no_yes_of_this_provider_is_refused(oidc, changed, reason):
    begun = begin(oidc)
    answer = {k: v for k, v in {**query(agree(begun.url)), **changed}.items() if v is not None}
    with pytest.raises(OidcError, match=reason):
        asyncio.run(oidc.finish(begun, answer, BACK))


@pytest.mark.oidc
def test_a_token_signed_by_a_key_that_the_provider_does_not_publish_is_refused(front, oidc):
    front.other = {KEYS: front.second}
    begun = begin(oidc)
    address = agree(begun.url)
    with pytest.raises(OidcError, match="ID token: bad_signature"):
        finish(oidc, begun, address)


@pytest.mark.oidc
def test_new_keys_of_the_provider_are_fetched_but_not_at_every_bad_token(front):
    now = [0.0]
    oidc = Oidc(front.url, "binhdan", SecretStr(SECRET), lambda: now[0])
    front.other = {KEYS: front.second}
    for passed, good in ((0, False), (59, False), (2, True)):
        now[0] += passed
        begun = begin(oidc)
        address = agree(begun.url)
        if good:
            front.other = {}
            assert finish(oidc, begun, address).subject == "lan"
        else:
            with pytest.raises(OidcError, match="bad_signature"):
                finish(oidc, begun, address)
    assert front.seen.count(KEYS) == 2
    assert front.seen.count(DISCOVERY) == 1
    now[0] += 3601
    begin(oidc)
    assert front.seen.count(DISCOVERY) == 2


@pytest.mark.oidc
def test_a_token_for_another_client_is_refused(front, oidc):
    front.client = ("nguoi-khac", SECRET)
    begun = begin(oidc)
    address = agree(begun.url.replace("client_id=binhdan", "client_id=nguoi-khac"))
    with pytest.raises(OidcError, match="ID token: invalid_claim aud"):
        finish(oidc, begun, address)


@pytest.mark.oidc
def test_a_token_past_its_time_is_refused(oidc, monkeypatch):
    begun = begin(oidc)
    address = agree(begun.url)
    now = time.time
    monkeypatch.setattr("time.time", lambda: now() + 2 * 3600)
    with pytest.raises(OidcError, match="ID token: expired_token exp"):
        finish(oidc, begun, address)


@pytest.mark.oidc
def test_another_name_of_the_same_provider_is_refused(front):
    oidc = Oidc(front.url + "/", "binhdan", SecretStr(SECRET))
    with pytest.raises(OidcError, match="calls itself"):
        begin(oidc)


@pytest.mark.oidc
@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"])
@pytest.mark.parametrize("address", ["http://vidu.example/x", "https://vidu.example/x", "file:///x", "", None])
def test_an_endpoint_less_safe_than_the_issuer_is_never_asked(front, oidc, name, address):
    known = httpx2.get(front.url + DISCOVERY).json()
    front.faults = {DISCOVERY: {**known, name: address}}
    with pytest.raises(OidcError, match=f"the provider's {name} is missing or not as safe as its issuer"):
        begin(oidc)


@pytest.mark.oidc
@pytest.mark.parametrize(("path", "wrong"), [(DISCOVERY, {"issuer": "https://khac.example"}), (KEYS, {"keys": []})])
def test_a_document_that_is_refused_is_not_kept(front, oidc, path, wrong):
    begun = begin(Oidc(front.url, "binhdan"))
    address = agree(begun.url)
    front.faults = {path: wrong}
    with pytest.raises(OidcError):
        finish(oidc, begun, address)
    front.faults = {}
    begun = begin(oidc)
    assert finish(oidc, begun, agree(begun.url)).subject == "lan"


@pytest.mark.oidc
def test_user_information_of_somebody_else_is_refused(front, oidc):
    begun = begin(oidc)
    address = agree(begun.url)
    front.faults = {USER: {"sub": "khac", "email": "khac@vidu.example", "email_verified": True}}
    with pytest.raises(OidcError, match="of somebody else"):
        finish(oidc, begun, address)


@pytest.mark.oidc
@pytest.mark.parametrize("path", [DISCOVERY, TOKEN, KEYS, USER])
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("flood", "larger than"),
        ("broken", r"answered 500|unreadable, HTTPStatusError"),
        ("garbage", "unreadable"),
        ("elsewhere", r"answered 302|unreadable"),
    ],
)
def test_a_spoilt_answer_lets_nobody_in(front, oidc, path, fault, reason):
    begun = begin(oidc)
    address = agree(begun.url)
    front.faults, front.flooded = {path: fault}, 0
    with pytest.raises(OidcError, match=reason) as caught:
        finish(Oidc(front.url, "binhdan", SecretStr(SECRET)), begun, address)
    assert SECRET not in str(caught.value)
    assert front.flooded < 64


@pytest.mark.oidc
@pytest.mark.slow
@pytest.mark.parametrize(("path", "fault"), [(DISCOVERY, "hang"), (TOKEN, "drip")])
def test_a_provider_that_hangs_or_drips_costs_five_seconds(front, oidc, path, fault):
    begun = begin(oidc)
    address = agree(begun.url)
    front.faults = {path: fault}
    started = time.monotonic()
    with pytest.raises(OidcError, match="no whole answer in 5 s"):
        finish(Oidc(front.url, "binhdan", SecretStr(SECRET)), begun, address)
    assert time.monotonic() - started < 8


def test_a_provider_that_is_down_is_one_line_of_the_log_and_a_sentence_of_the_page(caplog):
    front = Front()
    front.close()
    with TestClient(app(Oidc(front.url, "binhdan")), follow_redirects=False) as visitor:
        refused(visitor, PREFIX)
    assert [(r.levelno, r.getMessage(), r.exc_info) for r in caplog.records if r.name == "ui.oidc"] == [
        (logging.WARNING, "sign-in by OpenID: 127.0.0.1 cannot be reached: ConnectError", None)
    ]


@pytest.mark.parametrize(
    "issuer", ["http://vidu.example", "http://10.0.0.1", "ftp://127.0.0.1", "vidu.example", "https://", "http://[1"]
)
def test_an_issuer_that_anybody_on_the_way_could_forge_is_a_bad_setting(issuer):
    with pytest.raises(SettingsError, match="BINHDAN_OIDC_ISSUER: must begin with https://"):
        Oidc(issuer, "binhdan")


@pytest.mark.parametrize(
    "issuer", ["https://vidu.example/cong", "http://127.0.0.1:9", "http://localhost:9", "http://[::1]:9"]
)
def test_https_and_this_machine_are_good_issuers(issuer):
    assert Oidc(issuer, "binhdan").issuer == issuer


def test_what_is_sealed_comes_back_and_nothing_else_does(monkeypatch):
    sealed = seal(BEGUN, SEAL)
    assert unseal(sealed, SEAL) == BEGUN
    assert unseal(sealed, SEAL + "x") is None
    assert unseal("", SEAL) is None
    assert all(unseal(sealed[:n] + "~" + sealed[n + 1 :], SEAL) is None for n in range(len(sealed)))
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + PENDING_S + 2)
    assert unseal(sealed, SEAL) is None


@pytest.mark.oidc
@pytest.mark.parametrize(
    "spoil", [lambda text: "x" + text[1:], lambda text: seal(unseal(text, SEAL), "khac"), lambda text: ""]
)
def test_a_forged_or_missing_cookie_asks_the_provider_nothing(front, visitor, spoil):
    begun = visitor.get(PREFIX)
    name, _, text = begun.headers["set-cookie"].partition(";")[0].partition("=")
    address = agree(begun.headers["location"])
    front.seen.clear()
    visitor.cookies.clear()
    assert visitor.get(address, headers={"Cookie": f"{name}={spoil(text)}"}).headers["location"] == FAILED
    assert front.seen == []


@pytest.mark.oidc
def test_a_cookie_older_than_ten_minutes_is_refused(front, visitor, monkeypatch):
    begun = visitor.get(PREFIX)
    cookie = {"Cookie": begun.headers["set-cookie"].partition(";")[0]}
    address = agree(begun.headers["location"])
    front.seen.clear()
    now = time.time
    monkeypatch.setattr("time.time", lambda: now() + PENDING_S + 2)
    assert visitor.get(address, headers=cookie).headers["location"] == FAILED
    assert front.seen == []


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (
            {"oidc_issuer": "https://vidu.example"},
            "BINHDAN_OIDC_CLIENT_ID: Value error, BINHDAN_OIDC_ISSUER needs it (found '')",
        ),
        (
            {"oidc_client_id": "x"},
            "BINHDAN_OIDC_CLIENT_ID: Value error, is given without BINHDAN_OIDC_ISSUER (found 'x')",
        ),
        (
            {"oidc_client_secret": SECRET},
            "BINHDAN_OIDC_CLIENT_SECRET: Value error, is given without BINHDAN_OIDC_ISSUER",
        ),
    ],
)
def test_half_a_provider_is_a_bad_setting_in_one_line(flags, said):
    with pytest.raises(SettingsError) as caught:
        load_settings(**flags)
    assert str(caught.value) == f"bad settings: {said}"


def test_a_whole_provider_is_a_good_setting():
    settings = load_settings(oidc_issuer="https://vidu.example", oidc_client_id="x", oidc_client_secret=SECRET)
    assert settings.oidc_client_secret.get_secret_value() == SECRET
    assert SECRET not in repr(settings)
    assert load_settings().oidc_issuer == ""


@pytest.mark.slow
def test_without_the_extra_the_error_names_it_and_the_rest_needs_none_of_it():
    code = (
        "import sys; sys.modules['authlib'] = None\n"
        "import ui.app\n"
        "from rag.errors import SettingsError\n"
        "try: import ui.oidc\n"
        "except SettingsError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=os.environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "BINHDAN_OIDC_ISSUER needs the extra: pip install 'binh-dan-hoc-ai[oidc]'"


@pytest.mark.oidc
def test_the_application_signs_a_vouched_for_person_in_as_a_learner(front, assistant, records, glossary, built):
    given = {"oidc_issuer": front.url, "oidc_client_id": "binhdan", "oidc_client_secret": SecretStr(SECRET)}
    app = create_app(Serving(assistant), records, glossary, built.model_copy(update=given))
    with TestClient(app, follow_redirects=False) as visitor:
        assert f'href="{PREFIX}"' in visitor.get("/tai-khoan/dang-nhap").text
        done = visitor.get(agree(visitor.get(PREFIX).headers["location"], "lan-hoc"))
        assert (done.status_code, done.headers["location"]) == (303, "/tai-khoan")
        assert "Nguyễn Thị Thử" in visitor.get("/tai-khoan").text
        assert visitor.get("/danh-gia").status_code == 403
        user = next(u for u in records.accounts.all() if u.name.startswith("oidc-"))
        records.accounts.change("test", user.name, disabled=True)
        assert visitor.get(agree(visitor.get(PREFIX).headers["location"], "lan-hoc")).headers["location"] == FAILED
