import time
from datetime import date

import pytest
from description_cases import FORCE, HEADS, ISSUED, MOTTO, RELATIONS

from rag.documents.description import describe
from rag.documents.pages import Block, BlockKind
from rag.documents.references import dates_in, numbers_in, places_in
from rag.documents.units import Description, RelationKind

HEAD = f"CHÍNH PHỦ\n{MOTTO}Số: 99/2026/NĐ-CP\nHà Nội, ngày {ISSUED.day} tháng 6 năm 2026\nNGHỊ ĐỊNH\nQuy định về thẻ\nCăn cứ Luật Thẻ;\n"


def described(text: str, **more: str) -> Description:
    return describe([Block(BlockKind.PARAGRAPH, line) for line in text.split("\n")], **more)


@pytest.mark.parametrize("name", HEADS)
def test_a_letterhead_is_read(name):
    text, expected = HEADS[name]
    read = described(text if name == "a page" else f"{text}\nĐiều 1. Phạm vi\nMột.")
    assert (read.type, read.number, read.issuer, read.title, read.issued, read.territory) == expected


@pytest.mark.parametrize("article", FORCE)
def test_force_is_read_from_the_final_article(article):
    read = described(f"{HEAD}Điều 1. Phạm vi\nMột.\nĐiều 9. Hiệu lực thi hành\n{article}")
    assert (read.in_force, read.expires) == FORCE[article]


@pytest.mark.parametrize("articles", RELATIONS)
def test_what_it_does_to_other_documents_is_read(articles):
    read = described(HEAD + articles)
    assert {(r.kind.value, r.number, r.units) for r in read.relations} == set(RELATIONS[articles])


def test_a_relation_begins_with_the_document_unless_it_says_otherwise():
    read = described(
        f"{HEAD}Điều 9. Hiệu lực thi hành\n1. Nghị định này có hiệu lực từ ngày 01 tháng 8 năm 2026 và thay thế Nghị định số 1/2020/NĐ-CP.\n"
        "2. Nghị định số 2/2020/NĐ-CP hết hiệu lực kể từ ngày 01 tháng 10 năm 2026."
    )
    assert [(r.number, r.since) for r in read.relations] == [
        ("1/2020/NĐ-CP", date(2026, 8, 1)),
        ("2/2020/NĐ-CP", date(2026, 10, 1)),
    ]


def test_a_reference_that_a_broken_line_parts_is_read():
    read = described(
        f"{HEAD}Điều 9. Hiệu lực thi hành\n1. Nghị định này có hiệu lực từ ngày\n01 tháng 8 năm 2026 và thay thế Nghị định số\n1/2020/NĐ-CP."
    )
    assert [(r.kind, r.number) for r in read.relations] == [(RelationKind.REPLACES, "1/2020/NĐ-CP")]
    assert read.in_force == date(2026, 8, 1)


def test_what_it_stands_on_ends_nothing_and_gives_way_to_what_it_changes():
    read = described(
        f"CHÍNH PHỦ\n{MOTTO}Số: 99/2026/NĐ-CP\nHà Nội, ngày 20 tháng 6 năm 2026\nNGHỊ ĐỊNH\nSửa đổi một số điều của Nghị định số 5/2020/NĐ-CP\n"
        "Căn cứ Luật Căn cước số 26/2023/QH15;\nCăn cứ Nghị định số 5/2020/NĐ-CP;\nĐiều 1. Sửa đổi\nSửa đổi Điều 4 như sau:\n“Điều 4. Thẻ\n"
        "Theo Nghị định số 7/2020/NĐ-CP; bãi bỏ Nghị định số 8/2020/NĐ-CP.”."
    )
    assert [(r.kind, r.number, r.units) for r in read.relations] == [
        (RelationKind.AMENDS, "5/2020/NĐ-CP", ("Điều 4",)), (RelationKind.GUIDES, "26/2023/QH15", ()),
    ]  # fmt: skip


def test_words_that_an_article_quotes_say_nothing_of_the_document_itself():
    read = described(
        f"{HEAD}Điều 1. Sửa đổi\nSửa đổi Điều 9 như sau:\n“Điều 9. Hiệu lực\nNghị định này có hiệu lực từ ngày 01 tháng 01 năm 2020.”."
    )
    assert read.in_force is None


