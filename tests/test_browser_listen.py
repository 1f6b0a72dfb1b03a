"""Speaking a question in a real Chromium: its microphone plays a file, the recogniser is the real one; the browser's own is scripted."""

import contextlib

import pytest
from browsing import CHROMIUM, SHOTS, SIZES, chat_at, serving
from speaking import has_espeak, has_recogniser, noise, recorded, silence, spoken

from rag.serving import Serving
from ui.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GRANTED = ["--use-fake-ui-for-media-stream"]
# What a browser's own recogniser tells a page; `window.ears` is the one that listens.
RECOGNITION = """
window.SpeechRecognition = window.webkitSpeechRecognition = class {
  start() { window.ears = this; window.starts = (window.starts ?? 0) + 1; }
  stop() { window.stopped = true; if (window.words) this.onresult({ results: [[{ transcript: window.words }]] }); this.onend(); }
  abort() { window.aborted = true; }
};
"""


@pytest.fixture(scope="module")
def listening(assistant, records, glossary, built):
    """The address of a server that listens."""
    with serving(
        create_app(Serving(assistant), records, glossary, built.model_copy(update={"listen": "viet-asr"}))
    ) as address:
        yield address


@contextlib.contextmanager
def chat(browser, address, script="", size="phone", clock=False):
    context = browser.new_context(viewport=SIZES[size], locale="vi-VN")
    page = context.new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith((address, "data:")) else page.faults.append(r.url))
    if script:
        page.add_init_script(script)
    if clock:
        page.clock.install()
    page.goto(chat_at(address))
    page.wait_for_selector("#box textarea")
    yield page
    context.close()
    assert page.faults == []


@contextlib.contextmanager
def microphone(chromium, address, samples, tmp_path, **more):
    """The chat in a browser whose microphone hears these samples again and again."""
    file = tmp_path / "tieng.wav"
    file.write_bytes(recorded(samples))
    fake = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={file}"]
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=["--no-sandbox", *GRANTED, *fake])
    with chat(browser, address, **more) as page:
        yield page
    browser.close()


def told(page, text):
    page.wait_for_function(
        "text => document.querySelector('#listen .said')?.textContent.startsWith(text)", arg=text, timeout=60_000
    )


def start(page):
    page.click("#listen [data-listen=start]")


def typed(page):
    return page.input_value("#box textarea")


def unsent(page):
    return page.locator("article.turn").count() == 0


@has_recogniser
@has_espeak
@pytest.mark.parametrize("size", SIZES)
def test_what_is_said_stands_in_the_box_to_be_corrected(chromium, listening, tmp_path, size):
    said = spoken("Xin chào, tôi muốn làm định danh mức hai ở đâu?")
    with microphone(chromium, listening, said, tmp_path, size=size) as page:
        button = page.locator("#listen [data-listen=start]")
        assert (button.inner_text(), button.get_attribute("aria-pressed")) == ("Nói", "false")
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 44
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        rows = page.evaluate(
            "['#box textarea', '#listen button', '#send'].map((one) => document.querySelector(one).getBoundingClientRect().bottom)"
        )
        assert max(rows) - min(rows) < 12
        page.screenshot(path=SHOTS / f"{size}-listen-1.png")
        page.fill("#box textarea", "Cho hỏi:")
        start(page)
        told(page, "Mình đang nghe")
        assert (button.inner_text(), button.get_attribute("aria-pressed")) == ("Xong", "true")
        page.wait_for_function("/^[3-9] giây/.test(document.querySelector('#listen .time').textContent)")
        page.screenshot(path=SHOTS / f"{size}-listen-2.png")
        start(page)
        told(page, "Bạn xem lại chữ")
        page.screenshot(path=SHOTS / f"{size}-listen-3.png")
        assert typed(page).startswith("Cho hỏi: ")
        assert len(typed(page).split()) > 3
        assert unsent(page)
        assert page.evaluate("document.activeElement.matches('#box textarea')")
        assert button.inner_text() == "Nói"


