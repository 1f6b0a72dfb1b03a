"""What may be kept and compressed, and what makes the pages an app. How the worker behaves: test_browser_offline.py."""

import json
import re
import shutil
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from fastapi import FastAPI, Response
from PIL import Image
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from rag.clock import local_day
from rag.guides import load_guides
from rag.settings import PROJECT, Settings
from rag.sheets import load_sheets
from ui import guide_pages, offline_pages
from ui.keeping import DAY, is_worth_keeping, may_be_compressed, may_be_kept
from ui.offline_pages import learners_files, worker_script
from ui.shield import Shield

OWN = PROJECT / "ui" / "static"
ONE = "/huong-dan/vneid-dang-ky-muc-2"


def app_of(folder, guides):
    """Return an application of the guides and of what makes them an app, with our static files in `folder`."""
    app = FastAPI(openapi_url=None)
    app.state.guides, app.state.own_files = lambda: guides, folder
    app.state.settings, app.state.course = (
        Settings(today=date(2026, 11, 25)),
        lambda: SimpleNamespace(lessons=(), flags=()),
    )
    app.include_router(guide_pages.router)
    app.include_router(offline_pages.router)
    app.mount("/own", StaticFiles(directory=folder))
    return app


@pytest.fixture(scope="module")
def guides():
    return load_guides(PROJECT / "corpus", load_sheets(PROJECT / "corpus" / "facts"))


@pytest.fixture(scope="module")
def client(guides):
    return TestClient(Shield(app_of(OWN, guides)))


@pytest.mark.parametrize(
    ("method", "path", "query", "kept"),
    [
        ("GET", "/", "", True),
        ("GET", "/huong-dan", "", True),
        ("GET", "/huong-dan/vneid-dang-ky-muc-2", "", True),
        ("GET", "/huong-dan/vneid-dang-ky-muc-2/luyen-tap", "", True),
        ("GET", "/huong-dan/vneid-dang-ky-muc-2/tung-buoc", "", True),
        ("GET", "/bai-hoc", "", True),
        ("GET", "/bai-hoc/dat-mat-khau", "", True),
        ("GET", "/bai-hoc/on-lai", "", True),
        ("GET", "/bai-hoc", "lo-trinh=hoc-sinh", True),
        ("GET", "/luyen-tap/chuyen-tien", "bai=quet-qr", True),
        ("GET", "/bai-hoc", "lo-trinh=toi+la+Lan", False),
        ("GET", "/luyen-tap/chuyen-tien", "", True),
        ("GET", "/van-ban/901-2099-nd-cp/trang/3", "doan=d5/k1", True),
        ("GET", "/van-ban/901-2099-nd-cp/trang/3.png", "v=0123abcd", True),
        ("GET", "/huong-dan", "tim=benh+cua+toi", False),
        ("GET", "/van-ban", "tim=dat", False),
        ("GET", "/van-ban/a/trang/1", "doan=d5&tim=x", False),
        ("GET", "/huong-dan/vneid-dang-ky-muc-2/the.pdf", "", False),
        ("GET", "/bai-hoc/tien-do", "", False),
        ("GET", "/bai-hoc/tien-do/ba-tu-nay", "", False),
        ("POST", "/bai-hoc/tien-do", "", False),
        ("GET", "/bai-hoc/chung-nhan", "", False),
        ("POST", "/huong-dan", "", False),
        ("GET", "/hoi-dap", "", False),
        ("GET", "/hoi-dap/gradio_api/queue/data", "", False),
        ("GET", "/gradio_api/queue/data", "", False),
        ("GET", "/hoi-nguoi", "", False),
        ("GET", "/lop", "", False),
        ("GET", "/lop/toi", "", False),
        ("GET", "/huong-dan-vien", "", False),
        ("GET", "/huong-dan-vien/kiem-tra", "", False),
        ("GET", "/quan-tri/tai-khoan", "", False),
        ("GET", "/danh-gia", "", False),
        ("GET", "/bao-cao", "", False),
        ("GET", "/tai-khoan", "", False),
    ],
)
def test_only_pages_that_are_the_same_for_everybody_may_be_kept(method, path, query, kept):
    assert may_be_kept(method, path, query) is kept


def test_what_is_not_whole_or_speaks_to_one_browser_is_not_kept():
    assert is_worth_keeping(200, {"Content-Type": "text/html"})
    assert not is_worth_keeping(404, {})
    assert not is_worth_keeping(303, {"location": "/"})
    assert not is_worth_keeping(200, {"Set-Cookie": "a=b"})
    assert not is_worth_keeping(200, {"clear-site-data": '"storage"'})


