"""Vietnamese as files and recognition spoil it, mended: old encodings, marks apart, letters apart, wrong marks, O for 0.

What is right comes back as `rag.text.clean` has it. A digit is never changed into another; only letters that stand for digits
inside a number are, and the fault says so. Nothing here does I/O but loading the language once.
"""

import re
import unicodedata
from collections.abc import Callable

from rag.documents.language import TONES, cased, is_well_formed, language, marks_apart
from rag.documents.legacy import decode
from rag.documents.pages import Fault
from rag.documents.quality import score_lines
from rag.documents.spacing import join_hyphenated, join_split, join_torn, part_glued, space_stops
from rag.text import clean, fold, has_marks

__all__ = ["join_hyphenated", "join_torn", "mend", "score_lines"]

# Bullets, boxes and arrows of Symbol and Wingdings, whose letters Word and PDF keep in the private area.
_SYMBOLS = dict.fromkeys(map(chr, (0xF0B7, 0xF0A7, 0xF0D8, 0xF076, 0xF06C, 0xF06E, 0xF075, 0xF071, 0xF09F)), "•")
_SYMBOLS |= {"\uf02d": "-", "\uf0fc": "✓", "\uf0fe": "☑", "\uf0a8": "□", "\uf06f": "□", "\uf0e0": "→", "\uf0e8": "→"}
_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_FULL_WIDTH = {chr(0xFEE0 + n): chr(n) for n in range(0x21, 0x7F)}
_CHARACTERS = str.maketrans(_SYMBOLS | _LIGATURES | _FULL_WIDTH | {"Ɖ": "Đ", "ɖ": "đ"})
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # some part words in one reading and not in the next
_CYRILLIC = str.maketrans("аеорсухіАВЕКМНОРСТХІ", "aeopcyxiABEKMHOPCTXI")
_CYRILLIC_LETTER = re.compile("[а-яіА-ЯІ]")
_MARKS = "\u0300\u0301\u0302\u0303\u0306\u0309\u031b\u0323"
_LOOSE_MARK = re.compile(f"(?<=[\\w{_MARKS}]) (?=[{_MARKS}])")

# A number in groups of three, a date, a year: with letters that look like digits in them.
_D = "[0-9OolI]"
_SPOILT_NUMBER = re.compile(
    rf"(?<![\w.,/-])(?:{_D}{{1,3}}(?:\.{_D}{{3}})+|{_D}{{1,2}}([/-]){_D}{{1,2}}\1{_D}{{4}}|{_D}{{1,3}}/{_D}{{4}}(?=/)|(?:19|2[0Oo]){_D}{{2}})(?![\w]|[.,]\d)"
)
_LETTERS_FOR_DIGITS = str.maketrans("OolI", "0011")
_LEAST_DIGITS = 0.4  # of what stands in a number that is mended

# Real words that stand where only another one is written: recognition loses a mark.
_IN_PLACE = (
    (re.compile(r"(?<=\d\.\d{3} )(?:đông|dồng|dông|đòng|đổng|đống)\b"), "đồng"),
    (re.compile(r"^(?:Điêu|Điểu|Điếu|Đièu|Diều|Diêu)(?= \d+[a-zđ]?\b[.:]?)", re.MULTILINE), "Điều"),
    (re.compile(r"\b(?:khoán|khoàn|khoăn)(?= \d+[,;]? (?:và |của )?(?:[Đđ]iều|này|khoản))"), "khoản"),
    (re.compile(r"^(?:Chường|Chướng|Chưởng)(?= [IVX]+\b)", re.MULTILINE), "Chương"),
)
_WORD = re.compile(r"[^\W\d_]+")
_VIETNAMESE = re.compile("[a-zàáâãèéêìíòóôõùúýăđĩũơưạ-ỹ]+", re.IGNORECASE)
# In units of `Language.cost`: what every mark costs that must change, how far the best must be before the next.
_MARK_COST, _MARGIN, _MOST_CHANGES = 4.0, 1.0, 2
_MOST_PASSES = 3
# A row of single digits and letters is a row of a table, unless so many letters spell syllables.
_SPREAD_LETTERS = 4


def mend(text: str, font: str = "") -> tuple[str, frozenset[Fault]]:
    """Return a line or run as clean Vietnamese, and what was wrong: ("ĐIỀ U KHO ẢN", "") → "ĐIỀU KHOẢN", split letters.

    `font` is the name in the file; without one an old encoding is known by what it spells. A space at either end stays one.
    """
    decoded, legacy = decode(_without_cyrillic(_CONTROLS.sub("", text)), font)
    faults = {legacy} if legacy else set()
    joined = _LOOSE_MARK.sub("", decoded)
    if any(c in joined for c in _MARKS) and not unicodedata.is_normalized("NFC", joined):
        faults.add(Fault.NFD)
    translated = joined.translate(_CHARACTERS)
    spread = _join_spread(translated)
    mended = clean(spread)
    if not mended.isascii() and any(c in mended for c in _MARKS):
        mended = clean(mended)  # a second tone on one letter: moving the first leaves room for it
    if spread != translated:
        faults.add(Fault.SPLIT_LETTERS)
    for _ in range(_MOST_PASSES):
        before = mended
        for step, fault in _STEPS:
            if (after := step(mended)) != mended:
                mended = clean(after)
                faults |= fault
        if mended == before:
            break
    if not mended:
        return (" " if text.isspace() else ""), frozenset(faults)
    return f"{' ' * text[0].isspace()}{mended}{' ' * text[-1].isspace()}", frozenset(faults)


