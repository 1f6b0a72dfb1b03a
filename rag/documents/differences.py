"""What has changed between two readings of one source, for the person who decides what follows from it.

Paragraphs are compared, then the words within one that was reworded, then the facts by value (`rag.atoms`). White space,
tones written either way, where lines break, page furniture ("Trang 3/10", "Cập nhật lúc …", "Lượt xem: 12") and paragraphs
that only moved are no changes. Nothing here does I/O.
"""

import re
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from rag.atoms import Atom, atoms
from rag.text import clean, fold

_ALIKE = 0.5  # share of common words from which a paragraph is the other one reworded
_COMMON_IN = 40  # a word that more paragraphs have than this does not help to find one's earlier form
_LONG = 2000
_NEAR = 3  # paragraphs on either side that are compared whatever their words
_TOKEN = re.compile(r"\s+|\w+(?:[.,/:-]\w+)*|[^\w\s]")
_DAY = r"(?:\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{4}-\d{2}-\d{2}|ngay \d{1,2} thang \d{1,2} nam \d{4})"
_HOUR = r"(?:\d{1,2}(?::\d{2}){1,2}(?: ?(?:am|pm|sa|ch))?|\d{1,2} gio(?: \d{1,2} phut)?|\d{1,2}h\d{0,2})"
_WHEN = rf"(?:(?:thu (?:hai|ba|tu|nam|sau|bay)|chu nhat),? ?)?(?:{_DAY}|{_HOUR}|[\s,|–-]|gmt ?\+?\d+|luc|ngay|\(|\))+"
# Whole paragraphs, without marks and in lower case, that a page prints about itself.
_FURNITURE = re.compile(
    rf"(?:(?:lan )?cap nhat(?: (?:lan cuoi|cuoi|luc|ngay|moi nhat))*|ngay (?:dang|cap nhat|xuat ban)|dang (?:luc|ngay)|hom nay) ?:? ?{_WHEN}"
    rf"|{_HOUR}[\s,|–-]+{_DAY}|{_DAY}[\s,|–-]+{_HOUR}|(?:thu (?:hai|ba|tu|nam|sau|bay)|chu nhat), ?(?:ngay )?{_DAY}[\s,|–-]*(?:{_HOUR})?"
    r"|(?:so )?(?:luot|lan) (?:xem|truy cap|doc|tai)(?: trang)? ?:? ?[\d.,]+|(?:da )?xem ?:? ?[\d.,]+(?: luot| lan)?|[\d.,]+ luot (?:xem|truy cap|doc)"
    r"|(?:dang|tong)(?: so)? (?:online|truc tuyen|truy cap)(?: hien tai)? ?:? ?[\d.,]+|(?:hom nay|hom qua|tuan nay|thang nay|tat ca) ?:? ?[\d.,]+"
    r"|trang ?\d+(?: ?(?:/|tren|cua) ?\d+)?|[-–—] ?\d+ ?[-–—]|in (?:bai viet|trang nay)|chia se|quay lai|ve dau trang|\W*"
)  # fmt: skip
# The same at the end of a paragraph that says something: "… (Cập nhật lúc 08:00 01/7/2026)".
_STAMP = re.compile(
    r"[\s(\[–-]*(?:lần )?cập nhật(?: (?:lần cuối|cuối|lúc|ngày|mới nhất))*\s?:?\s?(?:\d{1,2}[:h]\d{0,2}(?::\d{2})?|\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|[\s,|–-])+[)\].]*\s*$",
    re.IGNORECASE,
)


