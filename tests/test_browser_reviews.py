"""Trainers check answers in Debian's real Chromium, by keyboard, on a phone and on a desktop."""

import contextlib
import re
from dataclasses import replace

import pytest
import sqlalchemy as sa
from browsing import SHOTS, SIZES
from people import person

from rag.records import tables
from rag.records.answers import Context, Feedback
from rag.records.reviews import Verdict, is_doubled

pytestmark = [pytest.mark.browser, pytest.mark.slow]
QUESTIONS = (
    "làm định danh mức 2 có mất tiền không",
    "cấp lại thẻ căn cước hết bao nhiêu tiền",
    "đăng ký tạm trú cần giấy tờ gì",
)
ON_AN_ITEM = re.compile(r"/kiem-tra/\d+")


@pytest.fixture(params=SIZES)
def desk(request, chromium, address, records):
    """Open the queue as a trainer; what the page reports as a fault fails the test."""
    with contextlib.ExitStack() as stack:

        def open_as(name):
            key = records.accounts.sign_in(person(records, name=name))
            return stack.enter_context(opened(chromium, address, request.param, key))

        yield open_as


@contextlib.contextmanager
def opened(chromium, address, size, key):
    context = chromium.new_context(viewport=SIZES[size], locale="vi-VN")
    context.add_cookies([{"name": "binhdan", "value": key, "url": address}])
    page = context.new_page()
    faults = []
    page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    page.on("response", lambda r: faults.append(f"{r.status} {r.url}") if r.status >= 400 and r.status != 422 else None)
    page.shot = lambda name, whole=False: page.screenshot(path=SHOTS / f"{size}-{name}.png", full_page=whole)
    page.goto(f"{address}huong-dan-vien/kiem-tra")
    yield page
    context.close()
    assert faults == []


@pytest.fixture
def asked(assistant, records):
    """Store some answers that nobody is asked to review twice; return their ids."""

    def asked(count):
        made = []
        for n, answer_id in zip(range(count), fresh_ids(records), strict=False):
            answer, found = assistant.trace(QUESTIONS[n % len(QUESTIONS)])
            records.answers.save(replace(answer, id=answer_id), Context(found.hits))
            made.append(answer_id)
        return made

    return asked


def fresh_ids(records):
    with records.database.reading() as connection:
        known = set(connection.execute(sa.select(tables.answers.c.id)).scalars())
    return (i for n in range(1000) if (i := f"{n:032x}") not in known and not is_doubled(i, 0.1))


