import io
import unicodedata
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pypdf
import pypdfium2
import pytest
import zxingcpp
from fontTools.ttLib import TTFont

from rag.guides import Section, load_guides
from rag.settings import PROJECT
from rag.sheets import load_sheets
from ui.cards import FONTS, _fill, card_pdf, qr_svg

DAY = date(2026, 11, 25)
URL = "https://binhdan.example/huong-dan/vneid-dang-ky-muc-2"
HEADS = ["Giấy tờ", "Các bước", "Lệ phí", "Thời hạn", "Nơi làm", "Liên hệ", "Cần biết", "Mức phạt", "Cảnh báo"]


@pytest.fixture(scope="module")
def guides():
    return load_guides(PROJECT / "corpus", load_sheets(PROJECT / "corpus" / "facts"))


def pages_of(pdf):
    return pypdf.PdfReader(io.BytesIO(pdf)).pages


def words_of(pages):
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def picture_of(pdf, page=-1):
    document = pypdfium2.PdfDocument(pdf)
    return document[page % len(document)].render(scale=3).to_pil()


def lines_of(guide, section, day=DAY):
    return [line for p in guide.passages_on(day) if p.section is section for line in p.lines]


def test_a_card_says_the_guides_lines_word_for_word_and_nothing_else(guides):
    guide = guides["khan-cap-so-dien-thoai"]
    text = words_of(pages_of(card_pdf(guide, DAY, URL)))
    about = lines_of(guide, Section.SHORT), lines_of(guide, Section.FEE), lines_of(guide, Section.CONTACT)
    short, fees, contacts = ([line.text for line in lines] for lines in about)
    said = [guide.title, *short, "Lệ phí", *(f"• {t}" for t in fees), "Liên hệ", *(f"• {t}" for t in contacts)]
    assert text == unicodedata.normalize("NFC", text)
    assert text.partition(" Quét mã")[0] == " ".join(said)
    assert "Kiểm tra lần cuối 15/09/2025." in text
    assert "Nguồn: Quốc hội" in text


def test_steps_keep_their_numbers_and_their_order(guides):
    guide = guides["vneid-dang-ky-muc-2"]
    text = words_of(pages_of(card_pdf(guide, DAY, URL)))
    steps = [f"{line.step}. {line.text}" for line in lines_of(guide, Section.STEPS) if line.step]
    assert len(steps) == 5
    assert [text.index(step) for step in steps] == sorted(text.index(step) for step in steps)


@pytest.mark.slow
def test_every_guide_makes_a_card_of_at_most_two_pages_with_whole_lines_and_its_first_warning(guides):
    for guide in guides.values():
        pages = pages_of(card_pdf(guide, DAY, URL))
        text = words_of(pages)
        assert len(pages) <= 2, guide.id
        assert guide.title in text
        assert all(line.text in text for line in lines_of(guide, Section.WARNING)[:1]), guide.id
        every = {line.text for passage in guide.passages for line in passage.lines}
        body = text.partition(guide.title)[2].rpartition(" mã ")[0]
        for said in sorted(every, key=len, reverse=True):
            body = body.replace(said, "")
        for known in (*HEADS, *(p.part for p in guide.passages), "Xem tiếp mặt sau", "Xem tiếp: quét", "Quét"):
            body = body.replace(known, "") if known else body
        assert not set(body) - set("0123456789.• "), (guide.id, body)


@pytest.mark.slow
def test_nothing_is_drawn_outside_the_margins(guides):
    for guide in (guides["lltp-phieu-ly-lich-tu-phap"], max(guides.values(), key=lambda guide: len(guide.title))):
        for number in range(len(pages_of(card_pdf(guide, DAY, URL)))):
            picture = picture_of(card_pdf(guide, DAY, URL), number).convert("L").point(lambda grey: 255 * (grey < 250))
            left, top, right, bottom = (edge / 3 / 72 * 25.4 for edge in picture.getbbox())
            assert min(left, top, 148 - right, 210 - bottom) > 6, (guide.id, number)


@pytest.mark.parametrize(
    "guide_id", ["lltp-phieu-ly-lich-tu-phap", "cu-tru-dang-ky-thuong-tru", "xnc-ho-chieu-pho-thong"]
)
def test_the_lines_of_a_full_card_end_above_its_foot_and_never_lie_on_one_another(guides, guide_id):
    for page in pages_of(card_pdf(guides[guide_id], DAY, URL)):
        heights = []

        def note(text, _cm, tm, _font, _size, heights=heights):
            if text.strip() and text.strip() not in {"•", *(f"{n}." for n in range(30))}:
                heights.append(tm[5])

        page.extract_text(visitor_text=note)
        assert len(heights) > 10
        assert all(above - below >= 11 for above, below in pairwise(heights))


