"""From blocks to the units that citations name: articles, clauses, points, steps, rows, forms. Nothing here does I/O.

Every word of every block stands in one unit: as its text, its heading, or its number. What stands before the first article
is the unit "mở đầu", what follows the last one (signature, nơi nhận) "kết thúc": both PARAGRAPH, so that nothing is lost and
whoever ranks can leave them out. Items that begin with a dash stay in the text of the unit they stand in: no path has a word
for them. A form is one unit with its fields in it; an appendix is taken apart like a document of its own.

What stands in the quotation marks of an amending clause becomes units below that clause, with `Unit.amends`; where the
number of the amended document is named, it follows: "Điều 163, khoản 1 của 26/2008/QH12".

A number counts where it goes on a list, or begins one: "2024. …", "5. của Luật này" after a broken line and "f)" do not. Lost
lines leave gaps, which are accepted. Which document it is, and since when, is for `rag.documents.description`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from rag.documents.marks import Mark, Style, in_capitals, is_bullet, label_of, mark_of
from rag.documents.misreadings import after_lost_stroke, point_after
from rag.documents.pages import Block, BlockKind
from rag.documents.references import Place, numbers_in, places_in, without_quotes, written
from rag.documents.rows import rows_of
from rag.documents.units import CLOSING, OPENING, Unit, UnitKind
from rag.text import clean

_ATTACHED = "Văn bản kèm theo"
_ABOVE_ARTICLES = (UnitKind.PART, UnitKind.CHAPTER, UnitKind.SECTION, UnitKind.SUBSECTION)
# What closes what: a unit ends all open ones of its rank or higher.
_RANKS = {
    UnitKind.FORM: 0.0, UnitKind.PART: 2.0, UnitKind.CHAPTER: 3.0, UnitKind.SECTION: 4.0, UnitKind.SUBSECTION: 4.2,
    UnitKind.HEADING: 4.4, UnitKind.ARTICLE: 5.0, UnitKind.CLAUSE: 6.0, UnitKind.POINT: 7.0, UnitKind.STEP: 7.5,
    UnitKind.PARAGRAPH: 8.0, UnitKind.ROW: 9.0,
}  # fmt: skip
_LABEL_RANK = 5.2
_POINTS = (UnitKind.POINT, Style.LETTER)
_LINES_AHEAD = 40  # in which the next number of a list is looked for
_FIRST = (UnitKind.PART, UnitKind.CHAPTER, UnitKind.ARTICLE)  # with what a law begins
_DEEPEST = 14  # nested deeper, a file is built to harm: its lines stay text
_LARGEST_GAP = 10  # numbers of a list that may be lost in a row
_HEADING_CHARS = 300  # the longest title of an article in 255 laws has 383; longer is text
_SENTENCE_CHARS = 20_000  # no sentence is longer; lines of a longer one are not joined any more
_NAME_CHARS = 80  # of a heading as a part of a path
_LETTERHEAD_LINES = 25

_ENDS = re.compile(r"[.;:!?…”\"»)\]]$")
_REFERRING = re.compile(
    r"(?:(?<!\w)(?:điều|khoản|điểm|mục|chương|phụ lục|mẫu|số|và|hoặc|của|tại|theo|từ|đến|các|là|ngày|tháng|năm|bước)|[,(])$",
    re.IGNORECASE,
)
_AMENDS = re.compile(r"(?<!\w)(?:sửa đổi|bổ sung|thay thế)(?!\w)", re.IGNORECASE)
_AMENDING = re.compile(r"(?:sửa đổi|bổ sung|thay thế|bãi bỏ|thay cụm từ|bỏ cụm từ)(?!\w)", re.IGNORECASE)
_QUOTES_BEHIND = re.compile(r"(?P<says>.{0,2000}?(?:như sau|sau đây) ?:) ?(?P<quoted>[“\"«].*)", re.IGNORECASE)
_QUOTE_OPENS = re.compile(r"[“\"«]\s?(?=\S)")
_QUOTE_CLOSES = re.compile(r"\s?[”\"»]\s?(?P<after>[.;,]?)(?:\s?[.;])?$")
_SIGNED = re.compile(
    r"(?:nơi nhận\s?(?::|$)|(?-i:(?:TM|KT|TL|TUQ|Q)\.\s?[A-ZĐ]{2})|\(?đã ký\)?\.?$|xác thực văn bản hợp nhất|"
    r"(?:bộ luật|luật|pháp lệnh|nghị quyết) này (?:đã )?được (?:quốc hội|ủy ban thường vụ|hội đồng nhân dân))",
    re.IGNORECASE,
)
_OFFICES = re.compile(
    r"(?:(?:PHÓ )?(?:CHỦ TỊCH|THỦ TƯỚNG|VIỆN TRƯỞNG|CHÁNH ÁN|TỔNG KIỂM TOÁN|THỐNG ĐỐC|TỔNG GIÁM ĐỐC|GIÁM ĐỐC|CỤC TRƯỞNG|"
    r"CHÁNH VĂN PHÒNG|TỔNG CỤC TRƯỞNG)|BỘ TRƯỞNG|THỨ TRƯỞNG)(?!\w)"
)
_ATTACHMENT = re.compile(
    r"(?:QUY CHẾ|QUY ĐỊNH|ĐIỀU LỆ|NỘI QUY|QUY TRÌNH|KẾ HOẠCH|ĐỀ ÁN|CHƯƠNG TRÌNH|HƯỚNG DẪN|PHƯƠNG ÁN|DANH MỤC|BIỂU)(?!\w)"
)
_LETTERHEAD = re.compile(
    r"CỘNG HÒA XÃ HỘI|Độc lập ?[-–] ?Tự do|Kính gửi|^Số ?:|^[^,.]{2,40}, ?ngày .{0,12}tháng .{0,8}năm \d{0,4}$",
    re.IGNORECASE,
)
_MOTTO = re.compile(r"CỘNG HÒA XÃ HỘI|ĐỘC LẬP", re.IGNORECASE)
_PROCEDURE = re.compile(r"(?:tên )?thủ tục", re.IGNORECASE)
_STEP_INSIDE = re.compile(r"(?<= )(?:[-+] ?)?Bước (?P<number>\d{1,2}) ?[:.] ?(?P<next>\w?)")
_BROKEN_STEP = re.compile(r"(Bước)\s{1,3}(\d{1,2})\s{0,3}:")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is fed: `block` tells lines of one block from those of the next, `level` is a heading's."""

    text: str
    page: int
    block: int
    heading: bool = False
    level: int = 0
    table: Block | None = None


