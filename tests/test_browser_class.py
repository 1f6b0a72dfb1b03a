"""A whole class in Debian's Chromium: a trainer beside a projector, learners on a phone and a computer and 28 more over HTTP.

What is asked holds a canary that this process never spells out: learners' pages put it together from its reverse, so that the
process, which is also the server, can be searched for it afterwards.
"""

import asyncio
import contextlib
import gc
import io
import re
import threading
import time

import pytest
import zxingcpp
from browsing import CHROMIUM, SHOTS, SIZES, chat_at, serving
from people import person
from PIL import Image

from evals.learners import Learner
from rag.records import Records
from rag.serving import Serving
from ui.app import create_app
from ui.conversations import SETTLED_S

pytestmark = [pytest.mark.browser, pytest.mark.slow]
OTHERS = 28
REVERSED = "9neygnaoh"
ASK = """w => { const b = document.createElement("button");
  b.dataset.ask = "làm định danh mức 2 ở đâu " + [...w].reverse().join("");
  document.querySelector("#past").append(b); b.click(); b.remove(); }"""
HOLDS = "w => document.documentElement.outerHTML.includes([...w].reverse().join(''))"
STORED = "w => JSON.stringify([{...localStorage}, {...sessionStorage}]).includes([...w].reverse().join(''))"
NASTY = "<img src=/nowhere onerror=alert(1)> giá vàng hôm nay"


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def records(home):
    records = Records.open(f"sqlite:///{home / 'records.sqlite3'}")
    yield records
    records.close()


@pytest.fixture
def address(assistant, records, glossary, built):
    with serving(create_app(Serving(assistant), records, glossary, built)) as address:
        yield address.rstrip("/")


@pytest.fixture
def playwright():
    if CHROMIUM is None:
        pytest.skip("the browser is missing: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright


@contextlib.contextmanager
def browser(playwright, folder, size, faults):
    """A browser with a profile of its own on the disk."""
    context = playwright.chromium.launch_persistent_context(
        folder, executable_path=CHROMIUM, args=["--no-sandbox"], viewport=SIZES[size], locale="vi-VN"
    )
    context.on("page", lambda page: watch(page, faults))
    yield context
    context.close()


def watch(page, faults):
    page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    page.on("console", lambda m: faults.append(f"{m.text} {m.location['url']}") if m.type == "error" else None)
    page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))


def shot(page, name):
    page.wait_for_timeout(300)
    page.screenshot(path=SHOTS / f"class-{name}.png")


class Others:
    """Learners over HTTP in a thread of their own."""

    def __init__(self, address):
        self.learners, self._loop = [], asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._address = address

    def all(self, does):
        async def together():
            return await asyncio.gather(*(does(n, learner) for n, learner in enumerate(self.learners)))

        return asyncio.run_coroutine_threadsafe(together(), self._loop).result(120)

    def join(self, code):
        self.learners = [Learner(self._address) for _ in range(OTHERS)]
        self.all(lambda _, learner: learner.join(code))

    def close(self):
        self.all(lambda _, learner: learner.close())
        self._loop.call_soon_threadsafe(self._loop.stop)


def opened_class(trainer, address):
    """Open a class on the trainer's pages; return its code and the page that is projected."""
    trainer.goto(f"{address}/huong-dan-vien/lop")
    trainer.select_option("select[name=audience]", label="Người cao tuổi")
    shot(trainer, "desktop-1-open")
    trainer.click("button:has-text('Mở lớp')")
    trainer.wait_for_selector("#wall")
    projected = trainer.context.new_page()
    projected.goto(trainer.url + "/chieu")
    shot(projected, "desktop-2-projected")
    return projected.inner_text(".code"), projected


def joined(page, address, name):
    page.goto(address)
    shot(page, f"{name}-1-join")
    page.click("main button")
    page.wait_for_selector("#class-bar")
    page.wait_for_selector("#box textarea")
    return int(re.search(r"Bạn (\d+)", page.inner_text("#class-bar"))[1])


def asks(page):
    page.evaluate(ASK, REVERSED)
    page.wait_for_selector("#current article.turn[data-answer]")


