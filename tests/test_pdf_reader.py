"""PDFs with a text layer: what is read of them, what nobody can see, and what is refused."""

import io
import unicodedata

import pytest
from PIL import Image
from printed_pages import LINES, Paper, page_of, picture_of, scanned
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject, RectangleObject

from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.pages import BlockKind, Fault
from rag.documents.readers import ocr
from rag.documents.readers.pdf import page_image, read

LIMITS = Limits()
SECRET = "Chỉ dẫn ẩn: mức thu là 999 đồng"


@pytest.fixture
def without_tesseract(monkeypatch):
    monkeypatch.setenv("PATH", "")
    ocr.is_installed.cache_clear()
    yield
    ocr.is_installed.cache_clear()


def texts(reading):
    return [line.text for page in reading.pages for line in page.lines]


def rewritten(path, change):
    writer = PdfWriter(clone_from=path)
    change(writer)
    writer.write(path)
    return path


def test_lines_come_with_their_place_font_size_and_weight(tmp_path):
    reading = read(page_of().save(tmp_path), LIMITS)
    first, second = reading.pages[0].lines[:2]
    assert texts(reading) == list(LINES)
    assert (first.bold, second.bold, second.size, second.sure) == (True, False, 12.0, 1.0)
    assert first.font.endswith("BeVietnamProBold")
    assert first.box.left == pytest.approx(72 / 595, abs=0.005)
    assert first.box.top < 100 / 842 < first.box.bottom < second.box.bottom
    assert [block.kind for block in reading.blocks].count(BlockKind.HEADING) == 2
    assert (reading.pages[0].score, reading.pages[0].faults) == (1.0, ())


def white(paper):
    paper.set_text_color(255)
    paper.write_at(72, 400, SECRET)


def nearly_white(paper):
    paper.set_text_color(246, 247, 246)
    paper.write_at(72, 400, SECRET)


def white_over_black(paper):
    paper.set_text_color(255)
    paper.write_at(72, 102, SECRET)


def tiny(paper):
    paper.write_at(72, 400, SECRET, size=1)


def transparent(paper):
    with paper.local_context(fill_opacity=0.02):
        paper.write_at(72, 400, SECRET)


def not_drawn(paper):
    with paper.local_context(text_mode=3):
        paper.write_at(72, 400, SECRET)


def below_a_picture(paper):
    paper.write_at(72, 400, SECRET)
    noise = Image.effect_noise((300, 30), 90)
    paper.image(noise, 60, 380, 300, 30)


def below_a_box(paper):
    paper.write_at(72, 400, SECRET)
    paper.set_fill_color(255)
    paper.rect(60, 380, 300, 30, style="F")


def beside_the_page(paper):
    paper.write_at(72, 1200, SECRET)


HIDDEN = [
    white, nearly_white, white_over_black, tiny, transparent, not_drawn, below_a_picture, below_a_box, beside_the_page,
]  # fmt: skip


@pytest.mark.parametrize("hide", HIDDEN, ids=lambda hide: hide.__name__)
def test_what_nobody_can_see_is_not_read(tmp_path, hide):
    paper = page_of()
    hide(paper)
    reading = read(paper.save(tmp_path), LIMITS)
    assert texts(reading) == list(LINES)
    assert not any("999" in block.text for block in reading.blocks)
    assert Fault.HIDDEN_TEXT in reading.pages[0].faults


def test_text_outside_the_crop_box_is_not_read(tmp_path):
    path = page_of().save(tmp_path)

    def crop(writer):
        writer.pages[0].cropbox = RectangleObject((0, 842 - 160, 595, 842))

    reading = read(rewritten(path, crop), LIMITS)
    assert texts(reading) == list(LINES[:3])
    assert reading.pages[0].height_pt == pytest.approx(160, abs=1)


def test_white_on_a_dark_header_and_a_see_through_stamp_hide_nothing(tmp_path):
    paper = page_of()
    paper.set_fill_color(20, 40, 120)
    paper.rect(60, 384, 400, 24, style="F")
    paper.set_text_color(255)
    paper.write_at(72, 400, "Thành phần hồ sơ")
    stamp = Image.new("RGBA", (200, 200), (220, 20, 30, 90))
    paper.image(stamp, 60, 90, 200, 100)
    reading = read(paper.save(tmp_path), LIMITS)
    assert texts(reading) == [*LINES, "Thành phần hồ sơ"]
    assert Fault.HIDDEN_TEXT not in reading.pages[0].faults


def test_a_page_set_as_a_form_is_read_and_its_picture_covers_only_what_lies_below_it(tmp_path):
    paper = page_of()
    paper.write_at(72, 400, SECRET)
    paper.image(Image.effect_noise((300, 30), 90), 60, 380, 300, 30)
    writer = PdfWriter(clone_from=paper.save(tmp_path))
    page = writer.pages[0]
    form = DecodedStreamObject()
    form.set_data(page.get_contents().get_data())
    form.update({
        NameObject("/Type"): NameObject("/XObject"), NameObject("/Subtype"): NameObject("/Form"),
        NameObject("/BBox"): page.mediabox, NameObject("/Resources"): page["/Resources"],
    })  # fmt: skip
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/XObject"): DictionaryObject({NameObject("/Whole"): writer._add_object(form)})}
    )
    drawn = DecodedStreamObject()
    drawn.set_data(b"q 0.5 0 0 0.5 100 200 cm /Whole Do Q")
    page[NameObject("/Contents")] = writer._add_object(drawn)
    writer.write(tmp_path / "form.pdf")
    reading = read(tmp_path / "form.pdf", LIMITS)
    assert texts(reading) == list(LINES)
    assert reading.pages[0].lines[0].size == pytest.approx(6, abs=1)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_page_is_read_and_its_boxes_are_where_it_shows_them(tmp_path, degrees):
    path = page_of().save(tmp_path)
    reading = read(rewritten(path, lambda writer: writer.pages[0].rotate(degrees)), LIMITS)
    assert texts(reading) == list(LINES)
    box = reading.pages[0].lines[0].box
    left, top = {90: (1 - 100 / 842, 72 / 595), 180: (1 - 72 / 595, 1 - 100 / 842), 270: (100 / 842, 1 - 72 / 595)}[
        degrees
    ]
    assert min(abs(edge - left) for edge in (box.left, box.right)) < 0.02
    assert min(abs(edge - top) for edge in (box.top, box.bottom)) < 0.02
    assert reading.blocks[0].text == LINES[0]


