from pathlib import Path
from zipfile import ZipFile

import pytest
from office_files import abstract, cell, level, listed, paragraph, row, run, table, write_docx

from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.pages import BlockKind, Fault, Reading
from rag.documents.readers.docx import read

LAW = abstract(0, level(0, "decimal", "Điều %1."), level(1, "decimal", "%2."), level(2, "lowerLetter", "%3)"))
PAGE_BREAK = '<w:r><w:br w:type="page"/></w:r>'
RENDERED_BREAK = "<w:r><w:lastRenderedPageBreak/></w:r>"


def reading(folder: Path, *body: str, **parts: str) -> Reading:
    return read(write_docx(folder / "a.docx", *body, **parts), Limits())


def texts(folder: Path, *body: str, **parts: str) -> list[str]:
    return [block.text for block in reading(folder, *body, **parts).blocks]


def refusal(path: Path, limits: Limits | None = None) -> Refusal:
    with pytest.raises(DocumentError) as caught:
        read(path, limits or Limits())
    return caught.value.refusal


def test_numbers_that_word_generates_are_text_and_begin_again_below_a_new_article(tmp_path):
    body = [
        paragraph(t, list=(1, at)) for t, at in [("Phạm vi", 0), ("Một", 1), ("A", 2), ("B", 2), ("Hai", 1), ("A", 2)]
    ]
    body += [paragraph("Đối tượng", list=(1, 0)), paragraph("Một", list=(1, 1))]
    assert texts(tmp_path, *body, numbering=LAW + listed(1, 0)) == [
        "Điều 1. Phạm vi", "1. Một", "a) A", "b) B", "2. Hai", "a) A", "Điều 2. Đối tượng", "1. Một",
    ]  # fmt: skip


def test_lists_that_share_a_description_go_on_counting_and_one_with_a_start_begins_there(tmp_path):
    start = '<w:lvlOverride w:ilvl="1"><w:startOverride w:val="7"/></w:lvlOverride>'
    numbering = LAW + listed(1, 0) + listed(2, 0) + listed(3, 0, start)
    body = [paragraph("x", list=(n, 1)) for n in (1, 1, 2, 3, 3, 1)]
    assert texts(tmp_path, *body, numbering=numbering) == ["1. x", "2. x", "3. x", "7. x", "8. x", "9. x"]


@pytest.mark.parametrize(
    ("format", "text", "expected"),
    [
        ("upperRoman", "Chương %1.", "Chương III. x"),
        ("lowerRoman", "(%1)", "(iii) x"),
        ("upperLetter", "%1/", "C/ x"),
        ("decimalZero", "%1.", "03. x"),
        ("bullet", "\uf0b7", "- x"),
        ("bullet", "+", "+ x"),
        ("none", "Lưu ý:", "Lưu ý: x"),
    ],
)
def test_a_number_is_written_in_the_format_of_its_level(tmp_path, format, text, expected):
    numbering = abstract(0, level(0, format, text, start=3)) + listed(1, 0)
    assert texts(tmp_path, paragraph("x", list=(1, 0)), numbering=numbering) == [expected]


def test_a_level_names_those_above_it_in_digits_when_it_is_legal(tmp_path):
    numbering = abstract(0, level(0, "upperRoman", "%1."), level(1, "decimal", "%1.%2.", "<w:isLgl/>")) + listed(1, 0)
    body = [paragraph("x", list=(1, at)) for at in (0, 0, 1)]
    assert texts(tmp_path, *body, numbering=numbering) == ["I. x", "II. x", "2.1. x"]


def test_articles_go_on_counting_over_chapters_where_their_level_never_restarts(tmp_path):
    levels = level(0, "upperRoman", "Chương %1."), level(1, "decimal", "Điều %2.", '<w:lvlRestart w:val="0"/>')
    body = [paragraph("x", list=(1, at)) for at in (0, 1, 1, 0, 1)]
    assert texts(tmp_path, *body, numbering=abstract(0, *levels) + listed(1, 0))[-2:] == ["Chương II. x", "Điều 3. x"]


