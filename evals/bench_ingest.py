"""Reading of documents, measured: `python -m evals.bench_ingest [--folder FOLDER] [--readers PYTHON] [--only WORD] [--json FILE]`.

Makes the proof (`evals.documents.generate`) unless the folder has it, reads every file through the project's door, and prints
by class of file how much was read wrong against the bars, how fast, and with how much memory; then what each wrong file got.
With the Python of an environment that has them, other public readers get the same files under the same limits. With `--many N`
a collection of N small documents is taken in instead (`evals.documents.crowd`). Ends with 3 when a bar is missed.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import NoReturn

import psutil

from evals.documents import crowd, generate
from evals.documents.generate import EXPECTED, Expected, load_expected, make_corpus
from evals.documents.rivals import RIVALS, TAKES
from evals.documents.scoring import (
    Counts,
    alike,
    cell_counts,
    error_rate,
    known_right,
    plain,
    structure_counts,
)
from evals.documents.texts import table_words
from rag.documents.archives import unpack
from rag.documents.description import describe
from rag.documents.limits import DocumentError, Limits
from rag.documents.pages import TRUSTED_SCORE, BlockKind, Reading
from rag.documents.sandbox import read_measured
from rag.documents.structure import units_of
from rag.documents.units import Description, RelationKind, Unit, UnitKind
from rag.settings import PROJECT

OURS = "ours"
LIMITS = Limits()
_MISREAD = 0.1  # a file with more wrong letters than that must have a page that goes to a trainer
_CER_BARS = {generate.TEXT_PDF: 0.01, generate.CLEAN_SCAN: 0.05}
_STRUCTURE_BAR, _CELL_BAR = 0.95, 0.9
_SAFE = {
    generate.TEXT_PDF,
    generate.CLEAN_SCAN,
    generate.WORD,
    generate.WEB,
    generate.SHEET,
}  # what bars of both are over
_JUDGED = {UnitKind.ARTICLE, UnitKind.CLAUSE, UnitKind.POINT, UnitKind.STEP}
_SAMPLE_S = 0.02
_MISSED = 3
_NONE = Counts()


@dataclass(frozen=True, slots=True)
class Result:
    """What a reader made of a file. `cer` is 1 and nothing is right where it is refused; `wrong` says what was wrong."""

    file: str
    group: str
    reader: str
    seconds: float
    peak_mib: float
    refused: str = ""
    cer: float = 1.0
    pages: int = 0
    structure: Counts = _NONE
    cells: Counts = _NONE
    known: dict[str, bool] = field(default_factory=dict)
    articles: Counts = _NONE  # on the right page
    leaks: int = 0
    caught: Counts = _NONE  # pages that nobody can read, told as such
    wrong: tuple[str, ...] = ()

    @property
    def silent(self) -> bool:
        """Whether it was misread and nothing told so."""
        return not self.refused and self.cer > _MISREAD and not self.caught.found


def main() -> None:
    """Read everything and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the files are or are made (default: a temporary folder)")
    parser.add_argument("--readers", type=Path, help="Python of the environment that has the other readers")
    parser.add_argument("--only", default="", help="only files with this in their name")
    parser.add_argument("--json", type=Path, help="write every result there")
    parser.add_argument("--many", type=int, metavar="N", help="take in N small documents instead")
    options = parser.parse_args()
    if options.many:
        with tempfile.TemporaryDirectory() as work:
            _end(crowd.run(options.many, options.folder or Path(work)))
    with tempfile.TemporaryDirectory() as work:
        folder = options.folder or Path(work)
        if not (folder / EXPECTED).exists():
            make_corpus(folder)
        rows = [row for row in load_expected(folder) if options.only in row.file]
        results = [read_ours(row, folder) for row in rows]
        rivals = {name: [read_rival(name, options.readers, row, folder) for row in rows if _takes(name, row)] for name in RIVALS if options.readers}  # fmt: skip
    print_figures(results)
    print_wrong(results)
    for name, theirs in rivals.items():
        print_beside(name, theirs, results)
    if options.json:
        everything = [*results, *(result for theirs in rivals.values() for result in theirs)]
        options.json.write_text(json.dumps([asdict(r) for r in everything], ensure_ascii=False), encoding="utf-8")
    _end(missed_bars(results))


def _end(missed: Sequence[str]) -> NoReturn:
    print("\n".join(f"MISSED: {line}" for line in missed) or "all bars held")
    sys.exit(_MISSED if missed else 0)


def read_ours(row: Expected, folder: Path) -> Result:
    """Read a file through the project's door and judge it."""
    if row.members:
        return _read_archive(row, folder)
    reading, spent = read_measured(folder / row.file, LIMITS)
    peak = spent.peak_bytes / 2**20
    if isinstance(reading, DocumentError):
        return _refused(row, OURS, str(reading), spent.wall_s, peak)
    return judge(row, reading, spent.wall_s, peak)


