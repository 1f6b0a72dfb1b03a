"""A large collection taken in by `binhdan ingest`, as an operator would: how fast, and that memory does not grow with its number.

Memory is that of the command and of all that it starts (`evals.memory.held_mib`), looked at ten times a second.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from evals.documents.generate import make_many
from evals.memory import held_mib
from rag.settings import PROJECT

GROWTH_BAR = 1.1  # peak of the second half to that of the first
_LOOK_S = 0.1
_SHOWN = (0.1, 0.5, 1.0)  # of the collection


@dataclass(frozen=True, slots=True)
class Look:
    """How many documents were done at a moment, and the memory then: of the command itself, and with all that it started."""

    done: int
    at_s: float
    own_mib: float
    all_mib: float


def run(count: int, folder: Path) -> list[str]:
    """Make `count` documents in `folder` unless it has some, take them in, print the figures; return the bars that are missed."""
    files = folder / f"many-{count}"
    if not files.exists():
        make_many(files, count)
    with tempfile.TemporaryDirectory() as home:
        report = Path(home, "report.jsonl")
        looks = list(_looks(files, Path(home), report))
        results = Counter(json.loads(line)["result"] for line in report.read_text(encoding="utf-8").splitlines())
    print_figures(looks, count)
    return [*_not_taken(results, count), *missed_bars(looks, count)]


def _looks(files: Path, home: Path, report: Path) -> Iterator[Look]:
    command = [sys.executable, "-m", "ui.cli", "ingest", str(files), "--home", str(home), "--report", str(report)]
    report.touch()
    environment = {**os.environ, "BINHDAN_DATABASE_URL": ""}  # never into the records of whoever measures
    began, done = time.perf_counter(), 0
    with (
        subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL) as process,
        report.open("rb") as lines,
    ):
        own = psutil.Process(process.pid)
        while process.poll() is None:
            own_mib, all_mib = _memory(own)
            done += lines.read().count(b"\n")
            if own_mib:  # or it has just ended
                yield Look(done, time.perf_counter() - began, own_mib, all_mib)
            time.sleep(_LOOK_S)


def _memory(process: psutil.Process) -> tuple[float, float]:
    """Return the MiB of a process, and those with all that it started; what has just ended has none."""
    with suppress(psutil.NoSuchProcess):
        own, *others = (held_mib(one.pid) for one in (process, *process.children(recursive=True)))
        return own, own + sum(others)
    return 0.0, 0.0


def print_figures(looks: Sequence[Look], count: int) -> None:
    """Print a line for a tenth, a half and all of the collection."""
    for share in _SHOWN:
        so_far = [look for look in looks if look.done <= count * share]
        last = so_far[-1]
        print(
            f"{last.done:6,} documents  {last.done / last.at_s:5.1f} documents/s"
            f"  peak {max(look.all_mib for look in so_far):4.0f} MiB, the command itself {last.own_mib:4.0f}"
        )


def missed_bars(looks: Sequence[Look], count: int) -> list[str]:
    """Return a line when memory grew from the first half to the second."""
    first = max((look.all_mib for look in looks if look.done <= count / 2), default=0.0)
    second = max((look.all_mib for look in looks if look.done > count / 2), default=0.0)
    if second <= GROWTH_BAR * first:
        return []
    return [
        f"memory: peak of {second:.0f} MiB in the second half, {first:.0f} in the first, at most {GROWTH_BAR} of it"
    ]


def _not_taken(results: Counter[str], count: int) -> list[str]:
    if results["added"] == count:
        return []
    return [f"{results['added']:,} of {count:,} documents were taken in: {dict(results)}"]
