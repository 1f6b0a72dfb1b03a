import gzip
import re
from types import SimpleNamespace
from urllib.parse import parse_qs

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from ui.home_pages import router
from ui.shield import CHAT, Shield
from ui.wording import NOTICE


@pytest.fixture(scope="module")
def page(assistant):
    app = FastAPI(openapi_url=None)
    app.state.assistant = lambda: assistant
    app.include_router(router)
    return TestClient(Shield(app)).get("/").text


def test_the_home_page_leads_to_the_chat_lessons_guides_classes_and_replies(page):
    links = re.findall(r'<a [^>]*href="(/[\w-]*)"', page.partition("<main ")[2])
    assert links == [CHAT, "/bai-hoc", "/huong-dan", "/lop", "/hoi-nguoi"]
    assert NOTICE in page


def test_without_script_the_box_leads_to_the_chat_and_no_question_stands_in_an_address(page):
    form = page.partition("<form")[2].partition("</form>")[0]
    assert f'action="{CHAT}"' in form
    assert "name=" not in form
    assert "method=" not in form
    assert '<label for="hoi">' in form
    assert "đang tắt" in page.partition("<noscript>")[2].partition("</noscript>")[0]


def test_starter_questions_are_the_assistants_and_go_behind_the_fragment(page, assistant):
    fragments = re.findall(rf'href="{CHAT}#([^"]+)"', page)
    asked = [parse_qs(fragment)["hoi"] for fragment in fragments]
    assert asked == [[questions[0]] for questions in list(assistant.starters().values())[:6]]


def test_a_starter_is_text_and_cannot_leave_its_link():
    bad = '"><script>alert(1)</script>&hoi=khác#+%'
    app = FastAPI(openapi_url=None)
    app.state.assistant = lambda: SimpleNamespace(starters=lambda: {"Chủ đề": [bad]})
    app.include_router(router)
    page = TestClient(Shield(app)).get("/").text
    (fragment,) = re.findall(rf'href="{CHAT}#([^"]+)"', page)
    assert parse_qs(fragment) == {"hoi": [bad]}
    assert "<script>alert" not in page


def test_the_page_is_a_few_kilobytes_and_all_of_it_is_ours(page):
    assert len(gzip.compress(page.encode())) < 9_000
    assert all(address.startswith("/own/") for address in re.findall(r'(?:src|rel="stylesheet" href)="([^"]+)"', page))
    assert "gradio" not in page
