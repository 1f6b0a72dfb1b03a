"""Every endpoint × every role, and what attacks sign-in: the table is written here by hand, not read from the code."""

import re

import pytest
from people import PASSWORD, client, person, token_of

from rag.roles import Role
from rag.serving import Serving
from ui.account_pages import limiter
from ui.app import create_app
from ui.shield import ALLOWED, CHAT

EVERYBODY = {None, *Role}
SIGNED_IN = set(Role)
TRAINERS = {Role.TRAINER, Role.ADMIN}
EVALUATORS = {Role.EVALUATOR, Role.ADMIN}
ADMINS = {Role.ADMIN}
ALLOWED_TO = {
    "GET /": EVERYBODY,
    "GET /favicon.ico": EVERYBODY,
    "GET /healthz": EVERYBODY,
    "GET /manifest.webmanifest": EVERYBODY,
    "GET /sw.js": EVERYBODY,
    "GET /ngoai-tuyen": EVERYBODY,
    "POST /feedback": EVERYBODY,
    "GET /tai-khoan": SIGNED_IN,
    "GET /tai-khoan/dang-nhap": EVERYBODY,
    "POST /tai-khoan/dang-nhap": EVERYBODY,
    "POST /tai-khoan/dang-xuat": SIGNED_IN,
    "GET /tai-khoan/mat-khau": SIGNED_IN,
    "POST /tai-khoan/mat-khau": SIGNED_IN,
    "GET /quan-tri/tai-khoan": ADMINS,
    "POST /quan-tri/tai-khoan": ADMINS,
    "POST /quan-tri/tai-khoan/{name}": ADMINS,
    "POST /quan-tri/tai-khoan/{name}/mat-khau": ADMINS,
    "GET /quan-tri/dia-phuong": ADMINS,
    "POST /quan-tri/dia-phuong": ADMINS,
    "POST /quan-tri/dia-phuong/xoa": ADMINS,
    "GET /quan-tri/nhat-ky": ADMINS,
    "GET /huong-dan": EVERYBODY,
    "GET /huong-dan/{guide_id}": EVERYBODY,
    "GET /huong-dan/{guide_id}/luyen-tap": EVERYBODY,
    "GET /huong-dan/{guide_id}/the.pdf": EVERYBODY,
    "GET /huong-dan/{guide_id}/tung-buoc": EVERYBODY,
    "GET /bai-hoc": EVERYBODY,
    "GET /bai-hoc/on-lai": EVERYBODY,
    "GET /bai-hoc/chung-nhan": EVERYBODY,
    "POST /bai-hoc/chung-nhan": EVERYBODY,
    "GET /bai-hoc/{lesson_id}": EVERYBODY,
    "GET /huong-dan-vien/cau-tra-loi": TRAINERS,
    "POST /huong-dan-vien/cau-tra-loi/{number}/go": TRAINERS,
    "GET /huong-dan-vien/cau-tra-loi/tai/{kind}": TRAINERS,
    "POST /huong-dan-vien/cau-tra-loi/nhap": TRAINERS,
    "GET /huong-dan-vien/ca": TRAINERS,
    "POST /huong-dan-vien/ca/{case_id}/go": TRAINERS,
    "GET /huong-dan-vien/ca/tai": TRAINERS,
    "GET /hoi-nguoi": EVERYBODY,
    "GET /hoi-nguoi/dia-phuong": EVERYBODY,
    "POST /hoi-nguoi": EVERYBODY,
    "POST /hoi-nguoi/xem": EVERYBODY,
    "POST /hoi-nguoi/xoa": EVERYBODY,
    "GET /huong-dan-vien/hoi": TRAINERS,
    "GET /huong-dan-vien/hoi/{handover_id}": TRAINERS,
    "POST /huong-dan-vien/hoi/{handover_id}": TRAINERS,
    "POST /huong-dan-vien/hoi/{handover_id}/nhan": TRAINERS,
    "POST /huong-dan-vien/hoi/{handover_id}/tra-lai": TRAINERS,
    "POST /huong-dan-vien/hoi/{handover_id}/rut": TRAINERS,
    "GET /huong-dan-vien/bai-hoc": TRAINERS,
    "GET /huong-dan-vien/con-thieu": TRAINERS,
    "GET /huong-dan-vien/tim": TRAINERS,
    "POST /huong-dan-vien/soat": TRAINERS,
    "GET /bao-cao": TRAINERS,
    "GET /bao-cao/tai": TRAINERS,
    "POST /bao-cao/muc-tieu": ADMINS,
    "POST /bao-cao/muc-tieu/{number}/xoa": ADMINS,
    "GET /huong-dan-vien/kiem-tra": TRAINERS,
    "POST /huong-dan-vien/kiem-tra/tiep": TRAINERS,
    "GET /huong-dan-vien/kiem-tra/tim": TRAINERS,
    "POST /huong-dan-vien/kiem-tra/soat": TRAINERS,
    "GET /huong-dan-vien/kiem-tra/do-dong-thuan": TRAINERS,
    "GET /huong-dan-vien/kiem-tra/{task_id}": TRAINERS,
    "POST /huong-dan-vien/kiem-tra/{task_id}": TRAINERS,
    "POST /huong-dan-vien/kiem-tra/{task_id}/nhan": TRAINERS,
    "POST /huong-dan-vien/kiem-tra/{task_id}/giu": TRAINERS,
    "POST /huong-dan-vien/kiem-tra/{task_id}/tra": TRAINERS,
    "POST /doc-len": EVERYBODY,
    "POST /nghe": EVERYBODY,
    "GET /bai-hoc/tien-do": EVERYBODY,
    "POST /bai-hoc/tien-do/giu": EVERYBODY,
    "POST /bai-hoc/tien-do/mo": EVERYBODY,
    "POST /bai-hoc/tien-do/luu": EVERYBODY,
    "POST /bai-hoc/tien-do/xoa": EVERYBODY,
    "GET /bai-hoc/tien-do/lop": EVERYBODY,
    "POST /bai-hoc/tien-do/lop": EVERYBODY,
    "GET /lop": EVERYBODY,
    "GET /lop/toi": EVERYBODY,
    "GET /lop/{code}": EVERYBODY,
    "POST /lop": EVERYBODY,
    "POST /lop/ket": EVERYBODY,
    "POST /lop/xong": EVERYBODY,
    "POST /lop/roi": EVERYBODY,
    "GET /huong-dan-vien/lop": TRAINERS,
    "POST /huong-dan-vien/lop": TRAINERS,
    "GET /huong-dan-vien/lop/{classroom_id}": TRAINERS,
    "GET /huong-dan-vien/lop/{classroom_id}/tuong": TRAINERS,
    "GET /huong-dan-vien/lop/{classroom_id}/chieu": TRAINERS,
    "POST /huong-dan-vien/lop/{classroom_id}/gui": TRAINERS,
    "GET /huong-dan-vien/lop/{classroom_id}/ket-thuc": TRAINERS,
    "POST /huong-dan-vien/lop/{classroom_id}/ket-thuc": TRAINERS,
    "GET /huong-dan-vien/sua": TRAINERS,
    "GET /huong-dan-vien/su-that": TRAINERS,
    "GET /huong-dan-vien/sua/thay-doi/{number}": TRAINERS,
    "POST /huong-dan-vien/sua/thay-doi/{number}/duyet": TRAINERS,
    "POST /huong-dan-vien/sua/thay-doi/{number}/tu-choi": TRAINERS,
    "GET /huong-dan-vien/sua/bang-chung/{name}": TRAINERS,
    "GET /huong-dan-vien/sua/su-that/{sheet}/{local}": TRAINERS,
    "POST /huong-dan-vien/sua/su-that/{sheet}/{local}": TRAINERS,
    "GET /huong-dan-vien/sua/{topic}/{guide_id}": TRAINERS,
    "POST /huong-dan-vien/sua/{topic}/{guide_id}": TRAINERS,
    "GET /huong-dan-vien/van-ban": TRAINERS,
    "POST /huong-dan-vien/van-ban": TRAINERS,
    "GET /huong-dan-vien/van-ban/{number}": TRAINERS,
    "POST /huong-dan-vien/van-ban/{number}": TRAINERS,
    "GET /huong-dan-vien/van-ban/{number}/tep": TRAINERS,
    "GET /huong-dan-vien/van-ban/{number}/trang/{page}": TRAINERS,
    "POST /huong-dan-vien/van-ban/{number}/trang/{page}": TRAINERS,
    "GET /huong-dan-vien/van-ban/{number}/trang/{page}.png": TRAINERS,
    "POST /huong-dan-vien/van-ban/{number}/de-rieng": TRAINERS,
    "POST /huong-dan-vien/van-ban/{number}/cho-lai": TRAINERS,
    "POST /huong-dan-vien/van-ban/{number}/xoa": ADMINS,
    "GET /luyen-tap": EVERYBODY,
    "GET /luyen-tap/{screen_id}": EVERYBODY,
    "GET /van-ban": EVERYBODY,
    "GET /van-ban/{document_id}": EVERYBODY,
    "GET /van-ban/{document_id}/trang/{number}": EVERYBODY,
    "GET /van-ban/{document_id}/trang/{number}.png": EVERYBODY,
    "GET /huong-dan-vien/xuat-ban": TRAINERS,
    "GET /huong-dan-vien/xuat-ban/viec": TRAINERS,
    "POST /huong-dan-vien/xuat-ban": TRAINERS,
    "POST /huong-dan-vien/xuat-ban/{number}": TRAINERS,
    "POST /huong-dan-vien/xuat-ban/{number}/quay-lai": TRAINERS,
    "GET /danh-gia": EVALUATORS,
    "POST /danh-gia/chay": EVALUATORS,
    "POST /danh-gia/dung": EVALUATORS,
    "GET /danh-gia/viec": EVALUATORS,
    "GET /danh-gia/lan-chay/{name}": EVALUATORS,
    "GET /danh-gia/lan-chay/{name}/ca": EVALUATORS,
    "GET /danh-gia/lan-chay/{name}/ca/{case_id}": EVALUATORS,
    "POST /danh-gia/lan-chay/{name}/ca/{case_id}": EVALUATORS,
    "GET /danh-gia/lan-chay/{name}/tai/{file}": EVALUATORS,
}
# Gradio's own endpoints that pass the shield serve the learner's chat only.
CHAT_HANDLERS = {"respond", "lambda"}


