import re

import pytest
from starlette.testclient import TestClient

from rag.answers import Answer, AnswerStatus, Citation
from rag.serving import Serving
from rag.sheets import Source
from ui.app import create_app
from ui.rendering import turn_html
from ui.shield import CHAT, MAX_BODY_BYTES
from ui.wording import FEEDBACK_REASONS


@pytest.fixture(scope="module")
def client(assistant, records, glossary, built):
    with TestClient(create_app(Serving(assistant), records, glossary, built)) as client:
        yield client


def test_the_page_is_vietnamese_and_carries_the_headers(client):
    page = client.get(CHAT)
    assert page.status_code == 200
    assert re.search(r'<html\s+lang="vi"', page.text)
    assert "githubusercontent" not in page.text
    nonce = re.search(r"'nonce-([^']+)'", page.headers["content-security-policy"])
    assert nonce
    assert all(f'nonce="{nonce[1]}"' in tag for tag in re.findall(r"<script[^>]*>", page.text))


@pytest.mark.parametrize("at", [CHAT, f"{CHAT}/"])
def test_the_chat_is_where_the_browser_is_whatever_a_proxy_or_a_query_says(client, at):
    said = {"x-forwarded-host": "khac.example", "x-gradio-server": "http://khac.example", "host": "hoc.example"}
    page = client.get(f"{at}?page=khac&deep_link=khac", headers=said, follow_redirects=False)
    assert page.status_code == 200
    assert f'<base href="{CHAT}/"' in page.text
    assert set(re.findall(r'(?:"root":|const root = )"([^"]*)"', page.text)) == {CHAT}
    assert "khac" not in page.text
    assert "hoc.example" not in page.text
    files = re.findall(r'(?:src|href)="\./(assets/[^"]+)"', page.text)
    assert files
    assert all(client.get(f"{CHAT}/{file}").status_code == 200 for file in files)


def test_until_the_chat_is_drawn_its_page_leads_on_and_says_what_it_needs(client):
    page = client.get(CHAT).text
    body = page.partition("<body")[2]
    opening = body[body.index('<div id="opening">') : body.index("<gradio-app")]
    assert "Đang mở trang hỏi đáp…" in opening
    assert "đang tắt JavaScript" in opening.partition("<noscript>")[2].partition("</noscript>")[0]
    assert re.findall(r'href="([^"]+)"', opening) == ["/huong-dan", "/bai-hoc", "/"]
    assert opening.count('role="') == 1
    assert re.search(r'role="alert" hidden>Trang hỏi đáp mở lâu quá', opening)
    assert "Bạn đang hỏi về bước" not in page


def test_the_chats_page_names_the_step_it_begins_at_and_links_back_to_it(client):
    page = client.get(CHAT, params={"ve": "vneid-dang-ky-muc-2.3"}).text
    link = '<a href="/huong-dan/vneid-dang-ky-muc-2/tung-buoc#buoc-3">“Làm tài khoản định danh mức 2”</a>'
    assert f"Bạn đang hỏi về bước 3 của {link}" in page
    hostile = client.get(CHAT, params={"ve": "<script>alert(1)</script>.1"}).text
    assert "Bạn đang hỏi về bước" not in hostile
    assert "alert(1)" not in hostile


@pytest.mark.parametrize(
    "path", ["/", CHAT, "/healthz", "/own/chat.css", f"{CHAT}/theme.css", f"{CHAT}/gradio_api/upload", "/nowhere"]
)
def test_every_response_carries_the_security_headers(client, path):
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"


def test_only_what_is_the_same_for_everybody_may_reach_a_browsers_disk(client):
    for path in (
        "/",
        CHAT,
        f"{CHAT}/",
        "/lop",
        "/lop/toi",
        "/tai-khoan/dang-nhap",
        "/huong-dan",
    ):
        assert client.get(path).headers["cache-control"] == "no-store", path
    for path in ("/own/chat.css", f"{CHAT}/theme.css"):
        assert client.get(path).headers.get("cache-control") != "no-store", path


def routes_of(router, above=""):
    """Yield (method, path) of every route below `router`, however deep, but for those of our pages, which have a test of their own."""
    for route in getattr(router, "routes", []):
        for inner in (getattr(route, "app", None), getattr(route, "original_router", None)):
            yield from routes_of(inner, above + getattr(route, "path", ""))
        if getattr(getattr(route, "endpoint", None), "__module__", "").startswith("ui."):
            continue
        for method in getattr(route, "methods", None) or ():
            yield method, above + re.sub(r"\{[^}]*\}", "x", route.path)