@dataclass(slots=True, eq=False)
class _Open:
    """A unit while it is read.

    `name` is its own part of a path, `between` what stands in the path above that and is no unit. `last` is how far the
    lists below it have come. `speaks` is False for what only holds others; `titled` while a title may still follow.
    """

    kind: UnitKind
    name: str
    rank: float
    page: int
    parent: "_Open | None"
    mark: Mark | None = None
    heading: str = ""
    parts: list[str] = field(default_factory=list)
    last_page: int = 0
    last: dict[tuple[UnitKind, Style], tuple[int, ...]] = field(default_factory=dict)
    amends: str = ""
    between: tuple[str, ...] = ()
    above: tuple[str, ...] = ()
    speaks: bool = True
    titled: bool = True
    quoting: bool = False  # units in quotation marks stand below it
    wordy: bool = False  # its points have paragraphs of their own, so the last one's is no closing sentence
    tables: int = 0
    children: int = 0
    block: int = -1

    def add(self, line: Line, text: str | None = None) -> None:
        """Take a line as its own words, in a new line unless the sentence runs on."""
        text = line.text if text is None else text
        runs_on = text[:1].islower() and 0 < len(self.said) < _SENTENCE_CHARS and not _ENDS.search(self.said[-1:])
        if runs_on:
            self.parts[-1] = f"{self.said} {text}"
        elif text:
            self.parts.append(text)
        self.last_page, self.block = max(self.last_page, line.page), line.block

    @property
    def said(self) -> str:
        """Its last words."""
        return self.parts[-1] if self.parts else ""

    @property
    def announced(self) -> str:
        """What it says it is about: its title, its first and its last words."""
        return "\n".join([self.heading, *self.parts[:1], *self.parts[1:][-1:]]).strip()


@dataclass(slots=True)
class _Quote:
    """Quotation marks that an amending unit opened: what it says it amends, and how many are open.

    Lists in the marks count by themselves; `lists` keeps how far the unit's own have come.
    """

    base: _Open
    targets: list[Place]
    number: str
    lists: dict[tuple[UnitKind, Style], tuple[int, ...]]
    curly: int = 0
    straight: int = 0

    @property
    def begun(self) -> bool:
        """Whether a list has begun in the marks."""
        return any(kind is not UnitKind.PARAGRAPH for kind, _ in self.base.last)

    def ends_with(self, text: str) -> bool:
        """Take a line's quotation marks into account; tell whether the quotation ends with it."""
        self.curly += sum(text.count(c) for c in "“«") - sum(text.count(c) for c in "”»")
        self.straight += text.count('"')
        return bool(_QUOTE_CLOSES.search(text[-8:])) and self.curly <= self.straight % 2


def units_of(blocks: Sequence[Block]) -> tuple[Unit, ...]:
    """Return the units of a document in reading order, with ids that differ.

    A document without articles, numbers or steps becomes its headings and paragraphs.
    """
    return _as_units(_Reader(list(lines_of(blocks))).read())


def lines_of(blocks: Iterable[Block]) -> Iterator[Line]:
    """Yield the lines of blocks, cleaned; a table as one, unless it only lays out lines."""
    step = 0
    for n, block in enumerate(blocks):
        text = block.text
        if block.kind is BlockKind.TABLE and block.rows:
            if not _lays_out(block):
                yield Line(clean(text), block.page, n, table=block)
                continue
            text = "\n".join(_laid_out(block))
        heading = block.kind is BlockKind.HEADING
        for line in _BROKEN_STEP.sub(r"\1 \2:", clean(text)).split("\n"):
            parts, step = _steps_apart(line, step)
            for part in parts:
                yield Line(part, block.page, n, heading, block.level if heading else 0)


