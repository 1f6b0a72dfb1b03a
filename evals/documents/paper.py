"""Texts as PDF, line by line with fpdf2, with the faults that such files have. Writes one file; knows on which page what stands.

Lines are broken here, not by the library, so that columns, hyphens, headers and merged cells are where the file says.
"""

import random
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import TextMode
from PIL import Image, ImageDraw

from evals.documents.legacy import VNI, tcvn3_runs, vni
from evals.documents.texts import ABOVE, LEFT, Part, Role, Rows, Text

_MADE = datetime(2099, 1, 1, tzinfo=UTC)  # a fixed day: the same bytes on every run
_MARGIN, _GUTTER, _LEADING, _PAD = 20.0, 8.0, 1.35, 1.2  # millimetres; lines to letters; millimetres in a cell
_PAIR_SIZE, _PAIR_SPLIT = 0.8, 0.42  # letterheads are smaller, and the motto needs more than half
_MM_PER_POINT = 25.4 / 72
_VOWEL = re.compile(r"[^\x00-\x7fđĐ]")
_SOFT_HYPHEN = "\u00ad"


@dataclass(frozen=True, slots=True)
class Look:
    """How a file looks and what is wrong with it. `fonts`: regular and bold; `legacy`: "tcvn3" or "vni"."""

    fonts: tuple[Path, Path]
    size: float = 13.0
    columns: int = 1
    header: str = ""
    numbered: bool = False
    landscape: bool = False
    nfd: bool = False
    split: bool = False
    hyphens: bool = False
    legacy: str = ""
    stamp: bool = False
    hidden: str = ""
    legacy_fonts: Mapping[str, Path] = field(default_factory=dict)


def write_pdf(text: Text, look: Look, path: Path) -> dict[str, int]:
    """Write the file and return the page of every article."""
    paper = _Paper(look)
    paper.write(text)
    paper.pdf.output(str(path))
    return paper.pages


def write_together(texts: Sequence[Text], look: Look, path: Path) -> list[int]:
    """Write texts into one file, each from a new page, and return how many pages each has."""
    paper, counts = _Paper(look), []
    for n, text in enumerate(texts):
        if n:
            paper._page()
        before = paper.pdf.page_no() - 1
        paper.write(text)
        counts.append(paper.pdf.page_no() - before)
    paper.pdf.output(str(path))
    return counts


