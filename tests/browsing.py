"""What browser tests share: a server on a free port, pages in two sizes, and asking a question on them."""

import contextlib
import shutil
import socket
import threading
import time
from pathlib import Path
from urllib.parse import urljoin

import uvicorn

from ui.shield import CHAT

CHROMIUM = shutil.which("chromium")
SHOTS = Path(__file__).resolve().parent.parent / "test-results"
SIZES = {"phone": {"width": 360, "height": 740}, "desktop": {"width": 1280, "height": 900}}


@contextlib.contextmanager
def serving(app):
    """Serve on a free port of this machine; yield the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.time() + 30
    while not server.started and time.time() < deadline:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}/"
    server.should_exit = True
    thread.join(timeout=10)


def chat_at(address, more=""):
    """Return the chat's address, with a query or fragment."""
    return urljoin(address, CHAT) + more


@contextlib.contextmanager
def opened(chromium, address, size):
    context = chromium.new_context(viewport=SIZES[size], locale="vi-VN")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()

    def shot(name):
        page.wait_for_timeout(600)  # let the page finish scrolling
        page.screenshot(path=SHOTS / f"{size}-{name}.png")

    page.shot = shot
    faults = page.faults = []
    page.on("pageerror", lambda error: faults.append(f"script error: {error}"))
    page.on("console", lambda m: faults.append(f"console: {m.text}") if m.type == "error" else None)
    page.on(
        "request",
        lambda r: faults.append(f"left the machine: {r.url}") if not r.url.startswith((address, "data:")) else None,
    )
    page.goto(chat_at(address))
    page.wait_for_selector("#box textarea")
    yield page
    context.close()
    assert faults == []


def ask(page, question):
    before = page.locator("article.turn[data-answer]").count()
    page.fill("#box textarea", question)
    page.click("#send")
    page.wait_for_function("n => document.querySelectorAll('article.turn[data-answer]').length > n", arg=before)
    return page.locator("#current .answer")