def _lays_out(block: Block) -> bool:
    """Tell whether a table has one column, or names in its first one the parts of a procedure's description."""
    labelled = sum(bool(label_of(clean(row[0]))) for row in block.rows)
    return len(block.rows[0]) == 1 or (len(block.rows[0]) == 2 and labelled >= 2 and labelled * 2 >= len(block.rows))


def _laid_out(block: Block) -> Iterator[str]:
    for row in block.rows:
        label = len(row) == 2 and label_of(clean(row[0]))
        yield from (f"{label[0]}:", row[1]) if label else filter(None, row)


def _steps_apart(line: str, step: int) -> tuple[list[str], int]:
    """Part a line before the steps in it that go on from `step`, and return the last one: "Bước 1: … . Bước 2: …"."""
    mark = mark_of(line)
    if mark and mark.kind is UnitKind.STEP:
        step = mark.value[0]
    parts, start, second = [], 0, line.rfind("Bước 2")
    for match in _STEP_INSIDE.finditer(line):
        number = int(match["number"])
        begins = line[match.start() - 2] in ".;:)" or match["next"].isupper()
        if begins and (number == step + 1 or (number == 1 and match.end() <= second)):
            parts.append(line[start : match.start()].strip())
            start, step = match.start(), number
    return [part for part in (*parts, line[start:].strip()) if part], step


