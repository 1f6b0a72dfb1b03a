"""The ruled lines of a page, found in its picture, and the grids of cells that they make. Nothing here does I/O.

One way for text PDFs (rendered) and for scans, so that it does not matter how a file draws its lines. The limit: a dotted
line, and one lighter than the threshold, is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Picture = np.ndarray[Any, np.dtype[np.uint8]]

_HORIZONTAL_PT = 24.0  # the shortest; longer than any dash, shorter than a cell of "STT"
_VERTICAL_PT = 13.0  # the height of the lowest row; letters of body text are lower
_THICK_PT = 5.0  # thicker is a filled area: its edges are the lines
_TOUCH_PT = 4.0  # lines that meet need not touch, above all in scans
_COVERED = 0.6  # of an edge between two cells must be ruled to part them


@dataclass(frozen=True, slots=True)
class Ruling:
    """A straight line: it lies at `at` of the one axis and runs from `start` to `end` on the other, in points."""

    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Rulings:
    """The lines of a page; `at` of a horizontal one is measured from the top."""

    horizontal: tuple[Ruling, ...] = ()
    vertical: tuple[Ruling, ...] = ()

    def parts(self, left: float, right: float, y: float) -> bool:
        """Tell whether an upright line at height `y` runs between `left` and `right`."""
        return any(left <= line.at <= right and line.start <= y <= line.end for line in self.vertical)


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells between ruled lines; `owner[row][column]` is the row and column of the top left cell of a merged one."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    owner: tuple[tuple[tuple[int, int], ...], ...]

    @property
    def rows(self) -> int:
        """How many rows of cells."""
        return len(self.ys) - 1

    @property
    def columns(self) -> int:
        """How many columns of cells."""
        return len(self.xs) - 1

    def holds(self, x: float, y: float) -> bool:
        """Tell whether the point lies in the grid."""
        return self.xs[0] <= x <= self.xs[-1] and self.ys[0] <= y <= self.ys[-1]

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Return row and column of the cell in which the point lies."""
        row, column = int(np.searchsorted(self.ys, y)) - 1, int(np.searchsorted(self.xs, x)) - 1
        return self.owner[min(max(row, 0), self.rows - 1)][min(max(column, 0), self.columns - 1)]


def find_rulings(gray: Picture, dpi: float, darkness: int) -> Rulings:
    """Find the lines in a picture whose ink is darker than `darkness` (0–255)."""
    dark = gray < darkness
    horizontal = _runs(dark, _HORIZONTAL_PT, dpi)
    vertical = _runs(np.ascontiguousarray(dark.T), _VERTICAL_PT, dpi)
    return Rulings(tuple(horizontal), tuple(vertical))


def _runs(dark: np.ndarray, shortest_pt: float, dpi: float) -> list[Ruling]:
    """Collect runs of ink along the rows; rows that lie next to each other are one line, or the edges of an area."""
    point = dpi / 72
    length = max(8, round(shortest_pt * point))
    if dark.shape[1] <= length:
        return []
    sums = np.zeros((dark.shape[0], dark.shape[1] + 1), dtype=np.int32)
    np.cumsum(dark, axis=1, out=sums[:, 1:])
    full = (sums[:, length:] - sums[:, :-length]) >= length * 0.96  # a scan has pinholes
    bars: list[list[float]] = []  # first row, last row, start, end
    open_bars: list[list[float]] = []
    for row in np.flatnonzero(full.any(axis=1)):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], full[row].view(np.int8), [0]))))
        still: list[list[float]] = []
        for start, end in zip(edges[::2], edges[1::2] + length - 1, strict=True):
            bar = next((b for b in open_bars if row - b[1] <= 2 and start <= b[3] + 3 and end >= b[2] - 3), None)
            if bar is None:
                bar = [row, row, start, end]
                bars.append(bar)
            else:
                bar[1:] = [float(row), min(bar[2], start), max(bar[3], end)]
            still.append(bar)
        open_bars = [b for b in open_bars if row - b[1] <= 2 and b not in still] + still
    found = []
    for first, last, start, end in bars:
        ats = [(first + last + 1) / 2] if last - first < _THICK_PT * point else [first, last + 1]
        found += [Ruling(float(at / point), float(start / point), float(end / point)) for at in ats]
    return found