class _Paper:
    """A file being written; `top` is where the next line goes, in millimetres."""

    def __init__(self, look: Look) -> None:
        self.look, self.pages, self.random = look, {}, random.Random(901)
        self.pdf = FPDF("L" if look.landscape else "P")
        self.pdf.set_creation_date(_MADE)
        self.pdf.set_auto_page_break(False)
        for style, file in zip(("", "B"), look.fonts, strict=True):
            self.pdf.add_font("body", style, str(file))
        for name, file in look.legacy_fonts.items():
            self.pdf.add_font(name, "", str(file))
        self.line = look.size * _MM_PER_POINT * _LEADING
        self.columns, self.column = 1, 0
        self._page()

    def write(self, text: Text) -> None:
        """Write every part; columns begin below letterhead and title."""
        for part in text.parts:
            if self.look.columns > self.columns and part.role not in {Role.PAIR, Role.TITLE}:
                self.columns, self.start = self.look.columns, self.top
            if part.role is Role.PAIR:
                self._pair(part)
            elif part.role is Role.TABLE:
                self._table(part.rows, part.header)
            else:
                self._paragraph(part)
        if self.look.hidden:
            self._hide(self.look.hidden)

    def _page(self) -> None:
        self.pdf.add_page()
        self.start = self.top = _MARGIN
        self.column, self.bottom = 0, self.pdf.h - _MARGIN
        if self.look.header:
            self._show(_MARGIN, 10, self.look.header, size=9)
        if self.look.numbered:
            self._show(self.pdf.w / 2 - 2, self.pdf.h - 10, str(self.pdf.page_no()), size=10)

    def _room(self, height: float) -> None:
        """Go to the next column or page unless `height` is left in this one."""
        if self.top + height <= self.bottom:
            return
        if self.column + 1 < self.columns:
            self.column, self.top = self.column + 1, self.start
        else:
            self._page()

    @property
    def width(self) -> float:
        """The width of a column."""
        whole = self.pdf.w - 2 * _MARGIN
        return (whole - _GUTTER * (self.columns - 1)) / self.columns

    @property
    def left(self) -> float:
        """Where the column begins."""
        return _MARGIN + self.column * (self.width + _GUTTER)

    def _paragraph(self, part: Part) -> None:
        centred = part.role in {Role.TITLE, Role.CHAPTER}
        bold = centred or part.role in {Role.ARTICLE, Role.HEADING}
        texts = part.printed.splitlines()
        self.top += self.line * 0.35
        if part.role is Role.ARTICLE:  # a heading does not stay behind
            self._room(3 * self.line)
            self.pages[part.path[0]] = self.pdf.page_no()
        for text in texts:
            for line in self._broken(self._spoilt(text), self.width, bold):
                self._room(self.line)
                wide = self._wide(line, bold)
                self._show(self.left + (self.width - wide) / 2 * centred, self.top, line, bold)
                self.top += self.line

    def _pair(self, part: Part) -> None:
        size, line = self.look.size * _PAIR_SIZE, self.line * _PAIR_SIZE
        longest = max(len(part.left), len(part.right))
        self._room(line * longest + 30 * self.look.stamp)
        top, split = self.top, self.width * _PAIR_SPLIT
        for x, wide, side in ((self.left, split, part.left), (self.left + split, self.width - split, part.right)):
            for at, text in enumerate(map(self._spoilt, side)):
                margin = (wide - self._wide(text) * _PAIR_SIZE) / 2
                self._show(x + margin, top + at * line, text.replace(_SOFT_HYPHEN, ""), size=size)
        if self.look.stamp and part.left[:1] == ("Nơi nhận:",):
            self.pdf.image(_stamp(), self.left + self.width * 0.47, top - 4, 36)
            self.pdf.image(_signature(), self.left + self.width * 0.62, top + 8, 46)
        self.top = top + line * (longest + 0.5)

    def _table(self, rows: Rows, header: int) -> None:
        size = 0.85
        widths = self._widths(rows)
        groups = _groups(rows, header)
        for n, group in enumerate(groups):
            height = sum(self._height(row, widths, size) for row in group)
            if n and self.top + height > self.bottom:
                self._room(height)
                self._rows(groups[0], widths, size, bold=True)
            self._rows(group, widths, size, bold=n == 0 and header > 0)
        self.top += self.line * 0.5

    def _widths(self, rows: Rows) -> list[float]:
        longest = [
            max(min(len(row[n]), 40) for row in rows if row[n] not in {LEFT, ABOVE}) + 3 for n in range(len(rows[0]))
        ]
        return [self.width * share / sum(longest) for share in longest]

    def _height(self, row: Sequence[str], widths: Sequence[float], size: float) -> float:
        lines = [
            len(self._broken(cell, _span(row, n, widths) - 2 * _PAD, True, size))
            for n, cell in enumerate(row)
            if cell not in {LEFT, ABOVE}
        ]
        return max([1, *lines]) * self.line * size + 2 * _PAD

    def _rows(self, rows: Rows, widths: Sequence[float], size: float, bold: bool) -> None:
        heights = [self._height(row, widths, size) for row in rows]
        tops = [self.top + sum(heights[:n]) for n in range(len(rows) + 1)]
        for at, row in enumerate(rows):
            for n, cell in enumerate(row):
                if cell in {LEFT, ABOVE}:
                    continue
                end = next((e for e in range(at + 1, len(rows)) if rows[e][n] != ABOVE), len(rows))
                x, wide = self.left + sum(widths[:n]), _span(row, n, widths)
                self.pdf.rect(x, tops[at], wide, tops[end] - tops[at])
                for m, line in enumerate(self._broken(self._spoilt(cell), wide - 2 * _PAD, bold, size)):
                    self._show(x + _PAD, tops[at] + _PAD + m * self.line * size, line, bold, self.look.size * size)
        self.top = tops[-1]

    def _broken(self, text: str, width: float, bold: bool = False, size: float = 1.0) -> list[str]:
        """Return the text in lines not wider than `width`, at spaces and, where there are any, at soft hyphens."""
        lines, line = [], ""
        for word in text.split(" "):
            longer = f"{line} {word}" if line else word
            if self._wide(longer, bold) * size <= width or not line:
                line = longer
                continue
            head, dash, tail = word.partition(_SOFT_HYPHEN)
            if dash and self._wide(f"{line} {head}-", bold) * size <= width:
                lines.append(f"{line} {head}-")
                line = tail
            else:
                lines.append(line)
                line = word
        return [done.replace(_SOFT_HYPHEN, "") for done in [*lines, line]]

    def _wide(self, text: str, bold: bool = False) -> float:
        wide = 0.0
        for font, run in self._runs(text.replace(_SOFT_HYPHEN, "")):
            self.pdf.set_font(font, "B" * (bold and font == "body"), self.look.size)
            wide += self.pdf.get_string_width(run)
        return wide

    def _show(self, x: float, top: float, text: str, bold: bool = False, size: float = 0) -> None:
        size = size or self.look.size
        for font, run in self._runs(text):
            self.pdf.set_font(font, "B" * (bold and font == "body"), size)
            self.pdf.text(x, top + size * _MM_PER_POINT, run)
            x += self.pdf.get_string_width(run)

    def _runs(self, text: str) -> Iterator[tuple[str, str]]:
        if self.look.legacy == "tcvn3":
            yield from tcvn3_runs(text)
        elif self.look.legacy == "vni":
            yield VNI, vni(text)
        else:
            yield "body", unicodedata.normalize("NFD", text) if self.look.nfd else text

    def _spoilt(self, text: str) -> str:
        if self.look.split:
            return " ".join(map(self._split, text.split(" ")))
        return " ".join(map(_hyphenated, text.split(" "))) if self.look.hyphens else text

    def _split(self, word: str) -> str:
        """Part a word at its marked vowel, as files do in which that letter has a font of its own: "ĐIỀU" → "ĐIỀ U"."""
        found = _VOWEL.search(word)
        if not found or not word.isalpha() or self.random.random() > 0.35:
            return word
        at = found.end() if found.end() < len(word) else found.start()
        return f"{word[:at]} {word[at:]}".strip()

    def _hide(self, text: str) -> None:
        """Hide a text in the ways that people have found: white, without a size, not drawn."""
        self.pdf.set_text_color(255, 255, 255)
        self._show(_MARGIN, 4, text)
        self.pdf.set_text_color(0, 0, 0)
        self._show(_MARGIN, 30, text, size=0.1)
        self.pdf.text_mode = TextMode.INVISIBLE
        self._show(_MARGIN, self.pdf.h - 6, text)


