"""Recognition of printed Vietnamese in a picture, by Debian's tesseract. Runs in the sandbox only."""

import csv
import io
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from rag.documents.budget import earn_for_page
from rag.documents.limits import Limits
from rag.documents.rulings import Picture, Rulings, erase, find_rulings
from rag.documents.words import Word

_DARKNESS = 140  # ink of a scan; paper with a shadow is lighter
_MIN_SURE = 0.1
# A stamp or a signature in ink: coloured, so that the lightest of the three colours is much lighter than the darkest.
_COLOURED, _STAMPED_SHARE = 70, 0.002
_TURNS = {90: Image.Transpose.ROTATE_90, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_270}
_SKEW_DEG, _SKEW_STEP = 3.0, 0.25
_SEEN_WIDTH = 800  # pixels are enough to see the direction of lines
_UPRIGHT_SURE = 0.85  # a page that is recognised worse than this may lie on its side


@dataclass(frozen=True, slots=True)
class Recognised:
    """What was read of a picture, in points of the upright page; `picture` is that page in grey, without coloured ink."""

    words: tuple[Word, ...]
    rulings: Rulings
    width_pt: float
    height_pt: float
    stamped: bool


@cache
def is_installed() -> bool:
    """Tell whether tesseract is there and knows Vietnamese."""
    if shutil.which("tesseract") is None:
        return False
    listed = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=False)
    return "vie" in listed.stdout.split()


def recognise(image: Image.Image, dpi: float, limits: Limits) -> Recognised:
    """Read a page from its picture, turned upright. Time out as `limits` say: then there are no words."""
    grey, stamped = _without_ink(image)
    grey = _levelled(grey)
    best = _read(grey, dpi, limits, stamped)
    if _sureness(best) < _UPRIGHT_SURE and (turn := _turned(grey, limits)):
        upright = _levelled(np.asarray(Image.fromarray(grey).transpose(_TURNS[turn])))
        best = max(best, _read(upright, dpi, limits, stamped), key=_sureness)
    return best


def _turned(grey: Picture, limits: Limits) -> int:
    """Return by how many degrees, against the clock, a page must be turned to stand upright; 0 when it is not known."""
    data = _png(grey)
    command = ["tesseract", "-", "-", "-l", "osd", "--psm", "0"]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=limits.recognised_page_s, check=False)
    except subprocess.TimeoutExpired:
        return 0
    found = re.search(rb"Rotate: (\d+)", done.stdout)
    return (360 - int(found[1])) % 360 if found else 0


def _read(grey: Picture, dpi: float, limits: Limits, stamped: bool) -> Recognised:
    rulings = find_rulings(grey, dpi, _DARKNESS)
    words = _tesseract(erase(grey, rulings, dpi), dpi, limits)
    height, width = grey.shape
    return Recognised(tuple(words), rulings, width * 72 / dpi, height * 72 / dpi, stamped)


def _sureness(read: Recognised) -> float:
    """Return the mean confidence by letters; 0 for a page on which hardly anything was read."""
    letters = sum(len(word.text) for word in read.words)
    return sum(word.sure * len(word.text) for word in read.words) / letters if letters > 20 else 0.0


def _tesseract(grey: Picture, dpi: float, limits: Limits) -> list[Word]:
    earn_for_page()
    command = ["tesseract", "-", "-", "-l", "vie", "--dpi", str(round(dpi)), "--psm", "3", "tsv"]
    try:
        done = subprocess.run(
            command, input=_png(grey), capture_output=True, timeout=limits.recognised_page_s * 2, check=False
        )
    except subprocess.TimeoutExpired:
        return []
    rows = csv.DictReader(io.StringIO(done.stdout.decode("utf-8", "replace")), delimiter="\t", quoting=csv.QUOTE_NONE)
    point = 72 / dpi
    words = []
    for row in rows:
        text, sure = (row.get("text") or "").strip(), float(row.get("conf") or -1) / 100
        if text and sure >= _MIN_SURE:
            left, top, width, height = (int(row[key]) * point for key in ("left", "top", "width", "height"))
            words.append(Word(text, left, top, left + width, top + height, sure=sure))
    return words


def _png(grey: Picture) -> bytes:
    data = io.BytesIO()
    Image.fromarray(grey).save(data, "PNG", compress_level=1)
    return data.getvalue()


def _without_ink(image: Image.Image) -> tuple[Picture, bool]:
    """Return the picture in grey with coloured ink bleached out, and whether there was any: a red stamp hides no letters."""
    if image.mode in ("1", "L", "I", "I;16"):
        return np.asarray(image.convert("L")), False
    colours = np.asarray(image.convert("RGB"))
    lightest = colours.max(axis=2)
    coloured = (lightest.astype(np.int16) - colours.min(axis=2)) > _COLOURED
    share = float(coloured.mean())
    if not _STAMPED_SHARE <= share < 0.3:  # nothing, or a coloured background
        return np.asarray(image.convert("L")), False
    grey = np.asarray(image.convert("L")).copy()
    grey[coloured] = lightest[coloured]
    return grey, True


def _levelled(grey: Picture) -> Picture:
    """Turn a page that was laid a little askew, by the angle at which its rows of ink are sharpest."""
    height, width = grey.shape
    scale = min(1.0, _SEEN_WIDTH / width)
    small = Image.fromarray(grey).resize((max(1, round(width * scale)), max(1, round(height * scale))))
    ink = Image.fromarray(255 - np.asarray(small))

    def sharpness(angle: float) -> float:
        rows = np.asarray(ink.rotate(angle, Image.Resampling.BILINEAR), dtype=np.float32).sum(axis=1)
        return float(np.square(np.diff(rows)).sum())

    angles = np.arange(-_SKEW_DEG, _SKEW_DEG + _SKEW_STEP / 2, _SKEW_STEP)
    best = float(max(angles, key=sharpness))
    if abs(best) < _SKEW_STEP or sharpness(best) < 1.1 * sharpness(0.0):
        return grey
    turned = Image.fromarray(grey).rotate(best, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
    return np.asarray(turned)
