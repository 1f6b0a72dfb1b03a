"""Spaces in the wrong places: letters of a syllable split apart, words run together, words parted at the end of a line.

The reading of a line is the cheapest one: rare syllables and pairs that nobody has written cost, so does every join. Words that
are Vietnamese as they stand are joined or split by no rule here. Nothing does I/O but loading the language.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rag.documents.language import cased, is_well_formed, language
from rag.text import has_marks

_LETTERS = re.compile(r"[^\W\d_]+")
_CHUNK = re.compile(r"(?P<lead>[^\w\s]*)(?P<core>(?:\S*\w)?)(?P<trail>[^\w\s]*)")
_MOST_PARTS = _MOST_LETTERS = 7  # of a syllable: "nghiêng"
# In units of `Language.cost`. A part of a syllable stands alone nowhere; a foreign word, a short form, a number do.
_REAL, _FOREIGN, _PART, _JOIN = 1.0, 3.0, 7.0, 1.0
_GAIN = 2.0
_UNITS = frozenset("m km cm mm g kg mg l ml h ha w kw v s t đ".split())
# A line is spaced out letter by letter when so many of its pieces are single characters, and at least so many of them letters.
_SPACED_SHARE, _SPACED_LETTERS = 0.6, 4
_DIGITS_APART = re.compile(r"(?<=\d) (?:([.,]) )?(?=\d)")
_NUMBERED = re.compile(
    r"\b(Điều|Khoản|Mục|Chương|Phần|Bước|Mẫu|ngày|tháng|năm|điều|khoản|mục|bước)(?=\d)|(?<=\d)(?=của\b|năm\b|tháng\b|ngày\b|Điều\b)"
)
# "Nghị định.Điều", "5.Lệ", "có,không"; not "TP.Hồ", "Q.Tân", "gov.vn".
_STOP = re.compile(r"(?<=[^\W_])([.;:,)])(?=[^\W\d_]{2})")
_FOREIGN_TOKEN = re.compile(r"[/@\\_=]|www\.|https?:")
_LONGEST_GLUED = 40
# Short loan words read like two syllables ("axít", "Kitô", "đôla"), but only one of those has marks, or one is rare.
_LOAN_LETTERS = 5
_FREQUENT = 2.2
_HYPHENS = ("-", "‐", "\xad", "¬")
_NEAR = 3  # words on both sides of the end of a line tell what its parts make
# Shorter parts of English words keep their hyphen: "e-mail", "check-in".
_ENGLISH_LETTERS = 3


@dataclass(frozen=True, slots=True)
class _Piece:
    """What stands between two spaces: a word and the signs on both sides of it."""

    lead: str
    core: str
    trail: str

    @property
    def word(self) -> str:
        return _word(self.core)


def _whole(group: Sequence[_Piece]) -> str:
    return "".join(piece.core for piece in group)


@lru_cache(maxsize=65536)
def _word(core: str) -> str:
    """Return letters as the list of syllables has them: "HOÀ" → "hòa"."""
    return language().whole(core.lower())


def _pieces(text: str) -> list[_Piece]:
    return [_Piece(**_CHUNK.fullmatch(chunk).groupdict()) for chunk in text.split(" ")]  # type: ignore[union-attr]


def join_split(text: str) -> str:
    """Return a cleaned line with the letters of its syllables together again: "ĐIỀ U KHO ẢN" → "ĐIỀU KHOẢN"."""
    if not any(map(_is_part, _LETTERS.findall(text))):
        return text
    return "\n".join(_join_line(line) for line in text.split("\n"))


@lru_cache(maxsize=65536)
def _is_part(core: str) -> bool:
    """Tell whether letters may be part of a syllable: no syllable themselves, and no word that has been written before."""
    word = _word(core)
    if not word.isalpha() or len(word) >= _MOST_LETTERS:
        return False
    if len(word) == 1:
        return True
    return not language().is_real(word) and not (len(word) > 2 and word.isascii() and language().knows(word))


def _join_line(line: str) -> str:
    pieces = _pieces(line)
    groups = _best_groups(pieces)
    if len(groups) == len(pieces):
        return line
    groups = _best_groups(pieces, torn=True)
    parts, at = [], 0
    for size in groups:
        group = pieces[at : at + size]
        word = cased(_word(core), core) if size > 1 and (core := _whole(group)) else group[0].core
        parts.append(group[0].lead + word + group[-1].trail)
        at += size
    joined = " ".join(parts)
    return _DIGITS_APART.sub(r"\1", joined) if _is_spaced_out(pieces) else joined


def _is_spaced_out(pieces: Sequence[_Piece]) -> bool:
    single = [piece for piece in pieces if len(piece.lead + piece.core + piece.trail) == 1]
    letters = sum(piece.core.isalpha() for piece in single)
    return len(single) >= _SPACED_SHARE * len(pieces) and letters >= _SPACED_LETTERS


def _best_groups(pieces: Sequence[_Piece], torn: bool = False) -> list[int]:
    """Return how many pieces in a row make a word each, cheapest over the line (Viterbi 1967).

    A line that is known to be `torn` may also have words whose parts are both syllables: "chu yến" for "chuyến".
    """
    # Per place: by how many pieces the last word took, the cost and the words so far.
    best: list[dict[int, tuple[float, int]]] = [{} for _ in range(len(pieces) + 1)]
    best[0][0] = (0.0, 0)
    is_part = [_is_part(piece.core) for piece in pieces]
    for end in range(1, len(pieces) + 1):
        for size in range(1, min(_MOST_PARTS, end) + 1):
            start = end - size
            group = pieces[start:end]
            if size > 1 and not ((any(is_part[start:end]) or (torn and _is_odd_pair(group))) and _joinable(group)):
                continue
            own = _group_cost(pieces, start, end)
            word = _word(_whole(group))
            options = []
            for before, (cost, _) in best[start].items():
                left = _word_before(pieces, start, before)
                whole = _REAL if size == 1 < before and _stands_behind(left, word) else own
                options.append((cost + whole + language().pair_cost(left, word), before))
            if options:
                best[end][size] = min(options)
    sizes: list[int] = []
    end, size = len(pieces), min(best[-1], key=lambda size: best[-1][size][0])
    total = best[-1][size][0]
    while end:
        sizes.append(size)
        end, size = end - size, best[end][size][1]
    return sizes[::-1] if total + _GAIN <= _plain_cost(pieces) else [1] * len(pieces)


def _stands_behind(left: str, letter: str) -> bool:
    """Tell whether a letter is a word that is written behind `left`, whose parts were joined: "th ú y" → "thú y"."""
    return len(letter) == 1 and bool(left) and language().is_real(letter) and language().knows(f"{left} {letter}")


def _is_odd_pair(group: Sequence[_Piece]) -> bool:
    return len(group) == 2 and not language().knows(f"{group[0].word} {group[1].word}")


def _plain_cost(pieces: Sequence[_Piece]) -> float:
    total = 0.0
    for n, piece in enumerate(pieces):
        total += _group_cost(pieces, n, n + 1)
        total += language().pair_cost(_word_before(pieces, n, 1) if n else "", piece.word)
    return total


def _word_before(pieces: Sequence[_Piece], start: int, size: int) -> str:
    """Return the word that `size` pieces before `start` make, "" where a sign parts it from the next."""
    if not size or pieces[start - 1].trail or (start < len(pieces) and pieces[start].lead):
        return ""
    return _word(_whole(pieces[start - size : start]))


def _joinable(group: Sequence[_Piece]) -> bool:
    """Tell whether pieces may be one syllable: letters alone, no sign between, in one kind of capitals."""
    if not all(piece.core.isalpha() for piece in group) or any(a.trail or b.lead for a, b in pairwise(group)):
        return False
    core = _whole(group)
    return len(core) <= _MOST_LETTERS and (core.isupper() or core[1:].islower()) and language().is_real(_word(core))


def _group_cost(pieces: Sequence[_Piece], start: int, end: int) -> float:
    group = pieces[start:end]
    if len(group) > 1:
        return _REAL + language().cost(_word(_whole(group))) + _JOIN * (len(group) - 1)
    word = group[0].word
    if not word.isalpha():
        return _REAL
    if language().is_real(word) and len(word) > 1:
        return _REAL + language().cost(word)
    if _is_label(pieces, start):
        return _REAL
    return _PART if _is_part(word) else _FOREIGN


def _is_label(pieces: Sequence[_Piece], at: int) -> bool:
    """Tell whether a letter stands by itself: a point of law ("điểm c khoản"), a unit behind a number ("20 m"), "a)", "A."."""
    piece = pieces[at]
    before = _word_before(pieces, at, 1) if at else ""
    if before[-1:].isdigit() and piece.word in _UNITS:
        return True
    if len(piece.core) > 1:
        return False
    if piece.trail:
        return True
    if piece.core.isupper() and not language().is_real(piece.word):
        ends_word = bool(before) and pieces[at - 1].core.isupper() and language().is_real(_word(before + piece.word))
        return not ends_word and language().knows(f"{before} {piece.word}")  # "VIỆC LÀ M", not "HẠNG B"
    after = pieces[at + 1].word if at + 1 < len(pieces) else ""
    pair = f"{before} {piece.word}" if before else f"{piece.word} {after}"
    return language().is_real(piece.word) and language().knows(pair)


def space_stops(text: str) -> str:
    """Return a cleaned line with a space behind the signs that end a clause: "1.Người lao động" → "1. Người lao động"."""
    return " ".join(
        chunk if chunk.isascii() or _FOREIGN_TOKEN.search(chunk) else _STOP.sub(_space_behind, chunk)
        for chunk in text.split(" ")
    )


def part_glued(text: str) -> str:
    """Return a cleaned line with words apart that ran together: "Điều5 Lệphí" → "Điều 5 Lệ phí"."""
    return " ".join(_part(chunk) for chunk in text.split(" "))


def _part(chunk: str) -> str:
    if len(chunk) < 4 or chunk.isascii() or _FOREIGN_TOKEN.search(chunk):
        return chunk
    chunk = _NUMBERED.sub(lambda match: f"{match[0]} ", chunk)
    return re.sub(r"[^\W\d_]{4,}", lambda match: _words(match[0]) or match[0], chunk)


def _space_behind(match: re.Match[str]) -> str:
    start, end = match.span()
    left = re.search(r"[^\W_]+$", match.string[max(0, start - _LONGEST_GLUED) : start])
    right = re.match(r"[^\W\d_]+", match.string[end : end + _LONGEST_GLUED])
    left, right = left[0] if left else "", right[0] if right else ""
    apart = (
        (left.isdigit() or (language().is_real(left.lower()) and not (left.isupper() and len(left) < 4)))
        and language().is_real(right.lower())
        and (match[0] != "." or (right[0].isupper() and right[1:].islower()))
        and not (left.isascii() and right.isascii() and not left.isdigit())
    )
    return f"{match[0]} " if apart else match[0]


def _words(glued: str) -> str | None:
    """Return the cheapest reading of `glued` as syllables that are written beside each other, None for a word of its own."""
    lower = glued.lower()
    if len(lower) > _LONGEST_GLUED or lower.isascii() or is_well_formed(lower):
        return None
    if language().knows(lower) and (glued.isupper() or glued[1:].islower()):  # "axít", "Kitô"
        return None
    # Per place: cost, where the last syllable began, the syllable.
    best: list[tuple[float, int, str] | None] = [(0.0, 0, ""), *[None] * len(lower)]
    for end in range(1, len(lower) + 1):
        for start in range(max(0, end - _MOST_LETTERS), end):
            reached, word = best[start], lower[start:end]
            if reached is None or not language().is_real(word) or not _is_cased(glued[start:end], glued.isupper()):
                continue
            if reached[2] and not language().knows(f"{reached[2]} {word}"):
                continue
            cost = reached[0] + _REAL + language().cost(word)
            if (known := best[end]) is None or cost < known[0]:
                best[end] = (cost, start, word)
    words, end = [], len(lower)
    while end and (reached := best[end]) is not None:
        words.append(glued[reached[1] : end])
        end = reached[1]
    sure = (
        len(glued) > _LOAN_LETTERS
        or sum(map(has_marks, words)) > 1
        or all(language().cost(word.lower()) < _FREQUENT for word in words)
    )
    return " ".join(words[::-1]) if not end and len(words) > 1 and sure else None


def _is_cased(word: str, capitals: bool) -> bool:
    return word.isupper() if capitals else word[1:].islower() or len(word) == 1


def join_torn(left: str, right: str) -> str | None:
    """Return two lines as one where the letters of a syllable are parted between them, None where they are not.

    ("nộp hồ sơ trự", "c tuyến") → "nộp hồ sơ trực tuyến".
    """
    before, after = left.rsplit(" ", _NEAR), right.split(" ", _NEAR)
    ends = (_CHUNK.fullmatch(before[-1]), _CHUNK.fullmatch(after[0]))
    if not any(end and _is_part(end["core"]) for end in ends):
        return None
    near, next_ones = before[-_NEAR:], after[:_NEAR]
    mended = join_split(" ".join([*near, *next_ones])).split(" ")
    if len(mended) != len(near) + len(next_ones) - 1 or mended[: len(near) - 1] != near[:-1]:
        return None
    return " ".join([*before[:-1], mended[len(near) - 1], *after[1:]])


def join_hyphenated(left: str, right: str) -> str | None:
    """Return two lines as one where the first ends in a hyphen, None where that is a dash or no hyphen at all.

    ("thường-", "trú") → "thường trú"; ("VN-", "eID") → "VNeID"; ("NĐ-", "CP") → "NĐ-CP"; ("2024-", "2025") → "2024-2025".
    """
    left, right = left.rstrip(), right.lstrip()
    if not left.endswith(_HYPHENS):
        return None
    last, first = re.search(r"([^\W_]+).$", left[-_LONGEST_GLUED:]), re.match(r"[^\W_]+", right)
    if not last or not first:
        return None
    kept, (one, other) = left[:-1], (last[1], first[0])
    small = (one + other).lower()
    if other.isupper() or other[0].isdigit() or one[-1].isdigit():
        return f"{kept}-{right}"
    if language().is_real(one.lower()) and language().is_real(other.lower()):
        apart = has_marks(one + other) and language().knows(f"{one} {other}".lower())
        return f"{kept} {right}" if apart else f"{kept}-{right}"
    if (one + other).isascii() and (one + other).islower():
        whole = min(len(one), len(other)) >= _ENGLISH_LETTERS
    else:
        whole = language().is_real(small) or language().knows(small)
    return kept + right if whole else f"{kept}-{right}"
