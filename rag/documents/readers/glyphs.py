"""The text layer of a PDF page as words that a reader can see: PDFium's characters with their places, fonts and visibility."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from rag.documents.rulings import Picture
from rag.documents.words import Word

_MIN_PT = 1.5  # smaller letters nobody reads
_GAP_EM = 0.28  # between letters of two words where the file has no space
_CONTRAST = 30  # grey levels within a letter's box that an eye can tell apart
_BOLD = 600
_INVISIBLE = 3  # text render mode: neither filled nor stroked
_NAME_BYTES = 256


@dataclass(frozen=True, slots=True)
class _Glyph:
    char: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    font: str
    bold: bool


class TextLayer:
    """The text layer of an open page. `picture` is the page in grey at `dpi`; `is_scan` tells that a picture covers it."""

    def __init__(self, page: pdfium.PdfPage, picture: Picture, dpi: float, is_scan: bool) -> None:
        self._text = page.get_textpage()
        self._to_page = _transform(page)
        self._picture = picture
        self._scale = dpi / 72
        self._is_scan = is_scan
        self._fonts: dict[int, tuple[str, bool, bool]] = {}
        self.hidden = 0

    def words(self) -> list[Word]:
        """Return the words that can be seen; `hidden` counts the letters that cannot."""
        words: list[Word] = []
        run: list[_Glyph] = []
        for glyph in self._glyphs():
            if glyph is None or (run and _parts(run[-1], glyph)):
                words += _word(run)
                run = []
            if glyph is not None:
                run.append(glyph)
        return words + _word(run)

    def _glyphs(self) -> Iterator[_Glyph | None]:
        """Yield the visible letters in the file's order; None where a word ends."""
        text = self._text.raw
        left, right, bottom, top = (ctypes.c_double() for _ in range(4))
        for index in range(self._text.count_chars()):
            code = raw.FPDFText_GetUnicode(text, index)
            char = chr(code) if code else ""
            if not char.strip() or char in "\ufffe\uffff":
                yield None
                continue
            raw.FPDFText_GetCharBox(text, index, left, right, bottom, top)
            corners = [self._to_page(x, y) for x in (left.value, right.value) for y in (bottom.value, top.value)]
            xs, ys = [x for x, _ in corners], [y for _, y in corners]
            name, bold, invisible = self._font(index)
            size = raw.FPDFText_GetFontSize(text, index) * self._stretch(index)
            box = (min(xs), min(ys), max(xs), max(ys))
            if invisible or 0 < size < _MIN_PT or not self._shows(*box):
                self.hidden += 1
                continue
            yield _Glyph(char, *box, size, name, bold)

    def _font(self, index: int) -> tuple[str, bool, bool]:
        """Return the font's name, whether it is bold, and whether the letters are not drawn at all."""
        owner = raw.FPDFText_GetTextObject(self._text.raw, index)
        key = ctypes.cast(owner, ctypes.c_void_p).value or -index - 1
        if key not in self._fonts:
            buffer, flags = ctypes.create_string_buffer(_NAME_BYTES), ctypes.c_int()
            raw.FPDFText_GetFontInfo(self._text.raw, index, buffer, _NAME_BYTES, flags)
            name = buffer.value.decode("utf-8", "replace")
            bold = raw.FPDFText_GetFontWeight(self._text.raw, index) >= _BOLD or "bold" in name.lower()
            mode = raw.FPDFTextObj_GetTextRenderMode(owner) if owner else 0
            self._fonts[key] = (name, bold, mode == _INVISIBLE and not self._is_scan)
        return self._fonts[key]

    def _stretch(self, index: int) -> float:
        """Return how much larger letters are drawn than their font says."""
        matrix = raw.FS_MATRIX()
        if not raw.FPDFText_GetMatrix(self._text.raw, index, matrix):
            return 1.0
        return float(np.hypot(matrix.c, matrix.d)) or 1.0

    def _shows(self, left: float, top: float, right: float, bottom: float) -> bool:
        """Tell whether there is anything to see where a letter stands: not white on white, covered, or off the page."""
        scale, (height, width) = self._scale, self._picture.shape
        x0, y0 = max(0, int(left * scale) - 1), max(0, int(top * scale) - 1)
        x1, y1 = min(width, int(right * scale) + 2), min(height, int(bottom * scale) + 2)
        if x0 >= x1 or y0 >= y1:
            return False
        part = self._picture[y0:y1, x0:x1]
        return int(part.max()) - int(part.min()) >= _CONTRAST


def _transform(page: pdfium.PdfPage):
    """Return the function from the file's coordinates to points from the top left corner of the page as it is shown."""
    width, height = page.get_size()
    scale = 1000
    x, y = ctypes.c_int(), ctypes.c_int()

    def device(at_x: float, at_y: float) -> tuple[float, float]:
        raw.FPDF_PageToDevice(page.raw, 0, 0, round(width * scale), round(height * scale), 0, at_x, at_y, x, y)
        return x.value / scale, y.value / scale

    origin, across, up = device(0, 0), device(1000, 0), device(0, 1000)
    a, b = (across[0] - origin[0]) / 1000, (across[1] - origin[1]) / 1000
    c, d = (up[0] - origin[0]) / 1000, (up[1] - origin[1]) / 1000
    return lambda at_x, at_y: (origin[0] + a * at_x + c * at_y, origin[1] + b * at_x + d * at_y)


def _parts(before: _Glyph, glyph: _Glyph) -> bool:
    """Tell whether two letters that follow each other in the file belong to two words."""
    em = max(before.size, 1.0)
    overlap = min(before.bottom, glyph.bottom) - max(before.top, glyph.top)
    apart = glyph.left - before.right
    below = overlap < -0.6 * em  # a mark alone is drawn over its letter
    return below or apart > _GAP_EM * em or glyph.right < before.left - em


def _word(run: list[_Glyph]) -> list[Word]:
    if not run:
        return []
    first = run[0]
    tops, bottoms = [g.top for g in run], [g.bottom for g in run]
    return [
        Word(
            "".join(g.char for g in run), min(g.left for g in run), min(tops), max(g.right for g in run), max(bottoms),
            first.size, first.font, sum(g.bold for g in run) * 2 > len(run),
        )
    ]  # fmt: skip
