"""PDF: the text layer where it can be seen and is Vietnamese, recognition of the page's picture where there is none.

PDFium draws every page once in grey: what cannot be seen there is not read, and the ruled lines of tables are found in it.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import Image

from rag.documents import layout
from rag.documents.layout import Sheet
from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.mending import mend
from rag.documents.pages import Box, Fault, Page, PrintedLine, Reading
from rag.documents.quality import score_lines
from rag.documents.readers import ocr
from rag.documents.readers.glyphs import TextLayer
from rag.documents.rulings import find_rulings
from rag.documents.words import Word, lines

_LOOK_DPI = 100  # enough to see a hairline and whether a letter shows
_DARKNESS = 200
_READ_DPI = 300
_MAX_PIXELS = 25_000_000  # of a page that is recognised
_SCAN_LETTERS = 50  # a page with fewer letters and a picture over most of it is a scan
_SCAN_SHARE = 0.5
_TRUSTED = 0.8
_UNREADABLE = frozenset({Fault.UNREADABLE})


@dataclass(frozen=True, slots=True)
class PageRead:
    """A page before its blocks are made: its lines in place, and what was wrong with it."""

    sheet: Sheet
    score: float
    faults: frozenset[Fault]


def read(path: Path, limits: Limits) -> Reading:
    """Read a PDF. Raises DocumentError."""
    with _opened(path) as document:
        if len(document) > limits.pages:
            raise DocumentError(Refusal.TOO_MANY_PAGES, f"{len(document)} pages, at most {limits.pages}")
        pages = [_page(document, number, limits) for number in range(len(document))]
        declared = {key: value for key, value in document.get_metadata_dict().items() if value}
    if not any(page.sheet.lines for page in pages):
        raise DocumentError(Refusal.NO_TEXT if ocr.is_installed() else Refusal.NO_RECOGNITION)
    return reading_of("pdf", pages, declared)


def reading_of(name: str, pages: Sequence[PageRead], declared: dict[str, str]) -> Reading:
    """Return pages that were read as a whole."""
    shown = tuple(
        Page(
            page.sheet.number, layout.reading_order(page.sheet), page.sheet.width_pt, page.sheet.height_pt, page.score,
            tuple(sorted(page.faults | ({Fault.HYPHENATED} if layout.hyphenated(page.sheet.lines) else set()))),
        )
        for page in pages
    )  # fmt: skip
    return Reading(name, shown, layout.blocks([page.sheet for page in pages]), declared)


def page_image(path: Path, number: int, width_px: int) -> bytes:
    """Return the picture of a page as PNG. Raises DocumentError."""
    with _opened(path) as document:
        if not 1 <= number <= len(document):
            raise DocumentError(Refusal.DAMAGED, f"no page {number}")
        page = document[number - 1]
        return as_png(_drawn(page, width_px / page.get_width()))


def as_png(image: Image.Image) -> bytes:
    """Return a picture as a PNG of few colours, which text does not miss."""
    data = io.BytesIO()
    image.convert("RGB").quantize(64).save(data, "PNG", optimize=True)
    return data.getvalue()


def recognised(image: Image.Image, dpi: float, number: int, limits: Limits) -> PageRead:
    """Read a page from its picture."""
    found = ocr.recognise(image, dpi, limits)
    sheet, faults = _sheet(number, found.width_pt, found.height_pt, found.words, found.rulings)
    score, seen = score_lines(sheet.lines)
    stamped = {Fault.STAMPED} if found.stamped else set()
    if not sheet.lines:
        score, seen = 0.0, _UNREADABLE
    return PageRead(sheet, score, faults | seen | stamped | {Fault.RECOGNISED})


class _opened:
    """An open document; whatever PDFium cannot do with it is a DocumentError."""

    def __init__(self, path: Path) -> None:
        try:
            self._document = pdfium.PdfDocument(path)
        except pdfium.PdfiumError as error:
            locked = raw.FPDF_GetLastError() == raw.FPDF_ERR_PASSWORD or "password" in str(error).lower()
            raise DocumentError(Refusal.ENCRYPTED if locked else Refusal.DAMAGED) from error

    def __enter__(self) -> pdfium.PdfDocument:
        return self._document

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._document.close()
        if isinstance(error, pdfium.PdfiumError):
            raise DocumentError(Refusal.DAMAGED) from error


def _page(document: pdfium.PdfDocument, index: int, limits: Limits) -> PageRead:
    page = document[index]
    width, height = page.get_size()
    grey = np.asarray(_drawn(page, _LOOK_DPI / 72).convert("L"))
    is_scan = _picture_share(page, width * height) > _SCAN_SHARE
    layer = TextLayer(page, grey, _LOOK_DPI, is_scan)
    words = layer.words()
    rulings = find_rulings(grey, _LOOK_DPI, _DARKNESS)
    sheet, faults = _sheet(index + 1, width, height, words, rulings)
    score, seen = score_lines(sheet.lines)
    if layer.hidden:
        faults |= {Fault.HIDDEN_TEXT}
    own = PageRead(sheet, score, faults | seen)
    letters = sum(len(word.text) for word in words)
    if (letters >= _SCAN_LETTERS or not is_scan) and (score >= _TRUSTED or letters == 0):
        return own
    if not ocr.is_installed():
        return own if letters >= _SCAN_LETTERS else replace(own, score=0.0, faults=own.faults | _UNREADABLE)
    scale = min(_READ_DPI / 72, (_MAX_PIXELS / (width * height)) ** 0.5)
    other = recognised(_drawn(page, scale), scale * 72, index + 1, limits)
    return other if letters < _SCAN_LETTERS or other.score > own.score else own


def _drawn(page: pdfium.PdfPage, scale: float) -> Image.Image:
    return page.render(scale=scale).to_pil()  # type: ignore[arg-type]  # its stubs want whole numbers


def _sheet(
    number: int, width: float, height: float, words: Sequence[Word], rulings: layout.Rulings
) -> tuple[Sheet, frozenset[Fault]]:
    """Return a page's lines, mended, and what was mended."""
    printed, faults = [], set[Fault]()
    for line in lines(words, rulings):
        mended, found = _mended(line)
        faults |= found
        if mended:
            printed.append(_printed(line, mended, width, height))
    return Sheet(number, width, height, tuple(printed), rulings), frozenset(faults)


