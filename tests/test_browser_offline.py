"""Reading without network in Debian's real Chromium: what is kept, what never is, what a learner is told."""

import contextlib
import re
import shutil
import threading
import time
from datetime import date, timedelta
from urllib.parse import urljoin

import pytest
from browsing import SHOTS, SIZES, ask, serving
from people import person
from test_offline import ONE, OWN, app_of

from rag.guides import load_guides
from rag.settings import PROJECT
from rag.sheets import load_sheets
from ui import member_pages
from ui.shield import CHAT, Shield

pytestmark = [pytest.mark.browser, pytest.mark.slow]
TITLE = "Làm tài khoản định danh mức 2"
KEPT = """async () => (await Promise.all((await caches.keys()).map(async (name) =>
    (await (await caches.open(name)).keys()).map((key) => new URL(key.url).pathname + new URL(key.url).search)))).flat()"""
SAID = """async () => (await Promise.all((await caches.keys()).map(async (name) => { const cache = await caches.open(name);
    return Promise.all((await cache.keys()).map(async (key) => (await cache.match(key)).text())); }))).flat().join(' ')"""


@pytest.fixture(scope="module")
def guides():
    return load_guides(PROJECT / "corpus", load_sheets(PROJECT / "corpus" / "facts"))


@pytest.fixture
def folder(tmp_path):
    """A copy of our static files, which a test may change."""
    return shutil.copytree(OWN, tmp_path / "static")


class Site:
    """A server that can be stopped."""

    def __init__(self, app):
        self._running = serving(app)
        self.address = self._running.__enter__()

    def stop(self):
        running, self._running = self._running, None
        if running:
            running.__exit__(None, None, None)

    def at(self, path):
        return urljoin(self.address, path)


@pytest.fixture
def site(folder, guides):
    site = Site(Shield(app_of(folder, guides)))
    yield site
    site.stop()


