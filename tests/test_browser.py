"""The chat page in Debian's real Chromium, as a learner uses it, on a phone and on a desktop."""

import threading

import pytest
from browsing import SIZES, ask, chat_at, opened, serving

from rag.errors import ModelError
from rag.llm import Completion
from rag.serving import Serving, open_assistant, open_writer
from ui.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(params=SIZES)
def page(request, chromium, address):
    """A fresh page of each size that reports errors, English text and requests to other machines."""
    with opened(chromium, address, request.param) as page:
        yield page


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
    page.wait_for_function("document.querySelector('#current .feedback .said').textContent.includes('Cảm ơn')")
    page.shot("4-feedback")
    stored = records.answers.feedback()[0][1]
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
    page.click(".look > summary")
    page.click("[data-look='size=rat-lon']")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.click("[data-look='theme=contrast']")
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
        other.goto(chat_at(address))
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


QUESTION = "Làm định danh mức 2 ở đâu, có mất tiền không?"
SENTENCES = ("Làm mức 2 không mất tiền [1].", "Bạn mang thẻ căn cước tới Công an xã, phường [2].")


class Slow:
    """A model that writes its next sentence when it is told to, or fails."""

    name = "qwen-thử"

    def __init__(self):
        self.pen = threading.Semaphore(0)
        self.fails = False

    def complete(self, system, user, visitor="", on_text=lambda _: None):
        pen = self.pen  # the next test has another one, which nobody who was left behind may use up
        for sentence in (*SENTENCES, ""):
            pen.acquire(timeout=20)
            if self.fails:
                raise ModelError("the model took too long")
            on_text(f"{sentence}\n")
        return Completion("", 10)


@pytest.fixture(scope="module")
def written_address(built, records, glossary):
    """A server whose answers are written by a `Slow` model; yields the address and the model."""
    assistant, model = open_assistant(built), Slow()
    assistant.writer = open_writer(model, assistant.index.embedder, built)
    with serving(create_app(Serving(assistant), records, glossary, built)) as address:
        yield address, model


@pytest.fixture(params=SIZES)
def written(request, chromium, written_address):
    """A fresh page of each size, and the model that writes for it."""
    address, model = written_address
    model.pen, model.fails = threading.Semaphore(0), False
    with opened(chromium, address, request.param) as page:
        yield page, model


def send(page, question=QUESTION):
    page.fill("#box textarea", question)
    page.click("#send")
    page.wait_for_function("document.querySelector('#current .doing')?.innerText.includes('Đang viết')")


def finish(page, model):
    """Let the model write to its end; return the finished answer."""
    model.pen.release(3)
    page.wait_for_selector("#current article[data-answer]")
    return page.locator("#current .answer")


# What a screen reader says: text that comes into a live region, unless a closer ancestor switches it off.
LISTEN = """() => {
  window.heard = [];
  const live = n => n?.closest?.("[aria-live], [role=status], [role=log]");
  const say = n => {
    const walk = document.createTreeWalker(n, NodeFilter.SHOW_TEXT);
    for (let t = n.nodeType === 3 ? n : walk.nextNode(); t; t = walk.nextNode()) {
      const region = live(t.parentElement);
      if (region && region.getAttribute("aria-live") !== "off" && t.data.trim() && t.parentElement.checkVisibility()) window.heard.push(t.data.trim());
    }
  };
  new MutationObserver(rows => rows.forEach(r => r.type === "characterData" ? say(r.target) : r.addedNodes.forEach(say)))
    .observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


def test_a_written_answer_comes_sentence_by_sentence_and_is_heard_once(written):
    page, model = written
    page.evaluate(LISTEN)
    send(page)
    assert page.locator("#current .answer").count() == 0
    page.wait_for_function("document.querySelector('#counter').textContent === ''")
    page.shot("7-writing")
    for number, words in enumerate(("không mất tiền", "tới Công an xã, phường")):
        model.pen.release()
        page.wait_for_function("w => document.querySelector('#current .text')?.innerText.includes(w)", arg=words)
        assert "[" not in page.locator("#current .text").inner_text()
        page.shot(f"8-written-{number}")
    answer = finish(page, model)
    assert "Lời văn do máy viết" in answer.locator("> .writer").inner_text()
    assert "qwen" not in answer.inner_text()
    answer.locator(".sources > summary").click()
    assert "qwen-thử" in answer.locator(".sources").inner_text()
    page.shot("9-finished")
    model.pen.release(3)
    ask(page, "thế mấy ngày có?")
    heard = page.evaluate("window.heard.join('\\n')")
    assert "processing" not in heard
    assert heard.count("tới Công an xã, phường") == 1
    assert heard.count("Đang viết") == heard.count("Đang tìm") == 2


def test_a_model_that_fails_costs_no_answer_and_the_page_says_so(written):
    page, model = written
    model.fails = True
    send(page)
    answer = finish(page, model)
    assert "Lần này máy viết chưa giúp được" in answer.locator("> .writer").inner_text()
    assert "không mất tiền" in answer.locator("> .text").inner_text()
    page.shot("10-composed")


def test_what_is_typed_while_the_model_writes_stays_and_clearing_ends_the_writing(written):
    page, model = written
    send(page)
    page.fill("#box textarea", "câu tiếp")
    model.pen.release()
    page.wait_for_selector("#current .text")
    assert page.input_value("#box textarea") == "câu tiếp"
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#clear")
    page.wait_for_function("document.querySelectorAll('article.turn').length === 0")
    model.pen.release(2)
    page.wait_for_timeout(500)
    assert page.locator("article.turn").count() == 0


def test_two_visitors_who_are_written_for_at_once_do_not_mix(written, written_address):
    page, model = written
    with page.context.browser.new_context() as other_learner:
        other = other_learner.new_page()
        other.goto(chat_at(written_address[0]))
        other.wait_for_selector("#box textarea")
        send(page)
        send(other, "Mất thẻ căn cước thì làm lại ở đâu?")
        model.pen.release(3)
        finish(other, model)
        finish(page, model)
        assert "Mất thẻ" not in page.locator("#current").inner_text()
        assert "mức 2" not in other.locator("#current .asked").inner_text()
        model.pen.release(9)
        assert "03 ngày làm việc" in ask(page, "thế mấy ngày có?").inner_text()
        assert "03 ngày làm việc" not in ask(other, "thế mấy ngày có?").inner_text()


def test_another_way_to_say_it_is_one_tap_and_only_under_the_newest_answer(page):
    ask(page, QUESTION)
    ways = page.locator("#current .ways button")
    ways.first.scroll_into_view_if_needed()
    page.shot("11-ways")
    assert ways.all_inner_texts() == ["Nói dễ hơn", "Nói kỹ hơn", "Từng bước"]
    ways.last.click()
    page.wait_for_function("document.querySelector('#current .asked p').innerText === 'Đọc từng bước'")
    page.wait_for_function("document.querySelectorAll('article.turn[data-answer]').length === 2")
    assert page.locator("#log .ways").is_hidden()
