"""A whole lesson in Debian's Chromium, by keyboard and by touch, with a reload, without network, and the certificate."""

import contextlib
import io
import json
import time
from datetime import datetime, timedelta

import pytest
from browsing import SHOTS, SIZES
from pypdf import PdfReader

from rag.course import load_course
from rag.guides import load_guides
from rag.settings import PROJECT
from rag.sheets import load_sheets
from ui.lesson_pages import stages_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LESSON, PATH = "quet-qr-dung-nguoi", "hoc-sinh"
HERE = ".card:not([hidden])"
KEPT = "path => caches.match(path, {ignoreSearch: true, ignoreVary: true}).then(Boolean)"


@pytest.fixture(scope="module")
def lessons():
    guides = load_guides(PROJECT / "corpus", load_sheets(PROJECT / "corpus" / "facts"))
    return load_course(PROJECT / "corpus", guides).lessons


@pytest.fixture(scope="module")
def lesson(lessons):
    return next(lesson for lesson in lessons if lesson.id == LESSON)


@contextlib.contextmanager
def learning(chromium, address, size, **options):
    """A context whose pages report script errors and requests that leave the machine."""
    context = chromium.new_context(viewport=SIZES[size], locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh", **options)
    faults = []
    context.on("weberror", lambda error: faults.append(str(error.error)))
    context.on("request", lambda r: faults.append(r.url) if not r.url.startswith((address, "data:", "blob:")) else None)
    yield context
    context.close()
    assert faults == []


def tab_to(page, selector):
    """Press Tab until an element of `selector` has the focus, which is never lost on the way."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def wait_until_kept(page, path):
    """Wait until the worker has a copy of a page."""
    deadline = time.monotonic() + 30
    while not page.evaluate(KEPT, path):
        assert time.monotonic() < deadline, f"{path} is not kept"
        page.wait_for_timeout(50)


def card(page):
    return page.locator(HERE).get_attribute("id")


def heading_has_focus(page):
    return page.evaluate("s => document.activeElement === document.querySelector(`${s} h2`)", HERE)


def progress(page):
    kept = json.loads(page.evaluate("localStorage.getItem('binhdan-hoc')"))
    return kept["learners"][kept["current"]]


def test_a_whole_lesson_by_keyboard_with_a_reload_in_the_middle(chromium, address, lesson):
    with learning(chromium, address, "desktop") as context:
        page = context.new_page()
        page.goto(f"{address}bai-hoc?lo-trinh={PATH}")
        tab_to(page, f"[data-lesson={LESSON}]")
        page.keyboard.press("Enter")
        page.wait_for_selector("#muc-tieu:not([hidden])")
        ids = page.eval_on_selector_all(".deck > .card", "cards => cards.map(card => card.id)")
        for number, _ in enumerate(lesson.quiz, 1):
            while card(page) != f"cau-{number}":
                go_on_by_keyboard(page, ids)
                if card(page) == "the-3":
                    page.reload()
                    page.wait_for_selector("#the-3:not([hidden])")
            tab_to(page, f"{HERE} .choices summary")
            if number == 1:  # a wrong choice first
                while page.evaluate("document.activeElement.parentElement.dataset.right") == "true":
                    page.keyboard.press("Tab")
                page.keyboard.press("Enter")
                page.wait_for_function("document.querySelector('[data-said]').textContent.startsWith('Chưa đúng')")
                page.screenshot(path=SHOTS / "desktop-lesson-wrong.png")
                page.keyboard.press("Shift+Tab")
            while page.evaluate("document.activeElement.parentElement.dataset.right") != "true":
                tab_to(page, f"{HERE} .choices > li > details > summary") if number > 1 else next_choice(page)
            page.keyboard.press("Enter")
            page.wait_for_function("document.querySelector('[data-said]').textContent === 'Đúng rồi.'")
        go_on_by_keyboard(page, ids)
        assert card(page) == "het-bai"
        assert "đúng ngay 5 trên 6 câu" in page.inner_text("[data-result]")
        assert "Bạn đã học xong bài này" in page.inner_text("[data-result]")
        state = progress(page)
        assert state["lessons"][LESSON]["done"]
        assert state["items"][f"{LESSON}#1"]["box"] == 1
        page.go_back()
        assert card(page) == f"cau-{len(lesson.quiz)}"


def next_choice(page):
    """Go round the choices with Tab, from the last back to the first by way of the page."""
    tab_to(page, f"{HERE} .choices > li > details > summary")


def go_on_by_keyboard(page, ids):
    before = ids.index(card(page))
    tab_to(page, f"{HERE} .turn-card .next")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#{ids[before + 1]}:not([hidden])")
    assert heading_has_focus(page)


def test_a_whole_lesson_by_touch_with_a_reload_an_end_of_network_and_the_certificate(
    chromium, address, lessons, lesson
):
    with learning(chromium, address, "phone", has_touch=True, accept_downloads=True) as context:
        page = context.new_page()
        page.goto(f"{address}bai-hoc?lo-trinh={PATH}")
        stage = next(stage for stage in stages_of(lessons, PATH) if lesson in stage.lessons)
        page.evaluate(
            "ids => ids.forEach((id) => Progress.finished(id))", [o.id for o in stage.lessons if o.id != LESSON]
        )
        page.locator(f"[data-lesson={LESSON}]").tap()
        page.wait_for_url(f"**/bai-hoc/{LESSON}*")
        wait_until_kept(page, f"/bai-hoc/{LESSON}")
        for _ in range(3):
            page.locator(f"{HERE} .next").tap()
        page.reload()
        assert card(page) == "the-3"
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

        page.close()  # the phone rang
        page = context.new_page()
        page.goto(f"{address}bai-hoc/{LESSON}")
        page.locator(".resume a").tap()
        assert card(page) == "the-3"

        context.set_offline(True)
        page.reload()
        assert card(page) == "the-3"
        while card(page) != "cau-1":
            page.locator(f"{HERE} .next").tap()
        for number, item in enumerate(lesson.quiz, 1):
            assert card(page) == f"cau-{number}"
            wanted = item.wrong[0] if number == 2 else item.right
            page.locator(f"{HERE} .choices > li > details > summary", has_text=wanted.text).first.tap()
            assert page.locator(f"{HERE} details[open] .verdict").inner_text() == (
                "Chưa đúng." if number == 2 else "Đúng rồi."
            )
            page.screenshot(path=SHOTS / f"phone-lesson-{number}.png")
            page.locator(f"{HERE} .next").tap()
        assert "Bạn đã học xong bài này" in page.inner_text("[data-result]")
        context.set_offline(False)

        page.goto(f"{address}bai-hoc/chung-nhan?lo-trinh={PATH}")
        assert page.is_checked(f"input[value='{stage.number}']")
        page.fill("input[name=name]", "Nguyễn Thị Thử")
        with page.expect_download() as download:
            page.locator("[data-certificate] button").tap()
        text = " ".join(PdfReader(io.BytesIO(download.value.path().read_bytes())).pages[0].extract_text().split())
        assert all(part in text for part in ("Nguyễn Thị Thử", stage.title, lesson.title, "Giấy chứng nhận tự học"))


def test_a_wrong_answer_comes_back_the_next_day_also_without_network(chromium, address, lesson):
    with learning(chromium, address, "phone", has_touch=True) as context:
        page = context.new_page()
        page.goto(f"{address}bai-hoc/{LESSON}#cau-2")
        wait_until_kept(page, f"/bai-hoc/{LESSON}")
        page.locator(f"{HERE} summary", has_text=lesson.quiz[1].wrong[0].text).first.tap()
        page.goto(f"{address}bai-hoc/on-lai")
        assert "không có câu nào" in page.inner_text("[data-said]")
        page.goto(f"{address}bai-hoc")
        page.clock.set_fixed_time(datetime.now() + timedelta(days=1))
        page.reload()
        context.set_offline(True)
        page.get_by_role("link", name="Ôn lại 1 câu").tap()
        page.locator(".card summary", has_text=lesson.quiz[1].right.text).first.tap()
        page.screenshot(path=SHOTS / "phone-again.png")
        page.get_by_role("button", name="Xong").tap()
        assert "đúng 1 trên 1 câu" in page.inner_text("[data-said]")
        assert progress(page)["items"][f"{LESSON}#2"]["box"] == 2


def test_steps_are_walked_resumed_and_asked_about(chromium, address):
    with learning(chromium, address, "phone", has_touch=True) as context:
        page = context.new_page()
        steps = f"{address}huong-dan/vneid-mat-dien-thoai/tung-buoc"
        page.goto(steps)
        page.locator(f"{HERE} .choose a").nth(1).tap()
        page.locator(f"{HERE} .next").tap()
        page.locator(f"{HERE} .next").tap()
        assert page.locator(f"{HERE} h2").inner_text().startswith("Bước 2")
        where = card(page)
        page.reload()
        assert card(page) == where
        page.goto(steps)
        page.locator(".resume a").tap()
        assert card(page) == where
        page.locator(f"{HERE} .stuck > summary").tap()
        page.fill(f"{HERE} .stuck input[type=text]", "không đăng nhập được thì sao")
        page.locator(f"{HERE} .stuck .main").tap()
        page.wait_for_selector("article.turn[data-answer]")
        assert "không đăng nhập được" in page.inner_text("article.turn .asked")
        page.screenshot(path=SHOTS / "phone-stuck.png")


def test_without_script_every_card_and_every_explanation_can_be_read(chromium, address, lesson):
    with learning(chromium, address, "phone", java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{address}bai-hoc/{LESSON}")
        assert page.locator(".card:visible").count() == len(lesson.cards) + len(lesson.quiz) + 3
        page.locator("#cau-1 summary", has_text=lesson.quiz[0].right.text).first.click()
        assert lesson.quiz[0].right.why in page.locator("#cau-1").inner_text()