def test_a_style_gives_number_level_and_heading(tmp_path):
    styles = (
        '<w:style w:type="paragraph" w:styleId="u1"><w:name w:val="heading 1"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr>'
        '</w:pPr></w:style><w:style w:type="paragraph" w:styleId="dieu"><w:name w:val="Dieu"/><w:basedOn w:val="u1"/>'
        '<w:pPr><w:outlineLvl w:val="1"/></w:pPr></w:style>'
    )
    chapter = level(0, "upperRoman", "Chương %1.", '<w:pStyle w:val="u1"/>')
    article = level(1, "decimal", "Điều %2.", '<w:pStyle w:val="dieu"/>')
    blocks = reading(
        tmp_path,
        paragraph("Chung", style="u1"),
        paragraph("Phạm vi", style="dieu"),
        paragraph("Lời", properties='<w:outlineLvl w:val="9"/>'),
        styles=styles,
        numbering=abstract(0, chapter, article) + listed(1, 0),
    ).blocks
    assert [(b.kind, b.level, b.text) for b in blocks] == [
        (BlockKind.HEADING, 1, "Chương I. Chung"),
        (BlockKind.HEADING, 2, "Điều 1. Phạm vi"),
        (BlockKind.PARAGRAPH, 0, "Lời"),
    ]


def test_inserted_words_stay_and_deleted_ones_go_with_their_numbers(tmp_path):
    deleted = '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr><w:rPr><w:del/></w:rPr></w:pPr>'
    deleted += "<w:del><w:r><w:delText>cũ</w:delText></w:r></w:del></w:p>"
    changed = paragraph(
        "giữ ", f"<w:ins>{run('mới')}</w:ins>", "<w:moveFrom><w:r><w:t>đi</w:t></w:r></w:moveFrom>", list=(1, 0)
    )
    assert texts(tmp_path, deleted, changed, numbering=LAW + listed(1, 0)) == ["Điều 1. giữ mới"]


def test_paragraphs_are_joined_where_the_end_of_the_first_was_deleted(tmp_path):
    first = paragraph("Người dân ", properties="<w:rPr><w:del/></w:rPr>")
    assert texts(tmp_path, first, paragraph("nộp hồ sơ")) == ["Người dân nộp hồ sơ"]


@pytest.mark.parametrize(
    "properties",
    [
        "<w:vanish/>",
        '<w:color w:val="FFFFFF"/>',
        '<w:color w:val="FDFDFD" w:themeColor="background1"/>',
        '<w:sz w:val="2"/>',
        '<w:color w:val="FF0000"/><w:shd w:val="clear" w:fill="FF0000"/>',
        '<w:color w:val="000000"/><w:highlight w:val="black"/>',
        '<w:rStyle w:val="an"/>',
        "<w14:textFill><w14:noFill/></w14:textFill>",
    ],
)
def test_words_that_nobody_can_see_are_left_out_and_noted(tmp_path, properties):
    styles = '<w:style w:type="character" w:styleId="an"><w:name w:val="an"/><w:rPr><w:vanish/></w:rPr></w:style>'
    read_back = reading(tmp_path, paragraph("Lệ phí ", run("một tỷ ", properties), "50.000 đồng"), styles=styles)
    assert read_back.blocks[0].text == "Lệ phí 50.000 đồng"
    assert read_back.pages[0].faults == (Fault.HIDDEN_TEXT,)


@pytest.mark.parametrize("drawn", [True, False])
def test_white_words_on_a_dark_cell_are_read(tmp_path, drawn):
    white = paragraph(run("Lệ phí", '<w:b/><w:color w:val="FFFFFF"/>'))
    dark = cell(white, properties='<w:shd w:val="clear" w:fill="1F3864"/>')
    read_back = reading(tmp_path, table(row(dark, dark), row("50.000", "70.000"), drawn=drawn))
    assert read_back.blocks[0].text.startswith("Lệ phí")
    assert read_back.blocks[0].header == drawn
    assert not read_back.pages[0].faults


def test_white_words_are_read_where_the_style_of_their_table_colours_rows(tmp_path):
    styles = (
        '<w:style w:type="table" w:styleId="luoi"><w:name w:val="Grid Table 4"/><w:tblStylePr w:type="firstRow"><w:tcPr>'
        '<w:shd w:val="clear" w:fill="4472C4"/></w:tcPr></w:tblStylePr></w:style>'
    )
    white = cell(paragraph(run("Lệ phí", '<w:color w:val="FFFFFF"/>')))
    styled = table(row(white, white), row("50.000", "70.000")).replace(
        "<w:tblPr>", '<w:tblPr><w:tblStyle w:val="luoi"/>'
    )
    assert reading(tmp_path, styled, styles=styles).blocks[0].rows[0] == ("Lệ phí", "Lệ phí")


