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
_PERIODS = frozenset({"ngày làm việc", "giờ làm việc", "ngày", "tháng", "năm", "tuổi", "giờ", "lần"})
# On 74 facts of our sheets whose value was changed, the line that states the fact came first for 95 %, with two lines shown; from
# 0.4 on it was lost for 8 %.
MIN_LIKENESS = 0.3
_SHOWN = 30
_PER_UNIT = 3


@dataclass(frozen=True, slots=True)
class Overtaken:
    """A guide's line whose value a unit of a document sets anew. `old`, `new` are the words of the values."""

    guide: Guide
    passage: Passage
    line: Line
    unit: Unit
    old: Atom
    new: Atom
    likeness: float


class Overtaking:
    """Compares documents with the lines of guides that are true on a day."""

    def __init__(self, guides: Iterable[Guide], day: date) -> None:
        self._rows: list[tuple[Guide, Passage, Line, set[str], tuple[Atom, ...]]] = []
        for guide in guides:
            for passage in guide.passages:
                if passage.section in (Section.CHANGED, Section.UNCLEAR):
                    continue
                about = terms(guide.title)
                self._rows += [
                    (guide, passage, line, _words(line.text) | about, found)
                    for line in passage.lines
                    if (found := _set_by_rule(line.text)) and (line.valid_until is None or line.valid_until >= day)
                ]
        counts = Counter(term for *_, words, _ in self._rows for term in words)
        self._weights = {term: math.log(1 + len(self._rows) / n) for term, n in counts.items()}
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
        values = _set_by_rule(unit.text)
        words = _words(f"{title} {unit.heading} {unit.text}")
        found = []
        for new in values:
            for number in self._by_kind.get((new.kind, new.unit), ()):
                guide, passage, line, said, stated = self._rows[number]
                same = [atom for atom in stated if (atom.kind, atom.unit) == (new.kind, new.unit)]
                if any(atom.value == other.value for atom in same for other in values):
                    continue  # the line says one of the document's own values
                likeness = self._likeness(words, said)
                if likeness >= MIN_LIKENESS:
                    found.append(Overtaken(guide, passage, line, unit, same[0], new, likeness))
        return sorted(found, key=lambda row: -row.likeness)[:_PER_UNIT]

    def _likeness(self, words: set[str], said: set[str]) -> float:
        """Return the share of the line's words, by rarity, that the unit has, in [0, 1]."""
        whole = sum(self._weights[term] for term in said)
        return sum(self._weights[term] for term in said & words) / whole if whole else 0.0


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
            if re.search(rf"(?<![\w/]){re.escape(number)}(?![\w/])", item.text)
        }
        if named:
            found[guide.id] = sorted(named)
    return found


def _words(text: str) -> set[str]:
    """Return the terms of a text without its values."""
    for atom in sorted({a.text for a in atoms(text)}, key=len, reverse=True):
        text = text.replace(atom, " ")
    return terms(text)


def _set_by_rule(text: str) -> tuple[Atom, ...]:
    return tuple(
        atom for atom in atoms(text) if atom.kind in _SET or (atom.kind is AtomKind.NUMBER and atom.unit in _PERIODS)
    )
