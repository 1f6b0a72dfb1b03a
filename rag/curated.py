"""Answers that a trainer has approved: whether one still holds, and which one a question asks for. Nothing here does I/O.

An approved answer is bound to the digests of the passages that it cites. It is served only to the question it was approved for,
asked again: every word that tells one question from another must be there and no other. People may type it without marks, with
a slip, politely, or ask "bao nhiêu tiền" as "mấy tiền". What is asked in other words is not matched, and gets the ordinary answer.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import SequenceMatcher
from heapq import nlargest

from rag.answers import Citation
from rag.clock import VIETNAM
from rag.factlock import lock
from rag.guides import Passage
from rag.index import Index
from rag.questions import Lexicon, Reader
from rag.retrieval import is_marked
from rag.text import clean, fold, has_marks, syllables


@dataclass(frozen=True, slots=True)
class CuratedCitation:
    """What backs the sentences marked [number]: whole lines of a passage, which had this digest when they were approved."""

    number: int
    passage_id: str
    digest: str
    quote: str


@dataclass(frozen=True, slots=True)
class CuratedAnswer:
    """An approved answer to `question`, and to what else trainers hold to be the same (`also`). `text` and `more` are as an
    `Answer` has them; `approved_by` is a name as learners see it.
    """

    id: str
    question: str
    also: tuple[str, ...]
    text: str
    more: str | None
    citations: tuple[CuratedCitation, ...]
    approved_by: str
    approved_at: datetime

    @property
    def checked_by(self) -> str:
        """Who approved it and on which day in Vietnam: "Lan, 27/11/2026"."""
        when = self.approved_at.astimezone(VIETNAM) if self.approved_at.tzinfo else self.approved_at
        return f"{self.approved_by}, {when:%d/%m/%Y}"


def citations_of(curated: CuratedAnswer, passages: Mapping[str, Passage]) -> tuple[Citation, ...]:
    """Return its citations with the sources of the quoted lines; those of a passage that is gone are left out."""
    found = ((c, passages[c.passage_id]) for c in curated.citations if c.passage_id in passages)
    return tuple(
        Citation(
            c.number, p.guide_id, p.id, f"{p.guide_title} – {p.heading}", c.quote,
            tuple(dict.fromkeys(s for line in p.lines if line.text in c.quote.split("\n") for s in line.sources)),
        )
        for c, p in found
    )  # fmt: skip


def lapses(curated: CuratedAnswer, passages: Mapping[str, Passage], day: date) -> list[str]:
    """Return why the answer does not hold on `day`, for trainers; [] when it holds. `passages` are those in force, by id."""
    shown = f"{curated.text}\n{curated.more or ''}"
    if not any(f"[{c.number}]" in shown for c in curated.citations):
        return ["Câu trả lời không dẫn nguồn nào."]
    reasons = [reason for c in curated.citations for reason in _faults(c, passages.get(c.passage_id), day)]
    cited = citations_of(curated, passages)
    dropped = lock(shown, cited).dropped if len(cited) == len(curated.citations) else ()
    return reasons + [f"Trong các câu được trích không có: {lost}." for _, lost in dropped]


def _faults(citation: CuratedCitation, passage: Passage | None, day: date) -> Iterator[str]:
    if passage is None:
        yield f"Đoạn “{citation.passage_id}” không còn trong tài liệu."
        return
    title = f"{passage.guide_title} – {passage.heading}"
    if passage.digest != citation.digest:
        yield f"Đoạn “{title}” đã sửa sau khi duyệt."
    lines = {line.text: line for line in passage.lines}
    for quoted in citation.quote.split("\n"):
        if quoted not in lines:
            yield f"Đoạn “{title}” không có câu “{quoted}”."
        elif not lines[quoted].valid_on(day):
            yield f"Câu “{quoted}” không có hiệu lực vào ngày {day:%d/%m/%Y}."


# What comes before a question and is none of it.
_OPENING = (
    r"^(?:(?:(?:dạ|alo|vâng|thưa|xin chào|chào)(?: (?:bạn|bác|anh|chị|cô|chú|ad|admin|cán bộ|mọi người))?(?: ạ)?"
    r"|(?:bạn|bác|anh|chị|cô|chú|ad|admin|cán bộ|mọi người|em|cháu) ơi"
    r"|(?:làm ơn |xin |vui lòng )?(?:cho )?(?:(?:tôi|tui|em|mình|cháu|con|bác|cô|chú|anh|chị) )?(?:xin |muốn |cần )?(?:được )?hỏi"
    r"(?: chút| tí| xíu| thăm| là| với| một chút| một câu)*"
    r"|(?:làm ơn |xin |vui lòng )?cho (?:(?:tôi|tui|em|mình|cháu|con|bác|cô|chú|anh|chị) )?biết(?: là)?) )+"
)
# One form where people have several ways to ask for the same; a form's own words are never taken for others.
_FORMS = (
    (r"(?:của|cho) (?:tôi|tui|mình|tớ)\b", ""),
    (r"(?:mất |hết |tốn |phải trả )?(?:khoảng )?(?:bao nhiêu|mấy) (?:tiền|đồng)", "bao_nhieu_tien"),
    (r"(?:mất |hết |tốn )?(?:khoảng )?(?:bao nhiêu lâu|bao lâu)", "bao_lau"),
    (r"(?:mất |hết |tốn )?(?:khoảng )?(?:bao nhiêu|mấy) (?:ngày|hôm)", "may_ngay"),
    (r"(?:ở|tại|ra|đến|tới) (?:đâu|chỗ nào|nơi nào)|chỗ nào|nơi nào", "o_dau"),
    (r"(?:những |các )?(?:loại )?giấy tờ (?:gì|nào)", "giay_to_gi"),
    (r"(?:như )?thế nào|ra sao|kiểu gì|bằng cách nào", "the_nao"),
    (r"(?<=làm )sao", "the_nao"),
    (r"(?:có )?được (?:hay )?không", "duoc_khong"),
)  # fmt: skip
_MARKED, _FOLDED = (
    [
        (re.compile(change(_OPENING)), ""),
        *((re.compile(rf"(?<!\w)(?:{change(said)})(?!\w)"), form) for said, form in _FORMS),
    ]
    for change in (str, fold)
)
# Words that tell no question from another; fewer when they stand without marks ("la" may be a stranger, "muon" late).
_FREE = frozenset(
    "tôi tui t mình tớ thì là mà cái những các muốn ạ à vậy thế nhỉ nhé nha hả hở đấy đó với ta z ad ơi dạ".split()
)
_FREE_FOLDED = frozenset("toi tui t cac nhung a vay nhi nhe z ad oi".split())
_SLIP_CHARS = 3  # shorter words are one slip away from half the language
_SLIP = 0.3  # what a slip adds to the difference: a question may have two
_CANDIDATES = 8
# Less than the commonest word weighs: of the table that `python -m evals.bench_curated` prints, above it other questions are
# served.
THRESHOLD = 0.65


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in its one form: its words with marks and without, which of them tell nothing, whether it was typed with
    marks, and words that were read as others with how they were typed.
    """

    words: tuple[str, ...]
    plain: tuple[str, ...]
    free: tuple[bool, ...]
    marked: bool
    typed: Mapping[str, str]


