"""A guide as a printable A5 card. What is printed is the guide's own lines, whole, or not at all.

A card has a front and, where that is too small, a back; what does not fit is reached by the QR code. No file but the
fonts is read, and the same guide, day and address give the same bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from itertools import accumulate, groupby
from pathlib import Path

from fpdf import FPDF, Align, XPos, YPos
from fpdf.enums import MethodReturnValue

from rag.guides import Guide, Line, Passage, Section
from ui.qr_codes import QUIET_MODULES, qr_code, qr_svg
from ui.wording import LEVELS, vietnamese_date

__all__ = ["card_pdf", "qr_svg"]

FONTS = Path(__file__).parent / "static" / "fonts"
FONT = "Be Vietnam Pro"
_WIDTH_MM, _HEIGHT_MM, _MARGIN_MM = 148, 210, 10
_QR_MM = 34
_QR_SHIFT_MM = 3  # its white edge may reach into the margin
_FOOT_MM = 36  # of the page that carries the QR code
_TURN_MM = 7  # of a front that has a back
_POINT_MM = 25.4 / 72
_LEADING = 1.28  # the typeface asks for 1.265; below that, the marks of ế and ộ touch the line above
_SOURCE_LINES = 2

_Colour = tuple[int, int, int]
INK, BLUE, _DANGER, QUIET = (22, 32, 42), (11, 79, 156), (163, 22, 26), (69, 82, 95)

_LEAD_SECTIONS = (Section.SHORT,)
_BODY_SECTIONS = (Section.PAPERS, Section.STEPS, Section.FEE, Section.DEADLINE, Section.PLACE, Section.CONTACT)
# A guide without steps teaches by these.
_INSTEAD_OF_STEPS = (Section.ABOUT, Section.PENALTY)
_TURN = "Xem tiếp mặt sau"
_MORE = "Xem tiếp: quét mã"
_SCAN = "Quét mã để mở hướng dẫn này"
_NOT_OFFICIAL = "Tài liệu để học, không phải của cơ quan nhà nước. Bạn hỏi lại nơi làm trước khi đi."


@dataclass(frozen=True, slots=True)
class _Style:
    """How a block looks: `size` in points, the rest in mm; `bar` is the colour of a line at its left."""

    size: float
    bold: bool = False
    colour: _Colour = INK
    before: float = 0
    indent: float = 0
    bar: _Colour | None = None

    @property
    def line_mm(self) -> float:
        return self.size * _POINT_MM * _LEADING


_TITLE = _Style(21, bold=True, colour=BLUE)
_LEAD = _Style(15, bold=True, before=2.5, indent=5, bar=BLUE)
_HEADING = _Style(16, bold=True, colour=BLUE, before=4)
_PART = _Style(15, bold=True, before=2)
_STEP = _Style(15, before=1.6, indent=9)
_BODY = _Style(14, before=1.4, indent=5)
_WARNING_HEADING = _Style(15, bold=True, colour=_DANGER, before=4, indent=5, bar=_DANGER)
_WARNING = _Style(14, before=1, indent=5, bar=_DANGER)
_FOOT_HEADING = _Style(13, bold=True, colour=BLUE)
_FOOT = _Style(9, colour=QUIET, before=0.6)


@dataclass(frozen=True, slots=True)
class _Block:
    """A text in one style; `marker` stands in its indent."""

    text: str
    style: _Style
    marker: str = ""


_Entry = tuple[_Block, ...]  # a line of the guide, or headings with what opens under them: never parted


class _Paper(FPDF):
    """A5 pages that measure and draw blocks."""

    def __init__(self) -> None:
        super().__init__(unit="mm", format=(_WIDTH_MM, _HEIGHT_MM))  # the name "A5" warns
        self.set_margins(_MARGIN_MM, _MARGIN_MM)
        self.set_auto_page_break(False)
        self.c_margin = 0
        self.add_font(FONT, "", FONTS / "BeVietnamPro-Regular.ttf")
        self.add_font(FONT, "B", FONTS / "BeVietnamPro-Bold.ttf")
        self.add_page()

    def height(self, blocks: Iterable[_Block], width: float) -> float:
        """Return the height in mm of blocks below one another."""
        return sum(block.style.before + self._text(block, 0, width, dry=True) for block in blocks)

    def draw(self, blocks: Iterable[_Block], width: float) -> None:
        """Draw blocks from the present place downwards."""
        for block in blocks:
            style, left = block.style, self.l_margin
            self.y += style.before
            top = self.y
            if block.marker:
                self.set_font(FONT, "B", style.size)
                self.set_text_color(*BLUE)
                self.set_xy(left, top)
                self.cell(style.indent, style.line_mm, block.marker)
            self._text(block, top, width, dry=False)
            if style.bar:
                self.set_fill_color(*style.bar)
                self.rect(left, top, 1.4, self.y - top, style="F")

    def lines(self, block: _Block, width: float) -> int:
        """Return how many lines the block takes."""
        return round(self._text(block, 0, width, dry=True) / block.style.line_mm)

    def draw_qr(self, url: str, x: float, y: float) -> None:
        """Draw the code with its quiet zone as vectors, `_QR_MM` wide."""
        rows = qr_code(url).matrix
        module = _QR_MM / (len(rows) + 2 * QUIET_MODULES)
        self.set_fill_color(0, 0, 0)
        for number, row in enumerate(rows, QUIET_MODULES):
            runs = [(dark, len(list(run))) for dark, run in groupby(row)]
            starts = accumulate((length for _, length in runs), initial=QUIET_MODULES)
            for (dark, length), start in zip(runs, starts, strict=False):
                if dark:
                    self.rect(x + start * module, y + number * module, length * module, module, style="F")

    def _text(self, block: _Block, top: float, width: float, dry: bool) -> float:
        style = block.style
        self.set_font(FONT, "B" if style.bold else "", style.size)
        self.set_text_color(*style.colour)
        if not dry:
            self.set_xy(self.l_margin + style.indent, top)
        height = self.multi_cell(
            width - style.indent, style.line_mm, block.text, align=Align.L, dry_run=dry,
            output=MethodReturnValue.HEIGHT, new_x=XPos.LMARGIN, new_y=YPos.NEXT,
        )  # fmt: skip
        return float(height)  # type: ignore[arg-type]


@lru_cache(maxsize=256)  # a class opens the same few cards at once; each takes 0.1 to 0.4 s and 35 kB
def card_pdf(guide: Guide, day: date, url: str) -> bytes:
    """Return the guide's card as a PDF of one or two A5 pages, with the lines that are true on `day`.

    `url` is the address of the guide's page, for the QR code. The first warning is always on the card; of the rest,
    what comes first in the order of need, and other warnings where room is left. Type: steps 15 pt, other lines 14 pt.
    """
    passages = guide.passages_on(day)
    entries, warnings = _entries(guide, passages), _warnings(passages)
    paper = _Paper()
    width = _WIDTH_MM - 2 * _MARGIN_MM
    heights = [paper.height(entry, width) for entry in entries]
    room = _HEIGHT_MM - 2 * _MARGIN_MM
    tall = [paper.height(warning, width) for warning in warnings]
    back = room - _FOOT_MM - sum(tall[:1])
    counts = _fill(heights, [back])
    if counts[0] < len(entries):
        counts = _fill(heights, [room - _TURN_MM, back])
    _draw_pages(paper, entries, counts, width)
    more = _fill(tall[1:], [back - sum(heights[sum(counts) - counts[-1] : sum(counts)])])[0]
    for warning in warnings[: 1 + more]:
        paper.draw(warning, width)
    lines = [line for passage in passages for line in passage.lines]
    left_out = sum(counts) < len(entries) or 1 + more < len(warnings)
    _draw_foot(paper, _MORE if left_out else _SCAN, guide, lines, url)
    _describe(paper, guide, day)
    return bytes(paper.output())


def _entries(guide: Guide, passages: Sequence[Passage]) -> list[_Entry]:
    """Return all that the card would say, warnings aside, in the order of need."""
    has_steps = any(passage.section is Section.STEPS for passage in passages)
    sections = (*_LEAD_SECTIONS, *_BODY_SECTIONS, *(() if has_steps else _INSTEAD_OF_STEPS))
    entries: list[_Entry] = [(_Block(guide.title, _TITLE),)]
    opened: set[str] = set()
    for passage in (p for section in sections for p in passages if p.section is section):
        blocks = [_block(passage, line) for line in passage.lines]
        first = 2 if passage.section is Section.STEPS else 1  # a first step alone leads nobody anywhere
        entries.append((*_headings(passage, opened), *blocks[:first]))
        entries += [(block,) for block in blocks[first:]]
    return entries


def _headings(passage: Passage, opened: set[str]) -> list[_Block]:
    """Return the headings above the passage that do not stand on the card yet, and note them as opened."""
    name, style = passage.heading.partition(": ")[0], _HEADING
    wanted = [] if passage.section in _LEAD_SECTIONS else [(name, style)]
    if passage.part:
        wanted.append((passage.part, _PART))
    blocks = [_Block(text, style) for text, style in wanted if f"{passage.section}/{text}" not in opened]
    opened |= {f"{passage.section}/{text}" for text, _ in wanted}
    return blocks


def _block(passage: Passage, line: Line) -> _Block:
    if passage.section in _LEAD_SECTIONS:
        return _Block(line.text, _LEAD)
    if line.step is not None:
        return _Block(line.text, _STEP, f"{line.step}.")
    return _Block(line.text, _BODY, "•")


def _warnings(passages: Iterable[Passage]) -> list[_Entry]:
    """Return the warnings, the first under their heading."""
    lines = [line for passage in passages if passage.section is Section.WARNING for line in passage.lines]
    blocks = [_Block(line.text, _WARNING) for line in lines]
    return [(_Block("Cảnh báo", _WARNING_HEADING), blocks[0]), *((block,) for block in blocks[1:])] if blocks else []


def _fill(heights: Sequence[float], rooms: Sequence[float]) -> list[int]:
    """Return how many entries each page takes: in order, none skipped, none cut. [5, 5, 5] into [11, 6] → [2, 1]."""
    counts, first = [], 0
    for room in rooms:
        fitting = sum(total <= room for total in accumulate(heights[first:]))
        counts.append(fitting)
        first += fitting
    return counts


def _draw_pages(paper: _Paper, entries: Sequence[_Entry], counts: Sequence[int], width: float) -> None:
    first = 0
    for number, count in enumerate(counts):
        if number:
            paper.set_xy(_MARGIN_MM, _HEIGHT_MM - _MARGIN_MM - _FOOT.line_mm)
            paper.set_font(FONT, "B", 11)
            paper.set_text_color(*BLUE)
            paper.cell(width, _FOOT.line_mm, _TURN, align=Align.R)
            paper.add_page()
        paper.set_y(_MARGIN_MM)
        for entry in entries[first : first + count]:
            paper.draw(entry, width)
        first += count


def _draw_foot(paper: _Paper, scan: str, guide: Guide, lines: Sequence[Line], url: str) -> None:
    """Draw the QR code at the lower right, and beside it what it is for, the sources and the day they were checked."""
    top, width = _HEIGHT_MM - _MARGIN_MM - _QR_MM, _WIDTH_MM - 2 * _MARGIN_MM - _QR_MM
    paper.draw_qr(url, _MARGIN_MM + width + _QR_SHIFT_MM, top + _QR_SHIFT_MM)
    paper.set_draw_color(*QUIET)
    paper.line(_MARGIN_MM, top, _MARGIN_MM + width, top)
    paper.set_y(top + 1)
    level = LEVELS["verified" if guide.reviewed else "documented"]
    texts = (
        f"Kiểm tra lần cuối {vietnamese_date(guide.as_of)}. {level}.",
        _sources(paper, lines, width),
        _NOT_OFFICIAL,
    )
    paper.draw([_Block(scan, _FOOT_HEADING), *(_Block(text, _FOOT) for text in texts)], width)


def _sources(paper: _Paper, lines: Sequence[Line], width: float) -> str:
    """Return the publishers, official ones first, as many as `_SOURCE_LINES` hold."""
    sources = sorted((source for line in lines for source in line.sources), key=lambda source: not source.official)
    names = list(dict.fromkeys(source.publisher for source in sources))
    text = ""
    for count in range(len(names), 0, -1):
        text = f"Nguồn: {'; '.join(names[:count])}{' và nguồn khác' if count < len(names) else ''}."
        if paper.lines(_Block(text, _FOOT), width) <= _SOURCE_LINES:
            break
    return text


def _describe(paper: _Paper, guide: Guide, day: date) -> None:
    paper.set_title(guide.title)
    paper.set_author("Bình dân học AI")
    paper.set_lang("vi-VN")
    paper.set_creation_date(datetime.combine(day, time(), UTC))
