"""Learners see a shelved document page by page, as it was printed, with what an answer quotes marked."""

import re
from dataclasses import replace
from datetime import date
from html import unescape

import pytest
from papers import FEE, LATE, PNG, TITLE, bring, circular, lines, shelve, units_of
from people import client
from small_home import build_once, settings_in

from rag.answers import Answer, AnswerStatus, Citation
from rag.documents.library import Library
from rag.documents.limits import DocumentError, Refusal
from rag.documents.pages import Block, BlockKind, Box, Page, PrintedLine
from rag.documents.shelf import ShelfRelation
from rag.documents.units import RelationKind, Unit, UnitKind
from rag.glossary import Glossary, load_glossary
from rag.records import Records
from rag.serving import Serving, build_generation, open_assistant
from rag.sheets import Source
from ui.app import create_app
from ui.quoting import marked_blocks, quoted_boxes, quoted_units
from ui.rendering import turn_html
from ui.wording import checked_line

pytestmark = pytest.mark.whole

PAPER = "/van-ban/99-2026-tt-thu"
CLAUSE = f"{PAPER}/trang/1?doan=dieu-4/khoan-1"


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    folder = build_once(tmp_path_factory.mktemp("once"))
    return folder, open_assistant(settings_in(folder, tmp_path_factory.mktemp("open")))


class Shelf:
    """An application whose corpus shelves the circular; pictures that were drawn are counted."""

    def __init__(self, once, folder, text=None, name="tt.pdf", **more):
        self.settings = settings_in(once[0], folder)
        self.records, self.library = Records.open(self.settings.records_url), Library(self.settings.documents_folder)
        shelve(self.settings.corpus, bring(self.records, self.library, folder, text=text, name=name), **more)
        app = create_app(Serving(once[1]), self.records, load_glossary(self.settings.corpus), self.settings)
        self.app, self.drawn = app, []
        app._app.state.picture = self.picture
        self.visitor = client(app, self.records)

    def picture(self, path, number, width):
        self.drawn.append((path.name, number))
        return PNG

    def page(self, path):
        return unescape(self.visitor.get(path).text)


@pytest.fixture(scope="module")
def shelf(once, tmp_path_factory):
    shelf = Shelf(once, tmp_path_factory.mktemp("shelf"))
    yield shelf
    shelf.records.close()


def boxes(page):
    return [float(y) for y in re.findall(r'<rect x="[\d.]+" y="([\d.]+)"', page)]


def test_the_link_of_a_version_that_had_more_pages_leads_to_the_quote(shelf):
    assert shelf.page(f"{PAPER}/trang/9?doan=dieu-4/khoan-1") == shelf.page(CLAUSE)
    assert shelf.visitor.get(f"{PAPER}/trang/9?doan=dieu-9").status_code == 404


def test_the_quote_stands_above_the_page_on_which_its_lines_are_marked(shelf):
    page = shelf.page(CLAUSE)
    assert "<h2>Điều 4, khoản 1</h2>" in page
    assert FEE in page
    assert boxes(page) == [200.0, 300.0]
    assert 'alt="Ảnh trang 1 của Thông tư 99/2026/TT-THU, có tô vàng Điều 4, khoản 1"' in page
    assert "Phần tô vàng trên ảnh" in page
    assert 'href="https://bo.gov.vn/tt"' in page
    assert "có hiệu lực từ 01/07/2026" in page.lower()
    assert f'href="{PAPER}/trang/2?doan=dieu-4/khoan-1" rel="next"' in page
    assert 'rel="prev"' not in page


def test_on_another_page_the_way_to_the_quote_is_shown(shelf):
    page = shelf.page(f"{PAPER}/trang/2?doan=dieu-4/khoan-1")
    assert f'<a href="{PAPER}/trang/1?doan=dieu-4/khoan-1">trang 1</a>' in page
    assert boxes(page) == []


def test_an_article_is_marked_with_all_that_is_below_it(shelf):
    assert boxes(shelf.page(f"{PAPER}/trang/1?doan=dieu-4")) == [100.0, 200.0, 300.0]
    assert boxes(shelf.page(f"{PAPER}/trang/2?doan=dieu-4")) == [100.0, 200.0]


def test_a_picture_is_made_once_and_browsers_may_keep_it(shelf):
    for _ in range(2):
        reply = shelf.visitor.get(f"{PAPER}/trang/1.png?v=1")
        assert (reply.content, reply.headers["content-type"]) == (PNG, "image/png")
        assert reply.headers["cache-control"] == "public, max-age=86400"
    assert shelf.drawn == [("original.pdf", 1)]
    assert shelf.visitor.get(PAPER).headers["cache-control"] == "no-store"
    assert shelf.visitor.get(f"{PAPER}/trang/3.png").status_code == 404