def judge(row: Expected, reading: Reading, seconds: float, peak_mib: float) -> Result:
    """Compare a reading with what is expected of the file."""
    units = list(units_of(reading.blocks))
    text = "\n".join(table_words(b.rows) if b.kind is BlockKind.TABLE else b.text for b in reading.blocks)
    flagged = {page.number for page in reading.pages if page.score < TRUSTED_SCORE}
    readable = row.group != generate.UNREADABLE
    found, tables = _judged(units), [b.rows for b in reading.blocks if b.kind is BlockKind.TABLE]
    known = {name: value for name, value in row.known.items() if "number" in row.known}
    said = _said(describe(reading.blocks))
    right = known_right(said, known) if readable else {}
    places = {unit.path[-1]: unit.page for unit in units if unit.kind is UnitKind.ARTICLE and not unit.amends}
    astray = [name for name, page in row.pages.items() if places.get(name) != page] if readable else []
    return Result(
        row.file, row.group, OURS, seconds, peak_mib, "", error_rate(text, row.texts) if readable else 0.0,
        len(reading.pages),
        structure_counts(found, row.structure) if row.structure is not None and readable else Counts(),
        cell_counts(tables, row.tables) if readable else Counts(),
        right, Counts(len(row.pages) - len(astray), len(places), len(row.pages)) if readable else Counts(),
        sum(plain(phrase) in plain(text) for phrase in row.absent),
        Counts(len(flagged & set(row.bad_pages)), len(flagged), len(row.bad_pages)),
        (
            *(_differences(found, row.structure) if row.structure is not None and readable else ()),
            *(f"{name}: expected {known[name]!r}, got {said.get(name)!r}" for name, ok in right.items() if not ok),
            *(f"page of {name}: expected {row.pages[name]}, got {places.get(name)}" for name in astray),
        ),
    )  # fmt: skip


def _judged(units: Iterable[Unit]) -> list[tuple[tuple[str, ...], str]]:
    """Return articles, clauses, points and steps with heading and words.

    What amends stands under the unit that it replaces, a step under its number: headings above it are a matter of taste.
    """
    found = []
    for unit in units:
        path = unit.path[-1:] if unit.kind is UnitKind.STEP else unit.path
        if unit.amends:
            path = ("sửa", *unit.amends.partition(" của ")[0].split(", "))
        if unit.kind in _JUDGED or unit.amends:
            found.append((path, f"{unit.heading} {unit.text}".strip()))
    return found


def _differences(found: Sequence[tuple[tuple[str, ...], str]], expected: Iterable[Sequence]) -> Iterable[str]:
    said: dict[tuple[str, ...], str] = {}
    for path, text in found:
        said.setdefault(path, text)
    for path, text in expected:
        got = said.pop(tuple(path), None)
        if got is None or not alike(got, text):
            yield f"{' > '.join(path)}: expected {_short(text)}, got {_short(got)}"
    yield from (f"{' > '.join(path)}: not expected, got {_short(text)}" for path, text in said.items())


def _short(text: str | None) -> str:
    return "nothing" if text is None else repr(text if len(text) < 90 else f"{text[:60]} … {text[-25:]}")


def _said(description: Description) -> dict[str, object]:
    relations = [(r.kind.value, r.number) for r in description.relations if r.kind is not RelationKind.GUIDES]
    return {
        **{name: getattr(description, name) for name in ("type", "number", "title", "issuer", "issued", "in_force", "territory")},
        "relations": relations,
    }  # fmt: skip


def _read_archive(row: Expected, folder: Path) -> Result:
    """Read the files of an archive; each must give what it gives alone."""
    began = time.perf_counter()
    members = {expected.file: expected for expected in load_expected(folder) if expected.file in row.members}
    with tempfile.TemporaryDirectory() as into:
        try:
            files = unpack(folder / row.file, Path(into), LIMITS)
        except DocumentError as error:
            return _refused(row, OURS, str(error), time.perf_counter() - began, 0.0)
        results = [read_ours(members[path.name], path.parent) for path in files if path.name in members]
    lost = set(members) - {result.file for result in results}
    return Result(
        row.file, row.group, OURS, time.perf_counter() - began, max((r.peak_mib for r in results), default=0.0), "",
        1.0 if lost else max(r.cer for r in results), sum(r.pages for r in results),
        sum((r.structure for r in results), Counts()), sum((r.cells for r in results), Counts()),
        wrong=tuple(f"{name}: not read" for name in sorted(lost)),
    )  # fmt: skip