def test_only_the_needed_routes_answer(client):
    """Every route that Gradio registers is tried; those that a learner does not need must be closed."""
    needed = {
        ("GET", f"{CHAT}/"), ("GET", f"{CHAT}/theme.css"), ("GET", f"{CHAT}/assets/x"), ("GET", f"{CHAT}/static/x"),
        ("POST", f"{CHAT}/gradio_api/queue/join"), ("GET", f"{CHAT}/gradio_api/queue/data"),
        ("GET", f"{CHAT}/gradio_api/heartbeat/x"), ("POST", f"{CHAT}/gradio_api/cancel"), ("POST", f"{CHAT}/gradio_api/reset"),
    }  # fmt: skip
    registered = set(routes_of(client.app._app))
    assert needed <= registered
    assert len(registered) > 60
    for method, path in registered - needed:
        assert client.request(method, path).status_code == 404, (method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{CHAT}/gradio_api/upload"),
        ("GET", f"{CHAT}/gradio_api/file=https://example.org/x"),
        ("GET", f"{CHAT}/gradio_api/file=pyproject.toml"),
        ("GET", f"{CHAT}/gradio_api/proxy=https://example.org"),
        ("POST", f"{CHAT}/gradio_api/component_server"),
        ("GET", "/openapi.json"),
        ("GET", f"{CHAT}/openapi.json"),
        ("GET", f"{CHAT}//"),
        ("GET", f"{CHAT}/khac"),
        ("GET", "/config"),
        ("GET", "/theme.css"),
        ("POST", "/gradio_api/queue/join"),
        ("GET", f"{CHAT}/gradio_api/openapi.json"),
        ("GET", f"{CHAT}/gradio_api/info"),
        ("GET", f"{CHAT}/monitoring"),
        ("GET", f"{CHAT}/config"),
        ("POST", f"{CHAT}/gradio_api/run/predict"),
        ("GET", "/docs"),
        ("GET", f"{CHAT}/static/../../pyproject.toml"),
        ("GET", "/own/..%2fapp.py"),
    ],
)
def test_what_learners_do_not_need_is_closed(client, method, path):
    assert client.request(method, path).status_code == 404


def test_a_body_that_is_too_large_is_refused(client):
    assert client.post("/feedback", content=b"x" * (MAX_BODY_BYTES + 1)).status_code == 413


def test_feedback_is_stored_with_known_reasons_only(client, records):
    records.answers.save(Answer("a" * 32, "câu hỏi", AnswerStatus.ANSWERED, "trả lời"))
    form = {
        "answer_id": "a" * 32,
        "helpful": False,
        "reasons": [FEEDBACK_REASONS[0], "<b>khác</b>"],
        "comment": "thiếu phí",
    }
    assert client.post("/feedback", json=form).status_code == 204
    assert [row.reasons for _, row in records.answers.feedback()] == [(FEEDBACK_REASONS[0],)]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"answer_id": "b" * 32, "helpful": True}, 404),
        ({"answer_id": "'; drop table", "helpful": True}, 422),
        ({"answer_id": "a" * 32, "helpful": True, "comment": "x" * 1001}, 422),
        ({"answer_id": "a" * 32, "helpful": True, "admin": True}, 422),
    ],
)
def test_bad_feedback_is_refused(client, form, status):
    assert client.post("/feedback", json=form).status_code == status


def test_markup_in_a_question_or_text_is_shown_as_text(assistant, glossary):
    passage = assistant.index.passages[0]
    hostile = "<img src=x onerror=alert(1)> ![a](https://example.org/x) [b](javascript:alert(1)) <script>1</script> [1]"
    source = Source("<b>x</b>", "<i>y</i>", "javascript:alert(1)", None, False)
    citation = Citation(1, passage.guide_id, passage.id, hostile, passage.lines[0].text, (source,))
    answer = Answer(
        "c" * 32, hostile, AnswerStatus.ANSWERED, hostile, more=hostile, citations=(citation,), suggestions=(hostile,)
    )
    html = turn_html(answer, {passage.id: passage}, glossary, masked=False, can_rate=True)
    assert not re.search(r"<(?:img|script|b|i)[\s>]", html)
    assert "javascript:" not in re.sub(r">[^<]*<", "><", html)
    assert not re.findall(r'href="(?!#|/hoi-nguoi")', html)
    assert 'href="#nguon-' in html
