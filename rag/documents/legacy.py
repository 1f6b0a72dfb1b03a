"""Letters of the time before Unicode: TCVN3 (ABC, .VnTime) and VNI (VNI-Times), recognised by font or by what they spell.

A text that is Vietnamese in Unicode, or no Vietnamese at all, comes back as it was. Nothing here does I/O but loading the language.
"""

import re
import unicodedata
from itertools import product

from rag.documents.language import language
from rag.documents.pages import Fault
from rag.text import clean

# TCVN 5712:1993, VN3: one byte a letter, here as Latin-1 shows it. Capitals with marks are small letters in fonts named …H.
TCVN3 = dict(
    zip(
        "¡¢£¤¥¦§¨©ª«¬\xad®µ¶·¸¹»¼½¾ÆÇÈÉÊËÌÎÏÐÑÒÓÔÕÖ×ØÜÝÞßáâãäåæçèéêëìíîïñòóôõö÷øùúûüýþ",
        "ĂÂÊÔƠƯĐăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
        strict=True,
    )
)
# How programs that take the text out of a file have changed the same bytes: Greek mu for micro.
TCVN3["μ"] = "à"
_TCVN3_TABLE = str.maketrans(TCVN3)

# VNI for Windows: letters of one byte …
VNI = dict(zip("ÑñÔôÖöÍíÌìÆæÓóÒòÎî", "ĐđƠơƯưÍíÌìỈỉĨĩỊịỴỵ", strict=True))
# … and letters followed by a byte that bears their marks: "aù" is á, "aá" is ấ, "aé" is ắ.
_VNI_TONES = {"ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323"}
_VNI_HATS = {"â": "", "á": "\u0301", "à": "\u0300", "å": "\u0309", "ã": "\u0303", "ä": "\u0323"}
_VNI_BREVES = {"ê": "", "é": "\u0301", "è": "\u0300", "ú": "\u0309", "ü": "\u0303", "ë": "\u0323"}


def _vni_pairs() -> dict[str, str]:
    marks = {(base, byte): tone for base, (byte, tone) in product("aeouyôö", _VNI_TONES.items())}
    marks |= {(base, byte): "\u0302" + tone for base, (byte, tone) in product("aeo", _VNI_HATS.items())}
    marks |= {("a", byte): "\u0306" + tone for byte, tone in _VNI_BREVES.items()}
    pairs = {}
    for (base, byte), mark in marks.items():
        for letter, second in product((base, base.upper()), (byte, byte.upper())):
            pairs[letter + second] = unicodedata.normalize("NFC", VNI.get(letter, letter) + mark)
    return pairs


VNI |= _vni_pairs()
_VNI_LETTER = re.compile("|".join(sorted(map(re.escape, VNI), key=len, reverse=True)))
_SUBSET = re.compile(r"^[A-Z]{6}\+")
_TCVN3_FONT = re.compile(r"\.V[Nn]|V[Nn][A-Z]")
# The H may be followed by what programs and makers of fonts add: ".VnTimeH,Bold", "VnTimeHBook", ".VnArialH-BoldItalic".
_ADDED = (
    r"(?:Book|Bold|Italic|Oblique|Regular|Normal|Roman|Medium|Light|Demi|Heavy|Black|Narrow|Bd|It|PS|MT){0,4}(?!\w)"
)
_CAPITALS_FONT = re.compile(rf"\.?Vn[A-Z][\w -]*H{_ADDED}|\.VN[\w -]*H(?<!ACH)(?i:{_ADDED})")
_VNI_FONT = re.compile(r"VNI[-_ ]", re.IGNORECASE)
_MARKED = re.compile("[\xa1-\xffμ]")
# Letters that only Unicode has; Œ and the like are bytes of Windows' code page.
_UNICODE = re.compile("[ĂăĐđƠơƯưẠ-ỹ]")
# No language writes a sign or a capital between small letters, nor ø, å, û or ä behind a vowel: "n¨m", "khÈu", "taøu".
_NO_WORD = re.compile(r"[a-z][\xa1-\xdf\xf7μ][a-z]|[a-z]{2}[\xa1-\xdf\xf7μ](?!\w)|[aeouy][øåûäë]")
_WORD = re.compile(r"(\s+)")
_LETTERS = re.compile(r"[^\W\d_]+")
_CORE = re.compile(r"[\W\d_]*(.*[^\W\d_])?")
# Of the words that have such letters so many must be Vietnamese when read by a table, and so many times as many as before.
_SHARE, _GAIN = 0.75, 3