def _mended(line: Sequence[Word]) -> tuple[str, frozenset[Fault]]:
    """Return the text of a line; runs of one font are mended alike, for a line may have an old font and a new one."""
    texts, faults = [], set[Fault]()
    for font, run in _runs(line):
        text, found = mend(run, font)
        texts.append(text)
        faults |= found
    return " ".join(filter(None, (text.strip() for text in texts))), frozenset(faults)


def _runs(line: Sequence[Word]) -> Iterator[tuple[str, str]]:
    font, run = line[0].font, [line[0].text]
    for word in line[1:]:
        if word.font != font:
            yield font, " ".join(run)
            font, run = word.font, []
        run.append(word.text)
    yield font, " ".join(run)


def _printed(line: Sequence[Word], text: str, width: float, height: float) -> PrintedLine:
    def share(value: float, whole: float) -> float:
        return round(min(max(value / whole, 0.0), 1.0), 5)

    box = Box(
        share(min(w.left for w in line), width), share(min(w.top for w in line), height),
        share(max(w.right for w in line), width), share(max(w.bottom for w in line), height),
    )  # fmt: skip
    letters = sum(len(word.text) for word in line) or 1
    sure = sum(word.sure * len(word.text) for word in line) / letters
    bold = sum(len(word.text) for word in line if word.bold) * 2 > letters
    return PrintedLine(text, box, round(line[0].size, 2), line[0].font, bold, round(sure, 3))


def _picture_share(page: pdfium.PdfPage, area: float) -> float:
    """Return how much of a page its pictures cover."""
    covered = 0.0
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = item.get_bounds()
        covered += max(0.0, right - left) * max(0.0, top - bottom)
    return covered / area if area else 0.0