def _join_spread(text: str) -> str:
    """Return a line that is spaced out letter by letter, words parted by wider gaps, as words: "T H Ô N G  T Ư" → "THÔNG TƯ"."""
    spread = [word.split(" ") for word in re.split(r"\s{2,}", text.strip())]
    words = ["".join(letters) for letters in spread]
    spelt = [word for word in words if word.isalpha()]
    spaced = len(words) > 1 and all(len(letter) == 1 for letters in spread for letter in letters)
    is_real = language().is_real
    if not spaced or len("".join(spelt)) < _SPREAD_LETTERS or not all(is_real(clean(word).lower()) for word in spelt):
        return text
    return " ".join(words)


def _without_cyrillic(text: str) -> str:
    """Return a text without the Cyrillic letters that look Latin, where their word is no Russian one."""

    def latin(match: re.Match[str]) -> str:
        word = match[0].translate(_CYRILLIC)
        mixed = re.search("[a-zA-ZÀ-ỹ0-9]", match[0]) or has_marks(word)
        return word if mixed and not _CYRILLIC_LETTER.search(word) else match[0]

    return re.sub(r"\w+", latin, text) if _CYRILLIC_LETTER.search(text) else text


def _mend_numbers(text: str) -> str:
    """Return a line with O, o, l and I read as digits where a number, an amount or a date has them: "1O.000" → "10.000"."""

    def digits(match: re.Match[str]) -> str:
        number = match[0]
        enough = sum(map(str.isdigit, number)) >= _LEAST_DIGITS * sum(map(str.isalnum, number))
        return number.translate(_LETTERS_FOR_DIGITS) if enough else number

    return _SPOILT_NUMBER.sub(digits, text)


def _mend_marks(text: str) -> str:
    """Return a line with syllables that cannot be spelt so read as the one that is near: "ngưòi", "đuợc" → "người", "được"."""
    if text.isascii():
        return text
    for pattern, word in _IN_PLACE:
        text = pattern.sub(word, text)
    words = list(_WORD.finditer(text))
    parts, at = [], 0
    for n, match in enumerate(words):
        word = match[0].lower()
        if is_well_formed(word) or not _may_be_spoilt(text, match):
            continue
        before = words[n - 1][0].lower() if n and text[words[n - 1].end() : match.start()] == " " else ""
        after = (
            words[n + 1][0].lower() if n + 1 < len(words) and text[match.end() : words[n + 1].start()] == " " else ""
        )
        if meant := _nearest(word, before, after):
            parts += [text[at : match.start()], cased(meant, match[0])]
            at = match.end()
    return "".join([*parts, text[at:]])


def _may_be_spoilt(text: str, match: re.Match[str]) -> bool:
    """Tell whether a word has marks, one tone at most, one kind of capitals, and no digit or hyphen beside it."""
    word = match[0]
    tones = sum(c in TONES for c in unicodedata.normalize("NFD", word))
    cased = len(word) > 1 and (word[1:].islower() or word.isupper())
    alone = not re.search(
        r"[\d_/-]", text[max(0, match.start() - 1) : match.start()] + text[match.end() : match.end() + 1]
    )
    return bool(_VIETNAMESE.fullmatch(word)) and has_marks(word) and tones <= 1 and cased and alone


def _nearest(word: str, before: str, after: str) -> str | None:
    """Return the one syllable that differs from `word` in few marks and fits between its neighbours, or None."""
    ranked: list[tuple[float, str]] = []
    for form in language().forms(fold(word)):
        changes = marks_apart(word, form)
        if changes > _MOST_CHANGES:
            continue
        fits = language().pair_cost(before, form) + language().pair_cost(form, after)
        ranked.append((_MARK_COST * changes + language().cost(form) + 2 * fits, form))
    ranked.sort()
    sure = ranked and (len(ranked) == 1 or ranked[0][0] + _MARGIN <= ranked[1][0])
    return ranked[0][1] if sure else None


_STEPS: tuple[tuple[Callable[[str], str], frozenset[Fault]], ...] = (
    (_mend_numbers, frozenset({Fault.GUESSED_DIGITS})),
    (join_split, frozenset({Fault.SPLIT_LETTERS})),
    (_mend_marks, frozenset({Fault.WRONG_MARKS})),
    (space_stops, frozenset()),
    (part_glued, frozenset({Fault.SPLIT_LETTERS})),
)
