"""Screenshots kept small, and how far a page is from its own.

A page's picture is averaged down to a quarter of its width. Two pictures are compared in blocks of 8 × 8 of the small pixels (32 × 32
of the page's): the mean absolute difference of red, green and blue, of 255, of cells of 2 × 2, where the page may lie up to a pixel
off in any direction. Letters that are drawn a little otherwise move a block by less than NOISE; a button that is gone, text in
another colour or a moved column by more (`test_screenshots.py` plants them).
"""

import io
from pathlib import Path

import numpy as np
from PIL import Image

SCALE, CELL, BLOCK = 4, 2, 8
# The same page again moves no block by more than 1.1, letters a quarter of a pixel off none by more than 5.8; text in another colour
# moves one by 6.8 or more, all that is worse by 24 or more.
NOISE = 6.0
_SHIFTS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))
_STEP = 4  # of 255: what no eye sees costs a third of the size


def shrunk(picture: Image.Image, shift: tuple[int, int] = (0, 0)) -> np.ndarray:
    """Return a picture averaged down, as it lies or moved by (right, down) of its pixels; (height, width, 3), 0 to 255."""
    right, down = shift
    pixels = np.roll(np.asarray(picture.convert("RGB")), (down, right), (0, 1))
    small = Image.fromarray(pixels).reduce(SCALE)
    return np.asarray(small, dtype=np.float32)


def differences(actual: Image.Image, stored: np.ndarray) -> np.ndarray:
    """Return by how much each block differs, at the shift that suits it best; a block beyond either picture's end differs by 255."""
    small = shrunk(actual)
    rows, columns = (max(small.shape[n], stored.shape[n]) for n in (0, 1))
    if abs(small.shape[0] - stored.shape[0]) <= 1:  # a pixel more or less at the end of a page is no difference
        rows = min(small.shape[0], stored.shape[0])
    found = _by_block(small, stored, rows, columns)
    for shift in _SHIFTS:
        if found.max() <= NOISE:
            break
        found = np.minimum(found, _by_block(shrunk(actual, shift), stored, rows, columns))
    return found


def _by_block(one: np.ndarray, other: np.ndarray, rows: int, columns: int) -> np.ndarray:
    apart = np.zeros((-(-rows // BLOCK) * BLOCK, -(-columns // BLOCK) * BLOCK, 3), dtype=np.float32)
    apart[:rows, :columns] = 255
    height, width = (min(one.shape[n], other.shape[n], (rows, columns)[n]) for n in (0, 1))
    apart[:height, :width] = one[:height, :width] - other[:height, :width]
    # How letters are smoothed evens out within a cell; their colour does not.
    cells = np.abs(_averaged(apart, CELL)).mean(axis=2, keepdims=True)
    return _averaged(cells, BLOCK // CELL)[:, :, 0]


def _averaged(values: np.ndarray, by: int) -> np.ndarray:
    height, width, depth = values.shape
    return values.reshape(height // by, by, width // by, by, depth).mean(axis=(1, 3))


def store(picture: Image.Image, path: Path) -> None:
    """Store a page's picture small: without loss but for the last bits, since lossy WebP smears coloured letters."""
    path.parent.mkdir(exist_ok=True)
    colours = np.minimum((shrunk(picture) + _STEP / 2) // _STEP * _STEP, 255).astype(np.uint8)
    Image.fromarray(colours).save(path, "WEBP", lossless=True, quality=100, method=6)


def stored(path: Path) -> np.ndarray:
    """Read a stored picture."""
    with Image.open(io.BytesIO(path.read_bytes())) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.float32)


def beside(actual: Image.Image, expected: np.ndarray, found: np.ndarray) -> Image.Image:
    """Return the actual picture, the stored one, and the blocks that differ in white, side by side."""
    marks = np.where(found > NOISE, 255, np.minimum(found * 15, 90)).astype(np.uint8)
    marked = Image.fromarray(marks).resize((found.shape[1] * BLOCK, found.shape[0] * BLOCK), Image.Resampling.NEAREST)
    parts = [Image.fromarray(shrunk(actual).astype(np.uint8)), Image.fromarray(expected.astype(np.uint8)), marked.convert("RGB")]  # fmt: skip
    whole = Image.new("RGB", (sum(part.width + 4 for part in parts), max(part.height for part in parts)), "magenta")
    left = 0
    for part in parts:
        whole.paste(part, (left, 0))
        left += part.width + 4
    return whole
