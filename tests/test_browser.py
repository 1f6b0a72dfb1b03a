"""The chat page in Debian's real Chromium, as a learner uses it, on a phone and on a desktop."""

import shutil
import socket
import threading
import time
from pathlib import Path

import pytest
import uvicorn

from ui.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]
CHROMIUM = shutil.which("chromium")
SHOTS = Path(__file__).resolve().parent.parent / "test-results"
SIZES = {"phone": {"width": 360, "height": 740}, "desktop": {"width": 1280, "height": 900}}


@pytest.fixture(scope="module")
def address(assistant, records, glossary, built):
    """A real server on a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(assistant, records, glossary, built), port=port, log_level="warning", access_log=False
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.time() + 30
    while not server.started and time.time() < deadline:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="module")
def chromium():
    if CHROMIUM is None:
        pytest.skip("the browser is missing: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=SIZES)
def page(request, chromium, address):
    """A fresh page of each size that reports errors, English text and requests to other machines."""
    context = chromium.new_context(viewport=SIZES[request.param], locale="vi-VN")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()

    def shot(name):
        page.wait_for_timeout(600)  # let the page finish scrolling
        page.screenshot(path=SHOTS / f"{request.param}-{name}.png")

    page.shot = shot
    faults = page.faults = []
    page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    page.on("console", lambda m: faults.append(f"console: {m.text}") if m.type == "error" else None)
    page.on(
        "request",
        lambda r: faults.append(f"left the machine: {r.url}") if not r.url.startswith((address, "data:")) else None,
    )
    page.goto(address)
    page.wait_for_selector("#box textarea")
    yield page
    context.close()
    assert faults == []


def ask(page, question):
    before = page.locator("article.turn[data-answer]").count()
    page.fill("#box textarea", question)
    page.click("#send")
    page.wait_for_function("n => document.querySelectorAll('article.turn[data-answer]').length > n", arg=before)
    return page.locator("#current .answer")


def test_a_learner_asks_opens_a_source_and_gives_feedback(page, records):
    page.shot("1-start")
    answer = ask(page, "lam dinh danh muc 2 o dau, co mat tien ko")
    assert "không mất tiền" in answer.inner_text()
    page.shot("2-answer")
    answer.locator("a.mark").first.click()
    source = page.locator("#current .source").first
    source.wait_for(state="visible")
    assert "không mất tiền" in source.locator("mark").first.inner_text()
    assert source.locator("a[href^=https]").first.get_attribute("rel") == "noopener noreferrer"
    page.shot("3-source")
    page.click("#current [data-do=unhelpful]")
    page.check("#current .reasons input >> nth=3")
    page.fill("#current .reasons textarea", "chưa nói giờ làm việc, số tôi 0900000000")
    page.click("#current .reasons button[type=submit]")
    page.wait_for_function("document.querySelector('#current .said').textContent.includes('Cảm ơn')")
    page.shot("4-feedback")
    stored = records.feedback()[0][1]
    assert (stored.helpful, stored.reasons) == (False, ("Thiếu điều mình cần",))
    assert "0900000000" not in stored.comment
    follow_up = ask(page, "thế mấy ngày có?")
    assert "03 ngày làm việc" in follow_up.inner_text()
    assert page.locator("#current .reasons").is_hidden()
    assert page.locator("#log article.turn").count() == 1
    third = ask(page, "nhà tôi đang cháy")
    assert "114" in third.inner_text()
    page.shot("5-third")


def test_a_learner_sees_how_the_question_was_read_and_can_take_it_back(page):
    ask(page, "lamf laji gks")
    read = page.locator("#current .searched")
    assert read.locator("b").inner_text() == "làm lại giấy khai sinh"
    read.get_by_role("button", name="Tìm đúng như bạn gõ").click()
    page.wait_for_function("document.querySelector('#current .asked p').innerText.includes('“')")
    page.wait_for_selector("#current article[data-answer]")
    assert page.locator("#current .asked p").inner_text() == "“lamf laji gks”"
    assert page.locator("#current .searched").count() == 0


def test_typing_before_the_page_is_all_drawn_is_no_error(page):
    page.evaluate("document.querySelector('#counter').remove()")
    page.fill("#box textarea", "làm mức 2")
    assert page.input_value("#box textarea") == "làm mức 2"


def test_nothing_on_the_page_is_english(page):
    ask(page, "Làm định danh mức 2 ở đâu?")
    texts = page.evaluate("""() => [document.documentElement.lang, document.title, document.body.innerText,
        ...[...document.querySelectorAll('[aria-label],[title],[placeholder],[alt]')].flatMap(e =>
            ['aria-label', 'title', 'placeholder', 'alt'].map(a => e.getAttribute(a) || ''))]""")
    assert texts[0] == "vi"
    words = {word.lower() for text in texts[1:] for word in text.replace("\n", " ").split()}
    english = {"submit", "clear", "send", "copy", "loading", "loading...", "processing", "error", "settings", "built", "use", "via",
               "with", "the", "your", "message", "chatbot", "textbox", "undo", "retry", "share", "queue", "running", "close"}  # fmt: skip
    assert words & english == set()


def test_every_target_is_large_enough_and_nothing_is_cut_off(page):
    ask(page, "Làm định danh mức 2 ở đâu?")
    page.click("#current .sources > summary")
    page.click("#current [data-do=unhelpful]")
    small = page.evaluate("""() => [...document.querySelectorAll('button, summary, input[type=checkbox], .links a, textarea')]
        .filter(e => e.offsetParent).map(e => [e, (e.closest('label') && e.type === 'checkbox' ? e.closest('label') : e).getBoundingClientRect()])
        .filter(([, r]) => r.width < 44 || r.height < 43.5).map(([e, r]) => `${e.outerHTML.slice(0, 80)} ${r.width}x${r.height}`)""")
    assert small == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    for _ in range(2):
        page.click("[data-do=larger]")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.click("[data-do=contrast]")
    page.shot("6-large-contrast")


def test_enter_does_not_send_while_a_word_is_composed(page):
    page.click("#box textarea")
    protocol = page.context.new_cdp_session(page)
    protocol.send("Input.imeSetComposition", {"text": "đươ", "selectionStart": 3, "selectionEnd": 3})
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    assert page.locator("article.turn").count() == 0
    protocol.send("Input.insertText", {"text": "đường dây nóng 111 là gì"})
    page.keyboard.press("Enter")
    page.wait_for_selector("article.turn[data-answer]")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("x" * 10_000, "Câu hỏi dài quá"),
        ("😀😀", "chưa đọc được"),
        ("<script>window.hacked = 1</script>", None),
        ("<img src=x onerror='window.hacked=1'> làm mức 2 ở đâu", None),
        ("Как получить паспорт", "chưa đọc được"),
        ("   ", "chưa gõ câu hỏi"),
    ],
)
def test_bad_input_gets_a_kind_sentence(page, question, said):
    answer = ask(page, question)
    assert said is None or said in answer.inner_text()
    assert page.evaluate("window.hacked") is None
    assert page.locator("#current img").count() == 0


def test_a_lost_connection_is_said_in_vietnamese_and_the_question_stays(page):
    page.route("**/gradio_api/queue/**", lambda route: route.abort())
    page.fill("#box textarea", "làm mức 2 ở đâu")
    page.click("#send")
    notice = page.locator(".toast-body")
    notice.first.wait_for()
    assert "Chưa gửi được câu hỏi" in notice.first.inner_text()
    assert page.input_value("#box textarea") == "làm mức 2 ở đâu"
    page.faults.clear()  # the browser itself reports the requests that this test cut


def test_a_follow_up_leans_on_the_own_conversation_only(page, address):
    ask(page, "Làm định danh mức 2 ở đâu?")
    with page.context.browser.new_context() as other_learner:
        other = other_learner.new_page()
        other.goto(address)
        other.wait_for_selector("#box textarea")
        assert "nói rõ thêm" in ask(other, "thế có mất tiền không?").inner_text()
    assert "Làm mức 2 không mất tiền" in ask(page, "thế có mất tiền không?").inner_text()


def test_the_counter_warns_above_the_limit(page):
    page.fill("#box textarea", "a" * 1001)
    assert page.locator("#counter.over").inner_text() == "1.001/1.000 chữ cái"


def test_copy_follow_up_chip_and_clear(page):
    answer = ask(page, "Làm định danh mức 2 ở đâu?")
    answer.locator("[data-do=copy]").click()
    assert "Công an xã" in page.evaluate("navigator.clipboard.readText()")
    chip = page.locator("#current .next [data-ask]").first
    question = chip.inner_text()
    chip.click()
    page.wait_for_function("document.querySelectorAll('article.turn[data-answer]').length === 2")
    assert page.locator("#current .asked p").inner_text().strip() == question
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#clear")
    page.wait_for_function("document.querySelectorAll('article.turn').length === 0")
    assert page.locator(".starters").is_visible()
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_the_page_can_be_used_with_the_keyboard_alone(page):
    page.focus("#box textarea")
    page.keyboard.type("lam muc 2 o dau")
    page.keyboard.press("Enter")
    page.wait_for_selector("#current .answer")
    page.focus("#current .sources > summary")
    page.keyboard.press("Enter")
    assert page.locator("#current .source").first.is_visible()
