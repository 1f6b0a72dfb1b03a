"""Scans and photos: what Tesseract reads of them once they are upright, even and without stamps."""

import zlib
from difflib import SequenceMatcher

import numpy as np
import pytest
from PIL import Image, ImageDraw
from printed_pages import LINES, Paper, page_of, picture_of, scanned

from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.pages import BlockKind, Fault
from rag.documents.readers import image, ocr, pdf

pytestmark = [pytest.mark.ocr, pytest.mark.usefixtures("tesseract")]
LIMITS = Limits()
WANTED = " ".join(LINES)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return picture_of(page_of().save(tmp_path_factory.mktemp("page"))).crop((0, 0, 1654, 900))


def likeness(reading):
    return SequenceMatcher(None, " ".join(line.text for line in reading.pages[0].lines), WANTED, autojunk=False).ratio()


def saved(picture, folder, name="page.png"):
    picture.save(folder / name, dpi=(200, 200))
    return folder / name


def test_a_clean_scan_is_read_and_says_that_it_was_recognised(tmp_path, page):
    reading = pdf.read(scanned(page, tmp_path), LIMITS)
    assert likeness(reading) > 0.98
    assert reading.pages[0].faults == (Fault.RECOGNISED,)
    assert 0 < reading.pages[0].score < 1
    assert [block.text for block in reading.blocks][:2] == list(LINES[:2])


def shadowed(picture):
    light = np.linspace(1.0, 0.35, picture.width)[None, :, None]
    return Image.fromarray((np.asarray(picture) * light).astype(np.uint8))


def stamped(picture):
    stamp = Image.new("RGB", picture.size, "white")
    draw = ImageDraw.Draw(stamp)
    draw.ellipse((300, 200, 800, 700), outline=(225, 30, 40), width=14)
    draw.polygon([(550, 300), (700, 620), (400, 620)], fill=(225, 40, 50))
    return Image.fromarray(np.minimum(np.asarray(picture), np.asarray(stamp)))


SPOILS = {  # and the corner at which the first line begins
    "askew": (lambda picture: picture.rotate(-2.4, Image.Resampling.BICUBIC, fillcolor="white"), (0.14, 0.22)),
    "upside down": (lambda picture: picture.rotate(180), (0.88, 0.69)),
    "on its left side": (lambda picture: picture.rotate(90, expand=True), (0.31, 0.88)),
    "on its right side": (lambda picture: picture.rotate(270, expand=True), (0.69, 0.12)),
    "in a shadow": (shadowed, (0.12, 0.31)),
    "below a stamp": (stamped, (0.12, 0.31)),
}


@pytest.mark.parametrize(
    "spoil", [pytest.param(name, marks=[pytest.mark.slow] if name == "upside down" else []) for name in SPOILS]
)
def test_a_spoilt_picture_is_read_nearly_as_well_and_boxes_lie_where_it_shows_the_line(tmp_path, page, spoil):
    change, corner = SPOILS[spoil]
    picture = change(page)
    reading = image.read(saved(picture, tmp_path), LIMITS)
    assert likeness(reading) > 0.97
    assert (Fault.STAMPED in reading.pages[0].faults) == (spoil == "below a stamp")
    box = reading.pages[0].lines[0].box
    assert min(abs(edge - corner[0]) for edge in (box.left, box.right)) < 0.03
    assert min(abs(edge - corner[1]) for edge in (box.top, box.bottom)) < 0.06
    wide, high = picture.size
    area = (round(box.left * wide), round(box.top * high), round(box.right * wide), round(box.bottom * high))
    assert np.asarray(picture.convert("L").crop(area)).min() < 80


