"""From words on a page to the lines that a reader sees: parted at columns, cells and wide gaps. Nothing here does I/O."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median
from typing import TypeVar

from rag.documents.mending import mend
from rag.documents.pages import Box, Fault, PrintedLine
from rag.documents.rulings import Rulings

ENUMERATOR = re.compile(r"(?:\d{1,3}(?:\.\d{1,2})*[.)]?|[a-zđ]{1,2}\)|[IVXLC]+\.|[-–—+•*])$")
_GAP_EM = 1.2  # from here a gap may part columns …
_GAP_TIMES = 2.2  # … when it is that much wider than the line's other gaps: justified lines have wide ones, too
_GUTTER_EM = 0.5  # between columns of small print, where the gap goes on …
_GUTTER_ROWS = 5  # … through this many rows
_GAP_ALONE_EM = 2.0  # … or this wide in a line with no other gap to compare with


class Standing:
    """What stands somewhere on the page, in points from its top left corner."""

    __slots__ = ()
    left: float
    top: float
    right: float
    bottom: float

    @property
    def middle(self) -> float:
        """Half its height."""
        return (self.top + self.bottom) / 2

    @property
    def centre(self) -> float:
        """Half its width."""
        return (self.left + self.right) / 2

    def em_of(self, size: float) -> float:
        """Return the size of its letters, also where only their height is known."""
        return size or (self.bottom - self.top) * 0.85


@dataclass(frozen=True, slots=True)
class Word(Standing):
    """A word and where it stands, in points from the top left corner of the page as it is read."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float = 0.0
    font: str = ""
    bold: bool = False
    sure: float = 1.0

    @property
    def em(self) -> float:
        """The size of the letters, also where only their height is known."""
        return self.em_of(self.size)


def lines(words: Sequence[Word], rulings: Rulings) -> list[list[Word]]:
    """Group words into lines, from the top down and from left to right."""
    found = rows(words)
    gutters = _gutters(found)
    return [part for index, row in enumerate(found) for part in _parts(row, gutters[index], rulings)]


def _gutters(found: Sequence[Sequence[Word]]) -> list[set[int]]:
    """Return for each row the words that stand behind a gap which goes on through the rows below: a gutter of columns."""
    marked: list[set[int]] = [set() for _ in found]
    gaps = [
        [(one.right, two.left, place) for place, (one, two) in enumerate(pairwise(row), 1) if _is_gap(row, one, two)]
        for row in found
    ]
    for index, row in enumerate(found):
        for left, right, place in gaps[index]:
            if place in marked[index]:
                continue
            chain = [(index, place)]
            for below in range(index + 1, len(found)):
                shared = [(max(left, a), min(right, b), spot) for a, b, spot in gaps[below]]
                best = max(shared, key=lambda gap: gap[1] - gap[0], default=None)
                if best and best[1] - best[0] > _GUTTER_EM * row[0].em:
                    left, right = best[:2]
                    chain.append((below, best[2]))
                elif any(word.left < right and word.right > left for word in found[below]):
                    break
            if len(chain) >= _GUTTER_ROWS:
                for at, spot in chain:
                    marked[at].add(spot)
    return marked


def _is_gap(row: Sequence[Word], one: Word, two: Word) -> bool:
    first = one is row[0] and ENUMERATOR.match(one.text)
    return not first and two.left - one.right > _GUTTER_EM * two.em


Thing = TypeVar("Thing", bound=Standing)


def rows(words: Sequence[Thing]) -> list[list[Thing]]:
    """Group words that stand beside each other; a raised footnote mark belongs to the words that it stands by."""
    found: list[list[Thing]] = []
    spans: list[tuple[float, float]] = []
    for word in sorted(words, key=lambda word: (word.middle, word.left)):
        for index in range(len(found) - 1, max(-1, len(found) - 6), -1):
            top, bottom = spans[index]
            shared = min(bottom, word.bottom) - max(top, word.top)
            if shared > 0.55 * min(bottom - top, word.bottom - word.top):
                found[index].append(word)
                if word.bottom - word.top > bottom - top:
                    spans[index] = (word.top, word.bottom)
                break
        else:
            found.append([word])
            spans.append((word.top, word.bottom))
    order = sorted(range(len(found)), key=lambda index: spans[index])
    return [sorted(found[index], key=lambda word: word.left) for index in order]


