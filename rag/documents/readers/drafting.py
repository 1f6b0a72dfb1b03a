"""A reading in the making, for files that know paragraphs and tables: blocks come in, pages follow. Nothing here does I/O.

The text of a block is mended, in NFC and with single spaces; a line break that the author made stays.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby

from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.mending import mend, score_lines
from rag.documents.pages import Block, BlockKind, Fault, Page, PrintedLine, Reading

_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r" ?\n[ \n]*")
_OLD_FONT = re.compile(r"\.vn|vni|^vn", re.IGNORECASE)
_HEADER_CHARS = 80
_COUNTS = ("tt", "stt", "số tt", "số thứ tự")
Rows = Sequence[Sequence[str]]


class Draft:
    """Collects what a reader finds, in reading order. Raises DocumentError when it becomes more than `limits` allow."""

    def __init__(self, format: str, limits: Limits) -> None:
        self._format, self._limits = format, limits
        self._blocks: list[Block] = []
        self._lines: list[list[PrintedLine]] = [[]]
        self._faults: list[dict[Fault, None]] = [{}]
        self._chars = 0

    @property
    def page(self) -> int:
        """The number of the page that is being written."""
        return len(self._lines)

    def turn_page(self) -> None:
        """What follows stands on the next page."""
        if self.page == self._limits.pages:
            raise DocumentError(Refusal.TOO_MANY_PAGES, f"more than {self._limits.pages}")
        self._lines.append([])
        self._faults.append({})

    def note(self, *faults: Fault) -> None:
        """Remember faults of this page."""
        self._faults[-1].update(dict.fromkeys(faults))

    def mended(self, text: str, font: str = "") -> str:
        """Return `text` as it is printed, in one line or more; what had to be mended is noted on this page."""
        text, faults = mend(text, font)
        self.note(*faults)
        return text

    def mended_runs(self, runs: Iterable[tuple[str, str]]) -> str:
        """Return words with their fonts as they are printed; only the old fonts, which need it, are mended by themselves."""
        by_font = groupby(runs, key=lambda run: run[1] if _OLD_FONT.search(run[1]) else "")
        return "".join(self.mended("".join(text for text, _ in run), font) for font, run in by_font)

    def heading(self, text: str, level: int = 0, *, line: PrintedLine | None = None, page: int | None = None) -> None:
        """Add a heading; `line` tells how it looks, `page` where it began if not here."""
        self._add(Block(BlockKind.HEADING, squeezed(text), page or self.page, level), line)

    def paragraph(self, text: str, *, line: PrintedLine | None = None, page: int | None = None) -> None:
        """Add a paragraph, unless it is empty."""
        self._add(Block(BlockKind.PARAGRAPH, squeezed(text), page or self.page), line)

    def table(self, rows: Rows, header: int, *, page: int | None = None) -> None:
        """Add a table with its cells in one line each, rows made equally long; empty rows are left out."""
        width = max(map(len, rows), default=0)
        cells = [tuple(one_line(cell) for cell in row) + ("",) * (width - len(row)) for row in rows]
        cells = [row for row in cells if any(row)]
        text = "\n".join(map(joined, cells))
        self._add(Block(BlockKind.TABLE, text, page or self.page, 0, tuple(cells), min(header, len(cells))), None)

    def _add(self, block: Block, line: PrintedLine | None) -> None:
        if not block.text:
            return
        self._chars += len(block.text)
        if self._chars > self._limits.text_chars:
            raise DocumentError(Refusal.TOO_LARGE, f"more than {self._limits.text_chars} characters of text")
        self._blocks.append(block)
        look = line or PrintedLine("")
        self._lines[block.page - 1] += [
            PrintedLine(text, size=look.size, font=look.font, bold=look.bold) for text in block.text.split("\n")
        ]

    def reading(self, declared: Mapping[str, str] | None = None) -> Reading:
        """Return what was collected. Raises DocumentError when there was no text."""
        if not self._blocks:
            raise DocumentError(Refusal.NO_TEXT)
        pages = tuple(self._finished(number) for number in range(1, self.page + 1))
        said = {name: one_line(value) for name, value in (declared or {}).items()}
        return Reading(self._format, pages, tuple(self._blocks), {name: value for name, value in said.items() if value})

    def _finished(self, number: int) -> Page:
        lines, faults = self._lines[number - 1], self._faults[number - 1]
        score, wrong = score_lines(lines, faults) if lines else (1.0, frozenset())
        return Page(number, tuple(lines), score=score, faults=tuple(dict.fromkeys((*faults, *sorted(wrong)))))


def squeezed(text: str) -> str:
    """Return `text` with single spaces and single line breaks."""
    return _BREAKS.sub("\n", _SPACES.sub(" ", text)).strip()


def one_line(text: str) -> str:
    """Return `text` in one line."""
    return " ".join(text.split())


def joined(row: Iterable[str]) -> str:
    """Return a row as a line of text."""
    return " | ".join(row)


def guessed_header(rows: Rows) -> int:
    """Return 1 where the first row is surely one of names of columns, else 0: a wrong header does more harm than none.

    >>> guessed_header([("TT", "Việc", "Lệ phí"), ("1", "Cấp mới", "30.000 đồng")])
    1
    """
    if len(rows) < 2 or any(len(cell) > _HEADER_CHARS or _has_figure(cell) for cell in rows[0]):
        return 0
    if one_line(rows[0][0]).lower() in _COUNTS:
        return 1
    # Two columns are as often a list of "Lệ phí | 30.000 đồng".
    return int(len(rows[0]) > 2 and all(rows[0]) and any(_has_figure(cell) for row in rows[1:] for cell in row))


def _has_figure(cell: str) -> bool:
    return any(c.isdigit() for c in cell)