class ChangeKind(StrEnum):
    """What happened to a paragraph."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class WordChange:
    """A run of words: `before` and `after` are equal where nothing changed, "" where words came or went."""

    before: str
    after: str

    @property
    def same(self) -> bool:
        """Tell whether these words stand in both."""
        return self.before == self.after


@dataclass(frozen=True, slots=True)
class AtomChange:
    """A fact that went, came, or took the place of another of its kind ("50.000 đồng" → "70.000 đồng")."""

    before: Atom | None
    after: Atom | None

    def __str__(self) -> str:
        return f"{self.before.text if self.before else '∅'} → {self.after.text if self.after else '∅'}"


@dataclass(frozen=True, slots=True)
class ParagraphChange:
    """A paragraph that is not as it was. `old_at` and `new_at` count the paragraphs of each reading from 0.

    `before` is "" for an added one, `after` for a removed one; `words` join to both; `facts` are its changed atoms.
    """

    kind: ChangeKind
    before: str
    after: str
    old_at: int | None
    new_at: int | None
    words: tuple[WordChange, ...] = ()
    facts: tuple[AtomChange, ...] = ()


@dataclass(frozen=True, slots=True)
class _Paragraph:
    at: int
    text: str


def text_changes(old: Sequence[str], new: Sequence[str]) -> tuple[ParagraphChange, ...]:
    """Return what changed between two readings' paragraphs, in the order of the new one.

    ["Lệ phí: 50.000 đồng.", "Cập nhật lúc 08:00"] and ["Lệ phí: 70.000 đồng.", "Cập nhật lúc 09:30"] differ in one paragraph,
    whose fact is "50.000 đồng → 70.000 đồng".
    """
    before, after = _paragraphs(old), _paragraphs(new)
    lost, come = _unmatched(before, after)
    pairs = _pairs(lost, come)
    changes = [_change(lost_one, new_one) for lost_one, new_one in pairs]
    taken = {(a.at, b.at) for a, b in pairs}
    gone, found = {a for a, _ in taken}, {b for _, b in taken}
    changes += [_change(p, None) for p in lost if p.at not in gone]
    changes += [_change(None, p) for p in come if p.at not in found]
    return tuple(sorted(changes, key=_order(before, after)))


def changed_atoms(old: str, new: str) -> tuple[AtomChange, ...]:
    """Return the facts of `old` that `new` lacks and the other way round, paired where one took another's place.

    The same value in other words ("30 nghìn đồng", "30.000 đồng") is no change.
    """
    was, now = atoms(old), atoms(new)
    if _without_values(old, was) == _without_values(new, now):
        return tuple(AtomChange(*pair) for pair in zip(was, now, strict=True) if _value(pair[0]) != _value(pair[1]))
    a, b = [_value(atom) for atom in was], [_value(atom) for atom in now]
    kept_a, kept_b = Counter(b), Counter(a)  # what only moved within the text stands in both
    changes: list[AtomChange] = []
    for tag, a1, a2, b1, b2 in _opcodes(a, b):
        if tag == "equal":
            continue
        gone = [atom for atom in was[a1:a2] if _value(atom) not in kept_a]
        came = [atom for atom in now[b1:b2] if _value(atom) not in kept_b]
        for atom in gone:
            other = next((c for c in came if (c.kind, c.unit) == (atom.kind, atom.unit)), None)
            other = other or next((c for c in came if c.kind is atom.kind), None)
            changes.append(AtomChange(atom, other))
            if other:
                came.remove(other)
        changes += [AtomChange(None, atom) for atom in came]
    return tuple(changes)


def _without_values(text: str, found: Sequence[Atom]) -> list[str]:
    """Return what stands around the facts of a text, piece by piece."""
    pieces = []
    for atom in found:
        before, _, text = text.partition(atom.text)
        pieces.append(before)
    return [*pieces, text]


def _value(atom: Atom) -> tuple[str, str, str]:
    return atom.kind, atom.value, atom.unit


def _paragraphs(texts: Iterable[str]) -> list[_Paragraph]:
    """Clean paragraphs without the page's furniture, each on one line."""
    found = ((n, _STAMP.sub("", " ".join(clean(text).split()))) for n, text in enumerate(texts))
    return [_Paragraph(n, text) for n, text in found if not _FURNITURE.fullmatch(fold(text))]


def _unmatched(old: Sequence[_Paragraph], new: Sequence[_Paragraph]) -> tuple[list[_Paragraph], list[_Paragraph]]:
    """Return the paragraphs of each that the other has neither there, nor elsewhere, nor only broken otherwise."""
    lost: list[_Paragraph] = []
    come: list[_Paragraph] = []
    for tag, a1, a2, b1, b2 in _opcodes([p.text for p in old], [p.text for p in new]):
        if tag != "equal" and _joined(old[a1:a2]) != _joined(new[b1:b2]):
            lost += old[a1:a2]
            come += new[b1:b2]
    moved = Counter(p.text for p in lost) & Counter(p.text for p in come)
    return _without(lost, moved), _without(come, moved)


