"""A learner's progress in Debian's Chromium on a phone: boxes, the phrase from one device to the next, a family, a class."""

from datetime import UTC, datetime

import pytest
from browsing import SHOTS, SIZES
from people import person

from ui.progress_pages import limiter

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PAGE = "bai-hoc/tien-do"
STORED = "JSON.parse(localStorage.getItem('binhdan-hoc'))"
LEARN = "() => { Progress.sawCard('vneid-hai-muc', 2); Progress.finished('vneid-hai-muc'); Progress.answered('vneid-hai-muc#1', false); }"
NO_STORAGE = (
    "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('denied', 'SecurityError'); } })"
)
NASTY = "<img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def _fresh_limits():
    limiter.storage.reset()
    yield
    limiter.storage.reset()


@pytest.fixture
def device(chromium, address):
    """Opens devices with the page of progress on them. What their scripts complain of fails the test; a refusal is no complaint."""
    faults, contexts = [], []

    def watch(page):
        page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
        page.on(
            "console", lambda m: faults.append(m.text) if m.type == "error" and "Failed to load" not in m.text else None
        )
        page.on("request", lambda r: None if r.url.startswith(address) else faults.append(f"left the machine: {r.url}"))

    def open_device(script=""):
        context = chromium.new_context(viewport=SIZES["phone"], locale="vi-VN")
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        context.on("page", watch)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.goto(address + PAGE)
        page.wait_for_selector("#progress:not([hidden])")
        return page

    yield open_device
    for context in contexts:
        context.close()
    assert faults == []


def shot(page, name):
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(path=SHOTS / f"phone-progress-{name}.png", full_page=True)


def taken(page):
    """Learn something on a page and return its phrase."""
    page.evaluate(LEARN)
    page.click("#take")
    page.wait_for_selector("#phrase:not([hidden])")
    return ", ".join(page.locator(".words li").all_inner_texts())


def typed(page, phrase):
    page.fill("#typed", phrase)
    page.press("#typed", "Enter")


def said(page, section, text):
    page.wait_for_function(
        "([s, t]) => document.querySelector(`${s} .said`).textContent.includes(t)", arg=[section, text]
    )


def saved(page):
    page.wait_for_function(f"Object.values({STORED}.learners).every((row) => !row.unsaved)")


def answered(page, *answers):
    """Answer one question on days, right or wrong; return its row."""
    for right, day in answers:
        page.evaluate("([right, day]) => Progress.answered('a#1', right, day)", [right, day])
    return page.evaluate("Progress.learner().items['a#1']")


def test_a_question_that_was_answered_wrongly_comes_back_after_1_3_7_and_21_days_and_then_no_more(device):
    page = device()
    assert answered(page, (True, "2026-11-27")) is None
    assert answered(page, (False, "2026-11-27")) == {"box": 1, "due": "2026-11-28", "right": 0, "wrong": 1}
    assert page.evaluate("[Progress.due('2026-11-27'), Progress.due('2026-11-28')]") == [[], ["a#1"]]
    assert answered(page, (True, "2026-11-27"))["due"] == "2026-11-28"  # not due yet: it stays where it is
    boxes = [answered(page, (True, day)) for day in ("2026-11-28", "2026-12-01", "2026-12-08", "2026-12-29")]
    assert [(row["box"], row["due"]) for row in boxes] == [
        (2, "2026-12-01"), (3, "2026-12-08"), (4, "2026-12-29"), (4, "9999-12-31"),
    ]  # fmt: skip
    assert page.evaluate("Progress.due('2099-01-01')") == []
    assert answered(page, (False, "2027-02-28")) == {"box": 1, "due": "2027-03-01", "right": 5, "wrong": 2}


def test_a_wrong_answer_in_any_box_begins_again(device):
    page = device()
    row = answered(page, (False, "2026-11-27"), (True, "2026-11-28"), (True, "2026-12-05"), (False, "2026-12-20"))
    assert row == {"box": 1, "due": "2026-12-21", "right": 2, "wrong": 2}


