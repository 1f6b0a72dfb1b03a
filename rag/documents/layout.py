"""From printed lines to headings, paragraphs and tables in the order in which people read. Nothing here does I/O.

One function for text PDFs and for scans. What repeats at the edge of the pages is left out, columns are read one after the
other, a paragraph is whole also across columns and pages, and what stands in a table stands nowhere else. The limit: only
geometry and the way in which Vietnamese offices write are known here, not what the words mean.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from itertools import pairwise
from statistics import median

from rag.documents import words
from rag.documents.mending import join_hyphenated, join_torn
from rag.documents.pages import Block, BlockKind, PrintedLine
from rag.documents.rulings import Grid, Rulings, grids

_EDGE = 0.1  # of the page's height, above and below, is where headers and footers stand
_PAGE_NUMBER = re.compile(
    r"[-–—\s]*(?:(?:Trang|Page)\s*)?\d{1,4}(?:\s*(?:/|trên|of)\s*\d{1,4})?[-–—.\s]*", re.IGNORECASE
)
_NATION = re.compile(r"CỘNG HÒA|Độc lập", re.IGNORECASE)  # of every form: it repeats, but is no header
_TITLE = re.compile(
    r"(?:PHẦN|CHƯƠNG|MỤC|TIỂU MỤC|PHỤ LỤC)\s+[IVXLC\d]+\b"
    r"|(?:Phần|Chương|Mục|Tiểu mục|Phụ lục)\s+(?:thứ\s+\S+|[IVXLC]+|\d+|[A-Z])\s*(?:$|[.:]|\s[A-ZĐÀ-Ỹ]{2})"
    r"|Điều\s+\d+[a-zđ]?\s*[.:]"
)
_ITEM = re.compile(
    r"[“\"]?(?:\d{1,3}(?:\.\d{1,3})*[.)]\s|\(?[a-zđ]{1,2}\)\s|\(\d{1,2}\)\s|[-–—•+*]\s|(?:[IVX]+|[A-Z])\.\s|Bước\s\d+)"
    r"|Căn cứ\s|Theo đề nghị\s|Nơi nhận|(?:TM|KT|TL|TUQ|Q)\.\s|Kính gửi|Số:|V/v\s|\((?:Đã ký|Ký)|[A-ZĐ][^,.;:]{1,30}, ngày\s[\d\s.…]+tháng"
)
_SIGNED = re.compile(r"Nơi nhận|(?:TM|KT|TL|TUQ)\.\s", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.;:!?…][\"”’)]*$|/\.$")
_NOTE = re.compile(r"(?:\(?\d{1,3}\)?|\[\d{1,3}\]|\*{1,3})\s*\S")
_ORNAMENT = re.compile(r"[-–—_=*~\s]+")
_AMOUNT = re.compile(r"[\d.,]+(?:\s*(?:đồng|đ|VNĐ|%))?")
_HEADING_CHARS = 250
_COLUMN_ROWS = 8  # fewer rows side by side are a letterhead or signatures, where nothing is a heading


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page as it is read: boxes of `lines` in shares of the upright page, `rulings` in points."""

    number: int
    width_pt: float
    height_pt: float
    lines: tuple[PrintedLine, ...]
    rulings: Rulings = field(default_factory=Rulings)


@dataclass(frozen=True, slots=True)
class _Item(words.Standing):
    """A line in points."""

    line: PrintedLine
    left: float
    top: float
    right: float
    bottom: float

    @property
    def text(self) -> str:
        return self.line.text

    @property
    def em(self) -> float:
        return self.em_of(self.line.size)


@dataclass(slots=True)
class _Paragraph:
    items: list[_Item]
    page: int
    rest: float = 0.0  # room behind its last line
    centred: bool = False
    plain: bool = False  # of a letterhead, a signature or a footnote: never a heading
    flow_lines: int = 0  # of the column that it stands in