@pytest.fixture(scope="module")
def app(assistant, records, glossary, built):
    return create_app(Serving(assistant), records, glossary, built)


@pytest.fixture(scope="module")
def visitor(app, records):
    return client(app, records)


@pytest.fixture(scope="module")
def admin(app, records):
    return client(app, records, person(records, Role.ADMIN, "admin-form"))


def routes(router):
    """Return our own routes: not Gradio's, which the shield and the test of its handlers deal with."""
    found = set()
    for route in router.routes:
        found |= routes(route.original_router) if hasattr(route, "original_router") else set()
        methods = {"GET", "POST", "PUT", "PATCH", "DELETE"} & (getattr(route, "methods", None) or set())
        ours = getattr(getattr(route, "endpoint", None), "__module__", "").startswith("ui.")
        found |= {f"{method} {route.path}" for method in methods if ours}
    return found


def test_the_table_names_every_endpoint_and_no_other(app):
    assert routes(app._app.router) == set(ALLOWED_TO)


@pytest.mark.parametrize("endpoint", ALLOWED_TO)
@pytest.mark.parametrize("role", [None, *Role], ids=str)
def test_an_endpoint_answers_those_who_may_and_refuses_the_others(app, records, endpoint, role):
    """Those who may get anything but a refusal: an invalid form or an unknown name is past the door."""
    method, path = endpoint.split(" ")
    browser = client(app, records, person(records, role) if role else None)
    path = re.sub(r"\{\w+\}", "0", path)
    reply = browser.request(method, path, data={"token": browser.token} if method == "POST" else None)
    to_sign_in = reply.status_code == 303 and reply.headers["location"].startswith("/tai-khoan/dang-nhap")
    refused = reply.status_code == 403 or (to_sign_in and "set-cookie" not in reply.headers)
    if role in ALLOWED_TO[endpoint]:
        assert not refused, reply.text[:300]
        assert reply.status_code < 500
    else:
        assert refused
    if role is None and ALLOWED_TO[endpoint] == SIGNED_IN:
        assert to_sign_in


