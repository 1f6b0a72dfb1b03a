"""Read a picture of a page by Debian's Tesseract, in Vietnamese. No picture and no text leaves the machine or reaches a disk.

What Tesseract does not do by itself is done before: a page on its side or askew is turned, a shadow is evened out, a red
stamp is taken off the text, ruled lines are erased once they are known. The limit: handwriting is not read, and a page bent
like an open book is read as far as its lines are straight.
"""

import csv
import io
import math
import os
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from statistics import median

import numpy as np
from PIL import Image, ImageFilter

from rag.documents.budget import earn_for_page
from rag.documents.layout import Sheet, hyphenated, reading_order
from rag.documents.limits import DocumentError, Refusal
from rag.documents.mending import score_lines
from rag.documents.pages import Box, Fault, Page
from rag.documents.rulings import Grid, Picture, Rulings, erase, erase_leaders, find_rulings, grids
from rag.documents.words import Word, printed, turned

DPI = 200  # of the pages that are rendered for recognition; 300 took a third longer and erred as often
_INK = 140  # darker is ink, in a picture whose paper is evened out to white
_SURE_ENOUGH = 0.7  # below, a page is tried upside down and on its side
# Letters that reach below the line, and a dash, which hangs above it.
_HANGING = re.compile("[gjpqyQ,;()\\[\\]/_\u0323-]")
_DEPTH = 0.25  # of a word's height
_MARKS = frozenset("-–—+•.,:;…")
_MARK_SURE, _SIGN_SURE = 0.3, 0.6  # a mark, and another sign without a letter, that are read with less are dirt
_RULED = 60  # contrast of a ruled line; paper is not as even as a rendered page
_RED = 60  # how much redder than green and blue the ink of a stamp is
_STAMP_SHARE = 0.002  # of the page's pixels; less is a rubric or dirt
_PAGE = ("-l", "vie", "--psm", "3")
_BLOCK = ("-l", "vie", "--psm", "6")
_LEAST_INK = 1.5  # square points; less is dirt, or a full stop
_MOST_CELLS = 1000
_CELLS_IN_LINE = 16
_STRAIGHT = 0.25  # degrees; less does not disturb the recognition
_STEEPEST = 5.0
_FEW_WORDS = 5


@dataclass(frozen=True, slots=True)
class Recognised:
    """A recognised picture: words and lines in points of the upright page.

    The picture was turned clockwise by `quarters` and then by `degrees` to make it upright.
    """

    words: tuple[Word, ...]
    rulings: Rulings
    width_pt: float
    height_pt: float
    quarters: int = 0
    degrees: float = 0.0
    stamped: bool = False

    def shown(self, box: Box) -> Box:
        """Return the box of the picture as it came around a box of the upright picture."""
        angle = math.radians(self.degrees)
        across, down = self.width_pt, self.height_pt
        corners = [((x - 0.5) * across, (y - 0.5) * down) for x in (box.left, box.right) for y in (box.top, box.bottom)]
        xs = [0.5 + (x * math.cos(angle) - y * math.sin(angle)) / across for x, y in corners]
        ys = [0.5 + (x * math.sin(angle) + y * math.cos(angle)) / down for x, y in corners]
        edges = (min(1.0, max(0.0, edge)) for edge in (min(xs), min(ys), max(xs), max(ys)))
        return turned(Box(*edges), -self.quarters)

    @property
    def lies(self) -> bool:
        """Tell whether most words run down or up the page: Tesseract reads some pages that lie on their side as they lie."""
        long = [word for word in self.words if len(word.text) > 2]
        return sum(word.bottom - word.top > word.right - word.left for word in long) > len(long) / 2

    @property
    def sure(self) -> float:
        """How sure the recognition is, a letter as much as another."""
        letters = sum(len(word.text) for word in self.words)
        return sum(word.sure * len(word.text) for word in self.words) / letters if letters else 0.0


@cache
def is_installed() -> bool:
    """Tell whether Tesseract is installed and knows Vietnamese."""
    if shutil.which("tesseract") is None:
        return False
    listed = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=False, timeout=20)
    return "vie" in listed.stdout.split()


def recognise(picture: Image.Image, dpi: float, seconds: float) -> Recognised:
    """Read a picture of a page; a part of the work that takes more than `seconds` is given up, and its words are missing.

    Raises:
        DocumentError: NO_RECOGNITION without Tesseract and its Vietnamese.
    """
    if not is_installed():
        raise DocumentError(Refusal.NO_RECOGNITION)
    earn_for_page()
    gray, stamped = _ink(picture)
    quarters = 0
    found = _recognise(gray, dpi, seconds)
    if found.sure < _SURE_ENOUGH or len(found.words) < _FEW_WORDS or found.lies:
        quarters = _turned(gray, dpi, seconds)
        if quarters:
            again = _recognise(np.ascontiguousarray(np.rot90(gray, -quarters)), dpi, seconds)
            if found.lies or again.sure * len(again.words) > found.sure * len(found.words):
                found = again
            else:
                quarters = 0
    return replace(found, quarters=quarters, stamped=stamped)


