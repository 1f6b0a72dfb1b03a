"""Texts as Word files and workbooks, with what Word puts into them. Writes one file; the XML is written out because no library
writes tracked changes, text boxes, footnotes and automatic numbers together.
"""

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.styles import Border, Font, Side

from evals.documents.legacy import tcvn3_runs
from evals.documents.texts import ABOVE, LEFT, Part, Role, Rows, Text

_SPACES = " ".join(
    f'xmlns:{prefix}="{uri}"'
    for prefix, uri in {
        "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        "wp": "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    }.items()
)
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml."
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
_LEVELS = {Role.ARTICLE: ("0", "Điều %1."), Role.CLAUSE: ("1", "%2."), Role.POINT: ("2", "%3)")}
_LINE = Side("thin")
_THIN = Border(_LINE, _LINE, _LINE, _LINE)


@dataclass(frozen=True, slots=True)
class Word:
    """What is in the file beside the text. `numbered`: the numbers are Word's; `tracked`: a deleted and an inserted sentence."""

    font: str = "Times New Roman"
    numbered: bool = False
    tracked: bool = False
    boxed: str = ""
    notes: tuple[str, ...] = ()
    hidden: str = ""
    header: str = ""
    legacy: bool = False


def write_docx(text: Text, word: Word, path: Path) -> None:
    """Write a DOCX; the same bytes on every run."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _members(text, word).items():
            archive.writestr(zipfile.ZipInfo(name), '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>' + content)


def _members(text: Text, word: Word) -> dict[str, str]:
    kinds = ["styles", "numbering", "footnotes", "header"]
    overrides = "".join(f'<Override PartName="/word/{kind}.xml" ContentType="{_TYPE}{kind}+xml"/>' for kind in kinds)
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATION}{kind}" Target="{kind}.xml"/>' for n, kind in enumerate(kinds)
    )
    relations = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    notes = "".join(
        f'<w:footnote w:id="{n + 1}"><w:p>{_run(note)}</w:p></w:footnote>' for n, note in enumerate(word.notes)
    )
    return {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{_TYPE}document.main+xml"/>{overrides}</Types>',
        "_rels/.rels": f'{relations}<Relationship Id="rId1" Type="{_RELATION}officeDocument" '
        'Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f"{relations}{links}</Relationships>",
        "word/document.xml": _document(text, word),
        "word/styles.xml": f'<w:styles {_SPACES}><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="{word.font}" '
        f'w:hAnsi="{word.font}" w:cs="{word.font}"/><w:sz w:val="26"/></w:rPr></w:rPrDefault></w:docDefaults></w:styles>',
        "word/numbering.xml": _numbering(),
        "word/footnotes.xml": f"<w:footnotes {_SPACES}>{notes}</w:footnotes>",
        "word/header.xml": f"<w:hdr {_SPACES}><w:p>{_run(word.header)}</w:p></w:hdr>",
    }


def _numbering() -> str:
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{"lowerLetter" if level == "2" else "decimal"}"/>'
        f'<w:suff w:val="space"/><w:lvlText w:val="{shown}"/></w:lvl>'
        for level, shown in _LEVELS.values()
    )
    return (
        f'<w:numbering {_SPACES}><w:abstractNum w:abstractNumId="0"><w:multiLevelType w:val="multilevel"/>{levels}'
        '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
    )


def _document(text: Text, word: Word) -> str:
    notes, body = iter(range(1, len(word.notes) + 1)), []
    for part in text.parts:
        if part.role is Role.PAIR:
            body.append(_table(((part.left, part.right),), 0, word, framed=False))
        elif part.role is Role.TABLE:
            body.append(_table([[(cell,) for cell in row] for row in part.rows], part.header, word))
        else:
            body.extend(_paragraphs(part, word, notes))
    if word.tracked:
        body.append(_tracked())
    if word.hidden:
        body.append(f"<w:p>{_run(word.hidden, '<w:vanish/>')}</w:p>")
    if word.boxed:
        body.append(_box(word.boxed))
    header = '<w:headerReference w:type="default" r:id="rId3"/>' if word.header else ""
    page = '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:bottom="1134" w:left="1417" w:right="1134" w:header="567" w:footer="567"/>'
    return f"<w:document {_SPACES}><w:body>{''.join(body)}<w:sectPr>{header}{page}</w:sectPr></w:body></w:document>"


def _paragraphs(part: Part, word: Word, notes: Iterator[int]) -> Iterator[str]:
    centred = part.role in {Role.TITLE, Role.CHAPTER}
    look = "<w:b/>" if centred or part.role in {Role.ARTICLE, Role.HEADING} else ""
    style = '<w:jc w:val="center"/>' if centred else '<w:jc w:val="both"/>'
    shown = part.printed.splitlines()
    if word.numbered and part.role in _LEVELS:
        level, _ = _LEVELS[part.role]
        style = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr>{style}'
        shown = [part.words]
    for text in shown:
        pieces = text.split("\x02")
        runs = _words(pieces[0], look, word)
        for piece in pieces[1:]:
            runs += f'<w:r><w:footnoteReference w:id="{next(notes)}"/></w:r>' + _words(piece, look, word)
        yield f"<w:p><w:pPr>{style}</w:pPr>{runs}</w:p>"


def _words(text: str, look: str, word: Word) -> str:
    if not word.legacy:
        return _run(text, look)
    return "".join(
        _run(run, f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}" w:cs="{font}"/>{look}')
        for font, run in tcvn3_runs(text)
    )


def _run(text: str, look: str = "", tag: str = "t") -> str:
    return f'<w:r><w:rPr>{look}</w:rPr><w:{tag} xml:space="preserve">{escape(text)}</w:{tag}></w:r>' if text else ""


def _tracked() -> str:
    who = 'w:id="{}" w:author="Soạn thảo" w:date="2099-01-01T00:00:00Z"'
    gone = f"<w:del {who.format(1)}>{_run(DELETED, tag='delText')}</w:del>"
    return f"<w:p>{gone}<w:ins {who.format(2)}>{_run(INSERTED)}</w:ins></w:p>"


TAB, DRAFT = "Biểu phí", "Bản nháp không dùng"  # the name of the sheet; what its hidden neighbour says
DELETED = "Câu này đã bị xóa khi soạn thảo và không còn hiệu lực."
INSERTED = "Câu này được thêm vào khi soạn thảo."


def _box(text: str) -> str:
    return (
        '<w:p><w:r><w:drawing><wp:inline><wp:extent cx="4000000" cy="700000"/><wp:docPr id="9" name="Hop"/>'
        '<a:graphic><a:graphicData uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><wps:wsp>'
        '<wps:cNvSpPr txBox="1"/><wps:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="4000000" cy="700000"/></a:xfrm>'
        '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></wps:spPr>'
        f"<wps:txbx><w:txbxContent><w:p>{_run(text)}</w:p></w:txbxContent></wps:txbx><wps:bodyPr/></wps:wsp>"
        "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )


def _table(rows: Sequence[Sequence[Sequence[str]]], header: int, word: Word, framed: bool = True) -> str:
    edges = "".join(
        f'<w:{side} w:val="single" w:sz="4"/>' for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    borders = f"<w:tblBorders>{edges}</w:tblBorders>" if framed else ""
    grid = '<w:gridCol w:w="1800"/>' * len(rows[0])
    lines = "".join(_row(rows, n, n < header, word) for n in range(len(rows)))
    return f'<w:tbl><w:tblPr><w:tblW w:w="5000" w:type="pct"/>{borders}</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{lines}</w:tbl><w:p/>'


def _row(rows: Sequence[Sequence[Sequence[str]]], at: int, header: bool, word: Word) -> str:
    cells, row = [], rows[at]
    for n, cell in enumerate(row):
        if cell == (LEFT,):
            continue
        span = next((m for m in range(n + 1, len(row)) if row[m] != (LEFT,)), len(row)) - n
        merged = f'<w:gridSpan w:val="{span}"/>' if span > 1 else ""
        if cell == (ABOVE,):
            merged += "<w:vMerge/>"
        elif at + 1 < len(rows) and rows[at + 1][n] == (ABOVE,):
            merged += '<w:vMerge w:val="restart"/>'
        lines = [""] if cell == (ABOVE,) else cell
        content = "".join(f"<w:p>{_words(line, '<w:b/>' if header else '', word)}</w:p>" for line in lines or [""])
        cells.append(f'<w:tc><w:tcPr><w:tcW w:w="{1800 * span}" w:type="dxa"/>{merged}</w:tcPr>{content}</w:tc>')
    repeated = "<w:trPr><w:tblHeader/></w:trPr>" if header else ""
    return f"<w:tr>{repeated}{''.join(cells)}</w:tr>"


def write_xlsx(text: Text, path: Path) -> None:
    """Write a workbook: titles and notes above and below, amounts as numbers with a format, cells merged."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = TAB
    for part in text.parts:
        if part.role is Role.TABLE:
            _fill(sheet, part.rows, part.header)
        else:
            sheet.append([part.printed])
    hidden = book.create_sheet("Nháp")
    hidden.append([DRAFT])
    hidden.sheet_state = "hidden"
    book.save(path)


def _fill(sheet, rows: Rows, header: int) -> None:
    first = sheet.max_row + 1
    for at, row in enumerate(rows):
        for n, shown in enumerate(row):
            if shown in {LEFT, ABOVE}:
                continue
            cell = sheet.cell(first + at, n + 1, _value(shown))
            cell.border, cell.number_format = _THIN, "#,##0"
            cell.font = Font(bold=at < header)
            right = next((m for m in range(n + 1, len(row)) if row[m] != LEFT), len(row))
            below = next((m for m in range(at + 1, len(rows)) if rows[m][n] != ABOVE), len(rows))
            if right - n > 1 or below - at > 1:
                sheet.merge_cells(start_row=first + at, start_column=n + 1, end_row=first + below - 1, end_column=right)


def _value(shown: str) -> int | str:
    digits = shown.replace(".", "")
    return int(digits) if digits.isdigit() else shown
