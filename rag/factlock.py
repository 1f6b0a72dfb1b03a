"""The fact lock: nothing an answer states is missing from the passage it cites, or contradicts it. Nothing here does I/O.

Every amount, period, date, phone, link, form code, document number and authority of a sentence must occur in the quotes that
its [n] marks cite, and what the quotes deny must not be affirmed (`rag.atoms`, `rag.polarity`). A composed line is a guide's
own; a sentence that a model wrote must also speak of the same things as its quote.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from rag.answers import Citation
from rag.atoms import Atom, AtomKind, atoms, missing
from rag.polarity import contradictions
from rag.text import clean, fold, sentences, syllables

MARK = re.compile(r"\s*\[(\d+)\]")
_LIST_NUMBER = re.compile(r"^\s*(?:\d+\.|-)\s+")


def _words(pattern: str, flags: re.RegexFlag = re.NOFLAG) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", flags)


_NAMED = re.compile(
    r"\b(?:Bộ [A-ZĐ]\w+(?: và [A-ZĐ]\w+| [a-zà-ỹđ]+)?|Cục [A-ZĐ]\w+|Sở [A-ZĐ]\w+(?: [a-zà-ỹđ]+)?|Chi cục [A-ZĐ]\w+|"
    r"Ngân hàng Nhà nước|Tòa án)"
)
_LEVELS = {
    "xã": ("xã", "phường", "thị trấn", "đặc khu"),
    "huyện": ("huyện", "quận", "thị xã"),
    "tỉnh": ("tỉnh", "thành phố"),
    "trung ương": ("trung ương",),
}
_LEVEL_OF = {name: level for level, names in _LEVELS.items() for name in names}
_LEVEL = "|".join(sorted(_LEVEL_OF, key=len, reverse=True))
_BODIES = {
    "công an": "công an",
    "ủy ban nhân dân": "ủy ban nhân dân",
    "ubnd": "ủy ban nhân dân",
    "ủy ban": "ủy ban nhân dân",
}
# "Công an xã, phường", "UBND cấp tỉnh": one body at one or more levels. "xã hội" and "tỉnh táo" are no levels, and a level that
# is no more is no place to go to.
_LOCAL = re.compile(
    rf"(?<!\w)(?<!không còn cấp )(?:(?P<body>{'|'.join(_BODIES)})(?: nhân dân)?(?: (?:của |cấp )*(?P<levels>(?:{_LEVEL})(?!\w| hội| táo)"
    rf"(?:(?:, | và | hoặc |/| hay )(?:cấp )?(?:{_LEVEL})(?!\w| hội| táo))*))?|(?P<level>{_LEVEL})(?! hội| táo))(?!\w)"
)


# What overlap of words and likeness of meaning with its quote a written sentence needs, together (at most 2). Reworded true
# sentences have 1.27 to 2.0 (first percentile 1.35); beside another passage of the same guide 98 of 100 have less than 1.3.
_SUPPORT = 1.3

# From this share of shared words on, a claim is of one sentence of its quote, not of several.
_ONE_SENTENCE = 0.6

# Rewordings by hand have at most eight words in a row that their line has not; a date in words takes six.
_OWN_WORDS = 8
_LEARNER = _words("tôi|tui|tao|em|cháu|con|anh ấy|chị ấy")
_STRONGER = _words("quyền|nghĩa vụ|(?:đơn giản|nhanh|tốt|dễ|tiện|an toàn) nhất")
_ONCE, _PAST = _words("trước đây|trước kia"), _words("trước|cũ|xưa|từng")
_REPORTED = _words("theo (?:báo|trang|hướng dẫn|nguồn|các nguồn|đài|công an|nhà cung cấp)|báo chí", re.IGNORECASE)
_REPORTS = _words("báo|trang|theo|nguồn|đài|hướng dẫn|công bố|cho biết|nói|nêu")
_ONLY, _EXCLUSIVE = (
    _words("chỉ|duy nhất"),
    _words("chỉ|duy nhất|mới|thôi|ngoài|riêng|không|trừ|đúng|một|chưa|nhất|phải|nay"),
)
_CONDITION = _words("nếu|khi|thì|trường hợp|với|muốn|ai|để|lúc|hễ|cho|của|người|mà|do|vì|sau|trước|ngoài ra|cũng")
# A sentence that goes on with the one before it, and one that tells who says all of this.
_GOES_ON = _words(r"(?:hoặc|đồng thời|họ|nơi|(?:\w+ ){0,3}(?:này|đó|đây|ấy|cũng))")
_SAYS_WHO = _words(r"(?:(?:các )?điều này|(?:việc|thông tin) này|đ(?:ó|ây) là) theo")
_CALLED_DIGITS = 3
_QUOTED = re.compile(r"[“\"]([^“”\"]+)[”\"]")

Encode = Callable[[Sequence[str]], np.ndarray]


@dataclass(frozen=True, slots=True)
class Verified:
    """The text that may be shown, and the sentences that were dropped with what each lacked."""

    text: str
    dropped: tuple[tuple[str, str], ...]


def lock(text: str, citations: tuple[Citation, ...]) -> Verified:
    """Keep the lines of `text` whose facts their cited quotes contain; of lines without a mark, headings that are cited."""
    by_number = {c.number: c for c in citations}
    headings = {f"**{c.title.rpartition(' – ')[2]}**" for c in citations}
    kept, dropped = [], []
    for line in text.split("\n"):
        evidence = [
            f"{by_number[n].title}. {by_number[n].quote}" for n in map(int, MARK.findall(line)) if n in by_number
        ]
        lost = [] if line in headings else unsupported(_LIST_NUMBER.sub("", MARK.sub("", line)), evidence)
        if lost:
            dropped.append((line, ", ".join(lost)))
        else:
            kept.append(line)
    return Verified("\n".join(kept).strip(), tuple(dropped))


def unsupported(claim: str, evidence: Sequence[str]) -> list[str]:
    """Return the facts and authorities of `claim` that no text of `evidence` has, as they were written."""
    foreign = _foreign_authorities(clean(claim), clean(" ".join(evidence)))
    return [atom.text for atom in missing(claim, evidence)] + foreign


def _foreign_authorities(claim: str, evidence: str) -> list[str]:
    named = [name for name in _NAMED.findall(claim) if fold(name) not in fold(evidence)]
    foreign = authorities(claim) - authorities(evidence)
    with_body = {level for body, level in foreign if body}
    return named + sorted(f"{body} {level}".strip() for body, level in foreign if body or level not in with_body)


def objections(claim: str, title: str, quote: str, encode: Encode) -> list[str]:
    """Return why `claim`, in anybody's words, may not cite `quote` (of a passage with this title): foreign facts, what it
    affirms against the quote, or "" when it speaks of something else. Empty: it may. `encode` is an embedder's.
    """
    claim, quote = clean(claim), clean(quote)
    statements = _statements(quote)
    if claim.rstrip(".") in (part.rstrip(".") for part in (quote, *statements)):
        return []
    lost = tuple(a for a in missing(claim, [quote]) if _is_called(a) or missing(a.text, [title]))
    placed = [
        name for part in sentences(claim) for name in _foreign_authorities(part, _likest(part, statements) or quote)
    ]
    found = [atom.text for atom in lost] + _outdated(claim, quote, statements) + placed + _misquoted(claim, quote)
    found += contradictions(claim, quote) + _liberties(claim, _likest(claim, statements, 0.0) or quote, quote)
    return found if _support(claim, quote, lost, encode) >= _SUPPORT else [*found, ""]


def _outdated(claim: str, quote: str, statements: Sequence[str]) -> list[str]:
    """Return the facts that the claim tells as today's and the quote only of what was before."""
    today = [part for part in statements if not _ONCE.match(part.lower())]
    if len(today) in {0, len(statements)}:
        return []
    told = (part for part in sentences(claim) if not _PAST.search(part.lower()))
    return [atom.text for part in told for atom in missing(part, [" ".join(today)]) if not missing(atom.text, [quote])]