class CuratedMatcher:
    """Finds the approved answers to a question among those given; safe to ask from several threads."""

    def __init__(self, answers: Sequence[CuratedAnswer], index: Index, reader: Reader) -> None:
        self._reader = reader
        self._counts = index.keyword["guide-folded"].frequencies()
        self._size = len(index.guides)
        newest = sorted(answers, key=lambda a: a.approved_at.astimezone(VIETNAM), reverse=True)
        self._asked = [
            (answer, asked)
            for answer in newest
            for question in (answer.question, *answer.also)
            for asked in self.approved(question)
        ]
        self._rows: dict[str, list[int]] = defaultdict(list)
        for row, (_, asked) in enumerate(self._asked):
            for word in set(asked.plain):
                self._rows[word].append(row)

    def find(self, question: str) -> CuratedAnswer | None:
        """Return the answer that fits best, whether or not it still holds; None where none fits."""
        return next(iter(self.matches(question)), None)

    def matches(self, question: str) -> list[CuratedAnswer]:
        """Return the answers that were approved for this question, best and newest first."""
        asked = self.asked(question)
        found = [(self.difference(asked, self._asked[row][1]), row) for row in self._candidates(asked)]
        best = (self._asked[row][0] for difference, row in sorted(found) if difference <= THRESHOLD)
        return list({answer.id: answer for answer in best}.values())

    def asked(self, question: str) -> Asked:
        """Return a question, as a learner typed it, in its one form."""
        question = clean(question)
        read = self._reader.read(question).text
        units, typed = syllables(read), syllables(question)
        marked = is_marked(read)
        words = _one_form(units, marked, self._reader.lexicon)
        changed = {a: b for a, b in zip(units, typed, strict=True) if a != b} if len(units) == len(typed) else {}
        free = _FREE if marked else _FREE_FOLDED
        return Asked(words, tuple(map(fold, words)), tuple(word in free for word in words), marked, changed)

    def approved(self, question: str) -> list[Asked]:
        """Return the forms of an approved question: as it stands, and as those type it who leave out the marks."""
        return [self.asked(text) for text in dict.fromkeys((question, fold(clean(question))))]

    def difference(self, one: Asked, other: Asked) -> float:
        """Return what tells a learner's question from an approved one: the rarity of every word that only one of them has, and a
        little for each slip; 0 when they are the same.
        """
        left, slips = self._compared(one, other)
        return sum(map(self._weight, left)) + _SLIP * slips

    def _candidates(self, asked: Asked) -> list[int]:
        """Return the rows of the approved questions that share most with a question, by rarity, and half of its words at least."""
        shared: dict[int, float] = defaultdict(float)
        known = 0.0  # what the guides do not know may be a slip
        for word in set(asked.plain):
            weight = self._weight(word)
            known += weight * (word in self._counts)
            for row in self._rows.get(word, ()):
                shared[row] += weight
        enough = [row for row, weight in shared.items() if weight >= known / 2]
        return nlargest(_CANDIDATES, enough, key=shared.__getitem__)

    def _weight(self, word: str) -> float:
        """Return the inverse document frequency of a folded word over guides, log 2 at least; unknown words count most."""
        return math.log(1 + self._size / self._counts.get(word, 1))

    def _compared(self, one: Asked, other: Asked) -> tuple[list[str], int]:
        """Return the folded words that only one of two questions has, without free ones, and the number of slips."""
        exact = one.marked and other.marked
        ours, theirs = (one.words, other.words) if exact else (one.plain, other.plain)
        left: list[str] = []
        slips = 0
        for kind, a, b, c, d in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
            if kind == "equal":
                continue
            for n in range(a, b):
                at = next((m for m in range(c, d) if self._alike(one, n, other, m)), None)
                if at is None:
                    left += _telling(one, n, n + 1)
                else:
                    slips += one.plain[n] != other.plain[at]
                    left += _telling(other, c, at)
                    c = at + 1
            left += _telling(other, c, d)
        return left, slips

    def _alike(self, one: Asked, n: int, other: Asked, m: int) -> bool:
        """Tell whether word `n` is word `m` of the other without its marks, or was typed as a slip of it that is no word of the
        guides.
        """
        wanted = other.plain[m]
        if one.plain[n] == wanted:
            return not (one.marked and other.marked and has_marks(one.words[n]) and has_marks(other.words[m]))
        typed = fold(one.typed[one.words[n]]) if one.words[n] in one.typed else one.plain[n]
        if len(typed) < _SLIP_CHARS or abs(len(typed) - len(wanted)) > 1 or typed in self._counts:
            return False
        return typed.isalpha() and wanted.isalpha() and _is_slip(typed, wanted)