def test_a_law_is_issued_on_the_day_on_which_it_is_passed():
    read = described(
        "QUỐC HỘI\nLuật số: 9/2029/QH16\nLUẬT\nTHẺ\nĐiều 1. Thẻ\nMột.\nLuật này được Quốc hội khóa XVI thông qua ngày 27 tháng 11 năm 2029."
    )
    assert read.issued == date(2029, 11, 27)


def test_a_letterhead_in_a_table_is_read():
    rows = (("CHÍNH PHỦ\nSố: 1/2026/NĐ-CP", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nHà Nội, ngày 3 tháng 2 năm 2026"),)
    table = Block(BlockKind.TABLE, "CHÍNH PHỦ | CỘNG HÒA", rows=rows)
    lines = [
        Block(BlockKind.PARAGRAPH, line) for line in ("NGHỊ ĐỊNH", "Về thẻ", "Căn cứ Luật;", "Điều 1. Thẻ", "Một.")
    ]
    read = describe([table, *lines])
    assert (read.number, read.issuer, read.issued, read.title) == (
        "1/2026/NĐ-CP",
        "Chính phủ",
        date(2026, 2, 3),
        "Về thẻ",
    )


def test_what_the_words_do_not_say_is_taken_from_the_file():
    assert described("Một.", name="58_2026_nd-cp.pdf").number == "58/2026/NĐ-CP"
    assert described("Một.", name="26-2023-QH15.docx").number == "26/2023/QH15"
    assert describe([Block(BlockKind.PARAGRAPH, "Một.")], {"title": "Hướng dẫn cấp thẻ"}).title == "Hướng dẫn cấp thẻ"
    assert describe([Block(BlockKind.HEADING, "Cấp thẻ")], {"title": "Khác"}).title == "Cấp thẻ"


def test_nothing_describes_nothing():
    assert describe([]) == Description()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("điểm a, b khoản 2 và khoản 3 Điều 5", [("5", "2", "a"), ("5", "2", "b"), ("5", "3", "")]),
        ("Bổ sung điểm đ vào sau điểm d khoản 1 Điều 163", [("163", "1", "đ")]),
        ("các điều 5, 6 và 7; điểm c khoản 1 Điều 8", [("5", "", ""), ("6", "", ""), ("7", "", ""), ("8", "1", "c")]),
        ("sửa đổi khoản 3, bổ sung khoản 5 Điều 8", [("8", "3", ""), ("8", "5", "")]),
        ("cụm từ “theo khoản 9” tại Điều 4", [("4", "", "")]),
        ("khoản 2 như sau:", [("", "2", "")]),
        ("chương trình 5 năm", []),
    ],
)
def test_units_are_read_as_law_names_them(text, expected):
    assert places_in(text) == expected


def test_numbers_and_dates_are_told_apart():
    text = "các Thông tư số 47/2016/TT-BTC, 85 /2019/ TT - BTC ngày 01/7/2024, 31/02/2024; 12/QĐ-TTg"
    assert numbers_in(text) == ["47/2016/TT-BTC", "85/2019/TT-BTC", "12/QĐ-TTg"]
    assert dates_in(text) == [date(2024, 7, 1)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    ["1/" * 50_000, "điểm a, " * 12_000, "khoản 1 và " * 9_000, "ngày 1 " * 14_000, "được sửa đổi theo " * 5_500, "Nghị định này " * 7_000, "Số: " * 25_000,
     "A" * 100_000, "bãi bỏ " * 14_000, "“" * 100_000, "1/2020/NĐ-CP " * 7_500, "hết hiệu lực từ " * 6_000, "Nghị định và " * 7_500 + "có hiệu lực"],
)  # fmt: skip
def test_a_hostile_line_costs_no_more_than_its_length(line):
    document = [
        Block(BlockKind.PARAGRAPH, text)
        for text in (line, line.upper(), "NGHỊ ĐỊNH", line, "Điều 9. Hiệu lực", line, f"Bãi bỏ {line}:")
    ]
    began = time.thread_time()
    describe(document)
    assert time.thread_time() - began < 5
