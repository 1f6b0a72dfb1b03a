import re
from dataclasses import replace
from datetime import date
from html import unescape

import pytest
from practice_app import DAY, practice_app, shipped_guides
from starlette.testclient import TestClient

from rag.course import Course
from rag.lessons import SCREENS
from rag.practice import load_practice
from rag.settings import PROJECT

PHONE = "Màn hình luyện tập – không phải thật"


@pytest.fixture(scope="module")
def guides():
    return shipped_guides()


@pytest.fixture(scope="module")
def client(guides):
    return TestClient(practice_app(guides))


def text_of(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", "", re.sub(r"<wbr>|</?mark>", "", html))).split())


def test_the_list_leads_to_every_screen(client):
    page = client.get("/luyen-tap").text
    assert re.findall(r'href="/luyen-tap/([a-z-]+)"', page) == list(SCREENS)


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_can_be_read_as_it_comes(client, guides, name):
    """Without script: every scene with its choices, why, the guide's line and its address, under the warning that it is not real."""
    screens, _ = load_practice(PROJECT / "corpus", guides)
    html = client.get(f"/luyen-tap/{name}").text
    main, text = html.partition("<main")[2], text_of(html)
    assert text.count(PHONE) == len(screens[name].scenes)
    assert len(re.findall(r'<div class="device"[^>]*>\s*<p class="unreal">', main)) == len(screens[name].scenes)
    for scene in screens[name].scenes:
        for words in (scene.title, scene.story, scene.ask):
            assert words in text
        for choice in scene.choices:
            told = (
                f"{'Đúng.' if choice.right else 'Chưa đúng.'} {choice.why} Hướng dẫn viết: “{choice.basis.line.text}”"
            )
            assert f"{choice.text} {told}" in text
            assert f'href="/huong-dan/{choice.basis.passage.guide_id}"' in main
            assert f"<mark>{choice.words}</mark>" in unescape(main)
    assert main.count('class="choice ') == sum(len(scene.choices) for scene in screens[name].scenes)
    assert "<details open" not in main


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_sends_nothing_and_loads_only_our_files(client, name):
    html = client.get(f"/luyen-tap/{name}").text
    main = html.partition("<main")[2].partition("</main>")[0]
    assert not re.search(r"\s(?:action|formaction|style|on\w+)=", main)
    assert not re.search(r"<(?:input|button|select|textarea)[^>]*\sname=", main)
    assert all('method="dialog"' in form for form in re.findall(r"<form[^>]*>", main))
    assert all(
        address.startswith("/") for address in re.findall(r'\s(?:src|href)="([^"#]*)', html.partition("</head>")[0])
    )
    assert all(address.startswith(("/", "#")) for address in re.findall(r'\shref="([^"]*)"', main))


def test_the_form_has_a_label_and_help_for_each_field_and_the_right_entries_to_read(client):
    main = client.get("/luyen-tap/to-khai-tam-tru").text
    fields = re.findall(r"<input [^>]*>", main)
    assert len(fields) == 8
    for field in fields:
        key = re.search(r'id="([^"]*)"', field)[1]
        assert f'<label for="{key}">' in main
        assert f'aria-describedby="{key}-giup"' in field
        assert 'autocomplete="off"' in field
        assert f'id="{key}-sai" hidden' in main
    assert '<button class="button main scripted" hidden>' in main
    answers = main.partition('<details class="answers">')[2].partition("</details>")[0]
    assert "<dt>Chủ sở hữu nhà</dt><dd>Trần Thị Mẫu</dd>" in answers
    assert '<p class="hint unscripted">Trình duyệt này không chạy phần kiểm tra.' in main


@pytest.mark.parametrize(("asked", "leads"), [
    ("?bai=quet-qr-dung-nguoi", ["/bai-hoc/quet-qr-dung-nguoi"] * 2), ("", []), ("?bai=", []), ("?bai=//ke-gian.example", []),
    ('?bai="><script>', []), ("?bai=../tai-khoan", []), ("?bai=" + "a" * 61, []),
])  # fmt: skip
def test_the_way_back_leads_to_a_lesson_and_nowhere_else(client, asked, leads):
    html = client.get(f"/luyen-tap/quet-qr{asked}").text.partition("<main")[2]
    assert re.findall(r'<a href="([^"]*)">Về bài học</a>', html) == leads


@pytest.mark.parametrize("path", ["khong-co", "quet-qr-2"])
def test_an_unknown_screen_is_a_vietnamese_page_with_a_way_back(client, path):
    page = client.get(f"/luyen-tap/{path}")
    assert page.status_code == 404
    assert "Không có màn hình luyện tập này" in page.text
    assert 'href="/luyen-tap"' in page.text


@pytest.mark.parametrize("path", ["/luyen-tap/", "/luyen-tap/quet-qr/khac", "/luyen-tap/QUET", "/luyen-tap/%2e%2e"])
def test_no_other_path_below_the_screens_is_open(client, path):
    assert client.get(path).status_code == 404


def spoilt(guides, guide_id, **changes):
    guide = guides[guide_id]
    passages = tuple(replace(p, lines=tuple(replace(line, **changes) for line in p.lines)) for p in guide.passages)
    return {**guides, guide_id: replace(guide, passages=passages)}


def test_scenes_that_are_not_true_today_are_not_shown(guides):
    old = spoilt(guides, "an-toan-mat-khau-xac-thuc-hai-lop", valid_until=date(2026, 11, 24))
    assert "Tên người nhận hiện ra" in TestClient(practice_app(guides)).get("/luyen-tap/quet-qr").text
    page = TestClient(practice_app(old)).get("/luyen-tap/quet-qr").text
    assert "Tên người nhận hiện ra" not in page
    assert "Cảnh 6 trên 6" in text_of(page)
    assert "Tên người nhận hiện ra" in TestClient(practice_app(old, today=DAY.replace(day=24))).get("/luyen-tap/quet-qr").text  # fmt: skip


def test_a_screen_without_scenes_is_not_offered(guides):
    gone = spoilt(guides, "thanh-toan-chuyen-khoan-vietqr", text="Khác.")
    gone = spoilt(gone, "an-toan-otp-khong-chia-se", text="Khác.")
    client = TestClient(practice_app(gone))
    assert client.get("/luyen-tap/quet-qr").status_code == 404
    assert "quet-qr" not in client.get("/luyen-tap").text


def test_a_screen_is_gone_when_the_course_has_it_no_longer(guides):
    app = practice_app(guides)
    client = TestClient(app)
    assert client.get("/luyen-tap/nhap-otp").status_code == 200
    app._app.state.course = Course
    assert client.get("/luyen-tap/nhap-otp").status_code == 404