@dataclass(slots=True)
class _Table:
    rows: list[tuple[str, ...]]
    header: int
    page: int
    last_page: int
    xs: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Flow:
    """Lines one below the other between the edges `left` and `right`."""

    items: list[_Item]
    left: float
    right: float
    plain: bool = False
    columns: tuple[tuple[float, float], ...] = ()  # of a table without rules

    @property
    def centred(self) -> bool:
        """Tell whether all lines share an axis, and do not begin below each other."""
        middle = (self.left + self.right) / 2
        inset = max((item.left - self.left for item in self.items), default=0.0)
        return all(abs(item.centre - middle) < 0.6 * item.em < inset for item in self.items)


def blocks(sheets: Sequence[Sheet]) -> tuple[Block, ...]:
    """Return the blocks of a document."""
    frames = [grids(sheet.rulings) for sheet in sheets]
    kept = _without_furniture(sheets, frames)
    ems = [item.em for items in kept for item in items for _ in range(len(item.text))]
    body = median(ems) if ems else 0.0
    main: list[_Paragraph | _Table] = []
    notes: list[tuple[int, _Paragraph]] = []  # and how much of `main` they stand behind
    for sheet, items, tables in zip(sheets, kept, frames, strict=True):
        items, foot = _footnotes(items, tables, body)
        for element in _elements(items, tables, sheet.number):
            if not main or not _goes_on(main[-1], element):
                main.append(element)
        notes += [(len(main), note) for note in _paragraphs(_Flow(foot, *_edges(foot), plain=True), sheet.number)]
    for place, note in reversed(notes):
        main.insert(place, note)
    return tuple(_blocks(main, body))


def reading_order(sheet: Sheet) -> tuple[PrintedLine, ...]:
    """Return the lines of a page in the order in which people read, tables row by row."""
    items = _items(sheet)
    left, right = _edges(items)
    ordered: list[_Item] = []
    for part in _parts(items, grids(sheet.rulings)):
        if isinstance(part, list):
            ordered += [item for flow in _flows(part, left, right) for item in flow.items]
        else:
            grid, inside = part
            ordered += sorted(inside, key=lambda item: (grid.cell(item.centre, item.middle), item.top, item.left))
    return tuple(item.line for item in ordered)


def hyphenated(lines: Sequence[PrintedLine]) -> bool:
    """Tell whether a word is broken at the end of a line."""
    return any(join_hyphenated(one.text, two.text) for one, two in pairwise(lines))


def _items(sheet: Sheet) -> list[_Item]:
    """Return the lines in points, without ornaments such as "_____"."""
    wide, high = sheet.width_pt, sheet.height_pt
    return [
        _Item(line, line.box.left * wide, line.box.top * high, line.box.right * wide, line.box.bottom * high)
        for line in sheet.lines
        if line.box and not _ORNAMENT.fullmatch(line.text)
    ]


def _edges(items: Sequence[_Item]) -> tuple[float, float]:
    return min((item.left for item in items), default=0.0), max((item.right for item in items), default=0.0)


# Headers, footers, footnotes


def _without_furniture(sheets: Sequence[Sheet], frames: Sequence[Sequence[Grid]]) -> list[list[_Item]]:
    """Return each page's lines without page numbers and without what stands at the same place on a page nearby."""
    pages = [_items(sheet) for sheet in sheets]
    edges = [
        [
            item
            for item in items
            if _at_edge(item, sheet.height_pt) and not any(grid.holds(item.centre, item.middle) for grid in tables)
        ]
        for sheet, items, tables in zip(sheets, pages, frames, strict=True)
    ]
    kept = []
    for index, items in enumerate(pages):
        near = [
            other for i in (index - 2, index - 1, index + 1, index + 2) if 0 <= i < len(edges) for other in edges[i]
        ]
        drop = {
            id(item) for item in edges[index] if _alone_number(item, items) or any(_same(item, one) for one in near)
        }
        kept.append([item for item in items if id(item) not in drop])
    return kept


def _at_edge(item: _Item, height: float) -> bool:
    return not _NATION.match(item.text) and (item.bottom < height * _EDGE or item.top > height * (1 - _EDGE))