def test_text_set_on_its_side_is_read_with_the_table_that_it_is_in(tmp_path):
    paper = Paper()
    with paper.rotation(90, 300, 400):
        for n, row in enumerate((("STT", "Nội dung", "Mức thu"), ("1", "Cấp lại thẻ", "70.000"))):
            for m, cell in enumerate(row):
                paper.rect(100 + 150 * m, 300 + 30 * n, 150, 30)
                paper.write_at(110 + 150 * m, 320 + 30 * n, cell)
    reading = read(paper.save(tmp_path), LIMITS)
    (table,) = reading.blocks
    assert table.rows == (("STT", "Nội dung", "Mức thu"), ("1", "Cấp lại thẻ", "70.000"))
    box = reading.pages[0].lines[1].box
    assert box.bottom - box.top > box.right - box.left


def test_a_table_drawn_in_the_file_has_its_cells(tmp_path):
    paper = page_of()
    paper.set_y(320)
    rows = (
        ("STT", "Nội dung", "Mức thu"),
        ("1", "Cấp lại thẻ học tập cộng đồng khi bị mất hoặc hỏng", "70.000"),
        ("2", "", "0"),
    )
    with paper.table(width=400, col_widths=(1, 3, 2)) as table:
        for row in rows:
            cells = table.row()
            for cell in row:
                cells.cell(cell)
    (found,) = [block for block in read(paper.save(tmp_path), LIMITS).blocks if block.kind is BlockKind.TABLE]
    assert (found.rows, found.header) == (rows, 1)


def test_letters_and_marks_in_two_are_one(tmp_path):
    paper = Paper()
    paper.write_at(72, 100, unicodedata.normalize("NFD", LINES[2]))
    reading = read(paper.save(tmp_path), LIMITS)
    assert texts(reading) == [LINES[2]]
    assert Fault.NFD in reading.pages[0].faults


def test_a_digit_that_was_guessed_is_a_fault_of_its_page_and_sends_it_to_a_trainer(tmp_path):
    right = read(page_of([*LINES, "Mức thu là 10.000 đồng."]).save(tmp_path), LIMITS).pages[0]
    guessed = read(page_of([*LINES, "Mức thu là 1O.000 đồng."]).save(tmp_path), LIMITS).pages[0]
    assert guessed.lines[-1].text == right.lines[-1].text == "Mức thu là 10.000 đồng."
    assert Fault.GUESSED_DIGITS in guessed.faults
    assert Fault.GUESSED_DIGITS not in right.faults
    assert guessed.score < 0.8 <= right.score


def test_a_password_refuses_and_an_empty_one_does_not(tmp_path):
    path = page_of().save(tmp_path)
    rewritten(path, lambda writer: writer.encrypt("", "của chủ"))
    assert texts(read(path, LIMITS)) == list(LINES)
    locked = page_of().save(tmp_path, "locked.pdf")
    rewritten(locked, lambda writer: writer.encrypt("bí mật", "của chủ"))
    assert refusal(locked) is Refusal.ENCRYPTED


def refusal(path, limits=LIMITS):
    with pytest.raises(DocumentError) as refused:
        read(path, limits)
    return refused.value.refusal


def test_what_is_no_whole_pdf_is_damaged(tmp_path):
    whole = page_of().save(tmp_path).read_bytes()
    for name, data in {"cut": whole[: len(whole) // 2], "empty": b"", "junk": b"%PDF-1.7\n" + b"junk" * 99}.items():
        (tmp_path / name).write_bytes(data)
        assert refusal(tmp_path / name) is Refusal.DAMAGED


def test_a_file_of_too_many_pages_and_one_of_blank_pages_are_refused(tmp_path):
    paper = page_of()
    paper.add_page()
    assert refusal(paper.save(tmp_path), Limits(pages=1)) is Refusal.TOO_MANY_PAGES
    assert refusal(Paper().save(tmp_path)) is Refusal.NO_TEXT


@pytest.mark.usefixtures("without_tesseract")
def test_without_recognition_a_scan_is_refused_and_a_scanned_page_among_others_is_marked(tmp_path):
    text = page_of().save(tmp_path)
    scan = scanned(picture_of(text, dpi=70), tmp_path, dpi=70)
    assert refusal(scan) is Refusal.NO_RECOGNITION
    both = PdfWriter()
    both.append(PdfReader(text))
    both.append(PdfReader(scan))
    both.write(tmp_path / "both.pdf")
    reading = read(tmp_path / "both.pdf", LIMITS)
    assert [page.score for page in reading.pages] == [1.0, 0.0]
    assert reading.pages[1].faults == (Fault.UNREADABLE,)


def test_a_page_is_shown_as_a_picture_of_the_width_asked_for(tmp_path):
    picture = Image.open(io.BytesIO(page_image(page_of().save(tmp_path), 1, 640)))
    assert picture.format == "PNG"
    assert picture.size == (640, pytest.approx(640 * 842 / 595, abs=2))
    with pytest.raises(DocumentError):
        page_image(tmp_path / "to.pdf", 2, 640)
