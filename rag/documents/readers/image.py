"""Read a scan or a photo: PNG, JPEG, or a TIFF of many pages. The limit: what Tesseract cannot read is not read (`ocr`)."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from rag.documents.layout import Sheet, blocks
from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.pages import Page, Reading
from rag.documents.readers import ocr

_FORMATS = ("PNG", "JPEG", "TIFF")
_DPI = range(150, 301)  # within, a picture is recognised as it is
_A4_INCHES = (8.27, 11.69)  # what a photo is taken to show
_PAGE_INCHES = (4.0, 20.0)  # a scan whose resolution makes it larger or smaller gives a wrong one


def read(path: Path, limits: Limits) -> Reading:
    """Read a picture.

    Raises:
        DocumentError: DAMAGED, TOO_LARGE (pixels), TOO_MANY_PAGES, NO_RECOGNITION, NO_TEXT.
    """
    if not ocr.is_installed():
        raise DocumentError(Refusal.NO_RECOGNITION)
    with _open(path) as image:
        count = getattr(image, "n_frames", 1)
        if count > limits.pages:
            raise DocumentError(Refusal.TOO_MANY_PAGES, f"{count} pages, at most {limits.pages}")
        taken = [_page(image, number, limits) for number in range(1, count + 1)]
        kind = (image.format or "").lower()
    if not any(page.lines for page, _ in taken):
        raise DocumentError(Refusal.NO_TEXT)
    return Reading(kind, tuple(page for page, _ in taken), blocks([sheet for _, sheet in taken]))


def page_image(path: Path, number: int, width_px: int) -> bytes:
    """Return picture `number`, counted from 1, as a PNG `width_px` wide, turned as its camera says."""
    with _open(path) as image:
        shown = _upright(image, number)
        sink = io.BytesIO()
        shown.resize((width_px, max(1, round(shown.height * width_px / shown.width)))).save(sink, "PNG")
    return sink.getvalue()


@contextmanager
def _open(path: Path) -> Iterator[Image.Image]:
    """Open a picture whose pixels, not yet unpacked, are few enough for Pillow."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as image:
                yield image
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise DocumentError(Refusal.TOO_LARGE, f"more than {Image.MAX_IMAGE_PIXELS} pixels") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise DocumentError(Refusal.DAMAGED) from error


def _page(image: Image.Image, number: int, limits: Limits) -> tuple[Page, Sheet]:
    shown = _upright(image, number)
    dpi = _resolution(shown, image)
    if round(dpi) not in _DPI:
        size = (max(1, round(shown.width * ocr.DPI / dpi)), max(1, round(shown.height * ocr.DPI / dpi)))
        shown, dpi = shown.resize(size, Image.Resampling.LANCZOS), ocr.DPI
    return ocr.recognised_page(ocr.recognise(shown, dpi, limits.recognised_page_s), number)


def _upright(image: Image.Image, number: int) -> Image.Image:
    """Load a picture, turned as the camera held it, on white where it is transparent."""
    image.seek(number - 1)
    shown = ImageOps.exif_transpose(image)
    if shown.mode in {"RGBA", "LA", "PA"} or "transparency" in shown.info:
        shown = shown.convert("RGBA")
        shown = Image.alpha_composite(Image.new("RGBA", shown.size, "white"), shown)
    return shown.convert("L" if shown.mode in {"1", "L", "I", "I;16"} else "RGB")


def _resolution(shown: Image.Image, image: Image.Image) -> float:
    """Return dots per inch: those that the file says if the page has then a likely size, else those of an A4 page."""
    said = float(image.info.get("dpi", (0, 0))[0] or 0)
    sides = sorted(shown.size)
    if said and all(_PAGE_INCHES[0] <= side / said <= _PAGE_INCHES[1] for side in sides):
        return said
    return max(side / inches for side, inches in zip(sides, _A4_INCHES, strict=True))