def test_cards_and_lessons_only_go_forward(device):
    page = device()
    page.evaluate("['a', 'a', 'b'].forEach((id, n) => Progress.sawCard(id, 3 - 2 * n))")
    page.evaluate(
        "Progress.finished('a', '2026-11-27'); Progress.finished('a', '2026-11-28'); Progress.sawCard('a', 4)"
    )
    assert page.evaluate("Progress.lesson('a')") == {"card": 4, "done": "2026-11-27"}
    assert page.evaluate("Progress.lesson('c')") == {"card": 0, "done": None}
    page.reload()
    assert page.evaluate("Progress.lesson('a')") == {"card": 4, "done": "2026-11-27"}


def test_two_states_are_merged_row_by_row_and_what_was_learnt_for_good_stays_learnt(device):
    page = device()
    days = ("2026-11-28", "2026-12-01", "2026-12-08", "2026-12-29")
    answered(page, (False, "2026-11-27"), *((True, day) for day in days))
    page.evaluate("Progress.sawCard('a', 2)")
    older = {"box": 1, "due": "2026-11-28", "right": 0, "wrong": 1}
    state = {
        "lessons": {"a": {"card": 1, "done": "2026-11-20"}, "b": {"card": 5, "done": None}, "Bà Sáu": {"card": 1, "done": None}},
        "items": {"a#1": older, "a#2": older, "a#3": {**older, "box": 9}},
    }  # fmt: skip
    for _ in range(2):
        page.evaluate("(state) => Progress.merge(state)", state)
        row = page.evaluate("Progress.learner()")
        assert row["lessons"] == {"a": {"card": 2, "done": "2026-11-20"}, "b": {"card": 5, "done": None}}
        assert (row["items"]["a#1"]["due"], row["items"]["a#2"], len(row["items"])) == ("9999-12-31", older, 2)


def test_a_phrase_brings_progress_back_after_everything_was_wiped(device):
    page = device()
    shot(page, "1-new")
    page.click("#take")
    said(page, "#keep", "chưa học bài nào")
    phrase = taken(page)
    shot(page, "2-phrase")
    page.click("#copy")
    said(page, "#keep", "Đã chép")
    assert page.evaluate("navigator.clipboard.readText()") == phrase
    page.click("#written")
    page.wait_for_selector("#kept:not([hidden])")
    assert phrase.split(", ")[0] not in page.inner_text("#keep")
    page.reload()
    page.wait_for_selector("#kept:not([hidden])")
    assert page.locator("#phrase").is_hidden()
    page.evaluate("localStorage.clear()")
    page.reload()
    assert page.inner_text("#learnt") == "Chưa học xong bài nào."
    typed(
        page,
        page.evaluate(
            "(p) => p.normalize('NFD').replace(/[\\u0300-\\u036f,]/g, '').replace(/đ/g, 'd').toUpperCase()", phrase
        ),
    )
    said(page, "#open", "1 bài đã học xong")
    assert page.inner_text("#learnt") == "Đã học xong 1 bài."
    assert page.evaluate(f"{STORED}.learners['1'].phrase") == phrase
    assert phrase not in page.url
    shot(page, "3-back")


def test_two_devices_with_one_phrase_lose_nothing_of_each_other(device):
    one = device()
    phrase = taken(one)
    two = device()
    typed(two, phrase)
    said(two, "#open", "Đã lấy lại")
    for page, lesson in ((one, "a"), (two, "b")):
        page.evaluate("(id) => Progress.finished(id)", lesson)
    saved(one)
    saved(two)
    three = device()
    typed(three, phrase)
    said(three, "#open", "3 bài")


