"""Practice screens in Debian's real Chromium: by keyboard alone, by touch on a phone, with a reload, and without script."""

import contextlib
import io

import pytest
from browsing import SHOTS, SIZES, serving
from practice_app import practice_app, shipped_guides

from rag.lessons import SCREENS
from rag.practice import load_practice
from rag.settings import PROJECT

pytestmark = [pytest.mark.browser, pytest.mark.slow]
HERE = ".scene:not([hidden])"
RIGHT = {
    "o-ho-ten": "nguyễn văn  thử", "o-ngay-sinh": "1-1-1980", "o-so-dinh-danh": "0000 0000 0000", "o-dien-thoai": "0000000000",
    "o-dia-chi": "Nhà 0 đường Thử phường Mẫu", "o-chu-ho": "Nguyễn Văn Thử", "o-chu-nha": "TRẦN THỊ MẪU", "o-thoi-han": "12",
}  # fmt: skip


@pytest.fixture(scope="module")
def guides():
    return shipped_guides()


@pytest.fixture(scope="module")
def rights(guides):
    """The place of the right choice in each scene of each screen, None for a form."""
    screens, _ = load_practice(PROJECT / "corpus", guides)
    return {
        name: [next((n for n, choice in enumerate(scene.choices) if choice.right), None) for scene in found.scenes]
        for name, found in screens.items()
    }


@pytest.fixture(scope="module")
def site(guides):
    with serving(practice_app(guides)) as address:
        yield f"{address}luyen-tap"


@contextlib.contextmanager
def opened(chromium, address, size="phone", **options):
    context = chromium.new_context(viewport=SIZES[size], locale="vi-VN", **options)
    page = context.new_page()
    page.faults, page.requests = [], []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("request", lambda request: page.requests.append(f"{request.method} {request.url}"))
    page.goto(address)
    yield page
    assert page.faults == []
    context.close()


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def focused(page):
    return page.evaluate("document.activeElement.innerText.split('\\n').pop().trim()")


def tab_to(page, selector, most=60):
    for _ in range(most):
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{selector} is not reached by Tab")


def title(page):
    return page.locator(f"{HERE} h2").evaluate("heading => heading.lastChild.textContent.trim()")


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_done_by_keyboard_alone(chromium, site, rights, name):
    with opened(chromium, f"{site}/{name}", "desktop") as page:
        for n, right in enumerate(rights[name]):
            assert page.locator(HERE).count() == 1
            if n:
                assert focused(page) == title(page)
            if right is None:
                for key, value in RIGHT.items():
                    tab_to(page, f"#{key}")
                    page.keyboard.type(value)
                page.keyboard.press("Enter")
                page.wait_for_selector(".done:not([hidden])")
            else:
                tab_to(page, f"#canh-{n + 1} .choice:nth-child({right + 1}) summary")
                page.keyboard.press("Enter" if n % 2 else "Space")
                page.wait_for_function("document.querySelector('.said').textContent.startsWith('Đúng.')")
            tab_to(page, "[data-do=next]")
            page.keyboard.press("Enter")
        scenes = len(rights[name])
        assert focused(page) == "Bạn đã tập xong"
        assert page.inner_text(".result") == f"Bạn chọn đúng ngay {scenes} trên {scenes} lần. Bạn làm rất tốt!"
        assert page.locator(".again button").count() == 0


@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_done_by_touch_on_a_phone(chromium, site, rights, name):
    """Every first tap is a wrong one; the right one after it does not count."""
    SHOTS.mkdir(exist_ok=True)
    with opened(chromium, f"{site}/{name}", has_touch=True, is_mobile=True) as page:
        for n, right in enumerate(rights[name]):
            assert page.inner_text(f"{HERE} .unreal").strip() == "Màn hình luyện tập – không phải thật"
            if right is not None:
                wrong = page.locator(f"{HERE} .choice.wrong").first
                for choice in (wrong, page.locator(f"{HERE} .choice.right")):
                    assert choice.locator("summary").bounding_box()["height"] >= 44
                    choice.locator("summary").tap()
                    page.wait_for_function("c => c.open", arg=choice.element_handle())
                page.wait_for_function("c => !c.open", arg=wrong.element_handle())
            assert fits(page)
            page.screenshot(path=SHOTS / f"phone-practice-{name}-{n + 1}.png", full_page=True)
            page.locator("[data-do=next]").tap()
        assert page.inner_text(".result").startswith(f"Bạn chọn đúng ngay 0 trên {len(rights[name])} lần.")
        page.locator(".again button").nth(1).tap()
        assert focused(page) == title(page)
        assert page.locator(HERE).get_attribute("id") == "canh-2"