def _alone_number(item: _Item, items: Sequence[_Item]) -> bool:
    """Tell whether a line is only a page number, with nothing further out and nothing beside it."""
    if not _PAGE_NUMBER.fullmatch(item.text):
        return False
    beside = any(other is not item and other.top < item.middle < other.bottom for other in items)
    outer = all(other.top >= item.top for other in items) or all(other.bottom <= item.bottom for other in items)
    return outer and not beside


def _same(one: _Item, two: _Item) -> bool:
    """Tell whether two lines of different pages are one header; its numbers may count up."""
    if abs(one.top - two.top) > one.em or abs(one.left - two.left) > 3 * one.em:
        return False
    first, second = (re.sub(r"\d+", "0", item.text) for item in (one, two))
    return SequenceMatcher(None, first, second).ratio() > 0.85  # the recognition may have erred in one of them


def _footnotes(items: list[_Item], tables: Sequence[Grid], body: float) -> tuple[list[_Item], list[_Item]]:
    """Part the small lines at the foot of a page, from the first that has a footnote's mark."""
    start = len(items)
    for index in range(len(items) - 1, -1, -1):
        item = items[index]
        if not item.line.size or item.em > 0.9 * body or any(grid.holds(item.centre, item.middle) for grid in tables):
            break
        if _NOTE.match(item.text):
            start = index
    return items[:start], items[start:]


# Columns and tables


def _elements(items: list[_Item], tables: Sequence[Grid], page: int) -> list[_Paragraph | _Table]:
    """Take a page apart in reading order."""
    found: list[_Paragraph | _Table] = []
    left, right = _edges(items)
    for part in _parts(items, tables):
        if isinstance(part, tuple):
            found.append(_ruled_table(*part, page))
            continue
        for flow in _flows(part, left, right):
            found += [_aligned_table(flow, page)] if flow.columns else _paragraphs(flow, page)
    return found


def _parts(items: Sequence[_Item], tables: Sequence[Grid]) -> list[list[_Item] | tuple[Grid, list[_Item]]]:
    """Part what stands in ruled tables from what stands above, between and below them."""
    inside = [[item for item in items if grid.holds(item.centre, item.middle)] for grid in tables]
    used = [
        (grid, held)
        for grid, held in zip(tables, inside, strict=True)
        if len({grid.cell(item.centre, item.middle)[1] for item in held}) > 1  # else it is a frame around text
    ]
    taken = {id(item) for _, held in used for item in held}
    free = [item for item in items if id(item) not in taken]
    parts: list[list[_Item] | tuple[Grid, list[_Item]]] = []
    for grid, held in used:
        parts += [[item for item in free if item.middle < grid.ys[0]], (grid, held)]
        free = [item for item in free if item.middle >= grid.ys[0]]
    return [*(part for part in parts if part), free]


def _ruled_table(grid: Grid, items: Sequence[_Item], page: int) -> _Table:
    """Make a table of the lines in a grid.

    The text of a merged cell is repeated in every cell that it covers, so that each row can be read alone; but a cell as
    wide as the table below the header is a title between rows, and stands in the first cell only.
    """
    cells: dict[tuple[int, int], list[_Item]] = {}
    for item in items:
        cells.setdefault(grid.cell(item.centre, item.middle), []).append(item)
    text = {cell: _join(sorted(held, key=lambda item: (item.top, item.left))) for cell, held in cells.items()}
    printed = [row for row in range(grid.rows) if any(text.get(cell) for cell in grid.owner[row])]
    rows = []
    for row in printed:
        owners = grid.owner[row]
        alone = len(set(owners)) == 1 and row != printed[0]
        rows.append(tuple(text.get(cell, "") if not alone or column == 0 else "" for column, cell in enumerate(owners)))
    tall = max((r for r in printed if any(cell[0] == printed[0] for cell in grid.owner[r])), default=0)
    return _Table(rows, _header(rows, printed.index(tall) + 1), page, page, grid.xs)


