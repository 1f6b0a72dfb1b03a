import unicodedata
from pathlib import Path

import pytest
from portal_pages import FEES, LAW, NEWS, OLD, PAGES, PROCEDURE, QUESTIONS, PortalPage

from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.pages import BlockKind, Fault, Reading
from rag.documents.readers.html import read


def reading(folder: Path, page: str | bytes, charset: str = "") -> Reading:
    path = folder / "a.html"
    path.write_bytes(page.encode() if isinstance(page, str) else page)
    return read(path, Limits(), charset)


def texts(folder: Path, body: str) -> list[str]:
    return [block.text for block in reading(folder, f"<html><body>{body}</body></html>").blocks]


def refusal(folder: Path, page: str) -> Refusal:
    with pytest.raises(DocumentError) as caught:
        reading(folder, page)
    return caught.value.refusal


def windows_1258(text: str) -> bytes:
    """Vietnamese as Windows wrote it: a letter with its roof or horn, then its tone."""
    out = b""
    for letter in text:
        try:
            out += letter.encode("cp1258")
        except UnicodeEncodeError:
            tones = [c for c in unicodedata.normalize("NFD", letter) if c in "\u0300\u0301\u0303\u0309\u0323"]
            base = "".join(c for c in unicodedata.normalize("NFD", letter) if c not in tones)
            out += (unicodedata.normalize("NFC", base) + "".join(tones)).encode("cp1258")
    return out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_portal_page_is_read_in_its_order_without_what_stands_around_it(tmp_path, page: PortalPage):
    blocks = reading(tmp_path, page.html if page is not OLD else windows_1258(page.html)).blocks
    found = [part for b in blocks for part in ([c for r in b.rows for c in r] if b.rows else b.text.split("\n"))]
    rest = iter(found)
    assert not [text for text in page.texts if text not in rest]
    assert not [text for text in page.aside if any(text in part for part in found)]


@pytest.mark.parametrize("page", [LAW, NEWS, QUESTIONS, FEES], ids=lambda page: page.name)
def test_hidden_text_is_noted(tmp_path, page: PortalPage):
    assert Fault.HIDDEN_TEXT in reading(tmp_path, page.html).pages[0].faults


def test_a_page_that_hides_nothing_in_its_main_part_has_no_fault(tmp_path):
    assert reading(tmp_path, PROCEDURE.html).pages[0].faults == ()


@pytest.mark.parametrize(
    "hidden",
    [
        '<p style="display:none">X</p>',
        '<p style="visibility:hidden">X</p>',
        "<p hidden>X</p>",
        '<p style="font-size:0">X</p>',
        '<p style="font-size: 0.05em">X</p>',
        '<p style="color:white">X</p>',
        '<div style="background:#123456"><p style="color:rgb(18,52,86)">X</p></div>',
        '<p style="color:rgba(0,0,0,0)">X</p>',
        '<p style="position:absolute; left:-9999px">X</p>',
        '<p style="text-indent:-100em">X</p>',
        '<p style="opacity:0">X</p>',
        '<p style="height:0;overflow:hidden">X</p>',
        '<p style="position:absolute;clip:rect(0 0 0 0)">X</p>',
        '<p style="transform:scale(0)">X</p>',
        "<style>.a .b{display:none}</style><div class=a><p class=b>X</p></div>",
        "<style>#x, #y{color:#fff}</style><p id=y>X</p>",
        "<style>@media screen{p.b{visibility:hidden}}</style><p class=b>X</p>",
        "<style>p.b{display:none!important}</style><p class=b style='display:block'>X</p>",
        "<style>p.b{display:none} p{display:block}</style><p class=b>X</p>",
        '<span class="sr-only">X</span>',
        "<font color=#ffffff>X</font>",
        "<table><tr><td>a</td><td>b</td></tr><tr style='display:none'><td>X</td><td>X</td></tr><tr><td>c</td><td>d</td></tr></table>",
    ],
)
def test_what_nobody_can_see_is_not_read(tmp_path, hidden):
    read_back = reading(tmp_path, f"<html><body><p>Lệ phí 50.000 đồng</p>{hidden}</body></html>")
    assert not [block.text for block in read_back.blocks if "X" in block.text]
    assert read_back.pages[0].faults == (Fault.HIDDEN_TEXT,)