def test_what_was_learnt_offline_is_saved_when_the_network_is_back(device, records):
    page = device()
    phrase = taken(page)
    page.context.set_offline(True)
    page.evaluate("Progress.finished('a')")
    page.wait_for_timeout(2500)
    assert page.evaluate(f"{STORED}.learners['1'].unsaved") is True
    typed(page, phrase)
    said(page, "#open", "Chưa có mạng")
    page.context.set_offline(False)
    saved(page)
    other = device()
    typed(other, phrase)
    said(other, "#open", "2 bài")


def test_wrong_words_and_too_many_of_them_are_told_in_words(device):
    page = device()
    page.click("#open button")
    said(page, "#open", "Bạn gõ ba từ")
    typed(page, "hoa sen")
    said(page, "#open", "đủ ba từ")
    for _ in range(10):
        typed(page, "hoa sen, hoa sen, hoa sen")
        said(page, "#open", "Chưa thấy tiến độ")
        page.evaluate("document.querySelector('#open .said').textContent = ''")
    typed(page, "hoa sen, hoa sen, hoa sen")
    said(page, "#open", "đợi một tiếng")
    shot(page, "4-too-many")


def test_a_phrase_that_was_deleted_opens_nothing_and_another_device_gives_it_up(device):
    page = device()
    phrase = taken(page)
    other = device()
    typed(other, phrase)
    said(other, "#open", "Đã lấy lại")
    page.click("#written")
    page.click("#kept summary")
    page.click("#forget")
    said(page, "#keep", "Đã xóa")
    page.wait_for_selector("#not-kept:not([hidden])")
    assert page.inner_text("#learnt").startswith("Đã học xong 1 bài.")
    other.evaluate("Progress.finished('a')")
    other.wait_for_selector("#not-kept:not([hidden])")
    assert other.inner_text("#learnt").startswith("Đã học xong 2 bài.")


def test_a_family_shares_a_device_and_no_name_leaves_it(device):
    page = device()
    sent = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    page.fill("#renamed", "Bà Sáu")
    page.press("#renamed", "Enter")
    phrase = taken(page)
    page.fill("#name", f"Ông Bảy {NASTY}"[:30])
    page.press("#name", "Enter")
    assert page.inner_text("#who").startswith("Ông Bảy <img")
    assert page.locator(".people img").count() == 0
    assert page.inner_text("#learnt") == "Chưa học xong bài nào."
    shot(page, "5-family")
    page.click("button:has-text('Chọn')")
    assert page.inner_text("#who") == "Bà Sáu"
    page.evaluate("Progress.finished('a')")
    saved(page)
    assert page.inner_text("#learnt").startswith("Đã học xong 2 bài.")
    assert [body for body in sent if body]
    assert not any(name in body for body in sent for name in ("Sáu", "Bảy", "\\u"))
    page.click("[aria-label^='Bỏ Bà Sáu']")
    assert page.inner_text("#who").startswith("Ông Bảy")
    page.click("#removed button")
    assert page.inner_text("#who") == "Bà Sáu"
    assert page.evaluate("Progress.learner().phrase") == phrase
    assert page.locator(".people li").count() == 2


def test_who_has_a_phrase_is_not_mixed_with_whom_another_phrase_belongs_to(device):
    first, second = device(), device()
    phrase = taken(first)
    second.evaluate("Progress.finished('a')")
    second.click("#take")
    second.wait_for_selector("#phrase:not([hidden])")
    for _ in range(2):
        typed(second, phrase)
        said(second, "#open", "1 bài")
    assert second.inner_text("#who") == "Người học 2"
    assert second.evaluate("Progress.learners().map((row) => Object.keys(row.lessons))") == [["a"], ["vneid-hai-muc"]]


def test_the_last_of_a_family_can_be_removed_and_taken_back(device):
    page = device()
    page.evaluate(LEARN)
    page.click("[aria-label^='Bỏ Bạn']")
    assert page.inner_text("#learnt") == "Chưa học xong bài nào."
    page.click("#removed button")
    assert page.inner_text("#learnt").startswith("Đã học xong 1 bài.")
    assert page.locator(".people li").count() == 1


