"""How fast and how large: `python -m evals.bench [--quick]` prints figures; nothing here passes or fails.

Without `--quick` it also writes a synthetic corpus of 100,000 passages, builds its index and searches it (20 minutes).

Times of commands are of child processes, as an operator meets them; memory is the child's peak. Machines are noisy: the
median of several runs counts, and a comparison needs both versions in one sitting.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np

from evals.learners import CHAT
from evals.model_server import free_port
from evals.retrieval import DAY, load_questions, query_of
from evals.synthetic import DEFAULT_GUIDES, write_corpus
from rag.guides import load_guides
from rag.index import Index, current_generation
from rag.jsonl import read_rows, write_rows
from rag.retrieval import Retriever
from rag.serving import ensure_index, open_reader
from rag.settings import load_settings
from rag.sheets import load_sheets
from rag.vectors import load_embedder

_RUNS = 5
_BATCH = 500
_WARM_UP = 20


def main() -> None:
    """Print one figure a line: what, value, unit, the bar it is held against."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out the 100,000 passages")
    options = parser.parse_args()
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
    settings = load_settings()
    with tempfile.TemporaryDirectory() as folder:
        _report_index("shipped index", Path(folder), settings.corpus, "bar 30 s")
        _report_search("shipped index", Path(folder), "bars 3 and 10 ms")
    if not options.quick:
        with tempfile.TemporaryDirectory() as folder:
            guides = list(load_guides(settings.corpus, load_sheets(settings.corpus / "facts")).values())
            passages = write_corpus(Path(folder) / "corpus", guides, DEFAULT_GUIDES)
            _report_index(f"{passages} passages", Path(folder), Path(folder) / "corpus", "bars 900 s, 4096 MiB")
            _report_search(f"{passages} passages", Path(folder), "bar 40 ms at p95")


def _report_index(what: str, home: Path, corpus: Path, bars: str) -> None:
    """Build the index of `corpus` in a child and print how long it took and how much memory."""
    started = time.perf_counter()
    peak_mib, _ = _in_child("index", "build", BINHDAN_HOME=str(home), BINHDAN_CORPUS=str(corpus))
    print(f"{what}: built in {time.perf_counter() - started:.1f} s, {peak_mib:.0f} MiB ({bars})")


def _report_search(what: str, home: Path, bars: str) -> None:
    """Print the time of a question in this process: masked, read and searched in every view, with either dense search."""
    settings = load_settings()
    index = Index(current_generation(home / "index"), load_embedder(settings.embedding_model))
    reader, retriever = open_reader(index, settings.corpus), Retriever(index)
    for dense in ("exact", "chroma"):
        if dense == "chroma" and not index.use_store():
            continue
        times_ms = []
        for question in load_questions():
            started = time.perf_counter()
            retriever.search(query_of(reader, question.question), DAY)
            times_ms.append(1000 * (time.perf_counter() - started))
        p50, p95 = np.percentile(times_ms[_WARM_UP:], [50, 95])
        print(f"{what}: {dense} search p50 {p50:.1f} ms, p95 {p95:.1f} ms ({bars})")


def _seconds(*arguments: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "ui.cli", *arguments], check=True, capture_output=True)
    return time.perf_counter() - started


def _serve_seconds() -> float:
    """Return how long after its start the server gives the chat page."""
    port = free_port()
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "ui.cli", "serve", "--port", str(port)], stderr=subprocess.DEVNULL
    )
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}{CHAT}", timeout=5).read()
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
    write_rows(folder / "in.jsonl", rows)
    peak_mib, torch = _in_child("ask", "--batch", str(folder / "in.jsonl"), "--out", str(folder / "out.jsonl"))
    return [answer["seconds"]["total"] for answer in read_rows(folder / "out.jsonl")], peak_mib, torch


def _in_child(*arguments: str, **environment: str) -> tuple[float, bool]:
    """Run `binhdan` with these arguments; return the child's peak memory in MiB and whether it loaded torch."""
    program = (
        "import sys, ui.cli\nfrom evals.memory import peak_mib\n"
        "try: ui.cli.app(sys.argv[1:])\n"
        "finally: print(peak_mib(), 'torch' in sys.modules)"
    )
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **environment})
    peak, torch = done.stdout.split()[-2:]
    return float(peak), torch == "True"


if __name__ == "__main__":
    main()
