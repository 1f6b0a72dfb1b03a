"""The evaluators' desk over real HTTP: nothing without a session, a run from start to report, and the forms' errors."""

import re
import time

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from evals.runs import list_runs
from evals.sets import peeks
from ui.app import create_app
from ui.evaluators import SignIn, router

PASSWORD = "mat-khau-chi-de-thu"


@pytest.fixture(scope="module")
def app(assistant, records, glossary, built, tmp_path_factory):
    settings = built.model_copy(
        update={"evaluator_password": SecretStr(PASSWORD), "home": tmp_path_factory.mktemp("desk")}
    )
    return settings, create_app(assistant, records, glossary, settings)


@pytest.fixture
def visitor(app):
    with TestClient(app[1], follow_redirects=False) as client:
        yield client


@pytest.fixture
def evaluator(visitor):
    assert visitor.post("/danh-gia/dang-nhap", data={"password": PASSWORD, "who": "Lan"}).status_code == 303
    return visitor


def token(page) -> str:
    return re.search(r'name="token" value="([^"]+)"', page.text)[1]


def test_every_route_of_the_desk_refuses_a_visitor(visitor):
    refused = 0
    for route in router.routes:
        path = route.path.replace("{name}", "x").replace("{case_id}", "x").replace("{file}", "report.html")
        for method in route.methods:
            if path.endswith("dang-nhap"):
                continue
            answer = visitor.request(method, path, data={"token": ""} if method == "POST" else None)
            assert (answer.status_code, answer.headers["location"]) == (303, "/danh-gia/dang-nhap"), path
            refused += 1
    assert refused >= 9


def test_there_is_no_desk_without_a_password(assistant, records, glossary, built):
    with TestClient(create_app(assistant, records, glossary, built)) as client:
        assert client.get("/danh-gia").status_code == 404


def test_a_wrong_password_is_refused_in_words_and_then_locked():
    now = [0.0]
    sign_in = SignIn(PASSWORD, lambda: now[0])
    assert [sign_in.enter("x", "sai") for _ in range(5)] == [None] * 5
    assert sign_in.locked()
    now[0] = 301
    assert not sign_in.locked()
    key = sign_in.enter("x", PASSWORD)
    assert sign_in.session(key)
    now[0] = 301 + 9 * 3600
    assert sign_in.session(key) is None


def test_the_form_says_that_the_password_is_wrong(visitor):
    answer = visitor.post("/danh-gia/dang-nhap", data={"password": "sai"})
    assert answer.status_code == 401
    assert "Mật khẩu chưa đúng" in answer.text


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(visitor):
    cookie = visitor.post("/danh-gia/dang-nhap", data={"password": PASSWORD}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/danh-gia" in cookie


def test_a_form_without_the_session_token_is_refused(evaluator):
    answer = evaluator.post("/danh-gia/chay", data={"name_of_set": "dev", "token": "other"})
    assert answer.status_code == 403
    assert "Trang đã cũ" in answer.text


@pytest.mark.slow
def test_a_run_is_started_watched_read_compared_and_marked(evaluator, app):
    settings = app[0]
    form = {"token": token(evaluator.get("/danh-gia")), "name_of_set": "dev", "limit": "4", "twins": "true"}
    assert evaluator.post("/danh-gia/chay", data=form).status_code == 303
    assert evaluator.post("/danh-gia/chay", data=form).status_code == 409
    deadline = time.time() + 120
    while (state := evaluator.get("/danh-gia/viec").json())["state"] == "running" and time.time() < deadline:
        time.sleep(0.1)
    assert state["state"] == "done"
    assert state["done"] == state["total"] > 4
    name = state["name"]
    assert name in evaluator.get("/danh-gia").text
    assert "Điểm chung" in evaluator.get(f"/danh-gia/lan-chay/{name}").text
    assert "chưa phân biệt được" in evaluator.get(f"/danh-gia/lan-chay/{name}?so_voi={name}").text
    cases = evaluator.get(f"/danh-gia/lan-chay/{name}/ca?chi_sai=false").text
    case = re.search(rf'href="(/danh-gia/lan-chay/{name}/ca/[^"]+)"', cases)[1]
    assert "Đã tìm thấy" in evaluator.get(case).text
    assert evaluator.post(case, data={"token": form["token"], "reason": " "}).status_code == 422
    assert evaluator.post(case, data={"token": form["token"], "reason": "<b>đòi thừa ý</b>"}).status_code == 303
    assert "&lt;b&gt;đòi thừa ý" in evaluator.get("/danh-gia").text
    download = evaluator.get(f"/danh-gia/lan-chay/{name}/tai/junit.xml")
    assert download.text.startswith("<?xml")
    assert evaluator.get(f"/danh-gia/lan-chay/{name}/tai/cases.jsonl").status_code == 404
    assert [run.manifest.name for run in list_runs(settings)] == [name]


@pytest.mark.slow
def test_a_run_can_be_stopped_and_keeps_what_it_has(evaluator, app):
    form = {"token": token(evaluator.get("/danh-gia")), "name_of_set": "dev", "twins": "true"}
    assert evaluator.post("/danh-gia/chay", data=form).status_code == 303
    evaluator.post("/danh-gia/dung", data={"token": form["token"]})
    deadline = time.time() + 60
    while (state := evaluator.get("/danh-gia/viec").json())["state"] == "running" and time.time() < deadline:
        time.sleep(0.1)
    assert state["state"] == "stopped"
    assert "Đã dừng" in evaluator.get("/danh-gia").text
    assert evaluator.get(f"/danh-gia/lan-chay/{state['name']}").status_code == 404


def test_the_sealed_half_wants_a_reason(evaluator, app):
    form = {"token": token(evaluator.get("/danh-gia")), "name_of_set": "test", "reason": " "}
    answer = evaluator.post("/danh-gia/chay", data=form)
    assert answer.status_code == 422
    assert "Bộ niêm phong cần lý do" in answer.text
    assert peeks(app[0]) == []


@pytest.mark.parametrize(
    "path", ["lan-chay/khong-co", "lan-chay/..%2f..%2fetc/ca", "lan-chay/khong-co/tai/report.html"]
)
def test_an_unknown_run_is_said_in_words(evaluator, path):
    assert evaluator.get(f"/danh-gia/{path}").status_code == 404


def test_signing_out_ends_the_session(evaluator):
    assert evaluator.post("/danh-gia/dang-xuat", data={"token": token(evaluator.get("/danh-gia"))}).status_code == 303
    assert evaluator.get("/danh-gia").status_code == 303
