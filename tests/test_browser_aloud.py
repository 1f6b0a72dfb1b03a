"""Reading aloud in Debian's real Chromium. It has no Vietnamese voice: the voices are scripted, the server's is the real espeak-ng."""

import contextlib
import json

import pytest
from browsing import SIZES, ask, serving
from speaking import has_espeak

from rag.serving import Serving
from rag.speech import spoken
from ui import voice_pages
from ui.app import create_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]

VIETNAMESE = {"lang": "vi_VN", "name": "Tiếng Việt", "localService": True}
ONLINE = {"lang": "vi-VN", "name": "Online", "localService": False}
ENGLISH = {"lang": "en-US", "name": "English", "localService": True}
GUIDE = "huong-dan/vneid-dang-ky-muc-2"
# Voices that speak by the clock; `mute` ones never tell that they are done, `dead` ones not even that they begin.
SCRIPTED = """
window.said = [];
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
class Synthesis extends EventTarget {
  voices = VOICES; takes = 60; speaking = false; pending = false; mute = false; dead = false; cancelled = 0;
  getVoices() { return this.voices; }
  speak(one) {
    const shown = [...document.querySelectorAll(".saying")].map((mark) => mark.textContent);
    window.said.push({ text: one.text, voice: one.voice?.name, rate: one.rate, shown });
    this.one = one;
    this.speaking = true;
    if (!this.dead) setTimeout(() => one.onstart?.({}), 1);
    if (!this.dead && !this.mute) this.timer = setTimeout(() => this.next(), this.takes);
  }
  next() { clearTimeout(this.timer); this.speaking = false; this.one.onend?.({}); }
  cancel() { clearTimeout(this.timer); this.cancelled += 1; if (this.speaking) { this.speaking = false; this.one.onerror?.({ error: "canceled" }); } }
}
Object.defineProperty(window, "speechSynthesis", { value: new Synthesis() });
window.played = [];
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = function () {
  const one = { rate: this.playbackRate };
  window.played.push(one);
  this.addEventListener("playing", () => { one.seconds = this.duration; }, { once: true });
  return play.call(this);
};
"""
# The marks that pages carry; here they are put by hand, so that each kind is there.
MARK = """() => {
  const sections = document.querySelectorAll("main section:not(.related)");
  const say = (text, more = "") => `<span class="s" ${more}>${text}</span>`;
  sections[0].querySelectorAll("p, li").forEach((line) => line.remove());
  sections[0].insertAdjacentHTML("beforeend", `<p>${say("Phí 50.000 đồng.", 'data-say="Phí năm mươi nghìn đồng."')} ${say("Không mất thêm gì.")}</p>
    <ul><li>${say("Bạn mang ", 'data-n="1" data-say="Bạn mang thẻ căn cước."')}<b>${say("thẻ căn cước", 'data-n="1"')}</b>${say(".", 'data-n="1"')}</li></ul>
    <details><summary>Thêm</summary><p>${say("Điều gấp lại.")}</p></details>`);
  sections[1].querySelectorAll("span.s").forEach((span) => span.replaceWith(span.textContent));
  sections.forEach((section) => { section.dataset.aloud = ""; });
  return sections.length;
}"""
SENTENCES = ["Phí năm mươi nghìn đồng.", "Không mất thêm gì.", "Bạn mang thẻ căn cước."]


@contextlib.contextmanager
def reading(chromium, address, voices, path=GUIDE, size="phone", clock=False):
    """Open a page whose browser has these voices; errors and foreign requests fail the test."""
    context = chromium.new_context(viewport=SIZES[size], locale="vi-VN")
    page = context.new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda m: page.faults.append(m.text) if m.type == "error" else None)
    page.on("request", lambda r: None if r.url.startswith((address, "blob:", "data:")) else page.faults.append(r.url))
    page.add_init_script(SCRIPTED.replace("VOICES", json.dumps(voices)))
    if clock:
        page.clock.install()
    page.goto(address + path)
    yield page
    context.close()
    assert page.faults == []


def said(page):
    return page.evaluate("said.map((one) => one.text)")


def wait(page, condition):
    page.wait_for_function(condition, timeout=15_000)


def first(page):
    return page.locator("[data-aloud] > .aloud [data-aloud-do=read]").first