def test_merged_cells_stand_in_every_place_that_they_cover(tmp_path):
    header = row(
        cell("TT", properties='<w:vMerge w:val="restart"/>'),
        cell("Mức thu", properties='<w:gridSpan w:val="2"/>'),
        properties="<w:tblHeader/>",
    )
    below = row(cell("<w:p/>", properties="<w:vMerge/>"), "Trực tiếp", "Trực tuyến")
    nested = cell("Cấp lại", table(row("x", "1"), row("y", "2")), "<w:p/>")
    block = reading(tmp_path, table(header, below, row("1", "50.000", "25.000"), row("2", nested, "0"))).blocks[0]
    assert block.rows == (
        ("TT", "Mức thu", "Mức thu"),
        ("TT", "Trực tiếp", "Trực tuyến"),
        ("1", "50.000", "25.000"),
        ("2", "Cấp lại x | 1 y | 2", "0"),
    )
    assert block.header == 2
    assert block.text.split("\n")[2] == "1 | 50.000 | 25.000"


def test_a_table_without_lines_that_only_puts_words_side_by_side_is_paragraphs(tmp_path):
    top = table(row("CHÍNH PHỦ", "CỘNG HÒA XÃ HỘI"), row("Số: 00/0000/NĐ-CP", "Hà Nội, ngày 32"), drawn=False)
    assert texts(tmp_path, top) == ["CHÍNH PHỦ", "CỘNG HÒA XÃ HỘI", "Số: 00/0000/NĐ-CP", "Hà Nội, ngày 32"]


def test_body_keeps_the_order_of_paragraphs_tables_and_content_controls(tmp_path):
    held = f"<w:sdt><w:sdtContent>{paragraph('giữa')}</w:sdtContent></w:sdt>"
    body = paragraph("trước"), table(row("a", "b"), row("c", "d")), held, paragraph("sau")
    assert texts(tmp_path, *body) == ["trước", "a | b\nc | d", "giữa", "sau"]