def test_a_table_laid_askew_has_its_cells_single_digits_too(tmp_path):
    paper = Paper()
    paper.set_y(120)
    rows = [("STT", "Nội dung công việc", "Mức thu")] + [
        (str(n), f"Cấp lại thẻ cho người dân số {n}", f"{n}0.000 đồng") for n in range(1, 6)
    ]
    with paper.table(width=420, col_widths=(1, 4, 2)) as table:
        for row in rows:
            cells = table.row()
            for cell in row:
                cells.cell(cell)
    askew = SPOILS["askew"][0](picture_of(paper.save(tmp_path)))
    reading = image.read(saved(askew, tmp_path), LIMITS)
    (found,) = [block for block in reading.blocks if block.kind is BlockKind.TABLE]
    assert [(row[0], row[2]) for row in found.rows] == [(row[0], row[2]) for row in rows]


def test_dots_to_write_on_are_not_read_as_letters(tmp_path):
    paper = page_of(("Họ và tên: " + "." * 90, "Ngày sinh: " + "." * 90, "Nơi cư trú hiện nay: " + "." * 70))
    reading = image.read(saved(picture_of(paper.save(tmp_path)), tmp_path), LIMITS)
    assert [line.text for line in reading.pages[0].lines] == ["Họ và tên:", "Ngày sinh:", "Nơi cư trú hiện nay:"]


def test_the_pages_of_a_tiff_are_read_in_their_order(tmp_path, page):
    page.save(tmp_path / "two.tiff", save_all=True, append_images=[page.crop((0, 140, 1654, 900))], dpi=(200, 200))
    reading = image.read(tmp_path / "two.tiff", LIMITS)
    assert [read.number for read in reading.pages] == [1, 2]
    assert [read.lines[0].text for read in reading.pages] == [LINES[0]] * 2
    with pytest.raises(DocumentError) as refused:
        image.read(tmp_path / "two.tiff", Limits(pages=1))
    assert refused.value.refusal is Refusal.TOO_MANY_PAGES


def test_a_photo_is_turned_as_its_camera_says_and_small_ones_are_enlarged(tmp_path, page):
    exif = Image.Exif()
    exif[0x0112] = 6
    page.rotate(90, expand=True).resize((450, 827)).save(tmp_path / "photo.jpg", exif=exif, quality=90)
    reading = image.read(tmp_path / "photo.jpg", LIMITS)
    assert likeness(reading) > 0.95
    assert reading.pages[0].height_pt < reading.pages[0].width_pt
    assert image.page_image(tmp_path / "photo.jpg", 1, 300)[:4] == b"\x89PNG"


def test_letters_without_unicode_are_read_from_the_page_as_it_looks(tmp_path):
    paper = page_of()
    path = paper.save(tmp_path)
    data = path.read_bytes()
    assert b"/ToUnicode" in data
    path.write_bytes(data.replace(b"/ToUnicode", b"/ToNothing"))
    reading = pdf.read(path, LIMITS)
    assert likeness(reading) > 0.97
    assert Fault.RECOGNISED in reading.pages[0].faults


def test_pictures_that_cannot_be_read_are_refused_with_their_reason(tmp_path, page):
    whole = saved(page, tmp_path).read_bytes()
    header = b"IHDR" + (60_000).to_bytes(4) * 2 + whole[24:29]
    huge = whole[:12] + header + zlib.crc32(header).to_bytes(4) + whole[33:]
    for name, data, reason in (
        ("cut.png", whole[: len(whole) // 2], Refusal.DAMAGED),
        ("junk.png", b"no picture", Refusal.DAMAGED),
        ("huge.png", huge, Refusal.TOO_LARGE),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DocumentError) as refused:
            image.read(tmp_path / name, LIMITS)
        assert refused.value.refusal is reason, name
    with pytest.raises(DocumentError) as refused:
        image.read(saved(Image.new("RGB", (800, 1100), "white"), tmp_path), LIMITS)
    assert refused.value.refusal is Refusal.NO_TEXT


def test_a_page_that_takes_too_long_is_unreadable_and_not_an_error(page):
    found = ocr.recognise(page, 200, seconds=0.01)
    read, _ = ocr.recognised_page(found, 1)
    assert (read.lines, read.score) == ((), 0.0)
    assert Fault.UNREADABLE in read.faults