def _refused(row: Expected, reader: str, why: str, seconds: float, peak_mib: float) -> Result:
    """Return a result with nothing right; a file that nobody can read may be refused."""
    if row.group == generate.UNREADABLE:
        pages = len(row.bad_pages)
        return Result(row.file, row.group, reader, seconds, peak_mib, why, 0.0, caught=Counts(pages, pages, pages))
    return Result(
        row.file, row.group, reader, seconds, peak_mib, why, 1.0, max(row.pages.values(), default=1),
        Counts(0, 0, len(row.structure or ())), cell_counts([], row.tables),
        dict.fromkeys(row.known, False) if "number" in row.known else {}, Counts(0, 0, len(row.pages)), wrong=(why,),
    )  # fmt: skip


def _takes(reader: str, row: Expected) -> bool:
    return not row.members and row.group != generate.UNREADABLE and row.format in TAKES.get(reader, (row.format,))


def read_rival(reader: str, python: Path, row: Expected, folder: Path) -> Result:
    """Read a file with another reader in a process of its own, under the same limits of time and memory."""
    command = [str(python), "-m", "evals.documents.rivals", reader, str((folder / row.file).resolve())]
    began, wall_s = time.perf_counter(), LIMITS.wall_s + LIMITS.recognised_page_s * max(row.pages.values(), default=2)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=PROJECT, text=True)
    watched = _Watched(process.pid)
    try:
        out, errors = process.communicate(timeout=wall_s)
    except subprocess.TimeoutExpired:
        watched.end()
        return _refused(row, reader, "ran past the time", wall_s, watched.peak_mib)
    finally:
        watched.done.set()
    seconds = time.perf_counter() - began
    if watched.killed or process.returncode:
        last = (errors.strip().splitlines() or ["no message"])[-1]
        why = "ran past the memory" if watched.killed else f"code {process.returncode}: {last[:120]}"
        return _refused(row, reader, why, seconds, watched.peak_mib)
    said = json.loads(out.strip().splitlines()[-1])
    text, tables = _of_markdown(said["text"])
    return Result(
        row.file, row.group, reader, said["seconds"], watched.peak_mib, "", min(1.0, error_rate(text, row.texts)),
        max(row.pages.values(), default=1), cells=cell_counts(said["tables"] or tables, row.tables),
        leaks=sum(plain(phrase) in plain(text) for phrase in row.absent),
    )  # fmt: skip


class _Watched:
    """Samples the memory of a process and of all that it starts, and ends it above the limit."""

    def __init__(self, pid: int) -> None:
        self.process, self.peak_mib, self.killed, self.done = psutil.Process(pid), 0.0, False, threading.Event()
        threading.Thread(target=self._sample, daemon=True).start()

    def _sample(self) -> None:
        while not self.done.wait(_SAMPLE_S):
            try:
                family = [self.process, *self.process.children(recursive=True)]
                size = sum(process.memory_info().rss for process in family)
            except psutil.NoSuchProcess:
                continue
            self.peak_mib = max(self.peak_mib, size / 2**20)
            if size > LIMITS.memory_bytes:
                self.killed = True
                self.end()

    def end(self) -> None:
        """End the process and what it started."""
        try:
            for process in (*self.process.children(recursive=True), self.process):
                process.kill()
        except psutil.NoSuchProcess:
            pass


def _of_markdown(text: str) -> tuple[str, list[list[list[str]]]]:
    """Return a Markdown text with its tables as running words, and the tables."""
    lines: list[str] = []
    tables: list[list[list[str]]] = []
    for inside, run in groupby(text.splitlines(), lambda line: line.strip().startswith("|")):
        if not inside:
            lines += run
            continue
        drawn = (line.strip().strip("|") for line in run if set(line) - set("|-: "))
        tables.append([[plain(cell.replace("<br>", " ")) for cell in line.split("|")] for line in drawn])
        lines.append(table_words(tables[-1]))
    return "\n".join(lines), tables


def missed_bars(results: Sequence[Result]) -> list[str]:
    """Return a line for every bar that is missed; a class without files misses none."""
    missed = []
    for group, bar in _CER_BARS.items():
        rates = [r.cer for r in results if r.group == group]
        if rates and statistics.mean(rates) > bar:
            missed.append(f"{group}: character error rate {statistics.mean(rates):.2%}, at most {bar:.0%}")
    safe = [r for r in results if r.group in _SAFE]
    for what, counts, bar in (
        ("structure", sum((r.structure for r in safe), Counts()), _STRUCTURE_BAR),
        ("cells of tables", sum((r.cells for r in safe), Counts()), _CELL_BAR),
    ):
        if counts.f1 < bar:
            missed.append(f"{what}: F1 {counts.f1:.3f}, at least {bar}")
    caught, leaks = sum((r.caught for r in results), Counts()), sum(r.leaks for r in results)
    if caught.recall < 1:
        missed.append(f"{caught.expected - caught.right} unreadable pages were not told")
    if leaks:
        missed.append(f"{leaks} hidden texts were read")
    missed += [f"{r.file}: {r.cer:.0%} wrong, and no page was told as bad" for r in results if r.silent]
    return missed