def _header(rows: Sequence[tuple[str, ...]], least: int) -> int:
    """Return how many rows name the columns: `least` where cells of the first reach that far, 0 if it holds amounts."""
    if len(rows) <= least or any(_AMOUNT.fullmatch(cell) for cell in rows[0]) or sum(map(bool, rows[0])) < 2:
        return 0
    numbered = all(re.fullmatch(r"\(?\w{1,2}\)?", cell) for cell in rows[least]) and len(set(rows[least])) > 1
    return least + (1 if numbered and len(rows) > least + 1 else 0)


def _aligned_table(flow: _Flow, page: int) -> _Table:
    """Make a table of lines that stand in columns without rules; a line without its first cell goes on the row above."""
    grid: list[list[list[_Item]]] = []
    for row in words.rows(flow.items):
        cells = [[item for item in row if _shared(item, column) > 0] for column in flow.columns]
        if grid and not cells[0] and row[0].top - max(i.bottom for cell in grid[-1] for i in cell) < 0.6 * row[0].em:
            for cell, more in zip(grid[-1], cells, strict=True):
                cell += more
        else:
            grid.append(cells)
    rows = [tuple(_join(cell) for cell in cells) for cells in grid]
    return _Table(rows, _header(rows, 1), page, page, tuple(left for left, _ in flow.columns))


def _shared(item: _Item, column: tuple[float, float]) -> float:
    return min(item.right, column[1]) - max(item.left, column[0])


def _flows(items: Sequence[_Item], left: float, right: float) -> list[_Flow]:
    """Part lines into flows: across the whole width, or in columns beside each other, left before right."""
    rows = words.rows(items)
    found: list[_Flow] = []
    plain: list[_Item] = []

    def close() -> None:
        if plain:
            found.append(_Flow(list(plain), left, right))
            plain.clear()

    index = 0
    while index < len(rows):
        aligned, band = _aligned(rows[index:]), _band(rows[index:], (left + right) / 2)
        if aligned and not (band and band[0] > 2 * aligned[0]):
            close()
            taken = [item for row in rows[index : index + aligned[0]] for item in row]
            found.append(_Flow(taken, left, right, columns=aligned[1]))
            index += aligned[0]
        elif band:
            close()
            count, sides = band
            for side in sides:
                flows = _flows(side, *_edges(side))
                found += [replace(flow, plain=flow.plain or count < _COLUMN_ROWS) for flow in flows]
            index += count
        else:
            plain.append(_merged(rows[index]))
            index += 1
    close()
    return found


def _band(rows: Sequence[Sequence[_Item]], centre: float) -> tuple[int, tuple[list[_Item], list[_Item]]] | None:
    """Find how many rows, from the first, stand on both sides of one gutter; None if none do.

    A line by itself that is centred between all edges, or stands apart, is below the columns.
    """
    best = None
    first = list(rows[0])
    if len(rows) > 1 and max(item.bottom for item in first) - min(item.top for item in rows[1]) > 0.2 * first[0].em:
        first = sorted([*first, *rows[1]], key=lambda item: item.left)  # the other column stands a little lower
    for one, two in pairwise(first):
        if two.left <= one.right:
            continue
        sides: tuple[list[_Item], list[_Item]] = ([], [])
        gutter, count, form = (one.right, two.left), 0, False
        for row in rows:
            cut = (gutter[0] + gutter[1]) / 2
            here = [item for item in row if item.centre < cut], [item for item in row if item.centre >= cut]
            narrow = max((i.right for i in here[0]), default=0.0), min((i.left for i in here[1]), default=float("inf"))
            gutter_here = max(gutter[0], narrow[0]), min(gutter[1], narrow[1])
            below = row[0].top - max((item.bottom for side in sides for item in side), default=row[0].top)
            far = not all(here) and below > (3.0 if count >= _COLUMN_ROWS else 1.0) * row[0].em
            title = len(row) == 1 and abs(row[0].centre - centre) < 2 * row[0].em
            if far or title or gutter_here[1] - gutter_here[0] < 0.7 * row[0].em:
                break
            gutter, count = gutter_here, count + 1
            asks = all(here) and here[0][-1].text.endswith(":") and ":" in here[1][0].text
            form = form or (asks and not _SIGNED.match(here[0][-1].text))
            sides[0].extend(here[0])
            sides[1].extend(here[1])
        if form and count < _COLUMN_ROWS:
            continue  # "Số điện thoại:   Thư điện tử:" is read across
        if min(len(side) for side in sides) > 1 and (best is None or count > best[0]):
            best = count, sides
    return best