@pytest.mark.parametrize(
    ("path", "signed_in", "compressed"),
    [
        ("/own/look.css", True, True),
        ("/", False, True),
        (ONE, False, True),
        (ONE, True, False),
        ("/hoi-dap", False, False),
        ("/lop", False, False),
        ("/huong-dan-vien/kiem-tra", False, False),
        ("/hoi-dap/gradio_api/queue/data", False, False),
    ],
)
def test_nothing_with_a_secret_and_no_stream_is_compressed(path, signed_in, compressed):
    assert may_be_compressed("GET", path, signed_in) is compressed


def test_a_guide_carries_the_day_it_was_made_and_is_compressed(client):
    page = client.get(ONE)
    assert page.headers[DAY] == local_day(datetime.now(UTC)).isoformat()
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["content-encoding"] == "gzip"
    client.cookies.set("binhdan", "khoa")
    assert "content-encoding" not in client.get(ONE).headers
    client.cookies.clear()
    assert "content-encoding" not in client.get(ONE, headers={"accept-encoding": "identity"}).headers


@pytest.mark.parametrize("path", ["/huong-dan/khong-co", "/huong-dan?tim=can+cuoc", "/own/look.css", "/ngoai-tuyen"])
def test_what_may_not_be_kept_carries_no_day(client, path):
    assert DAY not in client.get(path).headers


def test_a_page_that_sets_a_cookie_carries_no_day():
    app = FastAPI(openapi_url=None)

    @app.get("/bai-hoc")
    def page(response: Response) -> str:
        response.set_cookie("a", "b")
        return "x"

    assert DAY not in TestClient(Shield(app)).get("/bai-hoc").headers


def test_files_are_compressed_and_kept_for_an_hour_and_missing_ones_not(client):
    reply = client.get("/own/guide.css")
    assert reply.headers["content-encoding"] == "gzip"
    assert reply.headers["cache-control"] == "public, max-age=3600"
    assert "content-encoding" not in client.get("/own/fonts/BeVietnamPro-Bold.woff2").headers
    assert client.get("/own/missing.css").headers["cache-control"] == "no-store"


def test_the_worker_is_at_the_root_and_never_taken_from_a_cache(client):
    reply = client.get("/sw.js")
    assert reply.headers["content-type"].startswith("text/javascript")
    assert reply.headers["cache-control"] == "no-store"
    assert "__" not in reply.text
    assert "worker-src 'self'; manifest-src 'self'" in reply.headers["content-security-policy"]


def test_the_worker_fetches_only_files_that_are_there(client):
    files = json.loads(re.search(r"const FILES = (\[.*?\]);", client.get("/sw.js").text)[1])
    assert files[0] == "/ngoai-tuyen"
    assert {"/own/offline.js", "/own/icons.svg", "/own/fonts/BeVietnamPro-Bold.woff2"} <= set(files)
    assert not {path for path in files if re.search(r"chat|desk|review|sw\.js|\.ttf|\.png", path)}
    replies = {path: client.get(path) for path in files}
    assert {reply.status_code for reply in replies.values()} == {200}
    assert sum(int(reply.headers.get("content-length", 0)) for reply in replies.values()) < 200_000


def test_the_workers_version_changes_with_any_of_our_files(tmp_path):
    folder = shutil.copytree(OWN, tmp_path / "static")
    assert worker_script(folder) == worker_script(OWN)
    (folder / "share.js").write_text("// new", encoding="utf-8")
    assert worker_script(folder) != worker_script(OWN)
    assert learners_files(folder) == learners_files(OWN)


def test_the_app_has_a_name_icons_of_the_stated_sizes_and_ways_in(client):
    reply = client.get("/manifest.webmanifest")
    said = SimpleNamespace(**reply.json())
    assert reply.headers["content-type"] == "application/manifest+json"
    assert (said.lang, said.start_url, said.display, said.scope) == ("vi", "/", "standalone", "/")
    assert [shortcut["url"] for shortcut in said.shortcuts] == ["/hoi-dap", "/bai-hoc", "/huong-dan"]
    for icon in said.icons:
        assert client.get(icon["src"]).status_code == 200
        if icon["type"] == "image/png":
            image = Image.open(OWN / icon["src"].removeprefix("/own/"))
            assert "x".join(map(str, image.size)) == icon["sizes"]
    assert any(icon.get("purpose") == "maskable" for icon in said.icons)
    assert client.get("/favicon.ico").content == (OWN / "favicon.ico").read_bytes()


def test_a_page_links_the_app_and_holds_what_would_hold_it_up(client):
    page = client.get(ONE)
    assert '<link rel="manifest" href="/manifest.webmanifest">' in page.text
    assert '<meta name="theme-color"' in page.text
    head = page.text.split("</head>")[0]
    assert "stylesheet" not in head
    assert all(" defer" in tag for tag in re.findall(r"<script src[^>]*>", page.text))
