"""What a new document changes in our guides: lines that state another value of the same thing, and guides that rest on a law it ends.

A line is compared with a unit by the words that they share, weighed by rarity, once their values are put aside; a person decides
what is meant. Nothing here does I/O.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rag.atoms import Atom, AtomKind, atoms
from rag.documents.units import Relation, RelationKind, Unit
from rag.guides import Guide, Line, Passage, Section
from rag.retrieval import terms
from rag.sheets import Sheet

# Values that a rule sets; an address, a phone or a date inside a sentence may differ without the rule being another one.
_SET = frozenset({AtomKind.MONEY, AtomKind.PERCENT})
_PERIODS = frozenset({"ngày làm việc", "giờ làm việc", "ngày", "tháng", "năm", "tuổi", "giờ", "phút", "lần"})
# `python -m evals.overtaking`: of 24 clauses in the words of decrees that change a line of ours, 23 show it, 20 first; of 1,200
# clauses of other laws with values, 3 % show one.
MIN_LIKENESS = 0.2
# What stands here is told as changed or unclear already.
TOLD = frozenset({Section.CHANGED, Section.UNCLEAR})
_SHOWN = 30
_PER_UNIT = 3


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A guide's line whose values a unit of a document sets anew: `values` are pairs of old and new ones, in the line's order."""

    guide: Guide
    passage: Passage
    line: Line
    unit: Unit
    values: tuple[tuple[Atom, Atom], ...]
    likeness: float

    @property
    def words(self) -> str:
        """The line with the new values in place of the old ones, for a person to mend."""
        text, done = self.line.text, 0
        for old, new in self.values:
            if found := re.compile(rf"(?<![\w.,/]){re.escape(old.text)}(?!\w|[.,]\d)").search(text, done):
                text = text[: found.start()] + new.text + text[found.end() :]
                done = found.start() + len(new.text)
        return text


class Overtaking:
    """Compares documents with the lines of guides that are true on a day or later."""

    def __init__(self, guides: Iterable[Guide], day: date) -> None:
        self._rows: list[tuple[Guide, Passage, Line, set[str], tuple[Atom, ...]]] = []
        for guide in guides:
            for passage in guide.passages:
                if passage.section in TOLD:
                    continue
                about = terms(guide.title)
                self._rows += [
                    (guide, passage, line, _words(line.text) | about, found)
                    for line in passage.lines
                    if (found := set_by_rule(line.text)) and not (line.valid_until and line.valid_until < day)
                ]
        counts = Counter(term for *_, words, _ in self._rows for term in words)
        self._weights = {term: math.log(1 + len(self._rows) / n) for term, n in counts.items()}
        self._rarest = math.log(1 + len(self._rows))
        self._by_kind: dict[tuple[AtomKind, str], list[int]] = defaultdict(list)
        for number, (*_, found) in enumerate(self._rows):
            for kind in {(atom.kind, atom.unit) for atom in found}:
                self._by_kind[kind].append(number)

    def lines(self, units: Sequence[Unit], title: str) -> list[Overtaken]:
        """Return the lines that state another value than a unit of a document called `title`, the likeliest first."""
        found: list[Overtaken] = []
        for unit in units:
            found += self._of_unit(unit, title)
        best: dict[tuple[str, int], Overtaken] = {}
        for row in sorted(found, key=lambda row: -row.likeness):
            best.setdefault((row.passage.id, row.line.number), row)
        return list(best.values())[:_SHOWN]

    def _of_unit(self, unit: Unit, title: str) -> list[Overtaken]:
        stated = set_by_rule(unit.text)
        words = _words(f"{title} {unit.heading} {unit.text}")
        found: list[Overtaken] = []
        for kind in dict.fromkeys((atom.kind, atom.unit) for atom in stated):
            found += self._of_kind(unit, kind, [atom for atom in stated if (atom.kind, atom.unit) == kind], words)
        return sorted(found, key=lambda row: -row.likeness)[:_PER_UNIT]

    def _of_kind(self, unit: Unit, kind: tuple[AtomKind, str], new: Sequence[Atom], words: set[str]) -> list[Overtaken]:
        """Return the lines with other values of a kind, none where the line that is most like the unit says what it says."""
        found, restated = [], 0.0
        for number in self._by_kind.get(kind, ()):
            guide, passage, line, said, stated = self._rows[number]
            old = [atom for atom in stated if (atom.kind, atom.unit) == kind]
            likeness = self._likeness(words, said)
            if {atom.value for atom in new} <= {atom.value for atom in old}:
                restated = max(restated, likeness)
            elif likeness >= MIN_LIKENESS and (values := _changed_values(old, new)):
                found.append(Overtaken(guide, passage, line, unit, values, likeness))
        return [row for row in found if row.likeness > restated]

    def _likeness(self, words: set[str], said: set[str]) -> float:
        """Return the geometric mean of the share of the line's words, by rarity, that the unit has, and of the cosine of both."""
        shared = words & said
        share = self._sum(shared, 1) / (self._sum(said, 1) or 1)
        cosine = self._sum(shared, 2) / math.sqrt(self._sum(said, 2) * self._sum(words, 2) or 1)
        return math.sqrt(share * cosine)

    def _sum(self, words: Iterable[str], power: int) -> float:
        return sum(self._weights.get(word, self._rarest) ** power for word in words)


def _changed_values(old: Sequence[Atom], new: Sequence[Atom]) -> tuple[tuple[Atom, Atom], ...]:
    """Pair the values of a line with those that a unit sets, in order where both have as many; () where the unit says them all."""
    before, after = {atom.value for atom in old}, {atom.value for atom in new}
    if before <= after:
        return ()
    if len(old) == len(new):
        return tuple((a, b) for a, b in zip(old, new, strict=True) if a.value != b.value)
    gone = next(atom for atom in old if atom.value not in after)
    return ((gone, next(atom for atom in new if atom.value not in before)),)


def resting_on(
    relations: Iterable[Relation], guides: Iterable[Guide], sheets: Mapping[str, Sheet]
) -> dict[str, list[str]]:
    """Return the numbers of laws that a document replaces, amends or repeals, by the id of each guide whose sheets name them."""
    ended = {r.number for r in relations if r.kind is not RelationKind.GUIDES and r.number}
    found: dict[str, list[str]] = {}
    for guide in guides:
        named = {
            number
            for sheet in guide.covers
            for item in sheets[sheet].items.values()
            for number in ended
            if any(
                re.search(rf"(?<![\w/]){re.escape(number)}(?![\w/])", text)
                for text in (item.text, *(source.title for source in item.sources))
            )
        }
        if named:
            found[guide.id] = sorted(named)
    return found


def _words(text: str) -> set[str]:
    """Return the terms of a text without its values."""
    for atom in sorted({a.text for a in atoms(text)}, key=len, reverse=True):
        text = text.replace(atom, " ")
    return terms(text)


def set_by_rule(text: str) -> tuple[Atom, ...]:
    """Return the values of a text that a rule may set: money, percents, periods and ages."""
    return tuple(
        atom for atom in atoms(text) if atom.kind in _SET or (atom.kind is AtomKind.NUMBER and atom.unit in _PERIODS)
    )