QUIET = "document.querySelector('.saying, [data-aloud-do=read][aria-pressed=true]') === null"


def test_a_region_is_read_sentence_by_sentence_in_the_vietnamese_voice(chromium, address):
    with reading(chromium, address, [ENGLISH, ONLINE, VIETNAMESE]) as page:
        regions = page.evaluate(MARK)
        wait(page, f"document.querySelectorAll('[data-aloud-do=read]').length === {regions}")
        button = first(page)
        assert button.inner_text() == "Nghe"
        heading = page.locator("[data-aloud] h2").first.inner_text()
        assert button.get_attribute("aria-label") == f"Nghe: {heading}"
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 44
        page.evaluate("speechSynthesis.takes = 60000")
        button.click()
        assert (button.inner_text(), button.get_attribute("aria-pressed")) == ("Dừng", "true")
        assert button.get_attribute("aria-label") == f"Dừng: {heading}"
        for n in (1, 2, 3):
            wait(page, f"said.length === {n}")
            page.evaluate("speechSynthesis.next()")
        wait(page, QUIET)
        assert said(page) == SENTENCES
        shown = page.evaluate("said.map((one) => one.shown)")
        assert shown == [["Phí 50.000 đồng."], ["Không mất thêm gì."], ["Bạn mang ", "thẻ căn cước", "."]]
        assert page.evaluate("new Set(said.map((one) => `${one.voice} ${one.rate}`)).size") == 1
        assert page.evaluate("said[0].voice") == "Tiếng Việt"
        assert button.inner_text() == "Nghe"


def test_a_region_without_marked_sentences_is_read_by_its_blocks(chromium, address):
    with reading(chromium, address, [VIETNAMESE]) as page:
        page.evaluate("document.querySelectorAll('.aloud').forEach((bar) => bar.remove())")
        page.evaluate("""() => { const made = document.createElement("section"); made.dataset.aloud = ""; made.id = "made";
          made.innerHTML = `<h2>Đầu</h2><ul><li>Một.<a class="mark" href="#">[1]</a></li><li><p>Hai.</p></li></ul><p hidden>Ẩn.</p><p>${"Rất dài, ".repeat(40)}hết.</p>`;
          document.querySelector("main").prepend(made); }""")
        page.click("#made [data-aloud-do=read]")
        wait(page, "said.length > 4")
        wait(page, QUIET)
        assert said(page)[:3] == ["Đầu", "Một.", "Hai."]
        assert " ".join(said(page)[3:]) == "Rất dài, " * 40 + "hết."
        assert all(len(text) <= 160 for text in said(page))


@pytest.mark.parametrize(
    "voices", [[], [ENGLISH], [{**ENGLISH, "lang": "vie-XX"}, ENGLISH]], ids=["none", "english", "like"]
)
def test_without_a_vietnamese_voice_nothing_is_offered_until_one_comes(chromium, address, voices):
    with reading(chromium, address, voices) as page:
        page.evaluate(MARK)
        page.wait_for_timeout(300)
        assert page.locator(".aloud").count() == 0
        page.evaluate(
            f"speechSynthesis.voices.push({json.dumps(VIETNAMESE)}); speechSynthesis.dispatchEvent(new Event('voiceschanged'))"
        )
        first(page).click()
        wait(page, "said.length > 0")
        assert page.evaluate("said[0].voice") == "Tiếng Việt"


def test_the_browsers_own_lack_of_a_voice_is_seen(chromium, address):
    """Debian's Chromium as it is."""
    context = chromium.new_context()
    page = context.new_page()
    page.goto(address + GUIDE)
    page.evaluate(MARK)
    page.wait_for_timeout(1000)
    assert page.locator(".aloud").count() == 0
    context.close()


