"""From a question that nothing covers to a person's reply, in Debian's real Chromium, on a phone and on a desktop."""

import pytest
from browsing import SIZES, ask, opened
from people import PASSWORD, person

from ui.asking_pages import limiter

pytestmark = [pytest.mark.browser, pytest.mark.slow]
QUESTION = "tiêm phòng dại cho chó mèo nhà tôi ở đâu"


@pytest.fixture(params=SIZES)
def browsers(request, chromium, address, records):
    """Opens fresh browsers of one size; two localities and a trainer of the first are there."""
    limiter.storage.reset()
    province = records.localities.put("test", "Quảng Ninh").id
    first, _ = (records.localities.put("test", name, province).id for name in ("Phường Bãi Cháy", "Phường Hà Lầm"))
    person(records, name="lan", locality_id=first)
    return lambda: opened(chromium, address, request.param)


def fits(page):
    """Tell whether nothing is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_learner_gets_a_code_a_trainer_answers_and_the_code_opens_the_reply(browsers, address):
    with browsers() as page:
        answer = ask(page, QUESTION)
        assert "declined" in answer.get_attribute("class")
        page.shot("ask-1-declined")
        page.click("#current .hand-over > summary")
        page.wait_for_selector("#current .place:not([hidden])")
        page.select_option("#current [name=locality]", label="– Phường Bãi Cháy")
        page.fill("#current [name=note]", "Nhà tôi có hai con mèo, gọi 0900000000")
        page.shot("ask-2-form")
        page.click("#current .hand-over form button")
        page.wait_for_selector("#current .given:not([hidden])")
        code = page.inner_text("#current .given .code")
        assert len(code) == 6
        assert fits(page)
        page.shot("ask-3-code")
        page.click("#current [data-do=copy-code]")
        assert page.evaluate("navigator.clipboard.readText()") == code
        ask(page, "làm định danh mức 2 ở đâu")
        assert code in page.inner_text("#log")
        assert page.locator("#current .hand-over").get_attribute("open") is None
        page.shot("ask-4-quiet")
    with browsers() as page:
        page.goto(f"{address}tai-khoan/dang-nhap")
        page.fill("[name=name]", "lan")
        page.fill("[name=password]", PASSWORD)
        page.click("main button")
        page.goto(f"{address}huong-dan-vien/hoi")
        page.shot("desk-1-queue")
        page.click(f"main a >> text={QUESTION}")
        assert "0900000000" not in page.inner_text("main")
        page.click("button >> text=Tôi trả lời câu này")
        page.fill("[data-part=words]", "đăng ký định danh mức 2 mất tiền không")
        page.press("[data-part=words]", "Enter")
        hit = page.locator(".hit", has_text="không mất tiền").first
        hit.wait_for()
        page.shot("desk-2-found")
        hit.locator("label", has_text="không mất tiền").first.click()
        hit.locator("button").click()
        assert page.input_value("#reply").endswith("[1]")
        page.fill("#reply", f"{page.input_value('#reply')}\nTiêm mất 80.000 đồng. [1]")
        page.wait_for_selector("[data-part=checked] .problem")
        assert "80.000 đồng" in page.inner_text("[data-part=checked] .problem")
        page.shot("desk-3-checked")
        page.fill(
            "#reply",
            page.input_value("#reply").replace("Tiêm mất 80.000 đồng. [1]", "Bạn **nhớ** giữ giấy hẹn nhé."),
        )
        page.wait_for_selector("[data-part=checked] .problem", state="detached")
        assert fits(page)
        page.click("button >> text=Gửi câu trả lời")
        page.wait_for_selector(".reply")
        page.shot("desk-4-replied")
        page.goto(f"{address}huong-dan-vien/con-thieu")
        assert QUESTION in page.inner_text("main")
        assert fits(page)
        page.shot("desk-5-gaps")
    with browsers() as page:
        page.click("text=Tôi có mã trả lời")
        page.shot("read-1-form")
        page.fill("[name=ma]", f"{code[:3].lower()} {code[3:]}")
        page.press("[name=ma]", "Enter")
        page.wait_for_selector(".reply")
        assert code not in page.url
        assert "không mất tiền" in page.inner_text(".reply")
        assert "Lan trả lời lúc" in page.inner_text("main")
        page.click(".reply a.mark")
        assert "không mất tiền" in page.inner_text("#nguon-tra-loi-1 blockquote")
        assert fits(page)
        page.shot("read-2-reply")


def test_who_asks_for_a_person_finds_the_form_open_with_the_question_before(browsers):
    with browsers() as page:
        ask(page, QUESTION)
        ask(page, "cho toi gap nguoi that")
        assert QUESTION in page.inner_text("#current .hand-over form")
        page.wait_for_selector("#current .place:not([hidden])")
        page.shot("ask-5-person")
        page.click("#current .hand-over form button")
        page.wait_for_selector("#current .given:not([hidden])")
