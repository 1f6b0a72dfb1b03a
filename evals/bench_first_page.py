"""How long a learner with a slow phone waits for a first page: `python -m evals.bench_first_page` prints it; nothing here passes or fails.

A real server, and Debian's Chromium with an empty cache, its processor slowed to a quarter and its network to "slow 3G". A page is
usable when its largest part is painted and there is a field to type in (for a guide: its title). Bytes are those that cross the
network until the page is loaded, Gradio's own and ours. What the worker fetches afterwards is left out: it waits for the page.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

from evals.learners import CHAT
from evals.model_server import free_port
from rag.serving import ensure_index
from rag.settings import load_settings

_RUNS = 5
_START_S, _LOAD_S = 120, 180
_CPU_SLOWDOWN = 4
_BYTES_PER_S = 400_000 / 8  # "slow 3G"
# Round trips as measured on such networks, and as Chromium's own preset exaggerates them, ms.
_PROFILES = {"400 ms": 400, "2,000 ms": 2000}
_PAGES = {
    "/": "#hoi",
    "/huong-dan/vneid-dang-ky-muc-2": "h1",
    CHAT: "#box textarea",
}
_GRADIO = re.compile(r"/(?:assets|static|gradio_api)/|/theme\.css")
_PHONE = {"width": 360, "height": 740}
_WATCH = """(() => { const seen = window.firstPage = {painted: 0, typed: 0};
  new PerformanceObserver((list) => { seen.painted = list.getEntries().at(-1).startTime; })
    .observe({type: "largest-contentful-paint", buffered: true});
  const look = () => { if (document.querySelector(%s)) seen.typed = performance.now(); else requestAnimationFrame(look); };
  look(); })()"""


@dataclass(frozen=True, slots=True)
class Load:
    """One load of a page: seconds until its largest paint and until there is a field; bytes of ours and of Gradio."""

    painted_s: float
    typed_s: float
    ours: int
    gradio: int

    @property
    def usable_s(self) -> float:
        """Seconds until the page can be read and typed in."""
        return max(self.painted_s, self.typed_s)


def main() -> None:
    """Print one line for each page and network."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=_RUNS, help="loads of each page, of which the median is printed")
    runs = parser.parse_args().runs
    ensure_index(load_settings(), lambda _: None)
    with _server() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        print(f"{'page':32} {'round trip':>10} {'usable':>9} {'painted':>9} {'field':>9} {'ours':>9} {'Gradio':>9}")
        for path, field in _PAGES.items():
            for name, latency_ms in _PROFILES.items():
                _print(path, name, [_load(browser, address + path, field, latency_ms) for _ in range(runs)])
        browser.close()


def _print(path: str, profile: str, loads: list[Load]) -> None:
    usable, painted, typed = (
        median(getattr(load, name) for load in loads) for name in ("usable_s", "painted_s", "typed_s")
    )
    ours, gradio = (median(getattr(load, name) for load in loads) / 1000 for name in ("ours", "gradio"))
    print(
        f"{path:32} {profile:>10} {usable:7.2f} s {painted:7.2f} s {typed:7.2f} s {ours:6.0f} kB {gradio:6.0f} kB",
        flush=True,
    )


def _load(browser: Browser, address: str, field: str, latency_ms: int) -> Load:
    context = browser.new_context(viewport=_PHONE, locale="vi-VN", service_workers="block")  # type: ignore[arg-type]
    page = context.new_page()
    protocol = context.new_cdp_session(page)
    addresses: dict[str, str] = {}
    size = {"ours": 0, "gradio": 0}

    def finished(event: dict) -> None:
        path = addresses.get(event["requestId"], "").partition("?")[0]
        size["gradio" if _GRADIO.search(path) else "ours"] += int(event["encodedDataLength"])

    protocol.on(
        "Network.requestWillBeSent", lambda event: addresses.update({event["requestId"]: event["request"]["url"]})
    )
    protocol.on("Network.loadingFinished", finished)
    protocol.send("Network.enable")
    speed = {"downloadThroughput": _BYTES_PER_S, "uploadThroughput": _BYTES_PER_S}
    protocol.send("Network.emulateNetworkConditions", {"offline": False, "latency": latency_ms, **speed})
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": _CPU_SLOWDOWN})
    page.add_init_script(_WATCH % json.dumps(field))
    page.goto(address, timeout=_LOAD_S * 1000)
    page.wait_for_function("firstPage.typed", timeout=_LOAD_S * 1000)
    page.wait_for_load_state("load", timeout=_LOAD_S * 1000)
    page.wait_for_timeout(1000)  # the last paint is told a moment later
    seen = page.evaluate("firstPage")
    context.close()
    return Load(seen["painted"] / 1000, seen["typed"] / 1000, **size)


@contextlib.contextmanager
def _server() -> Iterator[str]:
    """Serve with a database of its own; yield the address."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "BINHDAN_DATABASE_URL": f"sqlite:///{Path(folder) / 'records.sqlite3'}"}
        command = [sys.executable, "-m", "ui.cli", "serve", "--port", str(port)]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment)
        try:
            _wait(f"{address}/healthz", process)
            yield address
        finally:
            process.terminate()
            process.wait()


def _wait(address: str, process: subprocess.Popen) -> None:
    """Return when the server answers. Raises RuntimeError when it ends or takes too long."""
    deadline = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            urlopen(address, timeout=5)
            return
        time.sleep(0.2)
    raise RuntimeError("the server did not start")


if __name__ == "__main__":
    main()