def _misquoted(claim: str, quote: str) -> list[str]:
    """Return what stands between quotation marks in the claim and is only a part of what does in the quote."""
    known = [fold(words) for words in _QUOTED.findall(quote)]
    return [words for words in _QUOTED.findall(claim) if _is_part(fold(words), known)]


def _is_part(words: str, known: Sequence[str]) -> bool:
    return words not in known and any(f" {words} " in f" {other} " for other in known)


def _is_called(atom: Atom) -> bool:
    """Tell a number that one calls: a title may list several, and only the quote says what each is for."""
    return atom.kind is AtomKind.NUMBER and not atom.unit and len(atom.value) >= _CALLED_DIGITS


def _likest(claim: str, statements: Sequence[str], least: float = _ONE_SENTENCE) -> str:
    """Return the statement that has most of the claim's words; "" when none has more than `least` of them."""
    said = set(syllables(claim))
    shared = [(len(said & set(syllables(part))) / (len(said) or 1), part) for part in statements]
    share, part = max(shared, default=(0.0, ""))
    return part if share > least else ""


def _statements(quote: str) -> list[str]:
    """Return the sentences of `quote`, each with those that go on with it."""
    found: list[str] = []
    for sentence in sentences(quote):
        if _SAYS_WHO.match(sentence.lower()):
            found = [f"{statement} {sentence}" for statement in found] or [sentence]
        elif found and _GOES_ON.match(sentence.lower()):
            found[-1] += f" {sentence}"
        else:
            found.append(sentence)
    return found