@pytest.mark.parametrize("endpoint", [e for e in ALLOWED_TO if e.startswith("POST") and None not in ALLOWED_TO[e]])
@pytest.mark.parametrize("token", ["", "khong-phai-token"])
def test_a_form_without_the_sessions_token_is_refused(admin, endpoint, token):
    path = re.sub(r"\{\w+\}", "0", endpoint.split(" ")[1])
    reply = admin.post(path, data={"token": token})
    assert reply.status_code == 403


HALF = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n\\ud800\r\n--x--\r\n'
HALF_FORM = {"content-type": "multipart/form-data; boundary=x; charset=unicode_escape"}
HALF_JSON = b'{"answer_id": "%s", "helpful": false, "comment": "\\ud800"}' % (b"a" * 32)


@pytest.mark.parametrize(
    "path",
    [
        "/huong-dan-vien/kiem-tra/99999999999999999999",
        "/huong-dan-vien/kiem-tra?since=0001-01-01",
        "/huong-dan-vien/kiem-tra?until=9999-12-31",
        "/huong-dan-vien/kiem-tra?classroom=99999999999999999999",
        "/huong-dan-vien/kiem-tra?page=0",
    ],
)
def test_a_number_or_day_that_nothing_can_hold_is_told_in_words(admin, path):
    reply = admin.get(path, headers={"accept": "text/html"})
    assert reply.status_code == 422
    assert "Có chỗ ghi chưa đúng" in reply.text


