"""Pages as scanners and telephones make them of a PDF. Reads and writes files; the same picture for the same seed.

Every spoiling takes a grey picture (0 black, 255 white) and gives one.
"""

import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pypdfium2
from PIL import Image, ImageDraw, ImageFilter

Spoil = Callable[[Image.Image, np.random.Generator], Image.Image]
_MADE = time.gmtime(4070908800)  # 2099-01-01: the same bytes on every run


def render(source: Path, dpi: int, spoils: Sequence[Spoil] = (), colour: bool = False) -> list[Image.Image]:
    """Return the pages as pictures, spoilt in turn."""
    random = np.random.default_rng(901)
    document = pypdfium2.PdfDocument(source)
    pages = []
    for page in document:
        seen = page.render(scale=dpi / 72)  # pyright: ignore[reportArgumentType]
        image = seen.to_pil().convert("RGB" if colour else "L")
        for spoil in spoils:
            image = spoil(image, random)
        pages.append(image)
    document.close()
    return pages


def save_pdf(pages: Sequence[Image.Image], dpi: int, path: Path, quality: int = 80) -> None:
    """Write pictures as a PDF of JPEGs, as office scanners do."""
    pages[0].save(
        path, save_all=True, append_images=pages[1:], resolution=dpi, quality=quality, creationDate=_MADE, modDate=_MADE
    )


def noise(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Add grain."""
    grey = np.asarray(image, dtype=np.float32)
    return Image.fromarray(np.clip(grey + random.normal(0, 12, grey.shape), 0, 255).astype(np.uint8))


def shadow(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Darken one side, as the spine of a book or a hand does."""
    grey = np.asarray(image, dtype=np.float32)
    fall = np.linspace(0.55, 1.0, grey.shape[1]) ** 0.7
    return Image.fromarray((grey * (fall if grey.ndim == 2 else fall[:, None])).astype(np.uint8))


def jpeg(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Compress hard."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=28)
    return Image.open(io.BytesIO(buffer.getvalue())).convert(image.mode)


def faded(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Print with little toner on grey paper."""
    return image.point(lambda value: 96 + value * 0.55)


def skew(degrees: float) -> Spoil:
    """Return what lays the page askew."""
    return lambda image, _: image.rotate(degrees, Image.Resampling.BICUBIC, fillcolor="white")


def turned(degrees: int) -> Spoil:
    """Return what lays the page on its side or head."""
    return lambda image, _: image.rotate(degrees, expand=True)


def blur(radius: float) -> Spoil:
    """Return what takes the page out of focus."""
    return lambda image, _: image.filter(ImageFilter.GaussianBlur(radius))


def perspective(image: Image.Image, random: np.random.Generator) -> Image.Image:
    """Photograph the page from the side, on a desk."""
    wide, high = image.size
    desk = Image.new(image.mode, (int(wide * 1.12), int(high * 1.1)), "#6b6257" if image.mode == "RGB" else 96)
    corners = [(0.05, 0.03), (0.93, 0.06), (0.97, 0.96), (0.02, 0.93)]
    target = [(x * desk.width, y * desk.height) for x, y in corners]
    shape = _coefficients(target, [(0, 0), (wide, 0), (wide, high), (0, high)])
    seen = image.transform(desk.size, Image.Transform.PERSPECTIVE, shape, Image.Resampling.BICUBIC)
    mask = Image.new("L", desk.size)
    ImageDraw.Draw(mask).polygon(target, fill=255)
    desk.paste(seen, mask=mask)
    return desk


def _coefficients(seen: Sequence[tuple[float, float]], flat: Sequence[tuple[float, float]]) -> list[float]:
    rows, wanted = [], []
    for (x, y), (u, v) in zip(seen, flat, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    return np.linalg.solve(np.array(rows), np.array(wanted)).tolist()