def test_a_page_that_cannot_be_drawn_is_missing_and_its_words_stay(once, tmp_path):
    shelf = Shelf(once, tmp_path)

    def fail(*_):
        raise DocumentError(Refusal.CRASHES)

    for picture in (fail, lambda *_: b"<svg onload=alert(1)>"):
        shelf.app._app.state.picture = picture
        assert shelf.visitor.get(f"{PAPER}/trang/1.png").status_code == 404
    page = shelf.page(CLAUSE)
    assert f"<mark>{FEE}</mark>" in page
    shelf.records.close()


@pytest.mark.parametrize(
    "path", ["/van-ban/khong-co", f"{PAPER}/trang/3", "/van-ban/khong-co/trang/1", f"{PAPER}/trang/0"]
)
def test_what_is_not_there_is_told_in_words(shelf, path):
    reply = shelf.visitor.get(path)
    assert reply.status_code == 404
    assert "Không có văn bản này" in reply.text or "không có trang này" in reply.text


def test_a_quote_that_is_gone_and_markup_in_the_address_harm_nothing(shelf):
    page = shelf.visitor.get(f"{PAPER}/trang/1", params={"doan": '"><script>1</script>'}).text
    assert "<script>1" not in page
    assert "Không còn đoạn được trích" in page


def test_a_file_without_pages_shows_its_words_marked(once, tmp_path):
    shelf = Shelf(once, tmp_path, circular(printed=False), "tt.md")
    page = shelf.page(CLAUSE)
    assert f"1. <mark>{FEE}</mark>" in page
    assert "<img" not in page
    assert "Phần tô vàng dưới đây" in page
    shelf.records.close()


def test_words_of_a_page_that_is_left_out_are_not_shown(once, tmp_path):
    shelf = Shelf(once, tmp_path, without=(2,))
    page = shelf.page(f"{PAPER}/trang/2?doan=dieu-4/khoan-2")
    assert "25.000" not in page
    assert "chưa được dùng để trả lời" in page
    assert f"{PAPER}/trang/2.png" in page
    assert "25.000" not in shelf.page(PAPER)
    shelf.records.close()


def test_a_document_is_an_outline_that_leads_to_its_pages(shelf):
    page = shelf.page(PAPER)
    assert "<summary>Điều 4. Mức thu</summary>" in page
    assert LATE in page
    assert f'href="{PAPER}/trang/1?doan=dieu-4"' in page


def test_the_list_is_searched_without_marks(shelf):
    assert TITLE in shelf.page("/van-ban")
    assert f'href="{PAPER}"' in shelf.page("/van-ban?tim=le phi THE 99/2026")
    assert "Chưa thấy văn bản nào" in shelf.page("/van-ban?tim=ho chieu")


def test_what_has_ended_says_so_and_where_to_look(once, tmp_path):
    newer = {
        "id": "1-2026-tt", "number": "1/2026/TT", "in_force": date(2026, 10, 1),
        "relations": (ShelfRelation(kind=RelationKind.AMENDS, number="99/2026/TT-THU", units=("Điều 4, khoản 1",)),),
    }  # fmt: skip
    shelf = Shelf(once, tmp_path, expires=date(2026, 12, 31))
    shelve(shelf.settings.corpus, shelf.records.documents.get(1), **newer)
    assert "Hết hiệu lực từ 01/10/2026" in (page := shelf.page(CLAUSE))
    assert 'href="/van-ban/1-2026-tt"' in page
    other = shelf.page(f"{PAPER}/trang/2?doan=dieu-4/khoan-2")
    assert "Hết hiệu lực từ" not in other
    assert "trước 01/01/2027" in other
    shelf.records.close()


def test_what_is_not_in_force_yet_says_so(once, tmp_path):
    shelf = Shelf(once, tmp_path, in_force=date(2027, 1, 1))
    assert "Chưa có hiệu lực." in shelf.page(CLAUSE)
    shelf.records.close()


def test_the_guides_of_the_pages_are_ours_alone(once, tmp_path):
    shelf = Shelf(once, tmp_path)
    build_generation(shelf.settings, "")
    assistant = open_assistant(shelf.settings)
    app = create_app(Serving(assistant), shelf.records, Glossary({}, {}), shelf.settings)
    assert assistant.index.shelf is not None
    assert {guide.document for guide in app._app.state.guides().values()} == {""}
    passage = next(p for p in assistant.index.shelf.passages if "khoan-1" in p.id)
    assert "<h2>Điều 4, khoản 1</h2>" in shelf.page(passage.lines[0].sources[0].page)
    shelf.records.close()