@has_recogniser
@pytest.mark.parametrize("samples", [silence(3), noise(3)], ids=["silence", "noise"])
def test_silence_and_noise_are_told_kindly(chromium, listening, tmp_path, samples):
    with microphone(chromium, listening, samples, tmp_path) as page:
        start(page)
        told(page, "Mình đang nghe")
        page.wait_for_timeout(1500)
        start(page)
        told(page, "Mình chưa nghe rõ")
        assert typed(page) == ""


@has_recogniser
def test_escape_throws_a_recording_away(chromium, listening, tmp_path):
    with microphone(chromium, listening, noise(3), tmp_path) as page:
        page.on("request", lambda r: page.faults.append(r.url) if r.url.endswith("/nghe") else None)
        start(page)
        told(page, "Mình đang nghe")
        page.keyboard.press("Escape")
        page.wait_for_function("document.querySelector('#listen .said').textContent === ''")
        page.wait_for_timeout(500)
        assert page.locator("#listen [data-listen=start]").inner_text() == "Nói"


@has_recogniser
def test_without_a_network_the_learner_is_told(chromium, listening, tmp_path):
    with microphone(chromium, listening, noise(3), tmp_path) as page:
        start(page)
        told(page, "Mình đang nghe")
        page.wait_for_timeout(500)
        page.context.set_offline(True)
        start(page)
        told(page, "Chưa có mạng")


@has_recogniser
@pytest.mark.parametrize(
    ("flags", "sentence"),
    [([], "Máy chưa cho dùng micrô"), (GRANTED, "Máy này chưa có micrô")],
    ids=["refused", "none"],
)
def test_without_a_microphone_or_its_permission_the_learner_is_told(chromium, listening, flags, sentence):
    fake = [] if flags else ["--use-fake-device-for-media-stream"]
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=["--no-sandbox", *flags, *fake])
    with chat(browser, listening) as page:
        start(page)
        told(page, sentence)
    browser.close()


def test_the_browsers_own_recogniser_hears_nothing_before_the_learner_agrees(chromium, address):
    with chat(chromium, address, RECOGNITION) as page:
        start(page)
        told(page, "Hãng làm ra trình duyệt này sẽ nghe")
        assert page.evaluate("window.starts") is None
        page.click("#listen [data-listen=refuse]")
        told(page, "")
        assert page.locator("#listen .consent").is_hidden()
        start(page)
        page.click("#listen [data-listen=agree]")
        told(page, "Mình đang nghe")
        assert page.evaluate("[ears.lang, ears.interimResults]") == ["vi-VN", False]
        page.evaluate("window.words = ' làm căn cước ở đâu '")
        start(page)
        told(page, "Bạn xem lại chữ")
        assert (typed(page), unsent(page)) == ("làm căn cước ở đâu", True)
        start(page)
        told(page, "Mình đang nghe")  # asked once
        assert page.evaluate("window.starts") == 2


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        ("not-allowed", "Máy chưa cho dùng micrô"), ("audio-capture", "Máy này chưa có micrô"), ("network", "Chưa có mạng"),
        ("no-speech", "Mình chưa nghe rõ"), ("language-not-supported", "Chưa nhận được chữ"),
    ],
)  # fmt: skip
def test_what_goes_wrong_in_the_browsers_recogniser_is_told(chromium, address, error, sentence):
    with chat(chromium, address, RECOGNITION) as page:
        start(page)
        page.click("#listen [data-listen=agree]")
        page.evaluate("error => { ears.onerror({ error }); ears.onend(); }", error)
        told(page, sentence)
        assert page.locator("#listen [data-listen=start]").inner_text() == "Nói"


def test_nobody_is_heard_for_more_than_half_a_minute(chromium, address):
    with chat(chromium, address, RECOGNITION, clock=True) as page:
        start(page)
        page.click("#listen [data-listen=agree]")
        page.clock.run_for(29_000)
        assert page.evaluate("window.stopped") is None
        page.clock.run_for(2_000)
        assert page.evaluate("window.stopped")
        told(page, "Mình chưa nghe rõ")


def test_where_nothing_can_listen_there_is_no_button(chromium, address):
    deaf = "delete window.SpeechRecognition; delete window.webkitSpeechRecognition;"
    with chat(chromium, address, deaf) as page:
        page.wait_for_timeout(500)
        assert page.locator("#listen").count() == 0