def test_reading_stops_by_button_by_escape_by_another_region_and_by_leaving(chromium, address):
    with reading(chromium, address, [VIETNAMESE]) as page:
        page.evaluate(MARK)
        page.evaluate("speechSynthesis.takes = 60000")
        other = page.locator("[data-aloud-do=read]").nth(1)
        for end in (lambda: first(page).click(), lambda: page.keyboard.press("Escape")):
            first(page).click()
            wait(page, "speechSynthesis.speaking")
            end()
            wait(page, QUIET)
            assert not page.evaluate("speechSynthesis.speaking")
            assert page.evaluate("document.activeElement.dataset.aloudDo") == "read"
        first(page).click()
        wait(page, "said.length === 3")
        other.click()
        wait(page, "said.length === 4")
        assert page.locator("[data-aloud-do=read][aria-pressed=true]").count() == 1
        assert other.get_attribute("aria-pressed") == "true"
        page.evaluate(
            "window.addEventListener('pagehide', () => sessionStorage.setItem('speaking', speechSynthesis.speaking))"
        )
        page.goto(address + "huong-dan")
        assert page.evaluate("sessionStorage.getItem('speaking')") == "false"


def test_slow_says_the_sentence_again_and_stays(chromium, address):
    with reading(chromium, address, [VIETNAMESE]) as page:
        page.evaluate(MARK)
        assert page.get_by_role("button", name="Đọc chậm").count() == 0
        page.evaluate("speechSynthesis.takes = 60000")
        first(page).click()
        page.get_by_role("button", name="Đọc chậm").click()
        wait(page, "said.length === 2")
        page.evaluate("speechSynthesis.next()")
        wait(page, "said.length === 3")
        rows = page.evaluate("said.map((one) => [one.text, one.rate])")
        assert rows == [[SENTENCES[0], 1], [SENTENCES[0], 0.75], [SENTENCES[1], 0.75]]
        assert page.get_by_role("button", name="Đọc chậm").get_attribute("aria-pressed") == "true"
        page.get_by_role("button", name="Đọc chậm").click()
        wait(page, "said.length === 4 && said[3].rate === 1")


def test_a_voice_that_never_tells_its_end_holds_nothing_up(chromium, address):
    with reading(chromium, address, [VIETNAMESE], clock=True) as page:
        page.evaluate(MARK)
        page.evaluate("speechSynthesis.mute = true")
        first(page).click()
        for n in (1, 2, 3):
            assert said(page) == SENTENCES[:n]
            page.clock.run_for(12_000)
        assert said(page) == SENTENCES
        wait(page, QUIET)


def test_a_voice_that_does_not_begin_is_told(chromium, address):
    with reading(chromium, address, [VIETNAMESE], clock=True) as page:
        page.evaluate(MARK)
        page.evaluate("speechSynthesis.dead = true")
        first(page).click()
        page.clock.run_for(7000)
        wait(page, QUIET)
        assert page.locator(".aloud .said").first.inner_text() == "Chưa đọc được. Bạn thử lại sau nhé."
        page.evaluate("speechSynthesis.dead = false")
        first(page).click()
        assert page.locator(".aloud .said").first.inner_text() == ""


def test_the_page_follows_only_where_the_sentence_is_out_of_sight(chromium, address):
    with reading(chromium, address, [VIETNAMESE]) as page:
        page.emulate_media(reduced_motion="reduce")
        page.evaluate(MARK)
        page.evaluate("speechSynthesis.takes = 60000")
        page.evaluate("document.querySelector('[data-aloud] ul').style.marginTop = '150vh'")
        page.evaluate("document.querySelector('[data-aloud]').scrollIntoView()")
        before = page.evaluate("scrollY")
        first(page).click()
        page.evaluate("speechSynthesis.next()")
        wait(page, "said.length === 2")
        assert page.evaluate("scrollY") == before
        page.evaluate("speechSynthesis.next()")
        wait(page, "said.length === 3")
        assert page.evaluate("document.querySelector('.saying').getBoundingClientRect().top < innerHeight")


@pytest.mark.parametrize(
    "media", [{"color_scheme": "light"}, {"color_scheme": "dark"}, {"forced_colors": "active"}], ids=str
)
def test_the_sentence_that_is_read_stands_out_in_every_theme(chromium, address, media):
    with reading(chromium, address, [VIETNAMESE]) as page:
        page.emulate_media(**media)
        page.evaluate(MARK)
        page.evaluate("speechSynthesis.takes = 60000")
        first(page).click()
        look = page.evaluate("""() => { const { color, backgroundColor, outlineStyle } = getComputedStyle(document.querySelector(".saying"));
          return { color, backgroundColor, outlineStyle, paper: getComputedStyle(document.body).backgroundColor }; }""")
        if "forced_colors" in media:
            assert look["outlineStyle"] == "solid"
        else:
            assert (look["color"], look["backgroundColor"]) == ("rgb(16, 22, 28)", "rgb(255, 230, 128)")
            assert look["paper"] != look["backgroundColor"]
        page.screenshot(path=f"test-results/aloud-{'-'.join(media.values())}.png")