def _liberties(claim: str, sentence: str, quote: str) -> list[str]:
    """Return what a small model does to a true sentence: speaks as the learner, tells an old rule as today's, a report or a
    condition as the whole truth, adds "chỉ", a right or a superlative, or goes on in words of its own.
    """
    said, known = claim.lower(), quote.lower()
    found = [word for word in _LEARNER.findall(said) if word not in _LEARNER.findall(known)]
    found += [word for word in _STRONGER.findall(said) if word not in known and "được" not in known]
    if _ONCE.match(sentence.lower()) and not _PAST.search(said):
        found.append("trước đây")
    if _REPORTED.search(sentence) and not _REPORTS.search(said):
        found.append("theo báo chí")
    if _ONLY.search(said) and not _EXCLUSIVE.search(known):
        found.append("chỉ")
    if _drops_condition(said, sentence.lower()):
        found.append("điều kiện")
    words = set(syllables(known))
    longest = max((len(list(run)) for new, run in groupby(syllables(said), lambda u: u not in words) if new), default=0)
    return [*found, "…"] if longest > _OWN_WORDS else found


def _drops_condition(claim: str, sentence: str) -> bool:
    """Tell whether a sentence says "X thì Y" and the claim only Y."""
    condition, then, _ = sentence.partition(" thì ")
    words = set(syllables(condition))
    told = len(words & set(syllables(claim))) >= len(words) / 2
    return bool(then) and not told and not _CONDITION.search(claim)


def _support(claim: str, quote: str, lost: Sequence[Atom], encode: Encode) -> float:
    """Return the share of the claim's syllables that stand in the quote, facts in any form, plus the cosine of the two."""
    claim = _without_source(claim)
    said, known = syllables(claim), set(syllables(quote))
    known.update(unit for atom in atoms(claim) if atom not in lost for unit in syllables(atom.text))
    vectors = encode([claim, quote])
    return sum(unit in known for unit in said) / (len(said) or 1) + float(vectors[0] @ vectors[1])


def _without_source(text: str) -> str:
    """Return what is said without the sentences that tell who says it: two lines from one office are not alike by that."""
    return " ".join(part for part in sentences(text) if not _SAYS_WHO.match(part.lower())) or text


def authorities(text: str) -> set[tuple[str, str]]:
    """Return (body, level) of every local authority: "Công an xã, phường" → {("công an", ""), ("công an", "xã"), ("", "xã")}.

    Levels are "xã", "huyện", "tỉnh" and "trung ương": a ward is of the level of a commune.
    """
    found: set[tuple[str, str]] = set()
    for match in _LOCAL.finditer(clean(text).lower()):
        body = _BODIES.get(match["body"] or "", "")
        named = re.findall(_LEVEL, match["levels"] or match["level"] or "")
        found |= {(body, ""), *((body, _LEVEL_OF[name]) for name in named), *(("", _LEVEL_OF[name]) for name in named)}
    return found - {("", "")}
