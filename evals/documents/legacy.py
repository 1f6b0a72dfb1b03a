"""The letters of Vietnamese before Unicode: TCVN3 (.VnTime) and VNI, and fonts that show them. Writes font files only.

A text in them is Latin-1 to every program; only the font makes it Vietnamese, so copied text reads "§iÒu 1" for "Điều 1".
"""

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable
from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

# TCVN 5712:1993 VN3, code by code from 0xA1.
_TCVN3 = dict(
    zip(
        "ĂÂÊÔƠƯĐăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
        bytes.fromhex(
            "A1A2A3A4A5A6A7A8A9AAABACADAEB5B6B7B8B9BBBCBDBEC6C7C8C9CACBCCCECFD0D1D2D3D4D5D6D7D8DCDDDEDFE1E2E3E4E5E6E7E8E9EAEBECEDEEEFF1F2F3F4F5F6F7F8F9FAFBFCFDFE"
        ),
        strict=True,
    )
)
_GRAVE, _ACUTE, _HOOK, _TILDE, _DOT, _CIRCUMFLEX, _BREVE, _HORN = (
    "\u0300", "\u0301", "\u0309", "\u0303", "\u0323", "\u0302", "\u0306", "\u031b"
)  # fmt: skip
# VNI writes a letter and then its marks, both in one sign where there are two.
_VNI_MARKS = {
    (): "", (_GRAVE,): "ø", (_ACUTE,): "ù", (_HOOK,): "û", (_TILDE,): "õ", (_DOT,): "ï",
    (_CIRCUMFLEX,): "â", (_CIRCUMFLEX, _GRAVE): "à", (_CIRCUMFLEX, _ACUTE): "á", (_CIRCUMFLEX, _HOOK): "å",
    (_CIRCUMFLEX, _TILDE): "ã", (_CIRCUMFLEX, _DOT): "ä",
    (_BREVE,): "ê", (_BREVE, _GRAVE): "è", (_BREVE, _ACUTE): "é", (_BREVE, _HOOK): "ú", (_BREVE, _TILDE): "ü",
    (_BREVE, _DOT): "ë",
}  # fmt: skip
_VNI_WHOLE = {"đ": "ñ", "ơ": "ô", "ư": "ö", "í": "í", "ì": "ì", "ỉ": "æ", "ĩ": "ó", "ị": "ò", "ỵ": "î"}

TCVN3, TCVN3_CAPITALS, VNI = ".VnTime", ".VnTimeH", "VNI-Times"


def tcvn3_runs(text: str) -> Iterator[tuple[str, str]]:
    """Yield (font, letters), as people typed it: words in capitals, and capitals with tones, which .VnTime does not have,
    are small letters in the font of capitals.
    """
    run, font = "", TCVN3
    for word in re.split(r"(?<=\s)", text):
        whole = word == word.upper() and not all(map(_simple, word))
        for letter in word:
            wanted = TCVN3_CAPITALS if whole or not _simple(letter) else TCVN3
            if run and wanted != font:
                yield font, tcvn3(run)
                run = ""
            run, font = run + (letter.lower() if wanted == TCVN3_CAPITALS else letter), wanted
    yield font, tcvn3(run)


def _simple(letter: str) -> bool:
    return letter == letter.lower() or letter.isascii() or letter in _TCVN3


def tcvn3(text: str) -> str:
    """Return how small letters (and ĂÂÊÔƠƯĐ) stand in .VnTime: "đồng" → "®ång"."""
    return "".join(chr(_TCVN3.get(letter, ord(letter))) for letter in text)


def vni(text: str) -> str:
    """Return how a text stands in VNI-Times: "Điều" → "Ñieàu"."""
    return "".join(map(_vni_letter, text))


def _vni_letter(letter: str) -> str:
    small = letter.lower()
    if small.isascii() or not letter.isalpha():
        return letter
    out = _VNI_WHOLE.get(small) or _vni_marked(small)
    return out.upper() if letter != small else out


def _vni_marked(small: str) -> str:
    base, *marks = unicodedata.normalize("NFD", small)
    if _HORN in marks:
        marks.remove(_HORN)
        base = {"o": "ô", "u": "ö"}[base]
    return base + _VNI_MARKS[tuple(sorted(marks, key=lambda m: m not in {_CIRCUMFLEX, _BREVE}))]


def legacy_fonts(source: Path, folder: Path) -> dict[str, Path]:
    """Write .VnTime, .VnTimeH and VNI-Times, drawn like the font `source`, and return their files."""
    small = {code: letter for letter, code in _TCVN3.items()}
    capitals = {code: letter.upper() for code, letter in small.items()} | {
        ord(c): c.upper() for c in map(chr, range(97, 123))
    }
    made = {}
    for name, letters in ((TCVN3, small), (TCVN3_CAPITALS, capitals)):
        font = TTFont(source, recalcTimestamp=False)
        shapes = font.getBestCmap() or {}
        codes = {c: shapes[c] for c in range(32, 127)} | {code: shapes[ord(letter)] for code, letter in letters.items()}
        made[name] = _save(font, name, codes, folder)
    made[VNI] = _vni_font(source, folder)
    return made


def _vni_font(source: Path, folder: Path) -> Path:
    font = TTFont(source, recalcTimestamp=False)
    shapes = font.getBestCmap() or {}
    codes = {c: shapes[c] for c in range(32, 127)}
    codes |= {ord(s): shapes[ord(v)] for v, s in _VNI_WHOLE.items()}
    codes |= {ord(s.upper()): shapes[ord(v.upper())] for v, s in _VNI_WHOLE.items()}
    for capital in (False, True):
        for marks, sign in _VNI_MARKS.items():
            if sign:
                shown = sign.upper() if capital else sign
                codes[ord(shown)] = _mark_glyph(font, shapes, marks, capital, f"vni{ord(shown):02x}")
    return _save(font, VNI, codes, folder)


def _mark_glyph(font: Any, shapes: dict[int, str], marks: tuple[str, ...], capital: bool, name: str) -> str:
    """Add marks without a width that stand over the letter before them."""
    pen = TTGlyphPen(font.getGlyphSet())
    height = font["head"].unitsPerEm
    for n, mark in enumerate(marks):
        above = 0 if mark == _DOT else (height // 6 if capital else 0) + (height // 9 if n else 0)
        pen.addComponent(shapes[ord(mark)], (1, 0, 0, 1, 0, above))
    glyph = font["glyf"][name] = pen.glyph()
    glyph.recalcBounds(font["glyf"])
    font["hmtx"][name] = (0, glyph.xMin)
    if name not in font.getGlyphOrder():
        font.setGlyphOrder([*font.getGlyphOrder(), name])
    return name


def _save(font: Any, name: str, codes: dict[int, str], folder: Path) -> Path:
    table = CmapSubtable.newSubtable(4)
    table.platformID, table.platEncID, table.language, table.cmap = 3, 1, 0, codes
    font["cmap"] = newTable("cmap")
    font["cmap"].tableVersion, font["cmap"].tables = 0, [table]
    for record in font["name"].names:
        if record.nameID in {1, 4, 6, 16}:
            record.string = name
    for tag in ("GSUB", "GPOS", "GDEF", "kern"):
        if tag in font:
            del font[tag]
    path = folder / f"{name.strip('.')}.ttf"
    font.save(path)
    return path