def fits(page):
    """Nothing is wider than the screen."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_two_trainers_clear_a_queue_by_keyboard_without_meeting(desk, asked, records):
    ids = asked(12)
    records.answers.give_feedback(Feedback(ids[0], False, ("Khó hiểu",), "chưa rõ nộp ở đâu"))
    lan, mai = desk("lan"), desk("mai")
    lan.shot("review-1-queue", whole=True)
    assert fits(lan)
    for page in (lan, mai):
        page.keyboard.press("n")
    for page in (lan, mai):
        page.wait_for_url(ON_AN_ITEM)
    lan.shot("review-2-item", whole=True)
    lan.shot("review-3-screen")
    assert fits(lan)
    working = [lan, mai]
    while working:
        for page in working:
            page.evaluate("window.old = true")
            page.keyboard.press("1")
            page.keyboard.press("Control+Enter")
        for page in working:
            page.wait_for_function("!window.old && document.readyState === 'complete'")
        working = [page for page in working if ON_AN_ITEM.search(page.url)]
    for page in (lan, mai):
        assert "Đã hết câu chờ bạn kiểm tra" in page.inner_text("main")
        assert "0 câu đang chờ" in page.inner_text("main")
    lan.shot("review-4-empty")
    reviews = [records.reviews.history(answer_id) for answer_id in ids]
    assert [len(each) for each in reviews] == [1] * 12
    assert {each[0].reviewer for each in reviews} == {"Lan", "Mai"}


def test_keys_do_nothing_while_somebody_types_and_a_mark_is_kept(desk, asked, records):
    (answer_id,) = asked(1)
    page = desk("lan")
    page.keyboard.press("n")
    page.wait_for_url(ON_AN_ITEM)
    page.keyboard.press("?")
    assert page.locator("dialog").is_visible()
    page.shot("review-5-keys")
    page.keyboard.press("n")
    page.keyboard.press("Escape")
    page.fill("textarea[name=note]", "")
    page.locator("textarea[name=note]").press_sequentially("1 nga ?")
    assert page.input_value("textarea[name=note]") == "1 nga ?"
    assert page.locator("[name=verdict]:checked").count() == 0
    sentence = page.locator(".sentence").first
    said = sentence.inner_text().strip()
    sentence.click()
    assert sentence.get_attribute("aria-pressed") == "true"
    assert page.input_value("textarea[name=marked]") == said
    page.locator("h1").click()
    page.keyboard.press("4")
    page.check("[name=reasons][value=harm]")
    page.locator("textarea[name=note]").press("Control+Enter")
    page.wait_for_url(re.compile("done=1"))
    stored = records.reviews.history(answer_id)[0]
    assert (stored.verdict, stored.reasons, stored.marked) == (Verdict.DANGEROUS, ("harm",), said)
    assert "[" not in said


def test_a_wrong_fee_is_refused_while_it_is_typed_and_the_right_one_is_saved(desk, asked, records):
    (answer_id,) = asked(1)
    page = desk("mai")
    page.keyboard.press("n")
    page.wait_for_url(ON_AN_ITEM)
    page.keyboard.press("3")
    page.check("[name=reasons][value=false]")
    page.click("#correct > summary")
    page.fill("#search", "cấp lại thẻ căn cước phí bao nhiêu")
    line = page.locator("#results label", has_text=re.compile(r"\d đồng")).first
    line.wait_for()
    fee = re.search(r"[\d.]+ đồng", line.inner_text())[0]
    page.fill("textarea[name=correction]", "Phí là 12.345 đồng.")
    line.locator("input").check()
    page.locator("#results section", has=page.locator("input:checked")).get_by_role("button").click()
    assert page.input_value("textarea[name=correction]") == "Phí là 12.345 đồng. [1]"
    page.locator("#checked .bad", has_text="nguồn [1] không nói “12.345 đồng”").wait_for()
    page.shot("review-6-refused", whole=True)
    assert fits(page)
    page.locator("textarea[name=correction]").press("Control+Enter")
    page.wait_for_selector("div.problem")
    assert page.input_value("textarea[name=correction]") == "Phí là 12.345 đồng. [1]"
    assert page.locator("#citations li").count() >= 1
    page.shot("review-7-told", whole=True)
    page.fill("textarea[name=correction]", f"Phí là {fee}. [1]")
    page.wait_for_function("document.querySelector('#checked b')?.textContent.startsWith('Câu sửa khớp')")
    page.shot("review-8-good", whole=True)
    page.locator("textarea[name=correction]").press("Control+Enter")
    page.wait_for_url(re.compile("done=1"))
    stored = records.reviews.history(answer_id)[0]
    assert stored.correction == f"Phí là {fee}. [1]"
    assert fee in stored.citations[0].quote


def test_the_answer_itself_is_where_a_correction_may_begin(desk, asked, records):
    (answer_id,) = asked(1)
    page = desk("lan")
    page.keyboard.press("n")
    page.wait_for_url(ON_AN_ITEM)
    page.click("#correct > summary")
    page.click("#prefill")
    page.wait_for_function("document.querySelector('#checked b')?.textContent.startsWith('Câu sửa khớp')")
    assert "[1]" in page.input_value("textarea[name=correction]")
    page.shot("review-9-prefilled", whole=True)
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.locator("h1").click()
    page.keyboard.press("g")  # what was typed is not thrown away without asking
    assert ON_AN_ITEM.search(page.url)
    page.once("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("g")
    page.wait_for_url(re.compile(r"kiem-tra$"))
    page.get_by_role("button", name="Xem").first.click()
    page.wait_for_url(ON_AN_ITEM)
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    page.wait_for_url(re.compile("done=1"))
    assert records.reviews.history(answer_id)[0].correction == ""