def test_in_a_class_progress_is_kept_for_the_number_until_the_class_ends(device, records, address):
    lan = person(records, name="lan")
    room = records.classrooms.open(lan, None, "chung", datetime.now(UTC).date())
    page = device()
    page.request.post(f"{address}lop", form={"code": room.code}, max_redirects=0)
    page.reload()
    page.wait_for_selector("#class:not([hidden])")
    page.evaluate(LEARN)
    saved(page)
    shot(page, "6-class")
    other = device()
    typed(other, f"{room.code.lower()} 1")
    said(other, "#open", "1 bài")
    page.evaluate("localStorage.clear()")
    page.reload()
    page.wait_for_function("document.querySelector('#learnt').textContent.startsWith('Đã học xong 1 bài.')")
    records.classrooms.end(lan, room.id)
    page.evaluate("Progress.finished('a')")
    page.wait_for_function("localStorage.getItem('binhdan-hoc') === null")
    page.wait_for_function("document.querySelector('#learnt').textContent === 'Chưa học xong bài nào.'")
    assert page.context.cookies() == []


@pytest.mark.parametrize("stored", ["{", "null", "[]", '{"learners": {}}', '{"learners": {"x": 1}}', '"<script>"'])
def test_broken_storage_is_told_once_and_progress_begins_anew(device, stored):
    page = device()
    page.evaluate("(stored) => localStorage.setItem('binhdan-hoc', stored)", stored)
    page.reload()
    page.wait_for_selector("main > .problem")
    assert "bị hỏng" in page.inner_text("main > .problem")
    page.evaluate(LEARN)
    assert page.locator("main > .problem").count() == 1
    page.reload()
    assert page.inner_text("#learnt").startswith("Đã học xong 1 bài.")
    assert page.locator("main > .problem").count() == 0


def test_rows_that_no_page_of_ours_wrote_are_left_out(device):
    page = device()
    page.evaluate(LEARN)
    page.evaluate(
        f"""() => {{ const all = {STORED}; all.learners[1].items.x = 1; all.learners[1].lessons["Bà"] = {{ card: 1, done: null }};
        all.learners.x = {{}}; localStorage.setItem("binhdan-hoc", JSON.stringify(all)); }}"""
    )
    assert page.evaluate(
        "Progress.learners().map(({ lessons, items }) => [Object.keys(lessons), Object.keys(items)])"
    ) == [[["vneid-hai-muc"], ["vneid-hai-muc#1"]]]


def test_where_nothing_can_be_stored_learning_goes_on_and_one_sentence_says_so(device):
    page = device(NO_STORAGE)
    assert "không cho lưu" in page.inner_text("main > .problem")
    phrase = taken(page)
    assert page.inner_text("#learnt").startswith("Đã học xong 1 bài.")
    assert page.locator("main > .problem").count() == 1
    other = device()
    typed(other, phrase)
    said(other, "#open", "1 bài")


def test_two_tabs_of_one_device_write_beside_each_other(device, address):
    page = device()
    second = page.context.new_page()
    second.goto(address + PAGE)
    page.evaluate("Progress.finished('a')")
    second.evaluate("Progress.finished('b')")
    assert sorted(page.evaluate("Object.keys(Progress.learner().lessons)")) == ["a", "b"]
    page.wait_for_function("document.querySelector('#learnt').textContent === 'Đã học xong 2 bài.'")


def test_only_the_phrase_is_printed(device):
    page = device()
    phrase = taken(page)
    page.evaluate("document.body.classList.add('printing-phrase')")
    page.emulate_media(media="print")
    for word in phrase.split(", "):
        assert word in page.inner_text("main")
    assert not any(text in page.inner_text("main") for text in ("Gõ ba từ đã ghi", "Cả nhà", "Chép ba từ", "Đang học"))