def test_a_main_part_that_is_hidden_is_not_read_instead_of_what_is_shown(tmp_path):
    assert texts(tmp_path, f"<p>Lệ phí 50.000 đồng</p><main style='display:none'>{'X ' * 99}</main>") == [
        "Lệ phí 50.000 đồng"
    ]


def test_a_page_that_a_script_shows_at_last_is_read(tmp_path):
    read_back = reading(tmp_path, "<html><body style='display:none'><p>Lệ phí</p></body></html>")
    assert read_back.blocks[0].text == "Lệ phí"


@pytest.mark.parametrize(
    "shown",
    [
        '<div style="visibility:hidden"><p style="visibility:visible">X</p></div>',
        '<div style="font-size:0"><p style="font-size:14px">X</p></div>',
        '<div style="background:navy"><p style="color:white">X</p></div>',
        '<div style="background:url(a.png)"><p style="color:white">X</p></div>',
        '<p class="d-none d-md-block">X</p>',
        "<style>.a:hover{display:none} @media print{p{display:none}} @media (max-width:9px){p{display:none}}</style><p class=a>X</p>",
        "<style>p{display:none} p.b{display:block}</style><p class=b>X</p>",
        '<p aria-hidden="true">X</p>',
        "<details><summary>a</summary>X</details>",
    ],
)
def test_what_people_see_is_read(tmp_path, shown):
    read_back = reading(tmp_path, f"<html><body>{shown}</body></html>")
    assert [block.text for block in read_back.blocks if "X" in block.text]


def test_numbers_of_lists_are_text(tmp_path):
    page = """<ol start="3"><li>ba<ol type="a"><li>a</li><li>b</li></ol></li><li>bốn</li></ol><ol reversed><li>x</li><li>y</li></ol>
    <ol style="list-style-type: upper-roman"><li>một</li></ol><ul><li>gạch</li><li>+ cộng</li></ul><ol style="list-style:none"><li>trơn</li></ol>"""
    expected = ["3. ba", "a) a", "b) b", "4. bốn", "2. x", "1. y", "I. một", "- gạch", "+ cộng", "trơn"]
    assert texts(tmp_path, page) == expected


def test_merged_cells_stand_in_every_place_and_names_of_two_rows_are_the_header(tmp_path):
    block = next(b for b in reading(tmp_path, FEES.html).blocks if b.kind is BlockKind.TABLE)
    assert block.header == 2
    assert block.rows[:3] == (
        ("TT", "Việc", "Mức thu", "Mức thu"),
        ("TT", "Việc", "Trực tiếp", "Trực tuyến"),
        ("1", "Cấp đổi", "50.000", "25.000"),
    )
    assert block.rows[-1] == ("Miễn lệ phí cho trẻ em",) * 4


def test_bold_names_over_two_rows_are_the_header(tmp_path):
    rows = "<tr><td rowspan=2><b>TT</b></td><td colspan=2><b>Mức</b></td></tr><tr><td>a</td><td>b</td></tr><tr><td>1</td><td>2</td><td>3</td></tr>"
    assert reading(tmp_path, f"<body><table>{rows}</table></body>").blocks[0].header == 2


