"""Pictures of pages: PNG, JPEG, TIFF with one page or more. Everything in them is recognised."""

import warnings
from pathlib import Path

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.pages import Reading
from rag.documents.readers import ocr
from rag.documents.readers.pdf import as_png, reading_of, recognised

_MAX_PIXELS = 100_000_000  # a page of A3 at 600 dpi has 70 million
_READ_PIXELS = 25_000_000
_PAGE_IN = 8.27  # a picture that does not say its resolution is taken for a page of A4
_DPI = (70, 1200)


def read(path: Path, limits: Limits) -> Reading:
    """Read pictures of pages. Raises DocumentError."""
    if not ocr.is_installed():
        raise DocumentError(Refusal.NO_RECOGNITION)
    try:
        with warnings.catch_warnings(), Image.open(path) as image:
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            if image.width * image.height > _MAX_PIXELS:
                raise DocumentError(Refusal.TOO_LARGE, f"{image.width} × {image.height} pixels")
            frames = getattr(image, "n_frames", 1)
            if frames > limits.pages:
                raise DocumentError(Refusal.TOO_MANY_PAGES, f"{frames} pages, at most {limits.pages}")
            pages = []
            for number, frame in enumerate(ImageSequence.Iterator(image), 1):
                upright, dpi = _prepared(frame)
                pages.append(recognised(upright, dpi, number, limits))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise DocumentError(Refusal.DAMAGED) from error
    if not any(page.sheet.lines for page in pages):
        raise DocumentError(Refusal.NO_TEXT)
    return reading_of("image", pages, {})


def page_image(path: Path, number: int, width_px: int) -> bytes:
    """Return the picture of a page as PNG. Raises DocumentError."""
    try:
        with Image.open(path) as image:
            image.seek(number - 1)
            upright, _ = _prepared(image)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise DocumentError(Refusal.DAMAGED) from error
    return as_png(upright.resize((width_px, round(upright.height * width_px / upright.width))))


def _prepared(frame: Image.Image) -> tuple[Image.Image, float]:
    """Return a frame upright and no larger than is of use, with its resolution."""
    declared = frame.info.get("dpi", (0, 0))[0]
    upright = ImageOps.exif_transpose(frame)
    upright = upright.convert("RGB") if upright.mode not in ("1", "L") else upright.convert("L")
    shorter = min(upright.size)
    dpi = float(declared) if _DPI[0] <= float(declared) <= _DPI[1] else max(_DPI[0], shorter / _PAGE_IN)
    scale = min(1.0, (_READ_PIXELS / (upright.width * upright.height)) ** 0.5)
    if scale < 1.0:
        upright = upright.resize((round(upright.width * scale), round(upright.height * scale)))
    return upright, dpi * scale
