"""Numbers of lists that recognition misread, where the list itself proves what they were: a second "d)" is "đ)". No I/O.

A number that goes on an open list is never changed, nor is one after which the list goes on as it was read.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from rag.documents.marks import LETTERS, Mark, Style
from rag.documents.units import UnitKind
from rag.text import fold

_POINT = re.compile(r"(?P<read>[^\s(),.;:]{1,2})\s?\)\s?(?P<rest>.*)", re.DOTALL)
# What recognition makes of a letter, without marks: "đ" as Tesseract reads it is d, ở or 6. The letter with other marks counts, too.
_LOOKS_LIKE = {
    "b": "6 h", "c": "e o", "d": "a o", "đ": "d dd o 6 0 ð", "e": "c o €", "g": "9 q ø", "h": "n b li", "i": "1 l j ! |", "k": "h x",
    "l": "1 i ! |", "m": "n rn", "n": "h m r ri", "o": "0 c e a", "p": "", "q": "g 9 a", "r": "t f n", "s": "5", "t": "r f 1", "u": "v n ii",
    "v": "u y", "x": "k", "y": "v",
}  # fmt: skip
_ROMAN = re.compile(r"[IVX]+$")


def point_after(
    last: tuple[int, ...], goes_on: bool, line: str, read: Mark | None, following: Callable[[], Mark | None]
) -> Mark | None:
    """Return the point that must stand after the `last` one of its list, None where `line` is not proved to be a misread one.

    `goes_on` says that the last one ends in a semicolon, `read` is what the line begins as it was read, `following` gives what
    the next numbered line begins. "d) …" after d → đ; "l) …" after h, when "k) …" follows → i; "1) …" after "k) …;" → l.
    """
    match = _POINT.match(line)
    if not match or last[0] >= len(LETTERS):
        return None
    letter, value = LETTERS[last[0]], (last[0] + 1, 0)
    shape = fold(match["read"])
    if shape not in _LOOKS_LIKE[letter].split() and (shape != fold(letter) or match["read"] == letter):
        return None
    if read and not _goes_back(read, last) and not _leads_on(read, value, goes_on, following()):
        return None
    return Mark(UnitKind.POINT, Style.LETTER, letter, value, match["rest"].strip())


def _goes_back(read: Mark, last: tuple[int, ...]) -> bool:
    """Tell whether a mark can begin nothing behind `last`: a point that was there before, or a number but the first of a list."""
    if read.style is Style.LETTER:
        return read.value <= last and not read.first
    return read.style is Style.BRACKET and not read.first


def _leads_on(read: Mark, value: tuple[int, int], goes_on: bool, after: Mark | None) -> bool:
    """Tell whether the next mark goes on from the point of that value, or a list that begins in mid-sentence has no second item."""
    if after and (after.kind, after.style) == (UnitKind.POINT, Style.LETTER):
        return after.follows(value)
    alone = not (after and after.style is read.style and after.follows(read.value))
    return read.style is Style.BRACKET and goes_on and alone


def after_lost_stroke(last: tuple[int, ...], mark: Mark) -> Mark | None:
    """Return a chapter whose number lost its last stroke: a second "Chương II" is III, for a second I, V, VI, VII or X as well."""
    lost = mark.value == last and _ROMAN.match(mark.number) and not mark.number.endswith(("III", "IV", "IX"))
    return replace(mark, number=f"{mark.number}I", value=(last[0] + 1, 0)) if lost else None