def answer(page):
    source = Source("Bộ Thử nghiệm", "Thông tư 99, Điều 4", "https://bo.gov.vn/tt", "2026-05-01", True, page)
    citation = Citation(
        1,
        "99-2026-tt-thu--dieu-4",
        "99-2026-tt-thu--dieu-4#le-phi",
        "Điều 4. Mức thu (Thông tư 99) – Lệ phí",
        FEE,
        (source,),
    )
    return Answer("0" * 32, "Đổi thẻ bao nhiêu?", AnswerStatus.ANSWERED, f"{FEE} [1]", level="documented", as_of=date(2026, 11, 1), citations=(citation,))  # fmt: skip


def test_an_answer_from_a_document_leads_to_its_page_and_names_it_as_one():
    ours = turn_html(answer(None), {}, Glossary({}, {}), masked=False, can_rate=False)
    theirs = turn_html(answer(CLAUSE), {}, Glossary({}, {}), masked=False, can_rate=False)
    assert "Xem trang gốc" not in ours
    assert f'<a href="{CLAUSE}" target="_blank" rel="noopener">Xem trang gốc</a>' in theirs
    assert checked_line(answer(None)).startswith("Theo hướng dẫn “Điều 4.")
    assert checked_line(answer(CLAUSE)).startswith("Theo văn bản “Điều 4. Mức thu (Thông tư 99)”")
    standing_on_it = replace(answer(CLAUSE), citations=(replace(answer(CLAUSE).citations[0], guide_id="tach-ho"),))
    assert checked_line(standing_on_it).startswith("Theo hướng dẫn “Điều 4.")
    assert "bởi Hoa. Theo văn bản" in checked_line(replace(answer(CLAUSE), checked_by="Hoa"))


def marked(page, unit_id, units):
    tops = [box.top for box in quoted_boxes(page, units, quoted_units(units, unit_id))]
    return [round(top * 10) for top in tops]


def test_a_quote_is_found_in_its_own_article_though_another_has_the_same_words():
    same = "Mức thu là 50.000 đồng."
    blocks = tuple(Block(BlockKind.PARAGRAPH, text) for text in ("Điều 1. A", f"1. {same}", "Điều 2. B", f"1. {same}"))
    units, page = units_of(blocks), Page(1, lines(*(block.text for block in blocks)))
    assert marked(page, "dieu-2/khoan-1", units) == [4]
    (*_, last) = marked_blocks(blocks, units, quoted_units(units, "dieu-2/khoan-1"))
    assert last.pieces == (("1. ", False), (same, True))
    assert marked_blocks(blocks, units, quoted_units(units, "dieu-2/khoan-1"))[1].pieces == ((f"1. {same}", False),)


def test_a_quote_is_found_over_broken_lines_other_marks_and_a_page_break():
    words = (
        "Người dân nộp hồ sơ trực tuyến trên Cổng Dịch vụ công quốc gia rồi nhận kết quả tại nơi đăng ký thường trú."
    )
    unit = Unit(UnitKind.CLAUSE, ("Điều 9", "khoản 1"), words, 1, 2)
    first = Page(1, lines("Trang trước", "1. Ngươi dân nộp hồ sơ trưc tuyến trên Cổng", "Dịch vụ công quốc gia rồi"))
    second = Page(2, lines("nhận kết quả tại nơi đăng ký thường trú.", "Nơi nhận:"))
    assert marked(first, "dieu-9/khoan-1", (unit,)) == [2, 3]
    assert marked(second, "dieu-9/khoan-1", (unit,)) == [1]


def test_words_that_are_not_on_the_page_mark_nothing():
    unit = Unit(UnitKind.CLAUSE, ("Điều 9", "khoản 1"), "Theo quy định của pháp luật về phí và lệ phí.", 1, 1)
    assert marked(Page(1, lines("Theo quy định khác", "Không liên quan")), "dieu-9/khoan-1", (unit,)) == []
    assert quoted_boxes(Page(1, ()), (unit,), [unit]) == []


def test_a_row_of_a_table_is_marked_across_its_columns():
    def cell(text, row, left):
        return PrintedLine(text, Box(left, row / 10, left + 0.3, row / 10 + 0.05))

    page = Page(
        1, (cell("Cấp mới", 1, 0.1), cell("30.000 đồng", 1, 0.5), cell("Cấp đổi", 2, 0.1), cell("50.000 đồng", 2, 0.5))
    )
    row = Unit(UnitKind.ROW, ("Điều 4", "dòng 2"), "Loại: Cấp đổi; Mức: 50.000 đồng", 1, 1)
    assert marked(page, "dieu-4/dong-2", (row,)) == [2, 2]
    table = Block(
        BlockKind.TABLE, "", rows=(("Loại", "Mức"), ("Cấp mới", "30.000 đồng"), ("Cấp đổi", "50.000 đồng")), header=1
    )
    assert [quoted for _, quoted in marked_blocks((table,), (row,), (row,))[0].rows] == [False, False, True]