class _Reader:
    """Feeds lines one by one and keeps the units that are open, the outermost first."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.at = 0  # the line that is fed
        self.root = _Open(UnitKind.HEADING, "", -1, 1, None, speaks=False)
        self.stack = [self.root]
        self.all: list[_Open] = []
        self.quote: _Quote | None = None
        self.aside: _Open | None = None  # what stands before and after the units
        self.signing = False
        self.law = next((n for n in range(len(lines)) if self._begins_law(n, UnitKind.ARTICLE)), None)
        self.lawlike = self.law is not None

    @property
    def top(self) -> _Open:
        return self.stack[-1]

    def read(self) -> list[_Open]:
        """Feed every line and return the units in the order in which they begin."""
        head = self._letterhead()
        for line in self.lines[:head]:
            self._beside(OPENING, line)
        for n, line in enumerate(self.lines[head:], head):
            self.at = n
            if line.table:
                self._table(line, line.table)
            else:
                self._line(line)
        self._close_to(self.root)
        return self.all

    def _begins_law(self, n: int, *kinds: UnitKind) -> bool:
        """Tell whether a line begins an article or the like, and is no reference that the line before leads to."""
        line, before = self.lines[n], self.lines[n - 1].text if n else ""
        mark = None if line.table else mark_of(line.text)
        fits = mark and mark.kind in kinds and mark.sure and mark.style is Style.WORD
        return bool(fits) and (line.heading or not _REFERRING.search(before[-20:]))

    def _letterhead(self) -> int:
        """Return how many lines stand before what can be cited."""
        if self.law is not None:
            return next(n for n in range(self.law + 1) if self._begins_law(n, *_FIRST))
        end = 0
        for n, line in enumerate(self.lines[:_LETTERHEAD_LINES]):
            if not line.table and (mark_of(line.text) or label_of(line.text)):
                break
            end = n + 1 if _LETTERHEAD.search(line.text[:500]) else end
        return end

    def _line(self, line: Line) -> None:
        """Feed a line; what it quotes behind "như sau:" is a line of its own."""
        behind = None if self.quote else _QUOTES_BEHIND.match(line.text)
        if behind and any(map(_AMENDS.search, (behind["says"], *(unit.announced for unit in self.stack)))):
            self._part(replace(line, text=behind["says"]))
            line = replace(line, text=behind["quoted"])
        self._part(line)

    def _part(self, line: Line) -> None:
        if self.quote is None and self._opens_quote(line):
            self._open_quote()
            inside = replace(line, text=_QUOTE_OPENS.sub("", line.text, count=1))
            _ = self._begins(inside, mark_of(inside.text)) or self._goes_on(inside)
        else:
            mark = self._mark(line)
            if self.quote and mark:
                self._leave_lost_quote(mark)
            _ = self._begins(line, mark) or self._goes_on(line)
        if self.quote and self.quote.ends_with(line.text):
            self._close_quote(self.quote)

    # -- what begins

    def _mark(self, line: Line) -> Mark | None:
        """Return what a line begins, as it was before recognition where an open list proves that."""
        mark, scope = mark_of(line.text), self._scope()
        if not self._settled() and not line.heading:
            return mark
        if mark and any(
            mark.follows(u.last[mark.kind, mark.style]) for u in scope if (mark.kind, mark.style) in u.last
        ):
            return mark
        if mark and mark.kind in _ABOVE_ARTICLES and mark.style is Style.WORD:
            return self._mended_chapter(mark) or mark
        points = next((u.last[_POINTS] for u in reversed(scope) if _POINTS in u.last), None)
        if points is None:
            return mark
        return point_after(points, self.top.said.endswith(";"), line.text, mark, self._following) or mark

    def _following(self) -> Mark | None:
        """Return what the next lines begin, if one of them begins anything."""
        ahead = self.lines[self.at + 1 : self.at + 1 + _LINES_AHEAD]
        return next(filter(None, (mark_of(line.text) for line in ahead if not line.table)), None)

    def _mended_chapter(self, mark: Mark) -> Mark | None:
        """Return a chapter whose number stood before, unless it is that one's heading on another page, or articles begin anew."""
        last, following = self._holder(mark.kind), self._following()
        if last is None or last.mark is None or last.mark.style is not mark.style or not last.children:
            return None
        title = mark.rest or next((line.text for line in self.lines[self.at + 1 : self.at + 2]), "")
        anew = following and following.kind is UnitKind.ARTICLE and following.first
        return None if anew or not title or last.heading.startswith(title) else after_lost_stroke(last.mark.value, mark)

    def _begins(self, line: Line, mark: Mark | None) -> bool:
        """Open what the line begins, if it can begin it here; tell whether it did."""
        if mark and mark.kind is UnitKind.FORM:
            return self._form(line, mark)
        if self._in_form():
            return False
        label = None if self.quote or self._holder(UnitKind.ARTICLE) else label_of(mark.rest if mark else line.text)
        if self.signing and not label and not (mark and self._resumes(mark)):
            return False
        self.signing = False
        if label:
            return self._label(line, label, mark)
        if mark is None or (not self.lawlike and line.level and mark.kind in (UnitKind.CLAUSE, UnitKind.POINT)):
            return False  # a heading of a page keeps its number
        if not line.heading and self._runs_on():
            return False
        if mark.kind is UnitKind.ARTICLE and self._article_apart(line, mark):
            return True
        if len(self.stack) > _DEEPEST or not (found := self._place(mark, line)):
            return False
        self._open_marked(line, *found)
        return True

    def _resumes(self, mark: Mark) -> bool:
        """Tell whether a mark after the signature begins something again."""
        if mark.kind is UnitKind.ARTICLE:
            last = self.root.last.get((mark.kind, mark.style))
            return mark.first or (last is not None and mark.follows(last))
        above = mark.kind in _ABOVE_ARTICLES
        return above and (mark.style is Style.WORD or (mark.first and in_capitals(mark.rest)))

    def _open_marked(self, line: Line, parent: _Open, mark: Mark) -> None:
        rank = max(self._rank(mark), parent.rank + 0.01)
        if mark.kind is UnitKind.CLAUSE and mark.first and parent.kind is UnitKind.ARTICLE and not parent.children:
            _retitle(parent)
        unit = self._open(_Open(mark.kind, _name(mark), rank, line.page, parent, mark))
        parent.last[mark.kind, mark.style] = mark.value
        holds = mark.kind in (*_ABOVE_ARTICLES, UnitKind.ARTICLE)
        if holds and mark.rest and (mark.kind is not UnitKind.ARTICLE or mark.rest[-1] not in ".;:,"):
            unit.heading, unit.titled = mark.rest, False
        else:
            unit.titled = not holds or bool(mark.rest)
            unit.add(line, mark.rest)
        if self.quote:
            unit.amends = self._amended(unit)

    def _open(self, unit: _Open) -> _Open:
        parent = unit.parent or self.root
        self._close_to(parent, unit)
        parent.children += 1
        unit.last_page = unit.page
        self.stack.append(unit)
        self.all.append(unit)
        self.aside = None
        return unit

    def _close_to(self, parent: _Open, sibling: _Open | None = None) -> None:
        """Close what stands below `parent`; what follows a list's last point belongs to what the list is in."""
        while self.top is not parent:
            unit = self.stack.pop()
            goes_on = sibling and unit.parent is parent and sibling.kind is UnitKind.POINT
            if unit.kind is UnitKind.POINT and unit.parent and unit.parent.speaks and not unit.quoting:
                if goes_on:
                    unit.parent.wordy |= len(unit.parts) > 1
                elif not unit.parent.wordy:
                    _give_back_closing(unit, unit.parent)

    # -- where it stands

    def _scope(self) -> list[_Open]:
        """Return the open units from the one on in which lists count by themselves: a quotation, an appendix, the document."""
        for n in range(len(self.stack) - 1, -1, -1):
            if self.stack[n].rank <= 0 or (self.quote and self.stack[n] is self.quote.base):
                return self.stack[n:]
        return self.stack

    def _rank(self, mark: Mark) -> float:
        return _rank(mark) + (self.quote.base.rank + 1 if self.quote else 0)

    def _place(self, mark: Mark, line: Line) -> tuple[_Open, Mark] | None:
        """Return below which open unit a mark stands, and the mark; None if it begins nothing here."""
        scope = self._scope()
        if mark.kind is UnitKind.ARTICLE:
            return self._place_article(mark, line, scope)
        if mark.style in (Style.ROMAN, Style.CAPITAL) and any(u.kind is UnitKind.ARTICLE for u in scope):
            return None
        settled, key = self._settled() or line.heading, (mark.kind, mark.style)
        if not settled and mark.kind is not UnitKind.POINT and mark.rest[:1].islower():
            return None
        if not settled and mark.style is Style.WORD and mark.rest and not in_capitals(mark.rest):
            return None
        for unit in reversed(scope):
            if key in unit.last and mark.follows(unit.last[key]):
                return unit, mark
        if mark.kind is UnitKind.STEP:
            return next(
                u for u in reversed(scope) if u.kind not in (UnitKind.STEP, UnitKind.PARAGRAPH) or u is scope[0]
            ), mark
        if mark.style is Style.DECIMAL:
            return _place_decimal(mark, scope) if settled else None
        return self._place_listed(mark, scope, settled)

    def _place_listed(self, mark: Mark, scope: list[_Open], settled: bool) -> tuple[_Open, Mark] | None:
        """Place what does not go on an open list: it begins one, or lines before it are lost."""
        parent = _above(scope, self._rank(mark))
        last = parent.last.get((mark.kind, mark.style))
        step = next((u for u in scope if u.kind is UnitKind.STEP), None)
        if mark.first and (step or (last and self.top.said.endswith(":"))):
            return (step if step and last is None else self.top), mark
        if mark.first or (self.quote and not self.quote.begun):
            return parent, mark
        if last is None:
            fits = mark.style is Style.WORD or (
                settled and mark.style in (Style.DOT, Style.LETTER) and mark.value[0] <= _LARGEST_GAP
            )
        else:
            fits = settled and last < mark.value and mark.value[0] - last[0] <= _LARGEST_GAP
        return (parent, mark) if fits else None

    def _place_article(self, mark: Mark, line: Line, scope: list[_Open]) -> tuple[_Open, Mark] | None:
        last = scope[0].last.get((mark.kind, mark.style))
        settled = line.heading or self._settled()
        if not (settled or (mark.sure and (last is None or mark.follows(last)))):
            return None
        if last and not (mark.follows(last) or (mark.sure and last < mark.value)):
            return None
        scope[0].last[mark.kind, mark.style] = mark.value
        return _above(scope, self._rank(mark)), mark

    def _article_apart(self, line: Line, mark: Mark) -> bool:
        """Open an article that does not go on the document's own: one that is quoted without its marks, or attached."""
        if self.quote:
            return False
        scope, key = self._scope()[0], (mark.kind, mark.style)
        last = scope.last.get(key)
        if self._amending() and any(article == mark.number for article, _, _ in places_in(self.top.announced)):
            self._open_quote().curly = 1
            return self._begins(line, mark)
        if last and mark.first and mark.sure:
            scope = self._open(_Open(UnitKind.HEADING, _ATTACHED, 0, line.page, self.root))
            scope.last[key] = mark.value
            self._open_marked(line, scope, mark)
            return True
        return False

    def _holder(self, kind: UnitKind) -> _Open | None:
        return next((unit for unit in reversed(self.stack) if unit.kind is kind), None)

    def _settled(self) -> bool:
        """Tell whether a sentence has ended, or none has begun."""
        return not self.top.said or bool(_ENDS.search(self.top.said[-1:])) or self.signing

    def _runs_on(self) -> bool:
        """Tell whether the last line ends in the middle of a reference."""
        return not self._settled() and bool(_REFERRING.search(self.top.said[-20:]))

    # -- parts of procedures, forms, tables

    def _label(self, line: Line, label: tuple[str, str], mark: Mark | None) -> bool:
        """Open a part of a procedure's description: "1.2. Cách thức thực hiện: …"."""
        name, rest = label
        found = self._place(mark, line) if mark else None
        if found:
            parent, mark = found
            rank = max(self._rank(mark), parent.rank + 0.01)
            parent.last[mark.kind, mark.style] = mark.value
        else:
            procedure = next(
                (u for u in self.stack if u.kind is UnitKind.CLAUSE and _PROCEDURE.match(u.said[:20])), None
            )
            before = next((u for u in self.stack if u.kind is UnitKind.HEADING and u.rank > _LABEL_RANK - 0.01), None)
            rank = procedure.rank + 0.01 if procedure else before.rank if before else _LABEL_RANK
            parent = _above(self.stack, rank)
        self._open(_Open(UnitKind.HEADING, _short(name), rank, line.page, parent, heading=name))
        if rest:
            self._line(replace(line, text=rest))
        return True

    def _in_form(self) -> bool:
        """Tell whether a form is open, whose fields are not taken apart; an appendix is."""
        return any(unit.kind is UnitKind.FORM and unit.rank > 0 for unit in self.stack)

    def _form(self, line: Line, mark: Mark) -> bool:
        """Open a form or an appendix, unless its name is an item of a list, or the end of a sentence."""
        annex = mark.sure
        if self.quote or (not line.heading and self._runs_on()):
            return False
        if not annex and not line.heading and self.top.said.endswith((":", ";")):
            return False
        self.signing = False
        parent = (
            self.root if annex else next((u for u in self.stack if u.kind is UnitKind.FORM and u.rank == 0), self.root)
        )
        unit = self._open(
            _Open(UnitKind.FORM, mark.number, 0.0 if annex else 1.0, line.page, parent, mark, titled=False)
        )
        if mark.rest[:1].isupper():
            unit.heading = mark.rest
        else:
            unit.add(line, mark.rest)
        return True

    def _table(self, line: Line, table: Block) -> None:
        """Make each row a unit, unless the table is a letterhead, signatures, or a form's."""
        signs = any(_signs(clean(part)) for row in table.rows for cell in row for part in cell.split("\n"))
        if self._in_form():
            self.top.add(line)
        elif self.all and not self.quote and (signs or (self.signing and len(table.rows) < 3)):
            self._sign(line)
        else:
            self._rows(line, table)

    def _rows(self, line: Line, table: Block) -> None:
        base = self.quote.base if self.quote else None
        parent = next(u for u in reversed(self.stack) if u.kind is not UnitKind.PARAGRAPH or u is base)
        self._close_to(parent)
        parent.tables += 1
        parent.children += 1
        parent.last_page = max(parent.last_page, line.page)
        between = (f"bảng {parent.tables}",) if parent.tables > 1 else ()
        titles: dict[tuple[str, ...], str] = {}
        for row in rows_of(table.rows, table.header):
            path = (*row.within, row.number)
            titles[path] = f"{row.number}. {row.text}"
            unit = _Open(
                UnitKind.ROW, f"dòng {row.number}", 9, line.page, parent, parts=[row.text], last_page=line.page
            )
            unit.between = (*between, *(f"dòng {number}" for number in row.within))
            unit.above = tuple(titles[path[:n]] for n in range(1, len(path)))
            unit.amends = self._amended(unit) if self.quote else ""
            self.all.append(unit)

    # -- what only goes on

    def _goes_on(self, line: Line) -> None:
        """Take a line that begins nothing to where it belongs."""
        if self.signing:
            self._attached(line) if in_capitals(line.text) and _ATTACHMENT.match(line.text) else self._sign(line)
        elif not self._titles(line):
            if self.all and not self.quote and not self._in_form() and _signs(line.text):
                self._sign(line)
            elif self.quote and self.top is self.quote.base:
                self._paragraph(line, self.top)
            else:
                self._speaks(line)

    def _titles(self, line: Line) -> bool:
        """Take a line as the title, or more of it, of the unit that was opened last; tell whether it is."""
        unit, capitals = self.top, in_capitals(line.text)
        if unit.titled:
            return False
        if unit.rank <= 1 and unit.kind in (UnitKind.FORM, UnitKind.HEADING):
            unit.titled = len(unit.parts) > 4 or len(unit.heading) > _HEADING_CHARS
            if not capitals or _MOTTO.search(line.text) or (self._in_form() and _signs(line.text)):
                return False
        elif unit.heading:
            more = line.text[:1].islower() and not _ENDS.search(unit.heading[-1:])
            more = more or (capitals and in_capitals(unit.heading) and unit.kind is not UnitKind.ARTICLE)
            unit.titled = not more or len(unit.heading) > _HEADING_CHARS
        else:
            unit.titled = len(line.text) > _HEADING_CHARS or (
                unit.kind is UnitKind.ARTICLE and line.text[-1:] in (*".;:,",)
            )
        if not unit.titled:
            unit.heading = f"{unit.heading} {line.text}".strip()
            unit.last_page = max(unit.last_page, line.page)
        return not unit.titled

    def _speaks(self, line: Line) -> None:
        unit = self.top
        if line.heading and not self.lawlike:
            rank = _RANKS[UnitKind.HEADING] + 0.05 * min(line.level or 3, 9)
            heading = _Open(
                UnitKind.HEADING, _short(line.text), rank, line.page, _above(self.stack, rank), heading=line.text
            )
            heading.speaks = False
            self._open(heading)
        elif unit.kind is UnitKind.PARAGRAPH:
            bullet = is_bullet(line.text) and (unit.said.endswith((":", ";")) or any(map(is_bullet, unit.parts[-1:])))
            more = unit.block == line.block or bullet or (line.text[:1].islower() and not self._settled())
            if more:
                unit.add(line)
            else:
                self._paragraph(line, unit.parent or self.root)
        elif unit.speaks:
            unit.add(line)
        else:
            self._paragraph(line, unit)

    def _paragraph(self, line: Line, parent: _Open) -> None:
        key = UnitKind.PARAGRAPH, Style.NONE
        number = parent.last.get(key, (0,))[0] + 1
        unit = self._open(_Open(UnitKind.PARAGRAPH, f"đoạn {number}", parent.rank + 8, line.page, parent))
        parent.last[key] = (number,)
        unit.add(line)
        if self.quote:
            unit.amends = self._amended(unit)

    def _sign(self, line: Line) -> None:
        if not self.signing:
            self._close_to(self.root)
        self.signing = True
        self._beside(CLOSING, line)

    def _beside(self, name: str, line: Line) -> None:
        if self.aside is None:
            self.aside = _Open(UnitKind.PARAGRAPH, name, 8, line.page, self.root)
            self.all.append(self.aside)
        self.aside.add(line)

    def _attached(self, line: Line) -> None:
        """Open what the document brings with it: "QUY CHẾ" after the signature."""
        self.signing = False
        name = line.text if len(line.text) <= 30 else (_ATTACHMENT.match(line.text) or [line.text])[0]
        attached = _Open(UnitKind.HEADING, name.capitalize(), 0, line.page, self.root, heading=line.text, titled=False)
        self._open(attached)

    # -- quotations

    def _amending(self) -> bool:
        """Tell whether the open unit announces new words of another document."""
        return self.top.announced.endswith(":") and any(_AMENDS.search(unit.announced) for unit in self.stack)

    def _opens_quote(self, line: Line) -> bool:
        match = _QUOTE_OPENS.match(line.text)
        if not match or not self.lawlike or self.signing or self._in_form() or self.top is self.root:
            return False
        begins = bool(mark_of(line.text[match.end() :])) and any(_AMENDS.search(unit.announced) for unit in self.stack)
        return begins or self._amending()

    def _open_quote(self) -> _Quote:
        base, within = self.top, ("", "", "")
        number = ""
        base.quoting = True
        for unit in self.stack:
            for text in (unit.heading, unit.said):
                named = places_in(text, within)
                if named and unit is not base:
                    within = named[0] if len(named) == 1 else (named[0][0], "", "")
                number = next(iter(numbers_in(without_quotes(text))), number)
        targets = places_in(base.said, within) or places_in(base.heading, within) or [within]
        self.quote = _Quote(base, targets, number, base.last)
        base.last = _paragraphs(base.last)
        return self.quote

    def _close_quote(self, quote: _Quote) -> None:
        unit = self.top
        if unit.parts:
            unit.parts[-1] = _without_close(unit.said)
        else:
            unit.heading = _without_close(unit.heading)
        self._leave_quote(quote)

    def _leave_quote(self, quote: _Quote) -> None:
        """Go on with the amending unit's own lists."""
        self._close_to(quote.base)
        quote.base.last = quote.lists | _paragraphs(quote.base.last)
        self.quote = None

    def _leave_lost_quote(self, mark: Mark) -> None:
        """Close a quotation whose last mark is lost: the amending document's own next unit begins."""
        quote, key = self.quote, (mark.kind, mark.style)
        if quote is None:
            return
        above = [u.last for u in self.stack[: self.stack.index(quote.base)]]
        outer = [last for last in (*above, quote.lists) if key in last and mark.follows(last[key])]
        inner = [u for u in self._scope() if key in u.last and mark.follows(u.last[key])]
        amends = _AMENDING.match(mark.rest) or (_AMENDS.search(mark.rest) and mark.rest.endswith(":"))
        if outer and (amends or (mark.kind is UnitKind.ARTICLE and not inner)):
            self._leave_quote(quote)

    def _amended(self, unit: _Open) -> str:
        """Return the unit of the other document that a quoted unit replaces."""
        quote, own, above = self.quote, {}, unit
        if quote is None:
            return ""
        while above is not quote.base and above.parent:
            own.setdefault(above.kind, above.mark.number if above.mark else "")
            above = above.parent
        article, clause, point = (own.get(kind, "") for kind in (UnitKind.ARTICLE, UnitKind.CLAUSE, UnitKind.POINT))
        fitting = [t for t in quote.targets if article in ("", t[0]) and clause in ("", t[1]) and point in ("", t[2])]
        target = (fitting or quote.targets)[0]
        if article:
            narrowed = unit.kind is UnitKind.ARTICLE and len(fitting) == 1
            place = target if narrowed else (article, clause, point)
        else:
            place = (target[0], clause or target[1], point or ("" if clause else target[2]))
        name = written(place)
        return f"{name} của {quote.number}" if name and quote.number else name