def _one_form(units: list[str], marked: bool, lexicon: Lexicon) -> tuple[str, ...]:
    """Return the words of a question, short forms written out and ways to ask in one form."""
    text = " ".join(_in_full(units, lexicon))
    text = text if marked else fold(text)
    for pattern, form in _MARKED if marked else _FOLDED:
        text = pattern.sub(form, text)
    return tuple(text.split())


def _in_full(units: list[str], lexicon: Lexicon) -> list[str]:
    """Put the meaning in the place of each short or spoken form, the longest where several stand."""
    entries = sorted(lexicon.find(units), key=lambda entry: -len(entry.said))
    full: list[str] = []
    at = 0
    while at < len(units):
        entry = next((e for e in entries if e.stands_at(at, units)), None)
        full += syllables(entry.means) if entry else [units[at]]
        at += len(entry.said) if entry else 1
    return full


def _is_slip(typed: str, word: str) -> bool:
    """Tell whether one letter was dropped, added, changed, or swapped with the next."""
    start = next((n for n, (a, b) in enumerate(zip(typed, word, strict=False)) if a != b), min(len(typed), len(word)))
    a, b = typed[start:], word[start:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _telling(asked: Asked, start: int, end: int) -> list[str]:
    """Return the folded words of a part of a question without the free ones."""
    return [asked.plain[n] for n in range(start, end) if not asked.free[n]]
