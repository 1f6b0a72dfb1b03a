"""Read a PDF: its text where it has some, the picture of the page where it has none. For throw-away processes only.

PDFium reads and renders; it is quick and exact, and ends the process on some files that are built to harm. What nobody can
see is not read: each word must show in the rendered page, and must not lie below a picture. The limits: slanted watermarks
are left out, and forms are read without what was filled in.
"""

import ctypes
import io
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as c
from PIL import Image

from rag.documents.layout import Sheet, blocks, hyphenated, reading_order
from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.mending import score_lines
from rag.documents.pages import Fault, Page, PrintedLine, Reading
from rag.documents.readers import ocr
from rag.documents.rulings import Picture, Rulings, find_rulings
from rag.documents.words import Word, printed, turned

_CHECK_DPI = 100  # enough to see a hairline and a letter of 4 points
_MOST_PIXELS = 25_000_000  # of a rendered page; A3 at 300 dpi has 17 million
_LEAST_SIZE = 1.5  # points; smaller is not meant to be read
_LEAST_CONTRAST = 40  # of 255, between a word's ink and its paper
_WHITE = 230  # ink as light as this needs dark paper
_LEAST_ALPHA = 26  # of 255
_SLANT = 15  # degrees off the upright or the level; more is a watermark
_SCAN_SHARE = 0.5  # of the page lies under one picture
_SCAN_CHARS = 30  # fewer letters than this are a page number or a stamp on a scan, not its text
_BLANK_SHARE = 0.0005  # of the pixels; less ink is dirt
_POOR = 0.7  # a page's score below which its picture is tried
_BROKEN_HYPHENS = {0x02, 0xFFFE}  # what PDFium makes of a hyphen at the end of a line
_FILLED = {
    c.FPDF_TEXTRENDERMODE_FILL,
    c.FPDF_TEXTRENDERMODE_FILL_STROKE,
    c.FPDF_TEXTRENDERMODE_FILL_CLIP,
    c.FPDF_TEXTRENDERMODE_FILL_STROKE_CLIP,
}
_BOLD = re.compile(r"bold|black|heavy|demi|[,-]bd", re.IGNORECASE)

Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Style:
    """What holds for all letters of one text object; `quarters` is how far the page must be turned clockwise to read it."""

    font: str
    size: float
    quarters: int
    light: bool
    drawn: bool  # not so the text layer of a scan
    opaque: bool
    slanted: bool


@dataclass(frozen=True, slots=True)
class _Letter:
    """A letter, in points of the page turned by its style's `quarters`.

    `covered`: a picture lies on it; `lost`: the file does not say which letter it is.
    """

    text: str
    box: Rectangle
    style: _Style
    covered: bool
    lost: bool


@dataclass(frozen=True, slots=True)
class _Seen:
    """A word; the rest is as of a letter."""

    word: Word
    style: _Style
    covered: bool
    lost: bool


@dataclass(frozen=True)
class _Picture:
    """The page as it shows, in gray."""

    gray: Picture
    dpi: float
    _rulings: dict[int, Rulings] = field(default_factory=dict)

    def turned(self, quarters: int) -> Picture:
        """Return the pixels of the page turned clockwise."""
        return np.ascontiguousarray(np.rot90(self.gray, -quarters))

    def rulings(self, quarters: int) -> Rulings:
        """Return the ruled lines of the page turned clockwise."""
        if quarters not in self._rulings:
            self._rulings[quarters] = find_rulings(self.turned(quarters), self.dpi)
        return self._rulings[quarters]


def read(path: Path, limits: Limits) -> Reading:
    """Read a PDF.

    Raises:
        DocumentError: ENCRYPTED, DAMAGED, TOO_MANY_PAGES, NO_TEXT; NO_RECOGNITION if all of its pages are pictures.
    """
    with _open(path) as document:
        if len(document) > limits.pages:
            raise DocumentError(Refusal.TOO_MANY_PAGES, f"{len(document)} pages, at most {limits.pages}")
        taken = [_page(document, number, limits) for number in range(1, len(document) + 1)]
        declared = _declared(document)
    if not any(sheet.lines for _, sheet in taken):
        lacking = any(Fault.UNREADABLE in page.faults for page, _ in taken) and not ocr.is_installed()
        raise DocumentError(Refusal.NO_RECOGNITION if lacking else Refusal.NO_TEXT)
    return Reading("pdf", tuple(page for page, _ in taken), blocks([sheet for _, sheet in taken]), declared)