def _paragraphs(last: dict[tuple[UnitKind, Style], tuple[int, ...]]) -> dict[tuple[UnitKind, Style], tuple[int, ...]]:
    return {key: value for key, value in last.items() if key[0] is UnitKind.PARAGRAPH}


def _give_back_closing(point: _Open, parent: _Open) -> None:
    """Give what follows a list's last point, after its full stop, to what the list stands in."""
    said = next((n for n, part in enumerate(point.parts, 1) if part.endswith(".")), len(point.parts))
    if point.parts and not point.parts[0].endswith(":") and not any(map(is_bullet, point.parts[said:])):
        parent.parts += point.parts[said:]
        parent.last_page = max(parent.last_page, point.last_page)
        del point.parts[said:]


def _above(scope: Sequence[_Open], rank: float) -> _Open:
    """Return the innermost open unit that one of this rank does not end."""
    return next((unit for unit in reversed(scope) if unit.rank < rank), scope[0])


def _rank(mark: Mark) -> float:
    if mark.style is Style.DECIMAL:
        return 6.4 + 0.1 * len(mark.value)
    return _RANKS[mark.kind] + {Style.BRACKET: 0.2, Style.ROMAN: 0.1, Style.LETTER_DOT: -0.1}.get(mark.style, 0.0)