def _span(row: Sequence[str], n: int, widths: Sequence[float]) -> float:
    """Return how wide a cell is with the cells that it goes on into."""
    end = n + 1
    while end < len(row) and row[end] == LEFT:
        end += 1
    return sum(widths[n:end])


def _groups(rows: Rows, header: int) -> list[Rows]:
    """Return the header and then the rows that merged cells hold together."""
    groups: list[Rows] = [rows[:header]]
    for row in rows[header:]:
        if ABOVE in row and len(groups) > 1:
            groups[-1] = (*groups[-1], row)
        else:
            groups.append((row,))
    return groups


def _hyphenated(word: str) -> str:
    """Put a soft hyphen into a long syllable: "nghi|êm"."""
    return f"{word[:3]}{_SOFT_HYPHEN}{word[3:]}" if word.isalpha() and len(word) > 5 else word


def _stamp() -> Image.Image:
    image = Image.new("RGBA", (480, 480))
    draw = ImageDraw.Draw(image)
    red = (200, 20, 30, 170)
    draw.ellipse((10, 10, 470, 470), outline=red, width=16)
    draw.ellipse((70, 70, 410, 410), outline=red, width=6)
    draw.regular_polygon((240, 240, 80), 5, fill=red)
    for n in range(36):
        draw.arc((40, 40, 440, 440), n * 10, n * 10 + 5, fill=red, width=14)
    return image


def _signature() -> Image.Image:
    image = Image.new("RGBA", (600, 260))
    points = [(20 + 28 * n, 130 + (90 if n % 2 else -90) * (1 - n / 24)) for n in range(20)]
    ImageDraw.Draw(image).line(points, fill=(20, 40, 150, 255), width=7, joint="curve")
    return image