def _parts(row: list[Word], gutters: set[int], rulings: Rulings) -> list[list[Word]]:
    """Part a row at ruled lines, at gutters, and at gaps much wider than those between its other words."""
    gaps = [two.left - one.right for one, two in pairwise(row)]
    parts = [[row[0]]]
    for place, (gap, word) in enumerate(zip(gaps, row[1:], strict=True), 1):
        before = parts[-1][-1]
        others = [other for at, other in enumerate(gaps, 1) if at != place]
        usual = median([gap for gap in others if gap <= _GAP_EM * word.em] or (others if len(others) > 2 else [0.0]))
        wide = gap > _GAP_ALONE_EM * word.em if usual <= 0 else gap > max(_GAP_EM * word.em, _GAP_TIMES * usual)
        numbered = len(parts[-1]) == 1 and ENUMERATOR.match(before.text) and gap < 5 * word.em
        ruled = rulings.parts(before.right - 1, word.left + 1, word.middle)
        if ruled or place in gutters or (wide and not numbered):
            parts.append([word])
        else:
            parts[-1].append(word)
    return parts


def turned(box: Box, quarters: int) -> Box:
    """Turn a box with its page by quarters clockwise."""
    for _ in range(quarters % 4):
        box = Box(1 - box.bottom, box.left, 1 - box.top, box.right)
    return box


def printed(
    words: Sequence[Word], rulings: Rulings, width: float, height: float
) -> tuple[list[PrintedLine], set[Fault]]:
    """Make mended lines of the words of a page, `width` by `height` points, and tell what was wrong with them."""
    made, faults = [], set()
    for line in lines(words, rulings):
        text, wrong = _mended(line)
        faults |= wrong
        if text:
            made.append(_printed(line, text, width, height))
    return made, faults


def _mended(line: Sequence[Word]) -> tuple[str, frozenset[Fault]]:
    """Mend each run of one font by itself, for one line may hold an old encoding and Unicode; then the whole."""
    gaps = [two.left - one.right for one, two in pairwise(line)]
    usual = median(gaps) if gaps else 0.0
    spread = sum(len(word.text) == 1 for word in line) > 0.6 * len(line) > 2
    spaces = ["  " if spread and gap > 1.6 * usual + 0.5 else " " for gap in gaps]
    text = "".join(word.text + space for word, space in zip(line, [*spaces, ""], strict=True))
    if len({word.font for word in line}) == 1:
        return mend(text, line[0].font)
    runs = [mend(" ".join(word.text for word in run), font) for font, run in groupby(line, key=lambda word: word.font)]
    whole, wrong = mend(" ".join(run for run, _ in runs)) if any(run for _, run in runs) else mend(text)
    return whole, wrong.union(*(found for _, found in runs))


def _printed(line: Sequence[Word], text: str, width: float, height: float) -> PrintedLine:
    letters = sum(len(word.text) for word in line)
    box = Box(
        *(
            min(1.0, max(0.0, share))
            for share in (
                line[0].left / width,
                min(word.top for word in line) / height,
                max(word.right for word in line) / width,
                max(word.bottom for word in line) / height,
            )
        )
    )
    longest = max(line, key=lambda word: len(word.text))
    return PrintedLine(
        text,
        box,
        round(median(word.size for word in line), 1),
        longest.font,
        sum(len(word.text) for word in line if word.bold) > letters / 2,
        sum(word.sure * len(word.text) for word in line) / letters,
    )
