"""From a mistake to a version that cannot repeat it, in Debian's real Chromium, on a phone and on a desktop."""

import contextlib
import re

import pytest
from browsing import SIZES, ask, opened, serving
from people import person
from small_home import (
    BETTER,
    OLD,
    QUESTION,
    REASON,
    SOURCE,
    VAGUE,
    build_once,
    served_text,
    settings_in,
)

from rag.glossary import load_glossary
from rag.records import Records
from rag.serving import Serving
from ui.app import create_app
from ui.publishing import admitted

pytestmark = [pytest.mark.browser, pytest.mark.slow]
EDIT, PAGE = "huong-dan-vien/sua/vneid/vneid-dang-ky-muc-2", "huong-dan-vien/xuat-ban"
CORRECTED = "Tối đa 03 ngày làm việc. [1]"
WHY = "Ca này theo quy định cũ, đã hỏi Công an tỉnh."


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    return build_once(tmp_path_factory.mktemp("once"))


class Place:
    """A served application, and the pages of whoever comes to it."""

    def __init__(self, once, folder, chromium, size):
        self.settings, self.size, self._chromium = settings_in(once, folder), size, chromium
        self.records = Records.open(self.settings.records_url)
        self.serving = Serving(admitted(self.settings, self.records, lambda _: None), self.settings)
        self.app = create_app(self.serving, self.records, load_glossary(self.settings.corpus), self.settings)
        self.lan = person(self.records, name="lan")
        self.hoa = person(self.records, name="hoa")
        self.address = ""

    @contextlib.contextmanager
    def desk(self, user):
        """A page of somebody who is signed in; nothing of it may be wider than the screen."""
        context = self._chromium.new_context(viewport=SIZES[self.size], locale="vi-VN")
        context.add_cookies([{"name": "binhdan", "value": self.records.accounts.sign_in(user), "url": self.address}])
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(f"script error: {error}"))
        page.on("console", lambda m: page.faults.append(m.text) if m.type == "error" else None)
        yield page
        context.close()
        assert page.faults == []

    def shot(self, page, name):
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} px wider than the screen"
        page.screenshot(path=f"test-results/{self.size}-publish-{name}.png", full_page=True)

    def learner(self):
        return opened(self._chromium, self.address, self.size)

    def correct(self, wish):
        """A learner asks; Hoa corrects the answer on the review page with a picked citation, and ticks `wish`."""
        with self.learner() as chat:
            assert "Đã kiểm chứng bởi" not in ask(chat, QUESTION).inner_text()
        with self.desk(self.hoa) as page:
            page.goto(f"{self.address}huong-dan-vien/kiem-tra")
            page.keyboard.press("n")
            page.wait_for_url(re.compile(r"/kiem-tra/\d+"))
            page.keyboard.press("2")
            page.locator("[name=reasons]").first.check()
            page.click("#correct > summary")
            page.fill("#search", "mức 2 mấy ngày")
            line = page.locator("#results label", has_text=OLD).first
            line.wait_for()
            line.locator("input").check()
            page.locator("#results section", has=page.locator("input:checked")).get_by_role("button").click()
            page.fill("textarea[name=correction]", CORRECTED)
            page.wait_for_function("document.querySelector('#checked b')?.textContent.startsWith('Câu sửa khớp')")
            page.check(f"[name={wish}]")
            self.shot(page, f"{wish}-0-corrected")
            page.locator("textarea[name=correction]").press("Control+Enter")
            page.wait_for_url(re.compile("done=1"))

    def propose_and_approve(self, new, name):
        """Lan edits the guide on its page, Hoa opens the proposal and approves it."""
        with self.desk(self.lan) as page:
            page.goto(f"{self.address}{EDIT}")
            page.fill("textarea[name=text]", served_text(self.settings).replace(OLD, new))
            page.get_by_role("button", name="Kiểm tra và xem so sánh").click()
            assert new in page.locator(".diff .add").inner_text()
            page.fill("input[name=publisher]", SOURCE["publisher"])
            page.fill("input[name=title]", SOURCE["title"])
            page.fill("input[name=url]", SOURCE["url"])
            page.fill("input[name=day]", SOURCE["date"])
            page.check("input[name=official]")
            page.fill("textarea[name=reason]", REASON)
            self.shot(page, f"{name}-1-edit")
            page.get_by_role("button", name="Gửi đề xuất").click()
            page.wait_for_url("**/sua/thay-doi/*")
            assert "Cần một người thứ hai" in page.inner_text("main")
            change = page.url
        with self.desk(self.hoa) as page:
            page.goto(change)
            self.shot(page, f"{name}-2-approve")
            page.get_by_role("button", name="Duyệt thay đổi này").click()
            page.get_by_text("đã duyệt, chờ xuất bản").wait_for()

    def prepare(self, page, name):
        page.goto(f"{self.address}{PAGE}")
        page.get_by_role("button", name="Chuẩn bị bản mới").click()
        page.locator("#building").wait_for()
        self.shot(page, f"{name}-3-building")
        page.get_by_role("heading", name="Ca từ lỗi").wait_for(timeout=120_000)
        self.shot(page, f"{name}-4-candidate")