def _aligned(rows: Sequence[Sequence[_Item]]) -> tuple[int, tuple[tuple[float, float], ...]] | None:
    """Find how many rows, from the first, are a table without rules: three or more columns in three or more rows."""
    if len(rows[0]) < 3:
        return None
    columns = [(item.left, item.right) for item in rows[0]]
    count = whole = 0
    for row in rows:
        hits = [[place for place, column in enumerate(columns) if _shared(item, column) > 0] for item in row]
        if any(len(hit) != 1 for hit in hits) or len({hit[0] for hit in hits}) < len(hits):
            break
        if count and row[0].top - max(item.bottom for item in rows[count - 1]) > 2 * row[0].em:
            break
        for item, (place,) in zip(row, hits, strict=True):
            columns[place] = min(columns[place][0], item.left), max(columns[place][1], item.right)
        count, whole = count + 1, whole + (len(row) == len(columns))
    return (count, tuple(columns)) if whole > 2 else None


def _merged(row: Sequence[_Item]) -> _Item:
    """Make one line of a row that has a gap but no column: "Họ và tên: ……   Ngày sinh: ……"."""
    if len(row) == 1:
        return row[0]
    line = replace(row[0].line, text=" ".join(item.text for item in row), bold=all(item.line.bold for item in row))
    return _Item(line, row[0].left, min(i.top for i in row), row[-1].right, max(i.bottom for i in row))


# Paragraphs


