"""Word files (DOCX, DOCM) as they are printed: generated numbers are text, deleted and hidden words are not.

Chosen by trying: python-docx 1.2, mammoth 1.13 and docx2python 3.7 lose "Điều 1." where Word generates it and read hidden words;
python-docx also loses insertions, text boxes and notes, and refuses DOCM, ISO's strict form and a picture that is missing.
So the parts are read here, with lxml. Pages are told by the breaks that the author or Word left in the file, and only by them.
Not read: page headers and footers, tables of contents, comments, macros, charts, SmartArt, embedded and linked files.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

from lxml import etree

from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.pages import Fault, PrintedLine, Reading
from rag.documents.readers.drafting import Draft, guessed_header, joined, one_line
from rag.documents.readers.looks import UNKNOWN, Look, Styles, heading_level, look, shade
from rag.documents.readers.numbering import VAL, Label, Numbering, W, number_of
from rag.documents.readers.ordinals import ordinal
from rag.documents.readers.packages import Package, opened

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_DC, _TERMS = "{http://purl.org/dc/elements/1.1/}", "{http://purl.org/dc/terms/}"
_DECLARED = {
    "title": f"{_DC}title",
    "author": f"{_DC}creator",
    "description": f"{_DC}description",
    "language": f"{_DC}language",
    "created": f"{_TERMS}created",
    "modified": f"{_TERMS}modified",
}
_P, _TABLE, _ROW, _CELL, _BOX = f"{W}p", f"{W}tbl", f"{W}tr", f"{W}tc", f"{W}txbxContent"
_HOLDERS = frozenset(
    f"{W}{name}" for name in "sdtContent customXml smartTag ins moveTo hyperlink fldSimple dir bdo rubyBase".split()
)
_WIDEST = 63  # columns of a table in Word
_MOST_CELLS = 500_000  # merged cells are repeated in every column that they cover
_PAGE_FIELDS = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b", re.IGNORECASE)
_CONTENTS = re.compile(r"toc \d|table of figures")
_NEW_PAGE = ("nextPage", "oddPage", "evenPage")
_SIGNS = {
    f"{W}{name}": sign
    for name, sign in {
        "br": "\n",
        "cr": "\n",
        "tab": " ",
        "ptab": " ",
        "noBreakHyphen": "-",
        "softHyphen": "\xad",
    }.items()
}
# What forms print with the two symbol fonts that every Word has; other pictures say nothing.
_SYMBOLS = {
    "wingdings": {0x6F: "☐", 0x71: "☐", 0x72: "☐", 0xA8: "☐", 0x78: "☒", 0xFD: "☒", 0xFE: "☑", 0xFC: "✓", 0xE0: "→"},
    "symbol": {0xB7: "•", 0xB3: "≥", 0xA3: "≤", 0xB4: "×", 0xB1: "±", 0xB0: "°", 0xAE: "→", 0xB9: "≠", 0x6D: "µ"},
}


def read(path: Path, limits: Limits) -> Reading:
    """Return what a Word file prints. Raises DocumentError when it is protected, broken or too large."""
    with opened(path, limits) as package:
        return _Document(package, limits).reading()


@dataclass(frozen=True, slots=True)
class _Words:
    """Words of a paragraph that look alike."""

    text: str
    page: int
    look: Look


@dataclass(slots=True)
class _Paragraph:
    """What a paragraph holds: its words, and what is printed after it."""

    words: list[_Words] = field(default_factory=list)
    notes: list[tuple[str, etree._Element]] = field(default_factory=list)
    boxes: list[etree._Element] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)  # instructions of the fields that are open

    @property
    def bold(self) -> bool:
        return all(w.look.bold for w in self.words if w.text.strip())


class _Document:
    def __init__(self, package: Package, limits: Limits) -> None:
        main = package.related("officeDocument")
        root = package.xml(main)
        body = root.find(f"{W}body") if root is not None else None
        if main is None or body is None:
            raise DocumentError(Refusal.DAMAGED, "no Word document in it")
        self._body, self._draft = body, Draft("docx", limits)
        self._core = package.xml(package.related("core-properties"))
        self._styles = Styles(package.xml(package.related("styles", main)))
        self._numbering = Numbering(package.xml(package.related("numbering", main)), self._list_of_style)
        self._notes = {kind: _by_id(package.xml(package.related(f"{kind}s", main))) for kind in ("footnote", "endnote")}
        self._noted = dict.fromkeys(self._notes, 0)
        self._carried: _Paragraph | None = None
        self._at_top = True  # nothing is printed on this page yet
        self._cells = 0
        # How a section begins is said at its own end.
        self._begins = iter([_value(e, "type") or "nextPage" for e in body.iter(f"{W}sectPr")][1:])

    def reading(self) -> Reading:
        self._write(self._body)
        declared = (
            {name: self._core.findtext(tag) or "" for name, tag in _DECLARED.items()} if self._core is not None else {}
        )
        return self._draft.reading(declared)

    # What goes into the draft

    def _write(self, parent: etree._Element, back: str | None = None) -> None:
        for item in _flat(parent, _P, _TABLE):
            if item.tag == _TABLE:
                self._write_table(item)
            elif (paragraph := self._paragraph(item, back)) is not None:
                self._write_paragraph(item, paragraph)

    def _write_paragraph(self, element: etree._Element, paragraph: _Paragraph) -> None:
        printed = [w for w in paragraph.words if w.text.strip()]
        if printed:
            longest = max(printed, key=lambda w: len(w.text)).look
            line = PrintedLine("", size=longest.size or 0.0, font=longest.font or "", bold=paragraph.bold)
            text, level = self._text(paragraph), self._level(element)
            if level:
                self._draft.heading(text, level, line=line, page=printed[0].page)
            else:
                self._draft.paragraph(text, line=line, page=printed[0].page)
        self._write_after(paragraph)
        if element.find(f"{W}pPr/{W}sectPr") is not None and next(self._begins, "") in _NEW_PAGE:
            self._turn_page()

    def _write_after(self, paragraph: _Paragraph) -> None:
        for box in paragraph.boxes:
            self._write(box, UNKNOWN)
        for label, note in paragraph.notes:
            self._draft.paragraph(f"{label} {self._inner(note, _Paragraph())[0]}")

    def _write_table(self, table: etree._Element) -> None:
        back = self._back(table)
        if not self._is_drawn(table):
            for row in self._rows(table):
                for cell in _flat(row, _CELL):
                    self._write(cell, shade(cell.find(f"{W}tcPr/{W}shd")) or back)
            return
        page, after = self._draft.page, _Paragraph()
        rows, header = self._table(table, after, back)
        self._draft.table(rows, header, page=page)
        self._write_after(after)

    # Paragraphs

    def _paragraph(self, element: etree._Element, back: str | None) -> _Paragraph | None:
        """Return a paragraph with its number, None when it is joined to the next one or belongs to a table of contents."""
        properties = element.find(f"{W}pPr")
        style = _value(properties, "pStyle")
        if _CONTENTS.fullmatch(self._styles.name(style)):
            return None
        shaded = shade(properties.find(f"{W}shd")) if properties is not None else None
        base = Look(back=shaded).over(self._styles.paragraph(style)).over(Look(back=back))
        mark = properties.find(f"{W}rPr") if properties is not None else None
        if not self._at_top and self._breaks_before(properties, style):
            self._turn_page()
        paragraph, self._carried = self._carried or _Paragraph(), None
        self._inline(element, paragraph, base)
        paragraph.fields.clear()
        if _ends_unseen(mark, base) and _next_block(element) == _P:
            self._carried = paragraph
            return None
        label = self._label(properties, style)
        if label is not None and any(w.text.strip() for w in paragraph.words):
            looks = look(label.properties).over(look(mark)).over(base)
            if not looks.unseen:
                paragraph.words.insert(0, _Words(label.text, paragraph.words[0].page, looks))
        return paragraph

    def _breaks_before(self, properties: etree._Element | None, style: str | None) -> bool:
        found = properties.find(f"{W}pageBreakBefore") if properties is not None else None
        if found is None:
            found = self._styles.find(style, f"{W}pPr/{W}pageBreakBefore")
        return found is not None and found.get(VAL, "1") not in ("0", "false")

    def _label(self, properties: etree._Element | None, style: str | None) -> Label | None:
        direct = properties.find(f"{W}numPr") if properties is not None else None
        list_id, level = _value(direct, "numId"), _value(direct, "ilvl")
        if list_id is None:
            list_id = self._list_of_style(style)
            if level is None and list_id is not None:
                inherited = self._styles.find(style, f"{W}pPr/{W}numPr/{W}ilvl")
                tied = self._numbering.level_of_style(list_id, style or "")
                level = str(tied or number_of(inherited, VAL))
        return self._numbering.label(list_id, int(level or 0)) if list_id not in (None, "0") else None

    def _list_of_style(self, style: str | None) -> str | None:
        found = self._styles.find(style, f"{W}pPr/{W}numPr/{W}numId")
        return found.get(VAL) if found is not None else None

    def _level(self, element: etree._Element) -> int:
        outline = element.find(f"{W}pPr/{W}outlineLvl")
        return (
            heading_level(outline)
            if outline is not None
            else self._styles.level(_value(element.find(f"{W}pPr"), "pStyle"))
        )

    def _text(self, paragraph: _Paragraph) -> str:
        return self._draft.mended_runs((words.text, words.look.font or "") for words in paragraph.words)

    # Inside paragraphs

    def _inline(self, parent: etree._Element, paragraph: _Paragraph, base: Look) -> None:
        for child in parent:
            if child.tag == f"{W}r":
                properties = child.find(f"{W}rPr")
                looks = look(properties).over(self._styles.look(_value(properties, "rStyle"))).over(base)
                for piece in child:
                    self._piece(piece, paragraph, looks)
            elif child.tag == f"{W}sdt":
                self._inline(child, paragraph, base)
            elif child.tag in _HOLDERS:
                if not _PAGE_FIELDS.match(child.get(f"{W}instr", "")):
                    self._inline(child, paragraph, base)
            elif child.tag == f"{_MC}AlternateContent" and len(child):
                self._inline(child[0], paragraph, base)
            elif child.tag in (f"{_MATH}oMath", f"{_MATH}oMathPara"):
                self._say("".join(e.text or "" for e in child.iter(f"{_MATH}t")), paragraph, base)

    def _piece(self, piece: etree._Element, paragraph: _Paragraph, looks: Look) -> None:
        """Take one piece of a run: words, a sign, a break, part of a field, the mark of a note, a drawing."""
        match etree.QName(piece).localname:
            case "t":
                self._say(piece.text or "", paragraph, looks)
            case "br" if piece.get(f"{W}type") == "page":
                self._turn_page()
            case "lastRenderedPageBreak" if not self._at_top:
                self._turn_page()
            case "br" | "cr" | "tab" | "ptab" | "noBreakHyphen" | "softHyphen":
                self._say(_SIGNS[piece.tag], paragraph, looks)
            case "sym":
                self._say(_symbol(piece), paragraph, looks)
            case "fldChar" | "instrText":
                _follow_field(piece, paragraph.fields)
            case "footnoteReference" | "endnoteReference":
                self._refer(piece, paragraph, looks)
            case "AlternateContent" if len(piece):
                for inner in piece[0]:
                    self._piece(inner, paragraph, looks)
            case "drawing" | "pict" | "object":
                self._keep_boxes(piece, paragraph)
            case "ruby":
                self._inline(piece, paragraph, looks)

    def _say(self, text: str, paragraph: _Paragraph, looks: Look) -> None:
        if any(map(_PAGE_FIELDS.match, paragraph.fields)):
            return
        if looks.unseen:
            if text.strip():
                self._draft.note(Fault.HIDDEN_TEXT)
            return
        paragraph.words.append(_Words(text, self._draft.page, looks))
        self._at_top = self._at_top and not text.strip()

    def _refer(self, piece: etree._Element, paragraph: _Paragraph, looks: Look) -> None:
        """Print the mark of a note, and keep the note for after the paragraph."""
        kind = etree.QName(piece).localname.removesuffix("Reference")
        note = self._notes[kind].get(piece.get(f"{W}id"))
        if note is None or looks.unseen:
            return
        label = ""
        if piece.get(f"{W}customMarkFollows") not in ("1", "true"):
            self._noted[kind] += 1
            label = f"[{ordinal(self._noted[kind], 'decimal' if kind == 'footnote' else 'lowerRoman')}]"
        self._say(label, paragraph, looks)
        paragraph.notes.append((label, note))

    def _keep_boxes(self, drawing: etree._Element, paragraph: _Paragraph) -> None:
        for box in _boxes(drawing):
            if not _is_invisible(box):
                paragraph.boxes.append(box)
            elif "".join(e.text or "" for e in box.iter(f"{W}t")).strip():
                self._draft.note(Fault.HIDDEN_TEXT)

    def _turn_page(self) -> None:
        self._draft.turn_page()
        self._at_top = True

    # Tables

    def _rows(self, table: etree._Element) -> Iterator[etree._Element]:
        for row in _flat(table, _ROW):
            properties = row.find(f"{W}trPr")
            if properties is not None and properties.find(f"{W}del") is not None:
                continue
            if properties is not None and properties.find(f"{W}hidden") is not None:
                self._draft.note(Fault.HIDDEN_TEXT)
                continue
            yield row

    def _table(self, table: etree._Element, after: _Paragraph, back: str | None) -> tuple[list[list[str]], int]:
        """Return the rows of a table, a merged cell in each place that it covers, and how many of them are its header."""
        rows: list[list[str]] = []
        above: dict[int, tuple[str, int]] = {}  # what stands in a column, and since which row
        since: list[int] = []
        marked, bold = 0, True
        for row in self._rows(table):
            properties = row.find(f"{W}trPr")
            cells = [""] * min(_number(properties, "gridBefore"), _WIDEST)
            since.append(len(rows))
            for cell in _flat(row, _CELL):
                if cell.find(f"{W}tcPr/{W}cellDel") is not None:
                    continue
                if _goes_on(cell, "vMerge") and len(cells) in above:
                    text, first = above[len(cells)]
                elif _goes_on(cell, "hMerge") and cells:
                    text, first = cells[-1], len(rows)
                else:
                    text, is_bold = self._inner(cell, after, shade(cell.find(f"{W}tcPr/{W}shd")) or back)
                    first, bold = len(rows), bold and (is_bold or bool(rows))
                since[-1] = min(since[-1], first)
                span = min(max(_number(cell.find(f"{W}tcPr"), "gridSpan"), 1), _WIDEST)
                above.update(dict.fromkeys(range(len(cells), len(cells) + span), (text, first)))
                cells += [text] * span
            if marked == len(rows) and _value_on(properties, "tblHeader"):
                marked += 1
            rows.append(cells)
            self._cells += len(cells)
            if self._cells > _MOST_CELLS:
                raise DocumentError(Refusal.TOO_LARGE, f"tables of more than {_MOST_CELLS} cells")
        header = marked or int(bold and len(rows) > 1) or guessed_header(rows)
        while 0 < header < len(rows) and since[header] < header:  # a name of two rows makes both the header
            header += 1
        return rows, header

    def _inner(self, parent: etree._Element, after: _Paragraph, back: str | None = None) -> tuple[str, bool]:
        """Return the text of a cell or note in one line and whether all of it is bold; its boxes and notes go into `after`."""
        texts: list[str] = []
        bold = True
        for item in _flat(parent, _P, _TABLE):
            if item.tag == _TABLE:
                texts += map(joined, self._table(item, after, back or self._back(item))[0])
            elif (paragraph := self._paragraph(item, back)) is not None:
                texts.append(self._text(paragraph))
                bold = bold and paragraph.bold
                texts += [self._inner(box, after, UNKNOWN)[0] for box in paragraph.boxes]
                after.notes += paragraph.notes
        return one_line(" ".join(texts)), bold and any(map(str.strip, texts))

    def _back(self, table: etree._Element) -> str | None:
        """Return the colour behind a table, UNKNOWN where its style colours some of its rows."""
        properties = table.find(f"{W}tblPr")
        style = _value(properties, "tblStyle")
        if any(s.find(f".//{W}shd") is not None for s in self._styles.chain(style)):
            return UNKNOWN
        return shade(properties.find(f"{W}shd")) if properties is not None else None

    def _is_drawn(self, table: etree._Element) -> bool:
        """Tell a table from one that only puts words side by side, as at the top and the end of official letters."""
        rows = [list(_flat(row, _CELL)) for row in _flat(table, _ROW)]
        widest = max(map(len, rows), default=0)
        if widest < 2 and len(rows) < 2:
            return False
        if widest > 2 and len(rows) > 2:
            return True
        style = _value(table.find(f"{W}tblPr"), "tblStyle")
        borders = [table.find(f"{W}tblPr/{W}tblBorders"), self._styles.find(style, f"{W}tblPr/{W}tblBorders")]
        borders += [cell.find(f"{W}tcPr/{W}tcBorders") for row in rows for cell in row]
        return self._back(table) == UNKNOWN or any(_is_visible(border) for border in borders if border is not None)


def _flat(parent: etree._Element, *wanted: str) -> Iterator[etree._Element]:
    """Yield the children that are `wanted`, also out of what only holds others, in their order; deleted ones are no children."""
    for child in parent:
        if child.tag in wanted:
            yield child
        elif child.tag in _HOLDERS:
            yield from _flat(child, *wanted)
        elif child.tag == f"{W}sdt":
            gallery = child.find(f"{W}sdtPr/{W}docPartObj/{W}docPartGallery")
            if gallery is None or gallery.get(VAL) != "Table of Contents":
                yield from _flat(child, *wanted)
        elif child.tag == f"{_MC}AlternateContent" and len(child):
            yield from _flat(child[0], *wanted)


def _next_block(element: etree._Element) -> str | None:
    return next((e.tag for e in element.itersiblings() if e.tag in (_P, _TABLE, f"{W}sdt")), None)


def _ends_unseen(mark: etree._Element | None, base: Look) -> bool:
    """Tell whether a paragraph's end was deleted or is hidden: what follows is then printed in the same paragraph."""
    if mark is not None and (mark.find(f"{W}del") is not None or mark.find(f"{W}moveFrom") is not None):
        return True
    return bool(look(mark).over(base).hidden)