def erase(gray: Picture, rulings: Rulings, dpi: float) -> Picture:
    """Paint the lines white, for the recognition takes them for letters."""
    point, clean = dpi / 72, gray.copy()
    half = max(2, round(point))
    for line in rulings.horizontal:
        y = round(line.at * point)
        clean[max(0, y - half) : y + half + 1, round(line.start * point) : round(line.end * point) + 1] = 255
    for line in rulings.vertical:
        x = round(line.at * point)
        clean[round(line.start * point) : round(line.end * point) + 1, max(0, x - half) : x + half + 1] = 255
    return clean


def grids(rulings: Rulings) -> list[Grid]:
    """Make grids of the lines that cross or meet, from the top down; those without two cells side by side are left out."""
    lines = [(line, True) for line in rulings.horizontal] + [(line, False) for line in rulings.vertical]
    group = list(range(len(lines)))

    def root(index: int) -> int:
        while group[index] != index:
            group[index] = group[group[index]]
            index = group[index]
        return index

    count = len(rulings.horizontal)
    for i, across in enumerate(rulings.horizontal):
        for j, upright in enumerate(rulings.vertical, count):
            if _meet(across, upright):
                group[root(i)] = root(j)
    members: dict[int, tuple[list[Ruling], list[Ruling]]] = {}
    for index, (line, flat) in enumerate(lines):
        members.setdefault(root(index), ([], []))[0 if flat else 1].append(line)
    made = [_grid(flat, upright) for flat, upright in members.values() if len(flat) > 1 and len(upright) > 1]
    return sorted((grid for grid in made if grid), key=lambda grid: grid.ys[0])


def _meet(across: Ruling, upright: Ruling) -> bool:
    return (
        across.start - _TOUCH_PT <= upright.at <= across.end + _TOUCH_PT
        and upright.start - _TOUCH_PT <= across.at <= upright.end + _TOUCH_PT
    )


def _grid(flat: Sequence[Ruling], upright: Sequence[Ruling]) -> Grid | None:
    xs, ys = _places(upright), _places(flat)
    if len(xs) < 3 or len(ys) < 2:
        return None
    rows, columns = len(ys) - 1, len(xs) - 1
    owner = {(row, column): (row, column) for row in range(rows) for column in range(columns)}

    def top(cell: tuple[int, int]) -> tuple[int, int]:
        while owner[cell] != cell:
            cell = owner[cell]
        return cell

    for row, column in list(owner):
        if column + 1 < columns and not _ruled(upright, xs[column + 1], ys[row], ys[row + 1]):
            _merge(owner, top((row, column)), top((row, column + 1)))
        if row + 1 < rows and not _ruled(flat, ys[row + 1], xs[column], xs[column + 1]):
            _merge(owner, top((row, column)), top((row + 1, column)))
    return Grid(xs, ys, tuple(tuple(top((row, column)) for column in range(columns)) for row in range(rows)))


def _merge(owner: dict[tuple[int, int], tuple[int, int]], one: tuple[int, int], other: tuple[int, int]) -> None:
    first, second = sorted((one, other))
    owner[second] = first


def _places(lines: Sequence[Ruling]) -> tuple[float, ...]:
    """Merge places that are one line to the eye."""
    places: list[list[float]] = []
    for at in sorted(line.at for line in lines):
        if places and at - places[-1][-1] <= _TOUCH_PT:
            places[-1].append(at)
        else:
            places.append([at])
    return tuple(sum(place) / len(place) for place in places)


def _ruled(lines: Sequence[Ruling], at: float, start: float, end: float) -> bool:
    """Tell whether lines at `at` cover most of the way from `start` to `end`."""
    covered = sum(
        max(0.0, min(line.end, end) - max(line.start, start)) for line in lines if abs(line.at - at) <= _TOUCH_PT
    )
    return covered >= _COVERED * (end - start)