def _opcodes(a: Sequence[Hashable], b: Sequence[Hashable]) -> Iterable[tuple[str, int, int, int, int]]:
    """Compare exactly where that is quick; in long lists what stands there very often is no anchor."""
    return SequenceMatcher(None, a, b, autojunk=len(b) > _LONG).get_opcodes()


def _joined(paragraphs: Iterable[_Paragraph]) -> str:
    return "".join(p.text for p in paragraphs).replace(" ", "")


def _without(paragraphs: Iterable[_Paragraph], moved: Counter[str]) -> list[_Paragraph]:
    left = Counter(moved)
    kept = []
    for paragraph in paragraphs:
        if left[paragraph.text] > 0:
            left[paragraph.text] -= 1
        else:
            kept.append(paragraph)
    return kept


def _pairs(lost: Sequence[_Paragraph], come: Sequence[_Paragraph]) -> list[tuple[_Paragraph, _Paragraph]]:
    """Pair each paragraph with its reworded form: the most alike first, of equally alike ones the nearest."""
    words = {id(p): Counter(_words(p.text)) for p in (*lost, *come)}
    holders: dict[str, list[int]] = defaultdict(list)
    for n, paragraph in enumerate(come):
        for word in words[id(paragraph)]:
            holders[word].append(n)
    places = [p.at for p in come]
    likeness = []
    for m, paragraph in enumerate(lost):
        near = bisect(places, paragraph.at)
        candidates = {n for n in range(near - _NEAR, near + _NEAR) if 0 <= n < len(come)}
        candidates |= {n for word in words[id(paragraph)] if len(holders[word]) <= _COMMON_IN for n in holders[word]}
        for n in candidates:
            share = _share(words[id(paragraph)], words[id(come[n])])
            if share >= _ALIKE:
                likeness.append((-share, abs(paragraph.at - come[n].at), m, n))
    pairs, used_a, used_b = [], set(), set()
    for _, _, m, n in sorted(likeness):
        if m not in used_a and n not in used_b:
            used_a.add(m)
            used_b.add(n)
            pairs.append((lost[m], come[n]))
    return pairs


def _words(text: str) -> list[str]:
    return re.findall(r"\w+(?:[.,/:-]\w+)*", text.lower())


def _share(a: Counter[str], b: Counter[str]) -> float:
    """Return the share of words that two paragraphs have in common (Dice, 1945)."""
    return 2 * (a & b).total() / max(1, a.total() + b.total())


def _change(old: _Paragraph | None, new: _Paragraph | None) -> ParagraphChange:
    before, after = old.text if old else "", new.text if new else ""
    kind = ChangeKind.ADDED if old is None else ChangeKind.REMOVED if new is None else ChangeKind.CHANGED
    words = _word_changes(before, after) if kind is ChangeKind.CHANGED else ()
    at = old.at if old else None, new.at if new else None
    return ParagraphChange(kind, before, after, *at, words, changed_atoms(before, after))


def _word_changes(before: str, after: str) -> tuple[WordChange, ...]:
    """Split two texts into runs of words that are the same or not; the runs of each join to it."""
    a, b = _TOKEN.findall(before), _TOKEN.findall(after)
    runs: list[WordChange] = []
    for tag, a1, a2, b1, b2 in _opcodes(a, b):
        run = WordChange("".join(a[a1:a2]), "".join(b[b1:b2]))
        # A lone space between two changed runs would cut one change into three.
        if len(runs) > 1 and tag != "equal" and runs[-1].same and not runs[-1].before.strip():
            space, last = runs.pop(), runs.pop()
            run = WordChange(last.before + space.before + run.before, last.after + space.after + run.after)
        runs.append(run)
    return tuple(runs)


def _order(old: Sequence[_Paragraph], new: Sequence[_Paragraph]) -> Callable[[ParagraphChange], tuple[float, int]]:
    """Sort by the place in the new reading; a removed paragraph comes where it would stand."""
    places: dict[str, int] = {p.text: p.at for p in new}
    after: dict[int, float] = {}
    last = -1.0
    for paragraph in old:
        last = places.get(paragraph.text, last)
        after[paragraph.at] = last + 0.5

    def key(change: ParagraphChange) -> tuple[float, int]:
        where = change.new_at if change.new_at is not None else after[change.old_at or 0]
        return float(where), change.old_at or 0

    return key