def recognised_page(found: Recognised, number: int) -> tuple[Page, Sheet]:
    """Make a page, with the boxes of the picture as it came, and a sheet, with those of the upright one."""
    wide, high = found.width_pt, found.height_pt
    lines, faults = printed(found.words, found.rulings, wide, high)
    sheet = Sheet(number, wide, high, tuple(lines), found.rulings)
    ordered = reading_order(sheet)
    score, wrong = score_lines(ordered, faults) if ordered else (0.0, frozenset({Fault.UNREADABLE}))
    faults |= wrong | {Fault.RECOGNISED} | ({Fault.STAMPED} if found.stamped else set())
    faults |= {Fault.HYPHENATED} if hyphenated(ordered) else set()
    shown = tuple(replace(line, box=found.shown(line.box)) for line in ordered if line.box)
    if found.quarters % 2:
        wide, high = high, wide
    return Page(number, shown, wide, high, float(min(score, found.sure)), tuple(sorted(faults))), sheet


def _ink(picture: Image.Image) -> tuple[Picture, bool]:
    """Return the picture in gray on evenly white paper, without red, and whether a stamp was taken off."""
    if picture.mode in {"1", "L", "I;16", "I"}:
        return _even(picture.convert("L")), False
    colours = np.asarray(picture.convert("RGB"))
    red, rest = colours[..., 0].astype(np.int16), np.maximum(colours[..., 1], colours[..., 2])
    stamped = bool((red - rest > _RED).mean() > _STAMP_SHARE)
    return _even(picture.convert("RGB").getchannel("R") if stamped else picture.convert("L")), stamped