def page_image(path: Path, number: int, width_px: int) -> bytes:
    """Render page `number`, counted from 1, as a PNG `width_px` wide."""
    with _open(path) as document:
        page = document[number - 1]
        picture = _render(page, 72 * width_px / page.get_width(), colour=True)
    sink = io.BytesIO()
    picture.save(sink, "PNG")
    return sink.getvalue()


@contextmanager
def _open(path: Path) -> Iterator[pdfium.PdfDocument]:
    """Open a document; what PDFium cannot do with it, then or later, is a DocumentError."""
    try:
        with pdfium.PdfDocument(path) as document:
            yield document
    except pdfium.PdfiumError as error:
        locked = error.err_code in {c.FPDF_ERR_PASSWORD, c.FPDF_ERR_SECURITY}
        raise DocumentError(Refusal.ENCRYPTED if locked else Refusal.DAMAGED) from error


def _declared(document: pdfium.PdfDocument) -> Mapping[str, str]:
    held = document.get_metadata_dict(skip_empty=True)
    names = {"title": "Title", "author": "Author", "created": "CreationDate"}
    return {name: held[key] for name, key in names.items() if key in held}


def _render(page: pdfium.PdfPage, dpi: float, colour: bool = False) -> Image.Image:
    scale = min(dpi / 72, math.sqrt(_MOST_PIXELS / max(1.0, page.get_width() * page.get_height())))
    return page.render(
        scale=scale,  # pyright: ignore[reportArgumentType] — typed by its default, 1
        grayscale=not colour,
        may_draw_forms=False,
        draw_annots=colour,
    ).to_pil()


def _page(document: pdfium.PdfDocument, number: int, limits: Limits) -> tuple[Page, Sheet]:
    page = document[number - 1]
    rendered = _render(page, _CHECK_DPI)
    picture = _Picture(np.asarray(rendered), 72 * rendered.width / page.get_width())
    objects = _Objects(page)
    words, faults = _words(page, objects, picture)
    text = _from_text(words, picture, number, page.get_size(), faults)
    letters = sum(len(seen.word.text) for seen in words if not seen.lost)
    lost = sum(len(seen.word.text) for seen in words if seen.lost)
    blank = (picture.gray < 128).mean() < _BLANK_SHARE
    drawn = not blank and (letters <= lost or (letters <= _SCAN_CHARS and objects.scan))
    if not drawn and (text[0].score >= _POOR or not ocr.is_installed()):
        return text
    if not ocr.is_installed():
        return replace(text[0], score=0.0, faults=(*text[0].faults, Fault.UNREADABLE)), text[1]
    rendered = _render(page, ocr.DPI, colour=True)
    found = ocr.recognise(rendered, 72 * rendered.width / page.get_width(), limits.recognised_page_s)
    recognised = ocr.recognised_page(found, number)
    return recognised if drawn or recognised[0].score > text[0].score else text


def _from_text(
    words: Sequence[_Seen], picture: _Picture, number: int, size: tuple[float, float], faults: set[Fault]
) -> tuple[Page, Sheet]:
    """Make lines of each direction of writing by itself; the sheet is turned as most of the text is."""
    letters: Counter[int] = Counter()
    for seen in words:
        letters[seen.style.quarters] += len(seen.word.text)
    upright = letters.most_common(1)[0][0] if letters else 0
    lines: list[PrintedLine] = []
    for quarters in letters:
        mine = [seen.word for seen in words if seen.style.quarters == quarters]
        made, wrong = printed(mine, picture.rulings(quarters), *_turned_size(size, quarters))
        faults |= wrong
        lines += [replace(line, box=turned(line.box, upright - quarters)) for line in made if line.box]
    sheet = Sheet(number, *_turned_size(size, upright), tuple(lines), picture.rulings(upright))
    ordered = reading_order(sheet)
    score, wrong = score_lines(ordered, faults) if ordered else (1.0, frozenset())
    faults |= wrong | ({Fault.HYPHENATED} if hyphenated(ordered) else set())
    shown = tuple(replace(line, box=turned(line.box, -upright)) for line in ordered if line.box)
    return Page(number, shown, *size, float(score), tuple(sorted(faults))), sheet


def _turned_size(size: tuple[float, float], quarters: int) -> tuple[float, float]:
    return size if quarters % 2 == 0 else (size[1], size[0])