def _paragraphs(flow: _Flow, page: int) -> list[_Paragraph]:
    """Join the lines of a flow to paragraphs."""
    steps = [two.bottom - one.bottom for one, two in pairwise(flow.items)]
    near = [step for step, item in zip(steps, flow.items, strict=False) if 0 < step < 2.5 * item.em]
    pitch = (
        sorted(near)[len(near) // 4] if near else 0.0
    )  # between lines of a paragraph; paragraphs may stand further apart
    found: list[_Paragraph] = []
    for item in flow.items:
        centred, last = _centred(item, flow), found[-1] if found else None
        if last and not _begins(item, centred, last, flow, pitch):
            last.items.append(item)
        else:
            last = _Paragraph([item], page, centred=centred, plain=flow.plain, flow_lines=len(flow.items))
            found.append(last)
        last.rest = flow.right - item.right
    return found


def _centred(item: _Item, flow: _Flow) -> bool:
    """Tell whether a line is centred; the widest of a column of centred lines is, too."""
    left, right = item.left - flow.left, flow.right - item.right
    inset = min(left, right) > 1.5 * item.em or flow.centred
    return inset and abs(left - right) < 2.4 * item.em


def _begins(item: _Item, centred: bool, last: _Paragraph, flow: _Flow, pitch: float) -> bool:
    """Tell whether a line begins a paragraph, rather than going on with `last`."""
    before = last.items[-1]
    ended, full = bool(_SENTENCE_END.search(before.text)), _is_full(last, item)
    apart = item.bottom - before.bottom > max((1.2 if ended else 1.3) * pitch, before.bottom - before.top)
    if _TITLE.match(item.text) or apart or _resized(before, item):
        return True
    if centred != last.centred:
        return True
    if centred:
        return (
            bool(_ITEM.match(item.text))
            or before.line.bold != item.line.bold
            or before.text.isupper() != item.text.isupper()
        )
    indented = item.left > max(before.left, flow.left) + 0.8 * item.em
    if _ITEM.match(item.text) and (ended or not full or indented or _ITEM.match(last.items[0].text)):
        return True
    if not full:
        return ended or not item.text[:1].islower()
    return (indented and ended) or (before.line.bold != item.line.bold and not item.text[:1].islower())


def _resized(one: _Item, two: _Item) -> bool:
    return bool(one.line.size and two.line.size and abs(one.em - two.em) > 0.12 * one.em)


def _is_full(last: _Paragraph, item: _Item) -> bool:
    """Tell whether the first word of `item` had no room behind the paragraph's last line."""
    first = len(item.text.split(" ", 1)[0]) + 1
    return last.rest < (item.right - item.left) * first / max(1, len(item.text)) + 0.3 * item.em


def _goes_on(last: _Paragraph | _Table, element: _Paragraph | _Table) -> bool:
    """Join `element` to `last` if it goes on with it in the next column or on the next page; tell whether it did."""
    if isinstance(last, _Table) and isinstance(element, _Table):
        alike = len(last.xs) == len(element.xs) and all(
            abs(a - b) < 8 for a, b in zip(last.xs, element.xs, strict=True)
        )
        if element.page == last.last_page + 1 and alike:
            head = last.rows[: last.header]
            again = head and [_bare(row) for row in element.rows[: last.header]] == [_bare(row) for row in head]
            last.rows += element.rows[last.header :] if again else element.rows
            last.last_page = element.page
            return True
    if isinstance(last, _Paragraph) and isinstance(element, _Paragraph):
        before, item = last.items[-1], element.items[0]
        if (
            min(last.flow_lines, element.flow_lines) > 3
            or (element.page > last.page and not (last.plain or element.plain))
        ) and not (
            last.centred
            or element.centred
            or _SENTENCE_END.search(before.text)
            or _TITLE.match(item.text)
            or _ITEM.match(item.text)
            or _resized(before, item)
            or not _is_full(last, item)
            or before.line.bold != item.line.bold
        ):
            last.items += element.items
            last.rest, last.flow_lines = element.rest, element.flow_lines
            return True
    return False


def _bare(row: Iterable[str]) -> str:
    return re.sub(r"\W+", "", "".join(row)).casefold()


def _join(items: Sequence[_Item]) -> str:
    """Join lines, and words that are broken between them."""
    text = ""
    for item in items:
        text = _joined(text, item.text) if text else item.text
    return text


def _joined(one: str, two: str) -> str:
    return join_hyphenated(one, two) or join_torn(one, two) or f"{one} {two}"


def _blocks(elements: Sequence[_Paragraph | _Table], body: float) -> Iterable[Block]:
    signed = 0
    headings: set[int] = set()
    for place, element in enumerate(elements):
        if isinstance(element, _Paragraph):
            signed = element.page if _SIGNED.match(element.items[0].text) else signed
            name = signed == element.page and not _join(element.items).isupper()  # of who signed
            if not name and _is_heading(element, body):
                headings.add(place)
    firsts = {place: element.items[0] for place, element in enumerate(elements) if isinstance(element, _Paragraph)}
    sizes = sorted({round(firsts[place].em) for place in headings if _is_large(firsts[place], body)}, reverse=True)
    for place, element in enumerate(elements):
        if isinstance(element, _Table):
            text = "\n".join(" | ".join(row) for row in element.rows)
            yield Block(BlockKind.TABLE, text, element.page, rows=tuple(element.rows), header=element.header)
        elif place in headings:
            level = sizes.index(round(firsts[place].em)) + 1 if _is_large(firsts[place], body) else 0
            yield Block(BlockKind.HEADING, _join(element.items), element.page, level)
        else:
            yield Block(BlockKind.PARAGRAPH, _join(element.items), element.page)


def _is_large(item: _Item, body: float) -> bool:
    return bool(item.line.size) and item.em > 1.15 * body


def _is_heading(paragraph: _Paragraph, body: float) -> bool:
    text, lines = _join(paragraph.items), [item.line for item in paragraph.items]
    if paragraph.plain or len(text) > _HEADING_CHARS or not any(c.isalpha() for c in text):
        return False
    if _TITLE.match(text) and not text.startswith("Điều"):
        return True
    bold = all(line.bold for line in lines)
    ended = text.endswith((".", ";", ","))
    return (
        (_is_large(paragraph.items[0], body) and not ended)
        or (paragraph.centred and (bold or text.isupper()))
        or (bold and not ended and not _SIGNED.match(text))
    )