def test_pages_are_filled_in_order_without_skipping_what_is_tall():
    assert _fill([5, 5, 5], [11, 6]) == [2, 1]
    assert _fill([5, 9, 5, 5], [6, 10]) == [1, 1]
    assert _fill([5, 20, 5], [6, 10]) == [1, 0]


def test_a_card_that_had_to_leave_something_out_says_so(guides):
    long, short = guides["lltp-phieu-ly-lich-tu-phap"], guides["khan-cap-so-dien-thoai"]
    text = words_of(pages_of(card_pdf(long, DAY, URL)))
    assert "Xem tiếp: quét mã" in text
    assert "Xem tiếp mặt sau" in text
    assert lines_of(long, Section.PLACE)[-1].text not in text
    assert "Xem tiếp" not in words_of(pages_of(card_pdf(short, DAY, URL)))


def test_pages_are_a5_with_embedded_subsets_of_both_weights_in_large_type(guides):
    pdf = card_pdf(guides["vneid-dang-ky-muc-2"], DAY, URL)
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    fonts, sizes = {}, {}
    for page in reader.pages:
        assert [round(float(side) * 25.4 / 72) for side in page.mediabox[2:]] == [148, 210]
        fonts |= page["/Resources"]["/Font"]

        def note(text, _cm, _tm, _font, size):
            sizes[text.strip()] = size

        page.extract_text(visitor_text=note)
    descriptors = [font.get_object()["/DescendantFonts"][0]["/FontDescriptor"] for font in fonts.values()]
    assert {d["/FontName"].partition("+")[2] for d in descriptors} == {"BeVietnamPro", "BeVietnamProBold"}
    assert all("/FontFile2" in d for d in descriptors)
    assert len(pdf) < 60_000
    assert reader.trailer["/Root"]["/Lang"] == "vi-VN"
    assert next(size for text, size in sizes.items() if text.startswith("Đến nơi làm")) >= 15
    assert next(size for text, size in sizes.items() if text.startswith("Làm mức 2 thì mang")) >= 14


def test_the_qr_code_of_a_printed_card_leads_to_the_guide(guides):
    found = zxingcpp.read_barcodes(picture_of(card_pdf(guides["vneid-dang-ky-muc-2"], DAY, URL)))
    assert [code.text for code in found] == [URL]


def test_lines_that_are_not_true_on_the_day_are_not_printed(guides):
    guide = guides["khan-cap-so-dien-thoai"]
    fee = next(p for p in guide.passages if p.section is Section.FEE)
    over = replace(fee, lines=(replace(fee.lines[0], valid_until=DAY),))
    guide = replace(guide, passages=tuple(over if p is fee else p for p in guide.passages))
    assert fee.lines[0].text in words_of(pages_of(card_pdf(guide, DAY, URL)))
    later = words_of(pages_of(card_pdf(guide, DAY + timedelta(days=1), URL)))
    assert fee.lines[0].text not in later
    assert "Lệ phí" not in later


def test_the_same_guide_day_and_address_give_the_same_bytes(guides):
    guide = guides["khan-cap-so-dien-thoai"]
    assert card_pdf.__wrapped__(guide, DAY, URL) == card_pdf.__wrapped__(guide, DAY, URL)


def test_both_fonts_have_every_vietnamese_letter_and_all_that_guides_write(guides):
    bare = "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY"
    letters = {unicodedata.normalize("NFC", v + tone) for v in bare for tone in ("", *"\u0300\u0301\u0309\u0303\u0323")}
    written = {
        c for g in guides.values() for p in g.passages for line in p.lines for c in line.text + g.title + p.heading
    }
    for name in ("BeVietnamPro-Regular.ttf", "BeVietnamPro-Bold.ttf"):
        has = {chr(code) for code in TTFont(FONTS / name).getBestCmap()}
        assert letters | written | set("đĐ•") <= has
    assert "SIL OPEN FONT LICENSE" in (FONTS / "OFL.txt").read_text(encoding="utf-8")


def test_a_qr_code_for_projecting_scales_has_a_white_edge_and_hides_no_markup():
    svg = qr_svg('https://binhdan.example/lop?"><script>1</script>')
    assert svg.startswith('<svg role="img" aria-label="Mã QR mở trang https://')
    assert "<script" not in svg
    assert 'viewBox="0 0 ' in svg
    assert ' width="' not in svg
    assert 'fill="#fff"' in svg
