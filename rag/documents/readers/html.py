"""Web pages as people see them: what the page is about, its numbers and tables as they are printed, nothing that is hidden.

Parsed with lxml, whose parser ends at 2,048 levels: on 200,000 nested elements it takes 5 ms, where selectolax takes 89 s.
Scripts are not run and nothing is fetched, so what a script would show is not there.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.pages import Fault, PrintedLine, Reading
from rag.documents.readers.decoding import decoded
from rag.documents.readers.drafting import Draft, guessed_header, one_line, squeezed
from rag.documents.readers.ordinals import ordinal
from rag.documents.readers.visibility import Seen, Visibility
from rag.documents.readers.webparts import UNPRINTED, Parts, is_control

_LARGEST = 16 * 2**20  # 500 pages of law have 1.3 million letters; 16 MB of small tags take 0.6 GB
_MOST_CELLS = 500_000
_WIDEST, _TALLEST = 100, 5_000  # a span beyond is no table that anybody looks at
_HEADINGS = {f"h{n}": n for n in range(1, 7)}
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 "
    "h6 header hr legend li main nav ol p pre section summary table tbody td tfoot th thead tr ul".split()
)
_CHARSET = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)
_MARKS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_STYLES = {
    "lower-alpha": "lowerLetter",
    "lower-latin": "lowerLetter",
    "upper-alpha": "upperLetter",
    "upper-latin": "upperLetter",
    "lower-roman": "lowerRoman",
    "upper-roman": "upperRoman",
    "decimal-leading-zero": "decimalZero",
}
_OWN_MARK = re.compile(r"(?:[-–—+•*▪●○◦✓➢]|\(?(?:\d{1,3}|[a-zđ]|[ivxIVX]{1,5})[.)/]|bước \d+)", re.IGNORECASE)
_MOTTO = re.compile(r"cộng\s+h(?:òa|oà)\s+xã\s+hội\s+chủ\s+nghĩa\s+việt\s+nam", re.IGNORECASE)
_MOTTO_CHARS = 600
_LAYOUT_CHARS = 3000  # no cell of a table has that many
_BULLET = "-"
_SPACES = re.compile(r"\s+")
_DEEP = "Excessive depth"
_META = {
    "title": ("og:title", "dc.title", "citation_title"),
    "description": ("description", "og:description", "dc.description"),
    "published": ("article:published_time", "pubdate", "datepublished", "dc.date.issued", "dc.date", "date"),
    "modified": ("article:modified_time", "datemodified", "last-modified", "og:updated_time"),
    "author": ("author", "dc.creator", "article:author"),
    "url": ("og:url",),
}


def read(path: Path, limits: Limits, charset: str = "") -> Reading:
    """Return what a web page shows; `charset` is what its server said. Raises DocumentError."""
    data = path.read_bytes()
    if len(data) > _LARGEST:
        raise DocumentError(Refusal.TOO_LARGE, f"a web page of more than {_LARGEST >> 20} MiB")
    root = _parsed(data, charset)
    declared = dict(_declared(root))
    body = root.find("body")
    draft = Draft("html", limits)
    if body is not None:
        _Writer(draft, root, body).write()
    return draft.reading(declared)


def _parsed(data: bytes, charset: str) -> etree._Element:
    named = [match.decode("ascii") for match in _CHARSET.findall(data[:4096])[:1]]
    text = decoded(data, *filter(None, [charset, *named]))
    text = text.replace("\0", "").encode("utf-8", "replace")
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True, no_network=True)
    try:
        root = etree.fromstring(text, parser)
    except etree.XMLSyntaxError as error:
        raise DocumentError(Refusal.NO_TEXT) from error
    if any(_DEEP in entry.message for entry in parser.error_log):
        raise DocumentError(Refusal.DAMAGED, "elements in each other more than 2,048 times")
    if root is None:
        raise DocumentError(Refusal.NO_TEXT)
    return root


@dataclass(slots=True)
class _List:
    """A list that is being read: `format` is None for one without numbers."""

    format: str | None
    next: int = 1
    step: int = 1


@dataclass(frozen=True, slots=True)
class _Block:
    """A heading (its level) or paragraph (0)."""

    text: str
    bold: bool
    level: int


@dataclass(slots=True)
class _Text:
    """What has been read of a block that is not complete: its words, each with its font."""

    mended: Callable[[Iterable[tuple[str, str]]], str]
    level: int = 0
    mark: str = ""  # of the list item that has no text yet
    _runs: list[tuple[str, str]] = field(default_factory=list)
    _bold: bool = True

    def say(self, text: str, looks: Seen) -> None:
        """Add words."""
        self._runs.append((text, looks.font))
        self._bold = self._bold and (looks.bold or not text.strip())

    def line(self) -> bool:
        """Begin a new line; tell whether the line before was empty, which parts paragraphs."""
        self._runs.append(("\n", ""))
        return "".join(text for text, _ in self._runs[-3:]).replace(" ", "").endswith("\n\n")

    def pair(self) -> None:
        """End a term of which the description follows."""
        term = "".join(text for text, _ in self._runs).rstrip()
        if term:
            self._runs.append((" " if term.endswith(":") else ": ", ""))

    def taken(self) -> Iterator[_Block]:
        """Yield the block, if there is one, and begin the next."""
        text = squeezed(self.mended(self._runs)) if any(text.strip() for text, _ in self._runs) else ""
        if text:
            own = self.mark == _BULLET and _OWN_MARK.match(text)
            mark = "" if not self.mark or own or text.startswith(f"{self.mark} ") else f"{self.mark} "
            yield _Block(mark + text, self._bold, self.level)
            self.mark = ""
        self._runs, self._bold = [], True


class _Writer:
    def __init__(self, draft: Draft, root: etree._Element, body: etree._Element) -> None:
        self._draft, self._body, self._parts, self._visibility = draft, body, Parts(body), Visibility(root)
        self._cells = 0

    def write(self) -> None:
        """Write the main part of the page, or all of it when that part is hidden."""
        main = self._parts.main
        looks = self._looks_at(main)
        if looks is None:
            main, looks = self._body, self._looks_at(self._body) or Seen()
        for block in self._blocks(main, looks, in_cell=False):
            if block.level:
                self._draft.heading(one_line(block.text), block.level)
            elif not is_control(block.text):
                self._draft.paragraph(block.text, line=PrintedLine("", bold=block.bold))

    def _looks_at(self, element: etree._Element) -> Seen | None:
        """Return how text in an element looks, None when it is hidden; a whole page that is, a script shows at last."""
        looks = Seen()
        for outer in (*reversed(list(element.iterancestors())), element):
            inside = self._visibility.inside(outer, looks)
            if inside is None and outer.tag not in ("html", "body"):
                return None
            looks = inside or looks
        return looks

    def _blocks(self, top: etree._Element, looks: Seen, *, in_cell: bool) -> Iterator[_Block]:
        """Yield the blocks of `top` in their order; tables go into the draft, but in a cell they are blocks like any other.

        Without recursion, for pages can be deep.
        """
        text, lists, around, skipped = _Text(self._draft.mended_runs), [], [looks], None
        self._say(top.text, looks, text)
        walk = etree.iterwalk(top, events=("start", "end"))
        for event, element in walk:
            if element is top:
                continue
            tag = element.tag
            if event == "end":
                if element is skipped:
                    skipped = None
                else:
                    around.pop()
                    yield from self._left(element, text, lists)
                self._say(element.tail, around[-1], text)
                continue
            inside = self._entered(element, around[-1], in_cell=in_cell, in_heading=bool(text.level))
            drawn = inside is not None and not in_cell and tag == "table" and _is_drawn(element)
            if inside is not None and tag in _BLOCKS and tag != "dd":
                yield from text.taken()
            if inside is None or drawn:
                if inside is not None:
                    self._write_table(element, inside)
                skipped = element
                walk.skip_subtree()
                continue
            around.append(inside)
            if tag == "br" and text.line():
                yield from text.taken()
            elif tag in ("ol", "ul"):
                lists.append(_begun(element, inside))
            elif tag == "li":
                text.mark = _mark(element, lists[-1]) if lists else _BULLET
            elif tag in _HEADINGS:
                text.level = _HEADINGS[tag]
            self._say(element.text, inside, text, keep=tag == "pre")
        yield from text.taken()

    def _left(self, element: etree._Element, text: _Text, lists: list[_List]) -> Iterator[_Block]:
        tag = element.tag
        if tag == "dt":
            text.pair()
        elif tag in _BLOCKS:
            yield from text.taken()
        if tag in ("ol", "ul"):
            lists.pop()
        elif tag == "li":
            text.mark = ""
        elif tag in _HEADINGS:
            text.level = 0

    def _entered(self, element: etree._Element, around: Seen, *, in_cell: bool, in_heading: bool) -> Seen | None:
        """Return how text in `element` looks, None when it is not read."""
        if element.tag in UNPRINTED or (element.tag == "button" and not in_heading):
            return None
        if not in_cell and self._parts.is_aside(element):
            return None
        inside = self._visibility.inside(element, around)
        if inside is None and self._parts.has_text(element):
            self._draft.note(Fault.HIDDEN_TEXT)
        return inside

    def _say(self, words: str | None, looks: Seen, text: _Text, *, keep: bool = False) -> None:
        if not words:
            return
        if looks.readable:
            text.say(words if keep else _SPACES.sub(" ", words), looks)
        elif words.strip():
            self._draft.note(Fault.HIDDEN_TEXT)

    # Tables

    def _write_table(self, table: etree._Element, looks: Seen) -> None:
        for caption in table.iterchildren("caption"):
            self._draft.paragraph(self._cell(caption, looks)[0])
        rows: list[list[str]] = []
        below: dict[int, tuple[int, str]] = {}  # what still covers a column: for how many rows, with which text
        header, named, tallest = 0, True, 1
        for row in _rows(table):
            section = row.getparent()
            around = looks if section is None or section is table else self._visibility.inside(section, looks)
            around = around and self._visibility.inside(row, around)
            if around is None:
                self._draft.note(Fault.HIDDEN_TEXT)
                continue
            cells, bold, tall = self._row(row, around, below)
            if not rows:
                named, tallest = bold, tall
            in_head = (section is not None and section.tag == "thead") or all(cell.tag == "th" for cell in _cells(row))
            header += in_head and header == len(rows)
            rows.append(cells)
        if not header and named and len(rows) > 1:
            header = 1
        header = max(header, tallest if tallest < len(rows) else 1) if header else guessed_header(rows)
        self._draft.table(rows, header)

    def _row(self, row: etree._Element, looks: Seen, below: dict[int, tuple[int, str]]) -> tuple[list[str], bool, int]:
        """Return the cells of a row, whether all are bold, and over how many rows its tallest goes; `below` is brought on."""
        placed = {column: text for column, (_, text) in below.items()}
        left = {column: (rows - 1, text) for column, (rows, text) in below.items() if rows > 1}
        column, bold, tallest = 0, True, 1
        for cell in _cells(row):
            inside = self._visibility.inside(cell, looks)
            if inside is None:
                self._draft.note(Fault.HIDDEN_TEXT)
                continue
            text, is_bold = self._cell(cell, inside)
            bold = bold and (is_bold or not text)
            while column in placed:
                column += 1
            tall = _span(cell, "rowspan", _TALLEST)
            tallest = max(tallest, tall)
            for _ in range(_span(cell, "colspan", _WIDEST)):
                placed[column] = text
                if tall > 1:
                    left[column] = (tall - 1, text)
                column += 1
        below.clear()
        below.update(left)
        self._cells += max(placed, default=0) + 1
        if self._cells > _MOST_CELLS:
            raise DocumentError(Refusal.TOO_LARGE, f"tables of more than {_MOST_CELLS} cells")
        return [placed.get(at, "") for at in range(max(placed, default=-1) + 1)], bold, tallest

    def _cell(self, cell: etree._Element, looks: Seen) -> tuple[str, bool]:
        blocks = list(self._blocks(cell, looks, in_cell=True))
        text = one_line(" ".join(block.text for block in blocks))
        return text, bool(blocks) and all(block.bold for block in blocks)


def _begun(element: etree._Element, looks: Seen) -> _List:
    if element.tag == "ul":
        return _List(None)
    format = _STYLES.get(looks.marks) or (
        "none" if looks.marks == "none" else _MARKS.get(element.get("type", ""), "decimal")
    )
    down = element.get("reversed") is not None
    first = _whole(element.get("start"), len(list(element.iterchildren("li"))) if down else 1)
    return _List(format, first, -1 if down else 1)


def _mark(item: etree._Element, around: _List) -> str:
    """Return what stands before a list item, as Vietnamese law writes it: "1.", "a)", "IV."."""
    if around.format is None:
        return _BULLET
    number = _whole(item.get("value"), around.next)
    around.next = number + around.step
    written = ordinal(number, around.format)
    return written and written + (")" if around.format == "lowerLetter" else ".")


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and re.fullmatch(r"-?\d{1,6}", text.strip()) else otherwise


def _span(cell: etree._Element, name: str, most: int) -> int:
    span = _whole(cell.get(name), 1)
    return most if span == 0 and name == "rowspan" else min(max(span, 1), most)


def _rows(table: etree._Element) -> Iterator[etree._Element]:
    for child in table:
        if child.tag == "tr":
            yield child
        elif child.tag in ("thead", "tbody", "tfoot"):
            yield from child.iterchildren("tr")


def _cells(row: etree._Element) -> list[etree._Element]:
    return list(row.iterchildren("td", "th"))


def _is_drawn(table: etree._Element) -> bool:
    """Tell a table from one that only lays out a page, or an official letter's top and end."""
    rows = list(_rows(table))
    if len(rows) < 2 or max(len(_cells(row)) for row in rows) < 2 or table.get("role") in ("presentation", "none"):
        return False
    if any(cell.tag == "th" for row in rows for cell in _cells(row)) or table.find("caption") is not None:
        return True
    if table.find(".//table") is not None or _MOTTO.search(_all_text(table)[:_MOTTO_CHARS]):
        return False
    return all(len(_all_text(cell)) < _LAYOUT_CHARS for row in rows for cell in _cells(row))