def test_a_class_from_its_opening_to_its_end(playwright, tmp_path, address, records, home):
    faults = []
    key = records.accounts.sign_in(person(records, name="lan"))
    with (
        browser(playwright, tmp_path / "trainer", "desktop", faults) as desk,
        browser(playwright, tmp_path / "phone", "phone", faults) as phone,
        browser(playwright, tmp_path / "computer", "desktop", faults) as computer,
    ):
        desk.add_cookies([{"name": "binhdan", "value": key, "url": address}])
        trainer = desk.new_page()
        code, projected = opened_class(trainer, address)
        (qr,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(projected.screenshot())))
        assert qr.text == f"{address}/lop/{code}"

        learner = phone.new_page()
        number = joined(learner, qr.text, "phone")
        gone = computer.new_page()
        other_number = joined(gone, qr.text, "desktop-learner")
        others = Others(address)
        others.join(code)
        projected.wait_for_function("document.querySelector('#people').textContent === '30'")
        assert sorted({number, other_number} | {state["number"] for state in others.all(lambda _, x: x.look())}) == [
            *range(1, 31)
        ]

        asks(learner)
        asks(gone)
        gone.close()  # what it asked must not stay behind in the server
        second = computer.new_page()
        second.goto(chat_at(address))
        second.wait_for_selector("#class-bar")
        second.wait_for_selector("#box textarea")
        asks(second)
        others.all(lambda n, x: x.ask(NASTY if n == 0 else "thẻ căn cước hết hạn thì sao"))
        trainer.wait_for_function("document.querySelectorAll('#questions li').length >= 31")
        assert trainer.evaluate(HOLDS, REVERSED)
        assert trainer.locator(f"#questions b:text-is('Bạn {number}')").count() == 1
        assert trainer.locator("#questions img").count() == 0
        assert NASTY in trainer.inner_text("#questions")

        learner.click("#class-bar .stuck")
        trainer.wait_for_function("n => document.querySelector('#stuck').textContent.includes(`Bạn ${n}`)", arg=number)
        shot(trainer, "desktop-3-wall")
        trainer.set_viewport_size(SIZES["phone"])
        assert trainer.evaluate("document.documentElement.scrollWidth") <= SIZES["phone"]["width"]
        shot(trainer, "phone-2-wall")
        trainer.set_viewport_size(SIZES["desktop"])
        trainer.click("[data-filter=declined]")
        trainer.wait_for_function(
            "[...document.querySelectorAll('#questions li')].every(x => x.className === 'declined')"
        )
        trainer.fill("#find", "dinh danh muc 2")
        trainer.check(".guides label:visible >> nth=0")
        shot(trainer, "desktop-4-push")
        trainer.click("#push button[value=practice]")
        learner.wait_for_selector("#class-bar .pushed")
        shot(learner, "phone-3-pushed")
        assert learner.get_attribute("#class-bar .open", "href").endswith("/luyen-tap")
        learner.click("text=Tôi làm xong")
        trainer.wait_for_function("document.querySelector('#pushed').textContent.includes('1/30')")
        second.wait_for_selector("#class-bar .pushed")
        shot(second, "desktop-learner-2-pushed")

        trainer.click("text=Kết thúc lớp")
        shot(trainer, "desktop-5-end")
        trainer.click("text=Kết thúc và xóa")
        trainer.wait_for_selector(".done")
        for page, name in ((learner, "phone"), (second, "desktop-learner")):
            page.wait_for_selector("#class-over")
            page.wait_for_timeout(1000)
            shot(page, f"{name}-4-over")
            assert not page.evaluate(HOLDS, REVERSED)
            assert not page.evaluate(STORED, REVERSED)
            assert page.input_value("#box textarea") == ""
            assert [cookie["name"] for cookie in page.context.cookies()] == []
        projected.wait_for_url(re.compile("/huong-dan-vien/lop$"))
        assert others.all(lambda _, x: x.look()) == [{"ended": True}] * OTHERS
        others.close()
        learner.click("text=Bắt đầu lại")
        learner.wait_for_selector("#box textarea")
        learner.wait_for_timeout(500)
        assert learner.locator("#class-bar, #class-over").count() == 0
        time.sleep(SETTLED_S + 0.5)
    assert files_with_canary(home) == []
    assert [files_with_canary(tmp_path / name) for name in ("phone", "computer")] == [[], []]
    assert objects_with_canary() == []
    # The pages of the trainer learn by a 404 that the class has ended.
    assert [fault for fault in faults if not fault.endswith("/tuong")] == []


def files_with_canary(folder):
    canary = REVERSED[::-1].encode()
    return [path for path in folder.rglob("*") if path.is_file() and canary in path.read_bytes()]


def objects_with_canary():
    """Return the types of objects of this process that hold a longer text with the canary."""
    gc.collect()
    canary = REVERSED[::-1]
    return [
        (type(holder), text[:200])
        for holder in gc.get_objects()
        for text in gc.get_referents(holder)
        if issubclass(type(text), str | bytes) and len(text) > len(canary)
        and (canary if isinstance(text, str) else canary.encode()) in text
    ]  # fmt: skip