@pytest.fixture(params=SIZES)
def place(request, once, tmp_path, chromium):
    place = Place(once, tmp_path, chromium, request.param)
    with serving(place.app) as place.address:
        yield place
    place.records.close()


def test_a_mistake_becomes_a_case_that_keeps_a_version_back_until_somebody_answers_for_it(place):
    place.correct("case")
    (case,) = place.records.cases.live()
    place.propose_and_approve(VAGUE, "gate")
    with place.desk(place.lan) as page:
        place.prepare(page, "gate")
        assert VAGUE in page.locator(".diff .add").inner_text()
        text = page.inner_text("main")
        assert case.id in text
        assert "chưa xuất bản được" in text
        assert page.get_by_role("button", name="Xuất bản", exact=True).count() == 0
        with place.learner() as chat:
            assert OLD in ask(chat, QUESTION).inner_text()
        page.get_by_text("Vẫn xuất bản", exact=True).click()
        page.get_by_label("Họ và tên của bạn").fill("Nguyễn Thị Lan")
        page.get_by_label("Lý do, ít nhất 20 chữ cái").fill(WHY)
        page.get_by_role("button", name="Vẫn xuất bản bản này").click()
        page.get_by_text("Đã xuất bản.").wait_for(timeout=60_000)
        place.shot(page, "gate-5-published")
        with place.learner() as chat:
            assert VAGUE in ask(chat, QUESTION).inner_text()
        entry = next(e for e in place.records.audit.entries() if e.action == "published-over-failing-cases")
        assert (entry.detail["override_by"], entry.detail["reason"]) == ("Nguyễn Thị Lan", WHY)
        page.get_by_text("Quay lại bản này").click()
        page.get_by_role("button", name="Đúng, quay lại").click()
        page.get_by_text("Đã quay lại.").wait_for(timeout=60_000)
        place.shot(page, "gate-6-back")
    with place.learner() as chat:
        assert OLD in ask(chat, QUESTION).inner_text()


def test_an_approved_answer_loses_its_badge_when_what_it_cites_is_changed(place):
    place.correct("serve")
    with place.learner() as chat:
        assert "Đã kiểm chứng bởi Hoa" in ask(chat, QUESTION).inner_text()
    place.propose_and_approve(BETTER, "badge")
    with place.desk(place.lan) as page:
        place.prepare(page, "badge")
        page.get_by_role("button", name="Xuất bản", exact=True).click()
        page.get_by_text("Đã xuất bản.").wait_for(timeout=60_000)
        with place.learner() as chat:
            answer = ask(chat, QUESTION).inner_text()
            assert BETTER in answer
            assert "Đã kiểm chứng bởi" not in answer
        page.goto(f"{place.address}huong-dan-vien/cau-tra-loi?trang_thai=lapsed")
        assert QUESTION in page.inner_text("main")
        assert "đã sửa sau khi duyệt" in page.inner_text("main")
        page.goto(f"{place.address}huong-dan-vien/kiem-tra")
        assert QUESTION in page.inner_text("main")
        assert "nguồn đã đổi, cần duyệt lại" in page.inner_text("main")
        page.keyboard.press("n")
        page.wait_for_url(re.compile(r"/kiem-tra/\d+"))
        assert "Câu đã duyệt này không còn dùng được" in page.inner_text("main")
        place.shot(page, "badge-7-again")


def test_doubtful_facts_and_the_list_of_guides_fit_both_screens(place):
    with place.desk(place.lan) as page:
        for number, path in enumerate(
            ("sua", "su-that", "sua/su-that/vneid-dang-ky-muc-2/f4", "sua/su-that/vneid-dang-ky-muc-2/c2")
        ):
            page.goto(f"{place.address}huong-dan-vien/{path}")
            place.shot(page, f"list-{number}")