class _Objects:
    """What lies where on a page: the order in which things are painted, and the pictures."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        left, bottom, right, top = page.get_bbox()
        self.order: dict[int, int] = {}
        self.pictures: list[tuple[int, Rectangle, Any]] = []
        self._alphas: dict[int, Picture | None] = {}
        self.scan = False
        kinds = {c.FPDFPageObj_GetType(c.FPDFPage_GetObject(page, at)) for at in range(c.FPDFPage_CountObjects(page))}
        if not kinds & {c.FPDF_PAGEOBJ_IMAGE, c.FPDF_PAGEOBJ_FORM}:
            return
        for place, thing in enumerate(page.get_objects([c.FPDF_PAGEOBJ_TEXT, c.FPDF_PAGEOBJ_IMAGE])):
            if c.FPDFPageObj_GetType(thing) == c.FPDF_PAGEOBJ_TEXT:
                self.order[ctypes.addressof(thing.raw.contents)] = place
                continue
            box = _bounds(thing)
            self.pictures.append((place, box, thing))
            wide, high = min(box[2], right) - max(box[0], left), min(box[3], top) - max(box[1], bottom)
            self.scan = self.scan or max(0.0, wide) * max(0.0, high) > _SCAN_SHARE * (right - left) * (top - bottom)

    def covered(self, order: int, x: float, y: float) -> bool:
        """Tell whether a picture that cannot be seen through was painted on a point after the thing of that place in the order."""
        return any(
            place > order and box[0] <= x <= box[2] and box[1] <= y <= box[3] and self._opaque(place, thing, box, x, y)
            for place, box, thing in self.pictures
        )

    def _opaque(self, place: int, thing: pdfium.PdfImage, box: Rectangle, x: float, y: float) -> bool:
        if c.FPDFPageObj_HasTransparency(thing):
            return False
        if place not in self._alphas:
            bitmap = thing.get_bitmap(render=True).to_numpy()
            self._alphas[place] = bitmap[..., 3] if bitmap.ndim > 2 and bitmap.shape[2] == 4 else None
        alpha = self._alphas[place]
        if alpha is None:
            return True
        row = int((box[3] - y) / (box[3] - box[1]) * (len(alpha) - 1))
        column = int((x - box[0]) / (box[2] - box[0]) * (len(alpha[0]) - 1))
        return bool(alpha[row, column] > 200)


def _bounds(thing: pdfium.PdfObject) -> Rectangle:
    """Return left, bottom, right and top on the page, also of what lies in a form within a form."""
    left, bottom, right, top = thing.get_bounds()
    corners = [(x, y) for x in (left, right) for y in (bottom, top)]
    while thing.container:
        thing = thing.container
        corners = [thing.get_matrix().on_point(x, y) for x, y in corners]
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _words(page: pdfium.PdfPage, objects: _Objects, picture: _Picture) -> tuple[list[_Seen], set[Fault]]:
    """Read the words of a page that can be seen, and tell whether there are others."""
    found, faults = [], set[Fault]()
    pixels: dict[int, Picture] = {}
    for seen in _all_words(page, objects):
        if seen.style.slanted:
            continue
        quarters = seen.style.quarters
        if quarters not in pixels:
            pixels[quarters] = picture.turned(quarters)
        layer_or_above = objects.scan or (seen.style.drawn and not seen.covered)
        if layer_or_above and _shows(seen, pixels[quarters], picture.dpi / 72):
            found.append(seen)
        else:
            faults.add(Fault.HIDDEN_TEXT)
    return found, faults


def _shows(seen: _Seen, pixels: Picture, point: float) -> bool:
    """Tell whether there is ink where a word stands, and dark paper where its ink is light."""
    word, style = seen.word, seen.style
    middle, centre = word.middle * point, word.centre * point
    if word.size < _LEAST_SIZE or not style.opaque or not (0 <= middle < len(pixels) and 0 <= centre < len(pixels[0])):
        return False
    top, left = max(0, int(word.top * point)), max(0, int(word.left * point))
    area = pixels[top : math.ceil(word.bottom * point) + 1, left : math.ceil(word.right * point) + 1]
    return int(area.max()) - int(area.min()) >= _LEAST_CONTRAST and not (style.light and np.median(area) > _WHITE - 15)


def _all_words(page: pdfium.PdfPage, objects: _Objects) -> Iterator[_Seen]:
    """Read the words in the order of the file, in points of the page turned so that they are upright."""
    word: list[_Letter] = []
    for letter in _letters(page, objects):
        if word and letter and unicodedata.combining(letter.text):
            word.append(replace(word[-1], text=letter.text))  # the box of a mark is anywhere
            continue
        if word and (not letter or letter.style != word[-1].style or _apart(word[-1].box, letter)):
            yield _seen(word)
            word = []
        if letter:
            word.append(letter)
    if word:
        yield _seen(word)


def _letters(page: pdfium.PdfPage, objects: _Objects) -> Iterator[_Letter | None]:
    """Read the letters, None for white space."""
    textpage = page.get_textpage()
    styles: dict[int, _Style] = {}
    left, bottom, right, top = page.get_bbox()
    rotation = page.get_rotation()
    loose = c.FS_RECTF()
    for index in range(textpage.count_chars()):
        code = c.FPDFText_GetUnicode(textpage, index)
        text = "-" if code in _BROKEN_HYPHENS else chr(code)
        thing = c.FPDFText_GetTextObject(textpage, index)
        if not thing or text.isspace() or (code < 32 and text != "-"):
            yield None
            continue
        address = ctypes.addressof(thing.contents)
        style = styles.get(address) or styles.setdefault(address, _style(textpage, index, thing, rotation))
        c.FPDFText_GetLooseCharBox(textpage, index, loose)
        flat = (loose.left - left, top - loose.top, loose.right - left, top - loose.bottom)
        box = _turned_box(flat, rotation // 90 + style.quarters, right - left, top - bottom)
        middle = (loose.left + loose.right) / 2, (loose.top + loose.bottom) / 2
        covered = objects.covered(objects.order.get(address, -1), *middle)
        yield _Letter(text, box, style, covered, c.FPDFText_HasUnicodeMapError(textpage, index) == 1)


def _seen(letters: Sequence[_Letter]) -> _Seen:
    style = letters[0].style
    lefts, tops, rights, bottoms = zip(*(letter.box for letter in letters), strict=True)
    high = max(bottoms) - min(tops)
    known = 0.5 * style.size < high < 3 * style.size  # the scale of a form is not in the style's size
    word = Word(
        "".join(letter.text for letter in letters), min(lefts), min(tops), max(rights), max(bottoms),
        style.size if known else high / 1.15, style.font, bool(_BOLD.search(style.font)),
    )  # fmt: skip
    covered, lost = all(letter.covered for letter in letters), all(letter.lost for letter in letters)
    return _Seen(word, style, covered, lost)


def _apart(before: Rectangle, letter: _Letter) -> bool:
    size, box = max(letter.style.size, 1.0), letter.box
    back = box[2] < before[0] - 0.3 * size
    return back or box[0] - before[2] > 0.3 * size or abs(box[3] - before[3]) > 0.4 * size


def _turned_box(box: Rectangle, quarters: int, wide: float, high: float) -> Rectangle:
    for _ in range(quarters % 4):
        box = (high - box[3], box[0], high - box[1], box[2])
        wide, high = high, wide
    return box


def _style(textpage: pdfium.PdfTextPage, index: int, thing: Any, rotation: int) -> _Style:
    matrix, name, flags = c.FS_MATRIX(), ctypes.create_string_buffer(128), ctypes.c_int()
    c.FPDFText_GetMatrix(textpage, index, matrix)
    c.FPDFText_GetFontInfo(textpage, index, name, len(name), flags)
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    c.FPDFText_GetFillColor(textpage, index, red, green, blue, alpha)
    mode = c.FPDFTextObj_GetTextRenderMode(thing)
    degrees = math.degrees(math.atan2(matrix.b, matrix.a)) - rotation
    quarters = round(degrees / 90)
    return _Style(
        name.value.decode("utf-8", "replace"),
        c.FPDFText_GetFontSize(textpage, index) * math.hypot(matrix.c, matrix.d),
        quarters % 4,
        light=mode in _FILLED and min(red.value, green.value, blue.value) >= _WHITE,
        drawn=mode not in {c.FPDF_TEXTRENDERMODE_INVISIBLE, c.FPDF_TEXTRENDERMODE_CLIP},
        opaque=alpha.value >= _LEAST_ALPHA or mode not in _FILLED,
        slanted=abs(degrees - 90 * quarters) > _SLANT,
    )