def _all_text(element: etree._Element) -> str:
    return str(element.xpath("string()"))


# What the page says of itself


def _declared(root: etree._Element) -> dict[str, str]:
    """Return title, description, dates, author, language and address, as far as the page names them."""
    metas = {}
    for meta in root.iter("meta"):
        name = meta.get("property") or meta.get("name") or meta.get("itemprop") or ""
        metas.setdefault(name.lower(), meta.get("content", ""))
    linked = _linked_data(root)
    found = {name: next(filter(None, map(metas.get, names)), "") for name, names in _META.items()}
    time = next((e.get("datetime") or "" for e in root.iter("time") if e.get("datetime")), "")
    found["title"] = found["title"] or root.findtext("head/title") or ""
    found["published"] = found["published"] or linked.get("datePublished", "") or time
    found["modified"] = found["modified"] or linked.get("dateModified", "")
    canonical = (e.get("href", "") for e in root.iter("link") if "canonical" in e.get("rel", "").lower().split())
    found["url"] = next(filter(None, canonical), found["url"])
    found["language"] = root.get("lang") or root.get("xml:lang") or metas.get("content-language", "")
    return found


def _linked_data(root: etree._Element) -> dict[str, str]:
    """Return the texts of the page's JSON-LD, the first of each name."""
    found: dict[str, str] = {}
    for script in root.iter("script"):
        if script.get("type", "").lower() != "application/ld+json":
            continue
        try:
            pending = [json.loads(script.text or "")]
        except (ValueError, RecursionError):
            continue
        while pending:
            value = pending.pop(0)
            if isinstance(value, list):
                pending += value
            elif isinstance(value, dict):
                for name, inner in value.items():
                    if isinstance(inner, str):
                        found.setdefault(name, inner)
                pending += [inner for inner in value.values() if isinstance(inner, list | dict)]
    return found
