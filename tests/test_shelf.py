from datetime import date

from rag.documents.shelf import (
    ShelfRelation,
    Shelved,
    endings,
    first_ending,
    guides_of,
    read_shelved,
    shelf_path,
    shelf_text,
)
from rag.documents.units import RelationKind, Unit, UnitKind

SINCE = date(2027, 1, 1)


def shelved(number, title="Mức thu lệ phí", **more):
    said = {"in_force": date(2026, 1, 1), "issued": None, "topic": "khac", "checked": date(2026, 11, 27), **more}
    return Shelved(
        id=number.lower().replace("/", "-"), file="a" * 64, reading="b" * 64, type="Thông tư", number=number, title=title,
        issuer="Bộ Tài chính", official=True, **said,
    )  # fmt: skip


def relation(kind, *units):
    return ShelfRelation(kind=kind, number="901/2099/TT", units=units, since=SINCE)


OLD = shelved("901/2099/TT")
UNITS = (
    Unit(UnitKind.PARAGRAPH, ("mở đầu",), "Căn cứ Luật Phí và lệ phí;", 1, 1),
    Unit(UnitKind.ARTICLE, ("Điều 4",), "Mức thu như sau:", 1, 1, "Mức thu lệ phí"),
    Unit(UnitKind.POINT, ("Điều 4", "khoản 1", "điểm d"), "Cấp lại: 40.000 đồng.", 1, 1),
    Unit(UnitKind.POINT, ("Điều 4", "khoản 1", "điểm đ"), "Cấp đổi: 50.000 đồng.", 1, 1),
)


def lines(said):
    guides = guides_of(OLD, UNITS, said)
    return {line.text: line.valid_until for guide in guides for p in guide.passages for line in p.lines}


def test_a_repealed_point_ends_the_day_before_and_no_other_point_does():
    later = shelved("902/2099/TT", relations=(relation(RelationKind.REPEALS, "Điều 4, khoản 1, điểm đ"),))
    ended = lines(endings([OLD, later]))
    assert ended["Cấp đổi: 50.000 đồng."] == date(2026, 12, 31)
    assert ended["Cấp lại: 40.000 đồng."] is None


def test_a_replaced_document_ends_whole_however_its_number_is_spaced():
    later = shelved("902/2099/TT", relations=(ShelfRelation(kind=RelationKind.REPLACES, number="901 /2099/tt"),))
    assert set(lines(endings([OLD, later])).values()) == {date(2025, 12, 31)}
    assert first_ending(OLD, endings([OLD, later])).by is later


def test_nothing_ends_by_a_document_that_guides_or_amends_what_it_does_not_name():
    later = shelved("902/2099/TT", relations=(relation(RelationKind.GUIDES, "Điều 4"), relation(RelationKind.AMENDS)))
    assert set(lines(endings([OLD, later])).values()) == {None}


def test_the_earliest_end_counts_and_a_document_may_end_by_itself():
    short = shelved("901/2099/TT", expires=date(2026, 6, 30))
    later = shelved("902/2099/TT", relations=(relation(RelationKind.REPLACES),))
    assert first_ending(short, endings([short, later])).day == date(2026, 7, 1)


def test_legal_bases_are_no_passages_and_an_article_is_a_guide_with_its_page():
    (guide,) = guides_of(OLD, UNITS, endings([OLD]))
    assert guide.title == "Điều 4. Mức thu lệ phí (Thông tư 901/2099/TT)"
    assert {line.items[0].sources[0].page for p in guide.passages for line in p.lines} == {
        "/van-ban/901-2099-tt/trang/1?doan=dieu-4", "/van-ban/901-2099-tt/trang/1?doan=dieu-4/khoan-1/diem-d",
        "/van-ban/901-2099-tt/trang/1?doan=dieu-4/khoan-1/diem-dd",
    }  # fmt: skip


def test_a_chapter_that_has_only_its_name_is_no_guide():
    chapter = Unit(UnitKind.CHAPTER, ("Chương I",), "", 1, 1, "Quy định chung")
    assert [guide.id for guide in guides_of(OLD, (chapter, *UNITS), {})] == ["901-2099-tt--dieu-4"]


def test_a_shelf_file_comes_back_as_it_was_written():
    later = shelved(
        "902/2099/TT",
        relations=(relation(RelationKind.REPEALS, "Điều 4"),),
        without=(3,),
        questions={"dieu-4": ("a?",)},
    )
    assert read_shelved(shelf_text(later), shelf_path(later.id)) == later
