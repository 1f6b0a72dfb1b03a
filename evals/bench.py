"""How fast and how large: `python -m evals.bench` prints figures; nothing here passes or fails.

Times are of child processes, as an operator meets them; memory is the child's peak. Machines are noisy: the
median of several runs counts, and a comparison needs both versions in one sitting.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from evals.retrieval import load_questions
from rag.serving import ensure_index
from rag.settings import load_settings

_RUNS = 5
_BATCH = 500
_WARM_UP = 20


def main() -> None:
    """Print one figure a line: what, value, unit, the bar it is held against."""
    home = load_settings().home
    ensure_index(load_settings(), lambda _: None)
    help_s = statistics.median(_seconds("--help") for _ in range(_RUNS))
    ask_s = statistics.median(_seconds("ask", "làm định danh mức 2 ở đâu") for _ in range(_RUNS))
    serve_s = statistics.median(_serve_seconds() for _ in range(_RUNS))
    print(f"cores {os.cpu_count()}, home {home.name}, median of {_RUNS} runs")
    print(f"binhdan --help             {help_s:8.2f} s    (bar 0.5)")
    print(f"first answer of ask        {ask_s:8.2f} s    (bar 4)")
    print(f"serve answers after        {serve_s:8.2f} s    (bar 5)")
    with tempfile.TemporaryDirectory() as folder:
        times_s, peak_mib, torch = _batch(Path(folder))
    times_ms = sorted(1000 * t for t in times_s[_WARM_UP:])
    print(f"ask --batch, {len(times_s)} questions: median {statistics.median(times_ms):.1f} ms (bar 50), "
          f"p95 {times_ms[int(0.95 * len(times_ms))]:.1f} ms, longest {times_ms[-1]:.1f} ms")  # fmt: skip
    print(f"resident memory at most    {peak_mib:8.0f} MiB  (bar 400), torch {'loaded' if torch else 'not loaded'}")


def _seconds(*arguments: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "ui.cli", *arguments], check=True, capture_output=True)
    return time.perf_counter() - started


def _serve_seconds() -> float:
    """Return how long after its start the server gives the chat page."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "ui.cli", "serve", "--port", str(port)], stderr=subprocess.DEVNULL
    )
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).read()
                return time.perf_counter() - started
            except urllib.error.URLError:
                if process.poll() is not None:
                    raise SystemExit("binhdan serve ended by itself; run it to see why") from None
                time.sleep(0.02)
    finally:
        process.terminate()
        process.wait()


def _batch(folder: Path) -> tuple[list[float], float, bool]:
    """Answer the batch in a child; return seconds a question, the child's peak memory in MiB, and whether torch was there."""
    rows = [{"id": q.id, "question": q.question} for q in load_questions()[:_BATCH]]
    (folder / "in.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    program = (
        "import resource, sys, ui.cli\n"
        "try: ui.cli.app(sys.argv[1:])\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 'torch' in sys.modules)"
    )
    arguments = ["ask", "--batch", str(folder / "in.jsonl"), "--out", str(folder / "out.jsonl")]
    done = subprocess.run([sys.executable, "-c", program, *arguments], check=True, capture_output=True, text=True)
    peak, torch = done.stdout.split()
    answers = [json.loads(line) for line in (folder / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    return [answer["seconds"]["total"] for answer in answers], float(peak), torch == "True"


if __name__ == "__main__":
    main()