def _even(gray: Image.Image) -> Picture:
    """Divide by the paper's own brightness, so that a shadow is as white as the rest; a clean scan stays as it is."""
    small = gray.resize((max(1, gray.width // 8), max(1, gray.height // 8)), Image.Resampling.BOX)
    paper = small.filter(ImageFilter.MaxFilter(9)).filter(ImageFilter.GaussianBlur(6))
    values = np.asarray(paper)
    pixels = np.asarray(gray)
    if float(np.percentile(values, 5)) > 200:
        return pixels
    light = np.asarray(paper.resize(gray.size, Image.Resampling.BILINEAR)).astype(np.float32)
    return np.clip(pixels * (255.0 / np.maximum(light, 40.0)), 0, 255).astype(np.uint8)


def _turned(gray: Picture, dpi: float, seconds: float) -> int:
    """Return by how many quarters clockwise Tesseract would turn the page; 0 where it cannot tell."""
    done = _tesseract(gray, ("-l", "osd", "--psm", "0"), dpi, seconds)
    degrees = [line.split(":")[1] for line in done.splitlines() if line.startswith("Rotate:")]
    return int(degrees[0]) // 90 % 4 if degrees else 0


def _recognise(gray: Picture, dpi: float, seconds: float) -> Recognised:
    degrees = skew(gray, dpi)
    if abs(degrees) >= _STRAIGHT:
        gray = np.asarray(Image.fromarray(gray).rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255))
    else:
        degrees = 0.0
    rulings = find_rulings(gray, dpi, _RULED)
    clean = erase_leaders(erase(gray, rulings, dpi), dpi, _INK)
    cells = _cells(clean, grids(rulings), dpi)
    words = _words(_tesseract(_without(clean, cells), (*_PAGE, "tsv"), dpi, seconds), dpi)
    height, width = (side * 72 / dpi for side in gray.shape)
    in_cells = _words_of_cells(cells, dpi, seconds)
    return Recognised((*words, *in_cells), rulings, width, height, degrees=degrees)


@dataclass(frozen=True, slots=True, eq=False)
class _Cell:
    """The ink of a cell and where it is, in pixels."""

    ink: Picture
    left: int
    top: int


def _cells(clean: Picture, tables: Sequence[Grid], dpi: float) -> list[_Cell]:
    point, found = dpi / 72, []
    for box in (box for grid in tables for box in grid.boxes()):
        left, top, right, bottom = (round(edge * point) for edge in box)
        ink = clean[top:bottom, left:right] < _INK
        if ink.sum() > _LEAST_INK * point**2:
            down, across = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
            top, bottom, left, right = top + down[0], top + down[-1] + 1, left + across[0], left + across[-1] + 1
            found.append(_Cell(clean[top:bottom, left:right], int(left), int(top)))
    return found[:_MOST_CELLS]


def _without(clean: Picture, cells: Sequence[_Cell]) -> Picture:
    rest = clean.copy()
    for cell in cells:
        height, width = cell.ink.shape
        rest[cell.top : cell.top + height, cell.left : cell.left + width] = 255
    return rest


def _words_of_cells(cells: Sequence[_Cell], dpi: float, seconds: float) -> list[Word]:
    """Read cells one below the other, as a text, and those of a letter or two once more side by side, as a line.

    On the page Tesseract overlooks, or makes signs of, digits that stand far from everything else, such as row numbers.
    """
    point = dpi / 72
    tiny = [cell for cell in cells if cell.ink.shape[0] < 20 * point and cell.ink.shape[1] < 18 * point]
    found = _read_together(cells, 1, dpi, seconds)
    for cell, words in _read_together(tiny, _CELLS_IN_LINE, dpi, seconds).items():
        found[cell] = max(found.get(cell, []), words, key=lambda some: min((word.sure for word in some), default=0.0))
    return [word for words in found.values() for word in words]


def _read_together(cells: Sequence[_Cell], in_line: int, dpi: float, seconds: float) -> dict[_Cell, list[Word]]:
    """Read cells from one picture, so many in a line; return the words that lie in one cell, with their place on the page."""
    if not cells:
        return {}
    gap = round((20 if in_line > 1 else 10) * dpi / 72)
    lines = [cells[at : at + in_line] for at in range(0, len(cells), in_line)]
    heights = [max(len(cell.ink) for cell in line) for line in lines]
    wide = max(sum(cell.ink.shape[1] + gap for cell in line) for line in lines) + gap
    sheet = np.full((sum(heights) + gap * (len(lines) + 1), wide), 255, np.uint8)
    places, bottom = [], 0
    for line, height in zip(lines, heights, strict=True):
        bottom, left = bottom + gap + height, gap
        for cell in line:
            high, across = cell.ink.shape
            sheet[bottom - high : bottom, left : left + across] = cell.ink
            places.append((cell, left, bottom - high, left + across, bottom))
            left += across + gap
    found: dict[_Cell, list[Word]] = {}
    half, point = gap / 2, dpi / 72
    for word in _words(_tesseract(sheet, (*_BLOCK, "tsv"), dpi, seconds), dpi):
        for cell, left, top, right, bottom in places:
            inside = left - half < word.left * point and word.right * point < right + half
            if inside and top - half < word.middle * point < bottom + half:
                across, down = (cell.left - left) / point, (cell.top - top) / point
                moved = replace(word, left=word.left + across, right=word.right + across, top=word.top + down, bottom=word.bottom + down)  # fmt: skip
                found.setdefault(cell, []).append(moved)
                break
    return found


def skew(gray: Picture, dpi: float) -> float:
    """Return by how many degrees clockwise the lines of the page slope.

    The angle is right at which rows of ink and rows of paper differ most (projection profile).
    """
    step = max(1, round(dpi / 75))
    small = Image.fromarray(np.where(gray < _INK, 255, 0).astype(np.uint8)).reduce(step)

    def contrast(degrees: float) -> float:
        rows = np.asarray(small.rotate(degrees, Image.Resampling.BILINEAR), dtype=np.float32).sum(axis=1)
        return float(((rows[1:] - rows[:-1]) ** 2).sum())

    rough = max(np.arange(-_STEEPEST, _STEEPEST + 0.1, 1.0), key=contrast)
    fine = max(np.arange(rough - 0.8, rough + 0.9, 0.2), key=contrast)
    return float(round(fine, 2))


def _words(table: str, dpi: float) -> list[Word]:
    """Make words of Tesseract's TSV, without what it makes of dirt and of the ends of ruled lines.

    Its boxes end where the ink does; here all words of a line end at the same depth below the line that they stand on.
    """
    point = 72 / dpi
    found: dict[tuple[str, ...], list[Word]] = {}
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        text, sure = (row["text"] or "").strip().strip("|'‘`´"), float(row["conf"]) / 100
        if "/" in text:
            text = re.sub("[ĐÐ]{2}", "Đ", text)  # of "QĐ-UBND" and "NĐ-CP"; no sign of a document has two
        if text and sure >= (0 if any(c.isalnum() for c in text) else _MARK_SURE if text in _MARKS else _SIGN_SURE):
            left, top, width, height = (float(row[name]) * point for name in ("left", "top", "width", "height"))
            line = found.setdefault((row["block_num"], row["par_num"], row["line_num"]), [])
            line.append(Word(text, left, top, left + width, top + height, sure=sure))
    return [word for line in found.values() for word in _levelled(line)]


def _levelled(line: list[Word]) -> list[Word]:
    standing = [word.bottom for word in line if not _HANGING.search(unicodedata.normalize("NFD", word.text))]
    if not standing:
        return line
    bottom = median(standing) + _DEPTH * median(word.bottom - word.top for word in line)
    return [
        replace(word, bottom=bottom) if abs(word.bottom - bottom) < 0.5 * (word.bottom - word.top) else word
        for word in line
    ]


def _tesseract(gray: Picture, options: Sequence[str], dpi: float, seconds: float) -> str:
    header = f"P5 {gray.shape[1]} {gray.shape[0]} 255\n".encode("ascii")
    try:
        done = subprocess.run(
            ["tesseract", "stdin", "stdout", "--dpi", str(round(dpi)), *options],
            input=header + gray.tobytes(),
            capture_output=True,
            check=False,
            timeout=seconds,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.decode("utf-8", "replace")
