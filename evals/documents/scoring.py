"""How well files were read: letters, structure, cells of tables, metadata. Values in, numbers out; nothing here does I/O.

What is only a matter of taste is not counted: white space, dots to write on, marks of Markdown, calls of footnotes, the order of the halves of a
letterhead (all orders are given), whether a merged cell is repeated where it goes on, a letterhead set as a table.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from evals.documents.texts import ABOVE, LEFT, filled

Rows = Sequence[Sequence[str]]
Unit = tuple[Sequence[str], str]
SAME = 0.9  # similarity from which words are the same: one letter in ten may be wrong
_FILLERS = re.compile(r"[._…·]{3,}")
_MARKUP = re.compile(r"[*#|\\`\u200b-\u200d\u2060\ufeff\u00ad]|-{3,}|\[\^?\d{1,2}\]")
_DIGITS = re.compile(r"\d+")
_LAYOUT = ("CỘNG HÒA XÃ HỘI", "Nơi nhận:", "(Đã ký)", "(Ký, ghi rõ họ tên)")  # tables that only set halves side by side


@dataclass(frozen=True, slots=True)
class Counts:
    """How many were right of those found and of those expected."""

    right: int = 0
    found: int = 0
    expected: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.right + other.right, self.found + other.found, self.expected + other.expected)

    @property
    def precision(self) -> float:
        """The share of what was found that is right; 1 where nothing was."""
        return self.right / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """The share of what was expected that was found; 1 where nothing was."""
        return self.right / self.expected if self.expected else 1.0

    @property
    def f1(self) -> float:
        """Their harmonic mean (van Rijsbergen 1979); 1 where there was nothing to find and nothing was found."""
        both = self.found + self.expected
        return 2 * self.right / both if both else 1.0


def plain(text: str) -> str:
    """Return what counts of a text: NFC, without markup and dots to write on, words parted by one space."""
    return " ".join(_FILLERS.sub(" ", _MARKUP.sub("", unicodedata.normalize("NFC", text))).split())


def error_rate(actual: str, expected: Iterable[str]) -> float:
    """Return edits to the nearest of the expected texts, a letter of it: 0 is perfect, 1 as bad as nothing read.

    "thẻ hoc" for "thẻ học": 1 edit in 7 letters, 0.143.
    """
    said = plain(actual)
    return min(Levenshtein.distance(said, wanted) / max(1, len(wanted)) for wanted in map(plain, expected))


def alike(actual: str, expected: str) -> bool:
    """Tell whether texts are the same but for one letter in ten; their numbers must be the same."""
    said, wanted = plain(actual), plain(expected)
    same_numbers = _DIGITS.findall(said) == _DIGITS.findall(wanted)
    return same_numbers and Levenshtein.normalized_similarity(said, wanted) >= SAME


def structure_counts(actual: Iterable[Unit], expected: Iterable[Unit]) -> Counts:
    """Count units whose path is right and whose words are alike; a path found twice is right once."""
    found = [(tuple(path), text) for path, text in actual]
    wanted: dict[tuple[str, ...], list[str]] = {}
    for path, text in expected:
        wanted.setdefault(tuple(path), []).append(text)
    total, right = sum(map(len, wanted.values())), 0
    for path, text in found:
        if hit := next((w for w in wanted.get(path, ()) if alike(text, w)), None):
            wanted[path].remove(hit)
            right += 1
    return Counts(right, len(found), total)


def cell_counts(actual: Iterable[Rows], expected: Sequence[Rows]) -> Counts:
    """Count cells that are in their place: rows of all tables are aligned in order, columns by number.

    Empty cells do not count; neither does a merged cell that is repeated where it goes on (`<` and `^` in `expected`), nor a
    table that only sets a letterhead or signature.
    """
    found = [row for rows in actual if not _is_layout(rows) for row in rows]
    wanted, merged = [], []
    for rows in expected:
        full = filled(rows)
        wanted += full
        merged += [[cell in {LEFT, ABOVE} for cell in row] for row in rows]
    best = [[Counts()] * (len(wanted) + 1) for _ in range(len(found) + 1)]
    for n, row in enumerate(found, 1):
        for m, full in enumerate(wanted, 1):
            both = best[n - 1][m - 1] + _row_counts(row, full, merged[m - 1])
            best[n][m] = max(both, best[n - 1][m], best[n][m - 1], key=lambda counts: (counts.right, counts.found))
    aligned = best[-1][-1]
    shown = sum(bool(plain(cell)) for row in found for cell in row)
    total = sum(bool(plain(cell)) for rows in expected for row in rows for cell in row if cell not in {LEFT, ABOVE})
    return Counts(aligned.right, shown - aligned.found, total)


def _row_counts(row: Sequence[str], full: Sequence[str], merged: Sequence[bool]) -> Counts:
    """Return right cells, and as `found` those that need not count: merged ones that are repeated."""
    right = repeated = 0
    for cell, wanted, gone in zip(row, full, merged, strict=False):
        if plain(cell) and alike(cell, wanted):
            right, repeated = right + (not gone), repeated + gone
    return Counts(right, repeated)


def _is_layout(rows: Rows) -> bool:
    return any(mark in cell for row in rows for cell in row for mark in _LAYOUT)


def known_right(actual: Mapping[str, object], expected: Mapping[str, object]) -> dict[str, bool]:
    """Tell of everything that is known whether it was found. Titles may have one letter in ten wrong; case does not count."""
    return {name: _known(name, actual.get(name), wanted) for name, wanted in expected.items()}


def _known(name: str, actual: object, wanted: object) -> bool:
    if name == "relations":
        return {tuple(row) for row in actual or ()} == {tuple(row) for row in wanted}  # type: ignore[union-attr]
    said, right = plain(str(actual or "")).casefold(), plain(str(wanted)).casefold()
    if name == "title":
        return Levenshtein.normalized_similarity(said, right) >= SAME
    return right in said if name == "territory" else said == right