def test_text_boxes_and_notes_follow_their_paragraph_once(tmp_path):
    nested = (
        f"<w:r><w:pict><v:textbox><w:txbxContent>{paragraph('Khung trong')}</w:txbxContent></v:textbox></w:pict></w:r>"
    )
    inner = f"<w:txbxContent>{paragraph('Trong khung', nested)}</w:txbxContent>"
    box = (
        f'<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing><wps:txbx>{inner}</wps:txbx></w:drawing></mc:Choice>'
        f"<mc:Fallback><w:pict><v:textbox>{inner}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    mark = '<w:r><w:footnoteReference w:id="5"/></w:r>'
    end = '<w:r><w:endnoteReference w:id="2"/></w:r>'
    found = texts(
        tmp_path,
        paragraph("Điều 3", box, mark, end),
        paragraph("sau"),
        footnotes=f'<w:footnote w:id="5">{paragraph("Đã sửa đổi")}</w:footnote>',
        endnotes=f'<w:endnote w:id="2">{paragraph("Xem thêm")}</w:endnote>',
    )
    assert found == ["Điều 3[1][i]", "Trong khung", "Khung trong", "[1] Đã sửa đổi", "[i] Xem thêm", "sau"]


def test_page_numbers_contents_and_headers_are_not_text(tmp_path):
    field = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    code = "<w:r><w:instrText>{}</w:instrText></w:r>"
    page = field.format("begin") + code.format(" PAGE ") + field.format("separate") + run("12") + field.format("end")
    link = (
        field.format("begin")
        + code.format(' HYPERLINK "x" ')
        + field.format("separate")
        + run("Cổng")
        + field.format("end")
    )
    styles = '<w:style w:type="paragraph" w:styleId="m1"><w:name w:val="toc 1"/></w:style>'
    body = paragraph("Điều 1 ... 3", style="m1"), paragraph("Trang ", page, "; ", link)
    assert texts(tmp_path, *body, styles=styles) == ["Trang ; Cổng"]


def test_breaks_hyphens_and_symbols_are_what_is_printed(tmp_path):
    signs = (
        "<w:r><w:t>thư</w:t><w:softHyphen/><w:t>ờng trú</w:t><w:br/><w:t>NĐ</w:t><w:noBreakHyphen/><w:t>CP</w:t></w:r>"
    )
    symbol = '<w:r><w:sym w:font="Wingdings" w:char="F0A8"/><w:tab/><w:t>Nam</w:t></w:r>'
    assert texts(tmp_path, paragraph(signs), paragraph(symbol)) == ["thường trú\nNĐ-CP", "☐ Nam"]


def test_old_fonts_are_read_as_their_letters_also_the_one_that_is_a_soft_hyphen(tmp_path):
    old = '<w:rFonts w:ascii=".VnTime"/>'
    letters = f"{run('h', old)}<w:r><w:rPr>{old}</w:rPr><w:softHyphen/></w:r>{run('íng dÉn', old)}"
    read_back = reading(tmp_path, paragraph(letters, run(" thủ tục")))
    assert read_back.blocks[0].text == "hướng dẫn thủ tục"
    assert read_back.pages[0].faults == (Fault.LEGACY_TCVN3,)


def test_pages_follow_breaks_and_a_break_that_word_noted_twice_counts_once(tmp_path):
    read_back = reading(
        tmp_path,
        paragraph("một", PAGE_BREAK),
        paragraph(RENDERED_BREAK, "hai"),
        paragraph(RENDERED_BREAK, "ba", properties="<w:pageBreakBefore/>"),
        paragraph("bốn", properties='<w:sectPr><w:type w:val="continuous"/></w:sectPr>'),
        paragraph("năm ", RENDERED_BREAK, "sáu"),
        "<w:sectPr/>",
    )
    assert [(b.text, b.page) for b in read_back.blocks] == [
        ("một", 1),
        ("hai", 2),
        ("ba", 3),
        ("bốn", 3),
        ("năm sáu", 4),
    ]
    assert [line.text for line in read_back.pages[1].lines] == ["hai"]
    assert refusal(tmp_path / "a.docx", Limits(pages=3)) is Refusal.TOO_MANY_PAGES


def test_lines_say_how_they_look(tmp_path):
    looks = '<w:b/><w:sz w:val="26"/><w:rFonts w:ascii="Times New Roman"/>'
    line = reading(tmp_path, paragraph(run("QUY ĐỊNH", looks))).pages[0].lines[0]
    assert (line.bold, line.size, line.font) == (True, 13.0, "Times New Roman")


def test_the_file_says_its_title_and_author(tmp_path):
    core = "<dc:title>Nghị định  mẫu</dc:title><dc:creator/><dcterms:created>2026-01-02T00:00:00Z</dcterms:created>"
    assert reading(tmp_path, paragraph("x"), core=core).declared == {
        "title": "Nghị định mẫu",
        "created": "2026-01-02T00:00:00Z",
    }


def test_macros_strict_names_and_missing_pictures_do_not_matter(tmp_path):
    picture = '<Relationship Id="x" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="NULL"/>'
    macro = "application/vnd.ms-word.document.macroEnabled.main+xml"
    path = write_docx(tmp_path / "a.docx", paragraph("Điều 1"), main_type=macro, relations=picture)
    strict = tmp_path / "strict.docx"
    with ZipFile(path) as old, ZipFile(strict, "w") as new:
        for name in old.namelist():
            data = (
                old.read(name)
                .decode()
                .replace("schemas.openxmlformats.org/wordprocessingml/2006", "purl.oclc.org/ooxml/wordprocessingml")
            )
            new.writestr(name, data)
    assert [read(p, Limits()).blocks[0].text for p in (path, strict)] == ["Điều 1", "Điều 1"]


def test_broken_files_are_refused_with_their_reason(tmp_path):
    path = write_docx(tmp_path / "a.docx", paragraph("Điều 1"))
    whole = path.read_bytes()
    assert refusal(write_docx(tmp_path / "b.docx", paragraph(""))) is Refusal.NO_TEXT
    path.write_bytes(whole[: len(whole) // 2])
    assert refusal(path) is Refusal.DAMAGED
    path.write_bytes(whole.replace(b"word/document.xml", b"word/nothing__.xml"))
    assert refusal(path) is Refusal.DAMAGED
    assert refusal(write_docx(path, "<w:p><w:r>")) is Refusal.DAMAGED
    deep = "<w:tbl><w:tr><w:tc>" * 5000 + paragraph("x") + "</w:tc></w:tr></w:tbl>" * 5000
    assert refusal(write_docx(path, deep)) is Refusal.DAMAGED


def test_entities_are_refused(tmp_path):
    path = write_docx(tmp_path / "a.docx", paragraph("x"))
    secret = tmp_path / "secret"
    secret.write_text("bí mật", encoding="utf-8")
    entity = f'<!DOCTYPE w [<!ENTITY e SYSTEM "file://{secret}">]>'
    made = tmp_path / "b.docx"
    with ZipFile(path) as old, ZipFile(made, "w") as new:
        for name in old.namelist():
            data = old.read(name).decode()
            new.writestr(name, entity + data.replace(">x<", ">&e;<") if name == "word/document.xml" else data)
    assert refusal(made) is Refusal.DAMAGED


@pytest.mark.slow
def test_a_table_that_claims_to_be_endless_is_bounded(tmp_path):
    wide = row(cell("x", properties='<w:gridSpan w:val="999999999"/>'))
    assert len(reading(tmp_path, table(wide, wide)).blocks[0].rows[0]) == 63
    assert refusal(write_docx(tmp_path / "b.docx", table(*[wide] * 9000))) is Refusal.TOO_LARGE
