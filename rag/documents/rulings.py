"""The ruled lines of a page, found in its picture, and the grids of cells that they make. Nothing here does I/O.

One way for text PDFs (rendered) and for scans, so that it does not matter how a file draws its lines. The limit: a dotted
line is none, nor is the edge of a filled area.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Picture = np.ndarray[Any, np.dtype[np.uint8]]

_HORIZONTAL_PT = 24.0  # the shortest; longer than any dash, shorter than a cell of "STT"
_VERTICAL_PT = 13.0  # the height of the lowest row; letters of body text are lower
_WIDEST_PT = 3.0  # thicker is a filled area
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

    def boxes(self) -> Iterator[tuple[float, float, float, float]]:
        """Yield left, top, right and bottom of every cell, a merged one once."""
        covers: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for row, owners in enumerate(self.owner):
            for column, owner in enumerate(owners):
                covers.setdefault(owner, []).append((row, column))
        for (row, column), covered in covers.items():
            last_row, last_column = max(covered)[0], max(cell[1] for cell in covered)
            yield self.xs[column], self.ys[row], self.xs[last_column + 1], self.ys[last_row + 1]

    def cell(self, x: float, y: float) -> tuple[int, int]:
        """Return row and column of the cell in which the point lies."""
        row, column = int(np.searchsorted(self.ys, y)) - 1, int(np.searchsorted(self.xs, x)) - 1
        return self.owner[min(max(row, 0), self.rows - 1)][min(max(column, 0), self.columns - 1)]


def find_rulings(gray: Picture, dpi: float, contrast: int = 25) -> Rulings:
    """Find the lines of a picture: what is darker than both of its sides by `contrast` (of 255), fills or not.

    An upright line counts where it meets two others; else it is the stem of a large letter.
    """
    point = dpi / 72
    horizontal = _runs(_ridges(gray, dpi, contrast), _HORIZONTAL_PT, dpi)
    if len(horizontal) < 2:
        return Rulings(tuple(horizontal))
    first, last = horizontal[0].at - _TOUCH_PT, horizontal[-1].at + _TOUCH_PT
    start = max(0, int(first * point))
    between = np.ascontiguousarray(gray[start : int(last * point) + 1].T)
    upright = [
        Ruling(line.at, line.start + start / point, line.end + start / point)
        for line in _runs(_ridges(between, dpi, contrast), _VERTICAL_PT, dpi)
    ]
    vertical = [line for line in upright if sum(_meet(across, line) for across in horizontal) > 1]
    return Rulings(tuple(horizontal), tuple(vertical))


def _ridges(gray: Picture, dpi: float, contrast: int) -> np.ndarray:
    """Mark what is darker than some pixel a little above and some pixel a little below."""
    reach, count = max(2, round(_WIDEST_PT * dpi / 72)), len(gray)
    padded = np.pad(gray, ((reach, reach), (0, 0)), mode="edge")
    above, below = padded[:count].copy(), padded[reach + 1 : reach + 1 + count].copy()
    for shift in range(1, reach):
        np.maximum(above, padded[shift : shift + count], out=above)
        np.maximum(below, padded[reach + 1 + shift : reach + 1 + shift + count], out=below)
    lighter = np.minimum(above, below, out=above)
    return (lighter > gray) & (lighter - gray > contrast)


def _runs(marked: np.ndarray, shortest_pt: float, dpi: float) -> list[Ruling]:
    """Collect runs of marked pixels along the rows; those in rows that lie next to each other are one line."""
    point = dpi / 72
    length = max(8, round(shortest_pt * point))
    if marked.shape[1] <= length:
        return []
    sums = np.zeros((marked.shape[0], marked.shape[1] + 1), dtype=np.int32)
    np.cumsum(marked, axis=1, out=sums[:, 1:])
    full = (sums[:, length:] - sums[:, :-length]) >= length * 0.96  # a scan has pinholes
    bars: list[list[int]] = []  # first row, last row, start, end
    recent: list[list[int]] = []
    for row in map(int, np.flatnonzero(full.any(axis=1))):
        recent = [bar for bar in recent if row - bar[1] <= 2]
        edges = np.flatnonzero(np.diff(np.concatenate(([0], full[row].view(np.int8), [0])))).tolist()
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            end += length - 1
            bar = next((bar for bar in recent if start <= bar[3] + 3 and end >= bar[2] - 3), None)
            if bar is None:
                bar = [row, row, start, end]
                bars.append(bar)
                recent.append(bar)
            else:
                bar[1:] = [row, min(bar[2], start), max(bar[3], end)]
    return [Ruling((first + last + 1) / 2 / point, start / point, end / point) for first, last, start, end in bars]


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


def erase_leaders(gray: Picture, dpi: float, ink: int) -> Picture:
    """Paint the dots to write on white ("Họ và tên: …………"): low ink that goes on by itself, with no letter near."""
    point = dpi / 72
    dark = gray < ink
    tall = _spread(_opened(dark.T, round(2.2 * point)), round(1.5 * point)).T
    low = dark & ~_spread(tall, round(3 * point))
    run = _opened(_spread(low, round(3 * point)), round(30 * point))
    clean = gray.copy()
    clean[_spread(run.T, round(point)).T & low] = 255
    return clean


def _opened(marked: np.ndarray, length: int) -> np.ndarray:
    """Keep what is marked in runs of at least `length` along the rows."""
    if marked.shape[1] < length:
        return np.zeros_like(marked)
    sums = np.zeros((marked.shape[0], marked.shape[1] + 1), dtype=np.int32)
    np.cumsum(marked, axis=1, out=sums[:, 1:])
    full = (sums[:, length:] - sums[:, :-length]) == length
    kept = np.zeros_like(marked)
    for shift in range(length):
        kept[:, shift : shift + full.shape[1]] |= full
    return kept


def _spread(marked: np.ndarray, reach: int) -> np.ndarray:
    """Mark, along the rows, what lies within `reach` of what is marked."""
    sums = np.zeros((marked.shape[0], marked.shape[1] + 2 * reach + 1), dtype=np.int32)
    np.cumsum(np.pad(marked, ((0, 0), (reach, reach))), axis=1, out=sums[:, 1:])
    return (sums[:, 2 * reach + 1 :] - sums[:, : -2 * reach - 1]) > 0


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