def test_the_form_says_what_is_wrong_leads_there_and_keeps_everything_on_the_page(chromium, site):
    with opened(chromium, f"{site}/to-khai-tam-tru") as page:
        for _ in range(3):
            page.click("[data-do=next]")
        before = list(page.requests)
        page.fill("#o-ho-ten", "Nguyen Van Thu")
        page.fill("#o-ngay-sinh", "1980-01-01")
        page.fill("#o-so-dinh-danh", "00000000000")
        page.fill("#o-chu-nha", "Nguyễn Văn Thử")
        page.click("form button")
        assert page.evaluate("document.activeElement.className") == "errors"
        assert page.inner_text(".errors p") == "Còn 8 ô cần sửa:"
        said = {key: page.inner_text(f"#{key}-sai") for key in RIGHT}
        assert said["o-ho-ten"] == "Chữ đúng rồi, chỉ còn thiếu dấu. Bạn gõ thêm dấu nhé."
        assert said["o-so-dinh-danh"].endswith("Trên giấy có 12 chữ số, bạn gõ 11.")
        assert said["o-dia-chi"] == "Ô này còn trống. Bạn nhìn giấy tờ rồi điền vào."
        assert said["o-chu-nha"].startswith("Ô này ghi tên chủ nhà")
        assert page.get_attribute("#o-ho-ten", "aria-invalid") == "true"
        assert page.get_attribute("#o-ho-ten", "aria-describedby") == "o-ho-ten-giup o-ho-ten-sai"
        assert fits(page)
        page.screenshot(path=SHOTS / "phone-practice-form-wrong.png", full_page=True)
        page.locator(".errors a").nth(1).click()
        assert page.evaluate("document.activeElement.id") == "o-ngay-sinh"
        for key, value in RIGHT.items():
            page.fill(f"#{key}", value)
        page.click("form button")
        assert page.locator(".errors").is_hidden()
        assert page.locator("[aria-invalid=true]").count() == 0
        assert page.get_attribute("#o-ho-ten", "aria-describedby") == "o-ho-ten-giup"
        assert page.inner_text(".done").strip().startswith("Bạn điền đúng hết rồi.")
        assert page.requests == before
        assert page.url == f"{site}/to-khai-tam-tru"
        assert page.locator(".unscripted").is_hidden()
        assert "Thử" not in page.evaluate("JSON.stringify({...sessionStorage, ...localStorage})")
        page.click("[data-do=next]")
        page.click("[data-do=next]")
        page.click("[data-do=next]")
        assert page.inner_text(".result").startswith("Bạn chọn đúng ngay 0 trên 6 lần.")  # not at once


def test_a_reload_goes_on_where_it_was_and_again_begins_anew(chromium, site):
    with opened(chromium, f"{site}/quet-qr?bai=quet-qr-dung-nguoi") as page:
        page.locator(f"{HERE} .choice.right summary").click()
        page.click("[data-do=next]")
        page.locator(f"{HERE} .choice.wrong summary").first.click()
        page.wait_for_function("document.querySelector('.said').textContent.startsWith('Chưa đúng.')")
        page.reload()
        assert page.locator(HERE).get_attribute("id") == "canh-2"
        assert page.locator(f"{HERE} .choice.wrong[open]").count() == 1
        assert page.inner_text(".said") == ""
        page.locator(f"{HERE} .choice.right summary").click()
        for _ in range(6):
            page.click("[data-do=next]")
        assert page.inner_text(".result").startswith("Bạn chọn đúng ngay 1 trên 7 lần.")
        assert page.locator(".end a >> text=Về bài học").get_attribute("href") == "/bai-hoc/quet-qr-dung-nguoi"
        page.reload()
        assert page.inner_text(".result").startswith("Bạn chọn đúng ngay 1 trên 7 lần.")
        page.click("[data-do=again]")
        assert focused(page) == title(page)
        assert page.locator(HERE).get_attribute("id") == "canh-1"
        assert page.locator("details[open]").count() == 0
        page.click("[data-do=next]")
        page.click("[data-do=back]")
        assert page.locator("[data-do=back]").is_hidden()
        page.reload()
        assert page.locator(HERE).get_attribute("id") == "canh-1"


@pytest.mark.parametrize("name", SCREENS)
def test_without_script_everything_can_be_read_and_nothing_sent(chromium, site, rights, name):
    with opened(chromium, f"{site}/{name}", java_script_enabled=False) as page:
        assert page.locator(".scene").count() == page.locator(".scene h2 >> visible=true").count() == len(rights[name])
        page.locator("#canh-1 .choice summary").first.click()
        assert page.locator("#canh-1 .choice[open] .why").is_visible()
        assert fits(page)
        assert page.locator("nav.steps, .end, form button").locator("visible=true").count() == 0
        if None in rights[name]:
            before = list(page.requests)
            page.fill("#o-ho-ten", "Nguyễn Văn Thử")
            page.press("#o-ho-ten", "Enter")
            page.wait_for_timeout(200)
            assert (page.requests, page.url) == (before, f"{site}/{name}")
            page.click(".answers summary")
            assert page.locator(".answers dd").first.inner_text() == "Nguyễn Văn Thử"
            assert page.locator("text=không chạy phần kiểm tra").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark", "contrast"])
def test_all_scenes_with_all_that_opens_fit_in_every_look(chromium, site, theme):
    everything = "document.querySelectorAll('.scene, .end, .error, .errors').forEach(part => { part.hidden = false }); document.querySelectorAll('main details').forEach(part => { part.open = true })"  # fmt: skip
    with opened(chromium, site) as page:
        for width, size in ((360, "lon"), (360, "rat-lon"), (640, "lon"), (1280, "lon")):  # 640: 1280 at 200 %
            page.set_viewport_size({"width": width, "height": 740})
            page.evaluate(
                "look => localStorage.setItem('binhdan-look', look)", f'{{"theme":"{theme}","size":"{size}"}}'
            )
            for name in SCREENS:
                page.goto(f"{site}/{name}")
                page.evaluate(everything)
                assert page.evaluate("document.documentElement.dataset.theme") == theme
                assert fits(page), (name, width, size)


def test_no_drawn_code_can_be_scanned(chromium, site):
    import zxingcpp
    from PIL import Image

    with opened(chromium, f"{site}/quet-qr", "desktop", java_script_enabled=False) as page:
        codes = page.locator(".device:has(.code)").all()
        assert len(codes) == 6
        for code in codes:
            assert zxingcpp.read_barcodes(Image.open(io.BytesIO(code.screenshot()))) == []