@contextlib.contextmanager
def browser(chromium, size="phone"):
    context = chromium.new_context(viewport=SIZES[size], locale="vi-VN")
    page = context.new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    page.on("console", lambda said: page.faults.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    assert page.faults == []
    context.close()


@pytest.fixture
def page(chromium):
    with browser(chromium) as page:
        yield page


def until(page, script, arg=None):
    """Wait until an asynchronous script says yes."""
    deadline = time.time() + 15
    while not page.evaluate(script, arg):
        assert time.time() < deadline, script
        page.wait_for_timeout(100)


def visit(page, site, path):
    """Open a page and wait until it is kept."""
    page.goto(site.at(path))
    page.evaluate("navigator.serviceWorker.ready")
    until(page, "(path) => caches.match(path).then(Boolean)", path)


def cut(page, site, how):
    if how == "no network":
        page.context.set_offline(True)
    else:
        site.stop()


@pytest.mark.parametrize("how", ["no network", "server stopped"])
def test_a_guide_that_was_visited_is_read_again_without_network(page, site, how):
    visit(page, site, ONE)
    assert page.locator(".network").inner_text() == ""
    cut(page, site, how)
    page.reload()
    assert TITLE in page.locator("h1").inner_text()
    page.wait_for_function("document.querySelector('.network').textContent")
    note = page.locator(".network")
    day = "/".join(reversed(page.evaluate("document.documentElement.dataset.kept").split("-")))
    assert note.inner_text() == f"Bạn đang xem bản lưu ngày {day}. Khi có mạng, bạn mở lại để xem bản mới."
    assert note.get_attribute("role") == "status"
    assert page.evaluate("document.fonts.load('1rem \"Be Vietnam Pro\"').then((found) => found.length)") > 0
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(11, 79, 156)"
    page.screenshot(path=SHOTS / f"offline-copy-{how.replace(' ', '-')}.png")


def test_a_copy_that_is_older_than_a_month_says_what_may_have_changed(page, site):
    visit(page, site, ONE)
    old = (date.today() - timedelta(days=40)).isoformat()
    page.evaluate(
        """async ([path, day]) => { const cache = await caches.open("binhdan-pages"); const copy = await cache.match(path);
           await cache.put(path, new Response(await copy.text(), {headers: {"Content-Type": "text/html", "Binhdan-Day": day}})); }""",
        [ONE, old],
    )
    site.stop()
    page.reload()
    page.wait_for_function("document.querySelector('.network').textContent.includes('hơn 30 ngày')")


@pytest.mark.parametrize("look", ["light", "dark", "contrast"])
def test_a_page_never_visited_gives_the_list_of_those_that_are_kept(page, site, look):
    page.add_init_script(f"localStorage.setItem('binhdan-look', JSON.stringify({{theme: '{look}', size: 'rat-lon'}}))")
    visit(page, site, ONE)
    page.goto(site.at(f"{ONE}/luyen-tap"))
    site.stop()
    page.goto(site.at("/huong-dan/vneid-tao-tai-khoan-muc-1"))
    page.wait_for_selector("#kept a")
    assert "mất mạng" in page.locator("#why").inner_text()
    assert page.locator("#asking").is_hidden()
    assert page.evaluate("document.documentElement.dataset.theme") == look
    links = page.locator("#kept a").all()
    assert {link.get_attribute("href") for link in links} == {ONE, f"{ONE}/luyen-tap"}
    assert all(TITLE in link.inner_text() for link in links)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("#retry").bounding_box()["height"] >= 44
    page.screenshot(path=SHOTS / f"offline-list-{look}.png")
    page.get_by_role("button", name="Thử lại").click()
    page.wait_for_selector("#kept a")
    page.locator("#kept a").first.click()
    page.wait_for_function("document.documentElement.dataset.kept")
    assert TITLE in page.locator("h1").inner_text()


def test_asking_without_network_says_that_it_needs_one(page, site):
    visit(page, site, ONE)
    site.stop()
    page.goto(site.at(CHAT))
    assert "Hỏi đáp cần có mạng" in page.locator("#asking").inner_text()
    page.wait_for_selector("#kept a")


def test_a_slow_server_is_waited_for_three_seconds_and_then_the_copy_serves(page, folder, guides):
    slow = threading.Event()
    app = Shield(app_of(folder, guides))

    async def front(scope, receive, send):
        import asyncio

        if scope["type"] == "http" and slow.is_set() and scope["path"] == ONE:
            await asyncio.sleep(6)
        await app(scope, receive, send)

    site = Site(front)
    visit(page, site, ONE)
    slow.set()
    started = page.evaluate("Date.now()")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.kept")
    assert 2900 < page.evaluate("Date.now()") - started < 5500
    site.stop()


def test_searches_forms_and_errors_are_in_no_cache(page, site):
    visit(page, site, "/huong-dan")
    for path in ("/huong-dan?tim=can+cuoc", "/huong-dan/khong-co", f"{ONE}?doan=a&la=b"):
        page.goto(site.at(path))
    visit(page, site, ONE)
    kept = page.evaluate(KEPT)
    assert {path for path in kept if path.startswith("/huong-dan")} == {"/huong-dan", ONE}


def test_no_more_than_eighty_pages_are_kept_and_the_oldest_go(page, site, guides):
    visit(page, site, ONE)
    page.evaluate(
        """async () => { const cache = await caches.open("binhdan-pages");
           for (let n = 0; n < 90; n++) await cache.put(`/bai-hoc/b${n}`, new Response("x", {headers: {"Binhdan-Day": "2026-11-27"}})); }"""
    )
    visit(page, site, "/huong-dan")
    until(page, "caches.open('binhdan-pages').then((c) => c.keys()).then((k) => k.length === 80)")
    kept = [path for path in page.evaluate(KEPT) if not path.startswith("/own/")]
    assert "/huong-dan" in kept
    assert ONE not in kept
    assert "/bai-hoc/b89" in kept


def test_a_page_that_is_opened_again_is_the_newest(page, site):
    visit(page, site, ONE)
    visit(page, site, "/huong-dan")
    page.goto(site.at(ONE))
    until(
        page,
        "(path) => caches.open('binhdan-pages').then((c) => c.keys()).then((k) => new URL(k.at(-1).url).pathname === path)",
        ONE,
    )


def test_a_new_version_takes_the_place_of_the_old_and_kept_pages_stay(page, site, folder):
    visit(page, site, ONE)
    before = page.evaluate("caches.keys()")
    with (folder / "share.js").open("a", encoding="utf-8") as file:
        file.write("// the new one\n")
    page.reload()
    until(page, "(old) => caches.keys().then((now) => !now.includes(old) && now.length === 2)", before[0])
    assert "// the new one" in page.evaluate("caches.match('/own/share.js').then((found) => found.text())")
    site.stop()
    page.reload()
    assert TITLE in page.locator("h1").inner_text()


def test_the_end_of_a_class_wipes_copies_and_worker(page, folder, guides, records):
    app = app_of(folder, guides)
    app.state.records = records
    app.include_router(member_pages.router)
    site = Site(Shield(app))
    visit(page, site, ONE)
    room = records.classrooms.open(person(records), None, "chung", date(2026, 11, 27))
    page.context.add_cookies(
        [{"name": member_pages.COOKIE, "value": records.classrooms.join(room.code)[0], "url": site.address}]
    )
    page.goto(site.at(ONE))
    records.classrooms.end(person(records), room.id)
    assert page.evaluate("fetch('/lop/toi').then((reply) => reply.json())") == {"ended": True}
    until(page, "caches.keys().then((names) => names.length === 0)")
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0
    site.stop()


def test_going_off_and_on_line_is_told_once_it_lasts(page, site):
    visit(page, site, ONE)
    page.context.set_offline(True)
    page.wait_for_function("document.querySelector('.network').textContent.startsWith('Đang mất mạng')")
    page.context.set_offline(False)
    page.wait_for_function("document.querySelector('.network').textContent === 'Đã có mạng lại.'")
    page.wait_for_function("document.querySelector('.network').textContent === ''")


def test_a_guide_is_shared_by_its_address_and_nothing_leaves_before_a_press(page, site):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.add_init_script("delete Navigator.prototype.share")
    page.goto(site.at(f"{ONE}?doan=x"))
    assert page.locator(".sharing").is_hidden()
    page.get_by_role("button", name="Gửi cho người nhà").click()
    page.get_by_role("button", name="Chép đường dẫn").click()
    page.wait_for_function("document.querySelector('.tools [role=status]').textContent.startsWith('Đã chép')")
    assert page.evaluate("navigator.clipboard.readText()") == site.at(ONE)
    link = page.get_by_role("link", name="Gửi qua Zalo").get_attribute("href")
    assert page.evaluate("(link) => JSON.parse(atob(new URL(link).searchParams.get('d'))).url", link) == site.at(ONE)
    assert all(url.startswith(site.address) for url in asked)
    small = page.evaluate("[...document.querySelectorAll('.tools :is(a, button)')].filter((e) => e.getBoundingClientRect().height < 44).length")  # fmt: skip
    assert small == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(path=SHOTS / "offline-share.png")


def test_where_the_device_can_share_it_does(page, site):
    page.add_init_script("Navigator.prototype.share = async (what) => { window.shared = what; }")
    page.goto(site.at(ONE))
    page.get_by_role("button", name="Gửi cho người nhà").click()
    assert page.evaluate("window.shared.url") == site.at(ONE)
    assert page.locator(".sharing").is_hidden()


def test_printing_leaves_out_what_can_only_be_pressed(page, site):
    page.goto(site.at(f"{ONE}/luyen-tap"))
    page.emulate_media(media="print")
    for part in (".tools", ".site nav", ".path"):
        assert page.locator(part).first.is_hidden(), part


def test_what_was_answered_is_in_no_cache(chromium, address):
    with browser(chromium) as page:
        page.goto(urljoin(address, ONE))
        page.evaluate("navigator.serviceWorker.ready")
        page.goto(urljoin(address, CHAT))
        page.wait_for_selector("#box textarea")
        answer = ask(page, "lam dinh danh muc 2 o dau, so toi 0900000000").inner_text()
        words = re.split(r"\s+", answer)
        assert len(words) > 10
        page.goto(urljoin(address, "/own/icon.svg"))
        kept = page.evaluate(KEPT)
        assert not [path for path in kept if re.search(r"hoi-dap|gradio|assets|theme\.css|feedback|lop", path)]
        said = page.evaluate(SAID)
        assert "lam dinh danh muc 2 o dau" not in said
        assert "0900000000" not in said