def decode(text: str, font: str = "") -> tuple[str, Fault | None]:
    """Return `text` in Unicode, and which of the two encodings it was in: ("®iÒu kho¶n", "") → "điều khoản"."""
    font = _SUBSET.sub("", font)
    if _VNI_FONT.match(font):
        return _by_font(text, _from_vni(text), Fault.LEGACY_VNI)
    if _TCVN3_FONT.match(font):
        decoded = _from_tcvn3(_from_private_use(text))
        return _by_font(text, decoded.upper() if _CAPITALS_FONT.match(font) else decoded, Fault.LEGACY_TCVN3)
    if not _MARKED.search(text) or _UNICODE.search(text):
        return text, None
    best, gained = (text, None), 0
    for decoded, fault in ((_from_tcvn3(text), Fault.LEGACY_TCVN3), (_from_vni(text), Fault.LEGACY_VNI)):
        if (gain := _gain(text, decoded)) > gained:
            best, gained = (decoded, fault), gain
    return best


def _by_font(text: str, decoded: str, fault: Fault) -> tuple[str, Fault | None]:
    """Return `decoded`, unless the file has put the letters right and only the font's name is left of the encoding."""
    lost = _real_words(text, text)[0] - _real_words(text, decoded)[0]
    if decoded == text or lost > 0 or (lost == 0 and _UNICODE.search(text)):
        return text, None
    return decoded, fault


def _gain(text: str, decoded: str) -> int:
    """Return how many words the table turns into Vietnamese, 0 where that is no proof: one letter of one word is chance."""
    before, _ = _real_words(text, text)
    after, words = _real_words(text, decoded)
    enough = after > 1 or (words == 1 and (len(_MARKED.findall(text)) > 1 or bool(_NO_WORD.search(text))))
    return after if enough and after >= _SHARE * words and after >= _GAIN * before else 0


def _real_words(text: str, read: str) -> tuple[int, int]:
    """Return how many words of `text` with letters above ASCII are Vietnamese as they stand in `read`, and how many there are."""
    is_real, good, words = language().is_real, 0, 0
    for before, after in zip(text.split(), read.split(), strict=True):
        if _MARKED.search(before):
            words += 1
            core = _CORE.match(clean(after).lower())
            good += is_real((core and core[1]) or "")
    return good, words


def _from_tcvn3(text: str) -> str:
    words = (
        word if _UNICODE.search(word) else _soft_hyphens(word).translate(_TCVN3_TABLE) for word in _WORD.split(text)
    )
    return "".join(words)


def _soft_hyphens(word: str) -> str:
    """Return `word` with the ư back that programs write as a hyphen: its byte is that of the soft hyphen."""
    if "-" not in word or not _MARKED.search(word):
        return word
    letters = word.replace("-", "\xad").translate(_TCVN3_TABLE)
    return word.replace("-", "\xad") if all(map(language().is_real, _LETTERS.findall(letters.lower()))) else word


def _from_vni(text: str) -> str:
    return "".join(
        word if _UNICODE.search(word) else _VNI_LETTER.sub(lambda m: VNI[m[0]], word) for word in _WORD.split(text)
    )


def _from_private_use(text: str) -> str:
    """Return the bytes of symbol fonts, U+F020 to U+F0FF, as Latin-1."""
    return "".join(chr(ord(c) - 0xF000) if "\uf020" <= c <= "\uf0ff" else c for c in text)