MARK_ANSWER = (
    """() => document.querySelectorAll("#current .answer > .text").forEach((text) => { text.dataset.aloud = ""; })"""
)


def test_an_answer_gets_its_button_unannounced_and_an_older_one_is_no_longer_read(chromium, address):
    with reading(chromium, address, [VIETNAMESE], path="hoi-dap") as page:
        page.wait_for_selector("#box textarea")
        answer = ask(page, "Làm định danh mức 2 ở đâu?")
        copied = "[...document.querySelectorAll('#current .answer > .text')].map((text) => text.innerText).join()"
        before = page.evaluate(copied)
        page.evaluate(MARK_ANSWER)
        button = answer.locator(".aloud [data-aloud-do=read]").first
        button.wait_for()
        assert page.evaluate(copied) == before
        live = "(e) => e.closest('[aria-live]').getAttribute('aria-live')"
        assert (button.evaluate(live), answer.evaluate(live)) == ("off", "polite")
        page.evaluate("speechSynthesis.takes = 60000")
        button.click()
        wait(page, "said.length === 1")
        assert said(page)[0] in spoken(before.replace("\xa0", " "))
        ask(page, "Mất mấy ngày?")
        wait(page, QUIET)
        assert not page.evaluate("speechSynthesis.speaking")
        old = page.locator("#log .aloud [data-aloud-do=read]")
        assert (old.inner_text(), old.count()) == ("Nghe", 1)
        old.click()
        wait(page, "said.length === 2")
        assert page.evaluate("said[0].text === said[1].text")


@pytest.fixture(scope="module")
def voiced(assistant, records, glossary, built):
    """The address of a server with a voice."""
    with serving(
        create_app(Serving(assistant), records, glossary, built.model_copy(update={"voice": "espeak"}))
    ) as address:
        yield address


@has_espeak
def test_without_a_voice_of_its_own_the_browser_plays_the_servers(chromium, voiced):
    with reading(chromium, voiced, [ENGLISH, ONLINE]) as page:
        asked = []
        page.on("request", lambda r: asked.append(r) if r.url.endswith("/doc-len") else None)
        page.evaluate(MARK)
        first(page).click()
        page.get_by_role("button", name="Đọc chậm").click()
        wait(page, "played.length >= 2")
        assert page.locator(".saying").count() > 0
        wait(page, QUIET)
        assert said(page) == []
        assert [request.post_data_json["text"] for request in asked] == SENTENCES
        heard = page.evaluate("played.slice(-3)")
        assert all(0.8 < one["seconds"] < 8 for one in heard)
        assert [one["rate"] for one in heard] == [0.75] * 3


@has_espeak
def test_the_browsers_own_vietnamese_voice_comes_before_the_servers(chromium, voiced):
    with reading(chromium, voiced, [VIETNAMESE]) as page:
        page.on("request", lambda r: page.faults.append(r.url) if r.url.endswith("/doc-len") else None)
        page.evaluate(MARK)
        first(page).click()
        wait(page, "said.length === 3")


@has_espeak
def test_the_chat_knows_the_servers_voice_too_and_a_refusal_is_told(chromium, voiced):
    with reading(chromium, voiced, [], path="hoi-dap") as page:
        page.wait_for_selector("#box textarea")
        answer = ask(page, "Làm định danh mức 2 ở đâu?")
        page.evaluate(MARK_ANSWER)
        answer.locator(".aloud [data-aloud-do=read]").first.click()
        wait(page, "played.length >= 1")
        page.keyboard.press("Escape")
        wait(page, QUIET)
        while voice_pages.limiter.hit(voice_pages._SENTENCES, "127.0.0.1"):
            pass
        answer.locator(".aloud [data-aloud-do=read]").first.click()
        wait(page, "document.querySelector('.aloud .said').textContent !== ''")
        assert page.evaluate(QUIET)
        assert page.faults
        page.faults.clear()  # the browser tells the refused request
    voice_pages.limiter.storage.reset()