def print_figures(results: Sequence[Result]) -> None:
    """Print a line a class, and one over the classes that have bars."""
    print(
        f"{'class':12} files  CER median   mean     max   bar  structure  cells  metadata  pages  bad/false  pages/s  peak MiB"
    )
    groups = list(dict.fromkeys(r.group for r in results))
    for name, rows in [*((g, [r for r in results if r.group == g]) for g in groups), ("with bars", [r for r in results if r.group in _SAFE])]:  # fmt: skip
        if not rows:
            continue
        rates = [r.cer for r in rows]
        bar = f"{_CER_BARS[name]:.0%}" if name in _CER_BARS else ""
        known = Counter(ok for r in rows for ok in r.known.values())
        articles, caught = sum((r.articles for r in rows), Counts()), sum((r.caught for r in rows), Counts())
        print(
            f"{name:12} {len(rows):5}      {statistics.median(rates):7.2%} {statistics.mean(rates):6.2%} {max(rates):7.2%} {bar:>5}"
            f"  {_f1(rows, 'structure'):>9}  {_f1(rows, 'cells'):>5}  {_share(known[True], known.total()):>8}"
            f"  {_share(articles.right, articles.expected):>5}  {caught.right:>3}/{caught.found - caught.right:<5}"
            f"  {sum(r.pages for r in rows) / sum(r.seconds for r in rows):7.2f}  {max(r.peak_mib for r in rows):8.0f}"
        )
    by_field: dict[str, Counter[bool]] = {}
    for name, ok in ((name, ok) for r in results if r.group in _SAFE for name, ok in r.known.items()):
        by_field.setdefault(name, Counter())[ok] += 1
    print("metadata: " + ", ".join(f"{name} {_share(c[True], c.total())}" for name, c in by_field.items()))


def _f1(rows: Iterable[Result], what: str) -> str:
    counts = sum((getattr(r, what) for r in rows), Counts())
    return f"{counts.f1:.3f}" if counts.expected else "-"


def _share(right: int, of: int) -> str:
    return f"{right / of:.3f}" if of else "-"


def print_wrong(results: Sequence[Result]) -> None:
    """Print the files with something wrong, the worst first, and the first things that were."""
    print("\nfiles with something wrong:")
    for r in sorted(results, key=lambda r: -r.cer):
        if r.cer > _CER_BARS.get(r.group, 0.01) or r.wrong or r.cells.f1 < 1 or r.leaks or r.caught.precision < 1:
            flags = (
                [f"{r.leaks} leaks"] * (r.leaks > 0) + ["called bad"] * (r.caught.precision < 1) + ["SILENT"] * r.silent
            )
            print(
                f"  {r.file:34} CER {r.cer:6.2%}  structure {r.structure.f1:.3f}  cells {r.cells.f1:.3f}  {' '.join(flags)}"
            )
            for line in r.wrong[:4]:
                print(f"      {line}")


def print_beside(name: str, theirs: Sequence[Result], ours: Sequence[Result]) -> None:
    """Print another reader beside ours on the same files, by class, and the files that it did not read."""
    own = {r.file: r for r in ours}
    print(f"\n{name}: the same files (ours in brackets)")
    for group in dict.fromkeys(r.group for r in theirs):
        rows = [r for r in theirs if r.group == group]
        mine = [own[r.file] for r in rows]
        cer, cer_own = (statistics.mean(r.cer for r in side) for side in (rows, mine))
        speed, speed_own = (sum(r.pages for r in side) / sum(r.seconds for r in side) for side in (rows, mine))
        print(
            f"  {group:12} {len(rows):3} files  CER mean {cer:7.2%} ({cer_own:.2%})  cells {_f1(rows, 'cells')} ({_f1(mine, 'cells')})"
            f"  hidden read {sum(r.leaks for r in rows)} ({sum(r.leaks for r in mine)})  pages/s {speed:.1f} ({speed_own:.1f})"
            f"  peak {max(r.peak_mib for r in rows):.0f} MiB ({max(r.peak_mib for r in mine):.0f})"
        )
    for why, count in Counter(r.refused for r in theirs if r.refused).most_common():
        print(f"  {count} not read: {why}")


if __name__ == "__main__":
    main()