def test_half_a_letter_breaks_nothing_and_what_was_sent_is_not_repeated(app, records, visitor):
    for path, content, headers in (
        ("/lop", HALF.replace(b'"name"', b'"code"'), HALF_FORM),
        ("/feedback", HALF_JSON, {"content-type": "application/json"}),
        ("/tai-khoan/dang-nhap", b"name=a&password=" + b"bi-mat" * 100, {"content-type": "application/x-www-form-urlencoded"}),
    ):  # fmt: skip
        reply = visitor.post(path, content=content, headers=headers)
        assert reply.status_code == 422
        assert "Có chỗ ghi chưa đúng" in reply.text
        assert "bi-mat" not in reply.text
    trainer = client(app, records, person(records))
    half_token = HALF.replace(b'"name"', b'"token"')
    assert trainer.post("/tai-khoan/dang-xuat", content=half_token, headers=HALF_FORM).status_code == 422


def test_what_the_database_refuses_is_told_in_words(admin, records):
    with records.database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE audit RENAME TO elsewhere")
    try:
        reply = admin.get("/quan-tri/nhat-ky", headers={"accept": "text/html"})
    finally:
        with records.database.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO audit")
    assert reply.status_code == 503
    assert "thử lại" in reply.text


@pytest.mark.parametrize(
    ("role", "status"), [(None, 413), (Role.LEARNER, 413), (Role.EVALUATOR, 413), (Role.TRAINER, 422)]
)
def test_only_those_whose_pages_take_files_may_send_large_ones(app, records, role, status):
    browser = client(app, records, person(records, role) if role else None)
    file = {"file": ("a.csv", b"x" * 4_000_000)}
    reply = browser.post("/huong-dan-vien/cau-tra-loi/nhap", data={"token": browser.token}, files=file)
    assert reply.status_code == status


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}]
)
@pytest.mark.parametrize("path", ["/tai-khoan/dang-nhap", "/feedback", f"{CHAT}/gradio_api/queue/join"])
def test_what_another_site_makes_a_browser_send_is_refused(visitor, path, headers):
    assert visitor.post(path, headers=headers, data={"name": "a", "password": "b"}).status_code == 403


