"""Vietnamese text at the level of characters, syllables and sentences. Nothing here does I/O.

Everything that compares text goes through `clean` first, so that NFC and NFD, "hoà" and "hòa",
"Ð" and "Đ" are one and the same.
"""

import re
import unicodedata
from itertools import pairwise

_TONES = frozenset("\u0300\u0301\u0309\u0303\u0323")
# Ð (U+00D0) is Icelandic; pages converted from old fonts use it for Đ.
_LOOKALIKES = str.maketrans({"Ð": "Đ", "ð": "đ", "\u00a0": " ", "\u202f": " ", "’": "'", "‘": "'"})
# Unicode's categories Cc, Cf, Co and Cs without tab and line break; a test compares them.
INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ud800-\uf8ff\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f\U000f0000-\U000ffffd\U00100000-\U0010fffd]"
)
# Every Vietnamese letter with marks at once: decomposing each text took most of a query's time.
_FOLDED = {
    ord(letter): unicodedata.normalize("NFD", letter)[0].replace("đ", "d")
    for letter in map(chr, (*range(0xE0, 0x1B1), *range(0x1EA0, 0x1EFA)))
    if letter == "đ" or unicodedata.normalize("NFD", letter)[0] in "aeiouy"
}
SYLLABLE = re.compile(r"\d+(?:[/.,:-]\w+)+|\w+", re.UNICODE)
_SENTENCE_END = re.compile(r"[.!?…]+[\"”’)]*\s+(?=[\"“(]?(\w))")


def clean(text: str) -> str:
    """Return `text` in NFC without invisible characters, with Đ for Ð, one tone style and single spaces.

    Line breaks survive; every other run of white space becomes one space. Idempotent.
    """
    text = unicodedata.normalize("NFC", text).translate(_LOOKALIKES)
    text = INVISIBLE.sub("", text)
    text = re.sub(r"[^\S\n]+", " ", text)
    text = re.sub(r" ?\n ?", "\n", text)
    return _place_tones(text).strip()


def _place_tones(text: str) -> str:
    """Move the tone of open "oà, oè, uỳ" to the first vowel: "hoà" → "hòa", "thuý" → "thúy"."""

    def move(match: re.Match[str]) -> str:
        word = unicodedata.normalize("NFD", match.group())
        tone = next((c for c in word if c in _TONES), "")
        return unicodedata.normalize("NFC", word[0] + tone + "".join(c for c in word[1:] if c != tone))

    return re.sub(r"(?<![qQ])(?:[oO][àáảãạÀÁẢÃẠèéẻẽẹÈÉẺẼẸ]|[uU][ỳýỷỹỵỲÝỶỸỴ])(?!\w)", move, text)


def fold(text: str) -> str:
    """Return lower-case ASCII-like text without any Vietnamese mark: "Đường" → "duong"."""
    text = text.lower()
    if text.isascii():
        return text
    text = text.translate(_FOLDED)
    if text.isascii():
        return text
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def has_marks(text: str) -> bool:
    """Tell whether any letter of `text` carries a Vietnamese mark (or is đ)."""
    return fold(text) != text.lower()


def syllables(text: str) -> list[str]:
    """Split cleaned text into lower-case syllables; numbers such as "59/2022/NĐ-CP" stay whole."""
    return SYLLABLE.findall(text.lower())


def sentences(text: str) -> list[str]:
    """Split at `. ! ? …` before a capital letter or digit; dates and amounts are not split."""
    return [text[start:end] for start, end in sentence_spans(text)]


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return where the sentences of `text` begin and end, without the white space round them."""
    cuts = [0]
    for line in re.finditer(r"[^\n]*\n?", text):
        ends = _SENTENCE_END.finditer(line.group())
        cuts += [line.start() + end.end() for end in ends if end.group(1).isupper() or end.group(1).isdigit()]
        cuts.append(line.end())
    parts = ((start, text[start:end]) for start, end in pairwise(cuts))
    return [(at + len(part) - len(part.lstrip()), at + len(part.rstrip())) for at, part in parts if part.strip()]


def letters_of(text: str) -> str:
    """Return only the letters and digits of `text`, folded: what is left when lines, marks and punctuation differ."""
    return re.sub(r"[\W_]+", "", fold(clean(text)))


def slug(text: str) -> str:
    """Return an ASCII kebab-case identifier: "Cổng Dịch vụ công" → "cong-dich-vu-cong". Idempotent."""
    return re.sub(r"[^a-z0-9]+", "-", fold(clean(text))).strip("-")