def test_the_top_of_an_official_letter_is_no_table(tmp_path):
    top = (
        "<tr><td>CHÍNH PHỦ</td><td>CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM</td></tr><tr><td>Số: 00</td><td>Hà Nội</td></tr>"
    )
    found = ["CHÍNH PHỦ", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Số: 00", "Hà Nội"]
    assert texts(tmp_path, f"<table>{top}</table>") == found


def test_what_stands_aside_is_told_by_what_it_is_and_by_its_links(tmp_path):
    links = "<li><a href=1>Tin thứ nhất</a></li><li><a href=2>Tin thứ hai</a></li><li><a href=3>Tin thứ ba</a></li>"
    main = (
        "<p>Người dân nộp hồ sơ tại Công an xã nơi thường trú, kèm tờ khai và ảnh chân dung, rồi chờ tin nhắn hẹn.</p>"
    )
    page = f"<nav>đi</nav>{main}<aside>bên</aside><ul>{links}</ul><footer>dưới</footer>"
    assert len(texts(tmp_path, page)) == 1
    assert len(texts(tmp_path, f"<p>Danh mục</p><ul>{links}</ul>")) == 4


def test_headings_and_line_breaks(tmp_path):
    blocks = reading(tmp_path, "<body><h2>Trình tự</h2>Một<br>hai<br><br>ba<p>bốn</p></body>").blocks
    assert [(b.kind.value, b.level, b.text) for b in blocks] == [
        ("heading", 2, "Trình tự"),
        ("paragraph", 0, "Một\nhai"),
        ("paragraph", 0, "ba"),
        ("paragraph", 0, "bốn"),
    ]


def test_old_fonts_are_read_as_their_letters(tmp_path):
    page = '<p><font face=".VnTime">h\xadíng dÉn</font> thủ tục</p><p style="font-family: VNI-Times">thuû tuïc</p>'
    assert texts(tmp_path, page) == ["hướng dẫn thủ tục", "thủ tục"]


def test_the_page_says_title_date_language_and_address(tmp_path):
    assert reading(tmp_path, NEWS.html).declared == {
        "title": "Cảnh báo cuộc gọi giả",
        "published": "2026-01-02T08:00:00+07:00",
        "language": "vi-VN",
    }
    declared = reading(tmp_path, PROCEDURE.html).declared
    assert (declared["url"], declared["description"]) == ("https://cong.example/thu-tuc/1", "Cấp lại thẻ mẫu")
    assert reading(tmp_path, QUESTIONS.html).declared["published"] == "2026-03-04"


@pytest.mark.parametrize(
    ("data", "charset"),
    [
        ("\ufeff<p>Thường trú của người dân".encode(), "windows-1252"),
        ("<p>Thường trú của người dân".encode("utf-16"), ""),
        ("<p>Thường trú của người dân".encode("utf-16-le"), ""),
        (windows_1258("<p>Thường trú của người dân"), "windows-1258"),
        (windows_1258("<p>Thường trú của người dân"), ""),
        ("<meta charset=windows-1258><p>Thường trú của người dân".encode(), ""),
    ],
)
def test_letters_are_told_from_marks_headers_and_sense(tmp_path, data, charset):
    assert reading(tmp_path, data, charset).blocks[0].text == "Thường trú của người dân"


def test_a_huge_or_endlessly_nested_page_is_refused_and_a_broken_one_read(tmp_path):
    assert refusal(tmp_path, "<p>x</p>" * 2_200_000) is Refusal.TOO_LARGE
    assert refusal(tmp_path, "<div>" * 200_000 + "x") is Refusal.DAMAGED
    assert refusal(tmp_path, "<html><body><script>x</script></body></html>") is Refusal.NO_TEXT
    assert refusal(tmp_path, "  ") is Refusal.NO_TEXT
    assert texts(tmp_path, "<p>một<div>hai</p><table><tr><td>ba") == ["một", "hai", "ba"]


def test_spans_without_end_are_bounded(tmp_path):
    page = "<table border=1><tr><th colspan=99999>a</th><th rowspan=0>b</th></tr><tr><td>c</td></tr></table>"
    assert len(reading(tmp_path, f"<body>{page}</body>").blocks[0].rows[0]) == 101


def test_deep_tables_do_not_crash(tmp_path):
    deep = "<table><tr><td>a</td><td>" * 400 + "x" + "</td></tr></table>" * 400
    assert "x" in texts(tmp_path, deep)