def test_gradio_has_no_handler_but_the_chats(app):
    page = next(r.app for r in app._app.router.routes if type(getattr(r, "app", None)).__name__ == "App").get_blocks()
    named = {fn.fn.__name__.strip("<>") for fn in page.fns.values() if fn.fn}
    assert named == CHAT_HANDLERS
    assert {fn.api_visibility for fn in page.fns.values()} == {"private"}
    gradio = {pattern.pattern for _, pattern in ALLOWED if "gradio_api" in pattern.pattern}
    assert gradio == {
        rf"{CHAT}/gradio_api/{path}" for path in ("queue/join", "queue/data", r"heartbeat/\w+", "cancel", "reset")
    }


def test_a_session_key_that_somebody_planted_is_not_the_one_that_signs_in(app, records):
    user, browser = person(records), client(app, records)
    browser.cookies.set("binhdan", "khoa-cai-san")
    reply = browser.post("/tai-khoan/dang-nhap", data={"name": user.name, "password": PASSWORD})
    assert reply.status_code == 303
    assert "khoa-cai-san" not in reply.headers["set-cookie"]
    assert records.accounts.session("khoa-cai-san") is None


def test_signing_in_ends_the_session_that_the_browser_came_with(app, records):
    user = person(records)
    key = records.accounts.sign_in(user)
    browser = client(app, records)
    browser.cookies.set("binhdan", key)
    browser.post("/tai-khoan/dang-nhap", data={"name": user.name, "password": PASSWORD})
    assert records.accounts.session(key) is None


def test_the_cookie_is_closed_to_scripts_and_secure_behind_tls(app, records):
    user = person(records)
    form = {"name": user.name, "password": PASSWORD}
    plain = client(app, records).post("/tai-khoan/dang-nhap", data=form).headers["set-cookie"].lower()
    assert "httponly" in plain
    assert "samesite=lax" in plain
    assert "secure" not in plain
    tls = client(app, records)
    tls.base_url = "https://testserver"
    assert "secure" in tls.post("/tai-khoan/dang-nhap", data=form).headers["set-cookie"].lower()


def test_guessing_locks_the_account_and_then_the_guesser(app, records):
    limiter.storage.reset()
    user, browser = person(records, name="bi-do"), client(app, records)
    guess = {"name": user.name, "password": "sai"}
    replies = [browser.post("/tai-khoan/dang-nhap", data=guess).status_code for _ in range(6)]
    assert replies == [401, 401, 401, 401, 429, 429]
    assert browser.post("/tai-khoan/dang-nhap", data={"name": user.name, "password": PASSWORD}).status_code == 429
    for n in range(23):
        browser.post("/tai-khoan/dang-nhap", data={"name": f"ten-{n}", "password": "sai"})
    other = person(records, name="nguoi-khac")
    reply = browser.post("/tai-khoan/dang-nhap", data={"name": other.name, "password": PASSWORD})
    assert reply.status_code == 429
    assert "Đã nhập sai nhiều lần" in reply.text
    limiter.storage.reset()


def test_a_first_password_opens_only_the_page_that_changes_it(app, records):
    limiter.storage.reset()
    first = records.accounts.reset("test", person(records, name="moi").name)
    browser = client(app, records)
    browser.post("/tai-khoan/dang-nhap", data={"name": "moi", "password": first})
    page = browser.get("/tai-khoan/mat-khau")
    form = {"token": token_of(page), "old": first, "new": "mot cau dai hon", "again": "mot cau dai khac"}
    assert "chưa giống nhau" in browser.post("/tai-khoan/mat-khau", data=form).text
    assert browser.post("/tai-khoan/mat-khau", data=form | {"again": form["new"]}).status_code == 303
    assert records.accounts.check("moi", "mot cau dai hon") is not None


def test_sign_in_leads_only_to_pages_of_this_program(app, records):
    user = person(records)
    for wanted, reached in (
        ("/danh-gia", "/danh-gia"),
        ("//evil.example", "/tai-khoan"),
        ("https://evil.example", "/tai-khoan"),
    ):
        form = {"name": user.name, "password": PASSWORD, "toi": wanted}
        assert client(app, records).post("/tai-khoan/dang-nhap", data=form).headers["location"] == reached