def _place_decimal(mark: Mark, scope: Sequence[_Open]) -> tuple[_Open, Mark] | None:
    """Place "2.1" in clause 2, else where the list of its sort is, else below what holds clauses."""
    for unit in reversed(scope):
        above = unit.mark and unit.mark.style in (Style.DOT, Style.DECIMAL) and unit.mark.number.split(".")
        if above and tuple(map(str, mark.value[:-1])) == tuple(above):
            return unit, mark
    listed = [unit for unit in scope if (mark.kind, mark.style) in unit.last]
    return (listed[0] if listed else _above(scope, _RANKS[UnitKind.CLAUSE])), mark


def _retitle(article: _Open) -> None:
    """Take "Phạm vi điều chỉnh." before clause 1 as the article's title."""
    if not article.heading and len(article.parts) == 1 and len(article.said) <= 100 and article.said.endswith("."):
        article.heading = article.parts.pop().rstrip(".")


def _signs(text: str) -> bool:
    """Tell whether a line begins what follows the last article."""
    return bool(_SIGNED.match(text)) or (len(text) <= 120 and in_capitals(text) and bool(_OFFICES.match(text)))


def _without_close(text: str) -> str:
    match = _QUOTE_CLOSES.search(text[-8:])
    if not match:
        return text
    text = text[: len(text) - len(match.group())]
    return text if text.endswith((".", ";")) else text + match["after"]


