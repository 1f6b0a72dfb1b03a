"""From words on a page to the lines that a reader sees: parted at columns, cells and wide gaps. Nothing here does I/O."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Protocol, TypeVar

from rag.documents.rulings import Rulings

ENUMERATOR = re.compile(r"(?:\d{1,3}(?:\.\d{1,2})*[.)]?|[a-zđ]{1,2}\)|[IVXLC]+\.|[-–—+•*])$")
_GAP_EM = 1.2  # from here a gap may part columns …
_GAP_TIMES = 2.2  # … when it is that much wider than the line's other gaps: justified lines have wide ones, too
_GAP_ALONE_EM = 2.0  # … or this wide in a line with no other gap to compare with


@dataclass(frozen=True, slots=True)
class Word:
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
        return self.size or (self.bottom - self.top) * 0.85

    @property
    def middle(self) -> float:
        """Half its height."""
        return (self.top + self.bottom) / 2


def lines(words: Sequence[Word], rulings: Rulings) -> list[list[Word]]:
    """Group words into lines, from the top down and from left to right."""
    return [part for row in rows(words) for part in _parts(row, rulings)]


class Placed(Protocol):
    """What has a place on the page: a word, or a line."""

    @property
    def left(self) -> float: ...  # noqa: D102
    @property
    def top(self) -> float: ...  # noqa: D102
    @property
    def bottom(self) -> float: ...  # noqa: D102
    @property
    def middle(self) -> float: ...  # noqa: D102


Thing = TypeVar("Thing", bound=Placed)


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


def _parts(row: list[Word], rulings: Rulings) -> list[list[Word]]:
    gaps = [after.left - before.right for before, after in pairwise(row)]
    parts = [[row[0]]]
    for index, (gap, word) in enumerate(zip(gaps, row[1:], strict=True)):
        before = parts[-1][-1]
        others = gaps[:index] + gaps[index + 1 :]
        usual = median(others) if others else 0.0
        wide = gap > _GAP_ALONE_EM * word.em if usual <= 0 else gap > max(_GAP_EM * word.em, _GAP_TIMES * usual)
        numbered = len(parts[-1]) == 1 and ENUMERATOR.match(before.text) and gap < 5 * word.em
        ruled = rulings.parts(before.right - 1, word.left + 1, word.middle)
        if ruled or (wide and not numbered):
            parts.append([word])
        else:
            parts[-1].append(word)
    return parts