def _follow_field(piece: etree._Element, fields: list[str]) -> None:
    kind = piece.get(f"{W}fldCharType")
    if kind == "begin":
        fields.append("")
    elif kind == "end" and fields:
        fields.pop()
    elif kind is None and fields:
        fields[-1] += piece.text or ""


def _symbol(piece: etree._Element) -> str:
    font, code = piece.get(f"{W}font", "").lower(), piece.get(f"{W}char", "")
    if not re.fullmatch(r"[0-9A-Fa-f]{1,4}", code):
        return ""
    signs = _SYMBOLS.get(font)
    if signs is not None:
        return signs.get(int(code, 16) & 0xFF, "")
    return chr(int(code, 16)) if not 0xD800 <= int(code, 16) < 0xF900 else ""


def _boxes(drawing: etree._Element) -> Iterator[etree._Element]:
    """Yield the text boxes of a drawing, not those inside others, and not what old programs are given instead."""
    for box in drawing.iter(_BOX):
        around = takewhile(lambda e: e is not drawing, box.iterancestors())
        if not any(e.tag in (_BOX, f"{_MC}Fallback") for e in around):
            yield box


def _is_invisible(box: etree._Element) -> bool:
    around = list(takewhile(lambda e: e.tag != _P, box.iterancestors()))
    if any("visibility:hidden" in e.get("style", "").replace(" ", "") for e in around):
        return True
    named = (name for e in around for name in e if etree.QName(name).localname == "docPr")
    return any(name.get("hidden") in ("1", "true") for name in named)


def _goes_on(cell: etree._Element, kind: str) -> bool:
    merge = cell.find(f"{W}tcPr/{W}{kind}")
    return merge is not None and merge.get(VAL, "continue") == "continue"


def _is_visible(borders: etree._Element) -> bool:
    """Tell whether lines are drawn, other than one below, which is a place to write on."""
    return any(e.get(VAL) not in (None, "nil", "none") and e.tag != f"{W}bottom" for e in borders)


def _by_id(root: etree._Element | None) -> dict[str | None, etree._Element]:
    return {e.get(f"{W}id"): e for e in root} if root is not None else {}


def _value(element: etree._Element | None, child: str) -> str | None:
    found = element.find(f"{W}{child}") if element is not None else None
    return found.get(VAL) if found is not None else None


def _value_on(element: etree._Element | None, child: str) -> bool:
    found = element.find(f"{W}{child}") if element is not None else None
    return found is not None and found.get(VAL, "1") not in ("0", "false")


def _number(element: etree._Element | None, child: str) -> int:
    return max(number_of(element.find(f"{W}{child}") if element is not None else None, VAL), 0)