def _short(heading: str) -> str:
    """Return a heading as a part of a path."""
    return heading if len(heading) <= _NAME_CHARS else heading[:_NAME_CHARS].rsplit(" ", 1)[0] + "…"


_WORDS = {
    UnitKind.PART: "Phần", UnitKind.CHAPTER: "Chương", UnitKind.SECTION: "Mục", UnitKind.SUBSECTION: "Tiểu mục", UnitKind.ARTICLE: "Điều",
    UnitKind.CLAUSE: "khoản", UnitKind.POINT: "điểm", UnitKind.STEP: "bước",
}  # fmt: skip


def _name(mark: Mark) -> str:
    number = (
        mark.number.upper()
        if mark.style is Style.WORD and mark.kind is UnitKind.CHAPTER and mark.number.isupper()
        else mark.number
    )
    return f"{_WORDS[mark.kind]} {number}"


def _as_units(opened: Iterable[_Open]) -> tuple[Unit, ...]:
    """Return the units with their paths; a second unit of a name is told apart: "khoản 1 (2)"."""
    units: list[Unit] = []
    paths: dict[int, tuple[str, ...]] = {}
    taken: set[str] = set()
    counts: dict[tuple[str, ...], int] = {}
    for unit in opened:
        above = _path_above(unit, paths)
        text, heading = "\n".join(unit.parts), unit.heading
        if heading and not text and not unit.children and unit.kind is UnitKind.ARTICLE:
            text, heading = heading, ""  # "Điều 4. Chánh Văn phòng, … chịu trách nhiệm thi hành"
        made = Unit(
            unit.kind, (*above, unit.name), text, unit.page, unit.last_page, heading, _under(unit, above), unit.amends
        )
        named = made.path
        while made.id in taken:
            counts[named] = counts.get(named, 1) + 1
            made = replace(made, path=(*above, f"{unit.name} ({counts[named]})"))
        taken.add(made.id)
        paths[id(unit)] = made.path
        units.append(made)
    return tuple(units)


def _path_above(unit: _Open, paths: dict[int, tuple[str, ...]]) -> tuple[str, ...]:
    parent = unit.parent
    while unit.kind is UnitKind.ARTICLE and parent and parent.kind in _ABOVE_ARTICLES:
        parent = parent.parent
    return (*(paths.get(id(parent), ())), *unit.between)


def _under(unit: _Open, above: tuple[str, ...]) -> tuple[str, ...]:
    """Return the titles of the chapters and the like that the path does not name."""
    titles, parent = [], unit.parent
    while parent:
        if parent.kind in _ABOVE_ARTICLES and parent.name not in above:
            titles.append(f"{parent.name}. {parent.heading}" if parent.heading else parent.name)
        parent = parent.parent
    return (*reversed(titles), *unit.above)
