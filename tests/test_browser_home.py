"""From the home page, and from a step of a guide, to an answer, in Debian's real Chromium, on a phone and on a desktop."""

import pytest
from browsing import SIZES, ask, chat_at, opened

pytestmark = [pytest.mark.browser, pytest.mark.slow]
STEP = "?ve=can-cuoc-tre-em-duoi-14.6"


@pytest.fixture(params=SIZES)
def page(request, chromium, address):
    with opened(chromium, address, request.param) as page:
        yield page


def answered(page):
    page.wait_for_selector("#current article[data-answer]")
    return page.inner_text("#current .asked p")


def test_a_question_typed_at_home_is_asked_in_the_chat_once_and_leaves_the_address(page, address):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "hoi":
            break
    assert page.evaluate("document.activeElement.id") == "hoi"
    page.keyboard.type("làm mức 2 ở đâu & hết bao nhiêu + #1 100%")
    page.shot("home-1")
    page.keyboard.press("Enter")
    assert answered(page) == "làm mức 2 ở đâu & hết bao nhiêu + #1 100%"
    assert page.url == chat_at(address)
    assert not any("hoi=" in url.partition("#")[0] for url in asked)
    page.reload()
    page.wait_for_selector("#box textarea")
    page.wait_for_timeout(500)
    assert page.locator("article.turn").count() == 0
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_an_empty_box_gets_one_kind_sentence_and_the_cursor(page, address):
    page.goto(address)
    for _ in range(2):
        page.click("#ask button")
        assert page.inner_text("#said") == "Bạn chưa gõ câu hỏi. Bạn gõ vài chữ rồi bấm Hỏi nhé."
        assert page.evaluate("document.activeElement.id") == "hoi"
    assert page.url == address


def test_a_starter_question_is_asked(page, address):
    page.goto(address)
    starter = page.locator(".asks a").first
    question = starter.inner_text()
    starter.click()
    assert answered(page) == question


def test_home_fits_and_every_target_is_large_enough(page, address):
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    small = page.evaluate("""() => [...document.querySelectorAll('a, button, input')]
        .map(e => [e, e.getBoundingClientRect()]).filter(([, r]) => r.width < 44 || r.height < 43.5).map(([e]) => e.outerHTML)""")
    assert small == []


def test_a_question_at_a_step_is_answered_from_its_guide_and_the_page_leads_back(page, address):
    page.goto(chat_at(address, f"{STEP}#hoi=cần mang giấy tờ gì"))
    assert answered(page) == "cần mang giấy tờ gì"
    assert page.url == chat_at(address, STEP)
    assert "Làm thẻ căn cước cho trẻ em dưới 14 tuổi" in page.inner_text("#current .answer > .checked")
    line = page.locator(".at-step")
    assert (
        line.inner_text()
        == "Bạn đang hỏi về bước 1 (Trẻ từ đủ 6 đến dưới 14 tuổi) của “Làm thẻ căn cước cho trẻ em dưới 14 tuổi”"
    )
    assert line.locator("a").get_attribute("href") == "/huong-dan/can-cuoc-tre-em-duoi-14/tung-buoc#buoc-6"
    assert line.bounding_box()["y"] < page.locator("#current").bounding_box()["y"]
    page.shot("home-2-step")


def test_two_tabs_of_one_browser_hold_two_conversations(page, address):
    other = page.context.new_page()
    other.goto(chat_at(address, "/"))
    other.wait_for_selector("#box textarea")
    page.goto(chat_at(address, STEP))
    page.wait_for_selector("#box textarea")
    ask(other, "Làm định danh mức 2 ở đâu?")
    assert "trẻ" in ask(page, "cần mang giấy tờ gì").inner_text()
    assert "Làm mức 2 không mất tiền" in ask(other, "thế có mất tiền không?").inner_text()
    assert other.locator(".at-step").count() == 0


def test_until_the_chat_is_drawn_the_page_says_so_and_what_is_late_is_told(page, address):
    page.clock.install()
    comes = []
    page.route("**/assets/index-*.js", lambda route: route.continue_() if comes else None)
    page.goto(chat_at(address), wait_until="commit")
    page.wait_for_selector("#opening .now")
    late = page.locator("#opening .late[role=alert]")
    page.wait_for_function("window.gradio_config")
    page.clock.fast_forward(5_000)
    assert late.is_hidden()
    page.clock.fast_forward(20_000)
    late.wait_for(state="visible")
    assert "Loading" not in page.inner_text("body")
    page.shot("home-3-late")
    comes.append("from the next loading on")
    late.locator("button").click()
    page.wait_for_selector("#box textarea")
    assert page.locator("#opening").count() == 0
