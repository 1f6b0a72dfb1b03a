"""Markdown and plain text. Lists keep their numbers as a browser would print them; raw HTML and front matter are not read."""

import re
from collections.abc import Sequence
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from rag.documents.legacy import decode
from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.pages import Fault, PrintedLine, Reading
from rag.documents.readers.decoding import told
from rag.documents.readers.drafting import Draft

_SUFFIXES = (".md", ".markdown")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(?:.*\n)*?(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_PARAGRAPHS = re.compile(r"\n[^\S\n]*(?:\n\s*)")
_DEEPEST = 100  # lists and quotations in each other; what is deeper is left out
_LONG_LINE = 60  # a line that is nearly as wide as a page goes on in the next one
# What begins a paragraph of its own in a text without empty lines.
_BEGINS = re.compile(
    r"\s*(?:(?:Phần|Chương|Mục|Tiểu mục|Điều|Bước|PHẦN|CHƯƠNG|MỤC)\s+[\dIVXLC]+|\d{1,3}[.)]\s|[a-zđ]\)\s|[-–+*•]\s)"
)


def read(path: Path, limits: Limits) -> Reading:
    """Return a Markdown file, or any other text file, as paragraphs. Old letters are known by what the whole file spells.

    Raises:
        DocumentError: NO_TEXT; UNKNOWN_FORMAT when nobody can tell in which letters it is written.
    """
    text = told(path.read_bytes())
    if text is None:
        raise DocumentError(Refusal.UNKNOWN_FORMAT, "its letters are in no known encoding; save it as UTF-8")
    text, legacy = decode(text.replace("\r\n", "\n").replace("\r", "\n"))
    faults = [legacy] if legacy else []
    if path.suffix.lower() in _SUFFIXES:
        return _markdown(text, limits, faults)
    return _plain(text, limits, faults)


def _plain(text: str, limits: Limits, faults: Sequence[Fault]) -> Reading:
    """Part at empty lines and form feeds, inside at what begins a clause; other lines of a paragraph are one text."""
    draft = Draft("text", limits)
    for number, page in enumerate(text.split("\f")):
        if number:
            draft.turn_page()
        draft.note(*faults)
        for paragraph in _PARAGRAPHS.split(page):
            for part in _parts(paragraph.split("\n")):
                draft.paragraph(draft.mended(part))
    return draft.reading()


def _parts(lines: list[str]) -> list[str]:
    parts: list[str] = []
    for line in lines:
        if parts and not _BEGINS.match(line):
            wrapped = len(parts[-1].rpartition("\n")[2]) >= _LONG_LINE
            parts[-1] += (" " if wrapped else "\n") + line
        else:
            parts.append(line)
    return parts


def _markdown(text: str, limits: Limits, faults: Sequence[Fault]) -> Reading:
    draft = Draft("markdown", limits)
    draft.note(*faults)
    tokens = (
        MarkdownIt("commonmark", {"maxNesting": _DEEPEST})
        .enable("table")
        .parse(_FRONT_MATTER.sub("", text.lstrip("\ufeff")))
    )
    lists: list[int | None] = []  # the number of the next item, None for a list without numbers
    mark, level = "", 0
    rows: list[list[str]] = []
    header, in_head = 0, False
    for token in tokens:
        match token.type:
            case "ordered_list_open":
                lists.append(int(token.attrGet("start") or (1 if token.attrGet("start") is None else 0)))
            case "bullet_list_open":
                lists.append(None)
            case "ordered_list_close" | "bullet_list_close":
                lists.pop()
            case "list_item_open":
                number = lists[-1]
                mark = "- " if number is None else f"{number}{token.markup} "
                lists[-1] = None if number is None else number + 1
            case "list_item_close":
                mark = ""
            case "heading_open":
                level = int(token.tag[1:])
            case "heading_close":
                level = 0
            case "table_open":
                rows, header = [], 0
            case "thead_open" | "thead_close":
                in_head = token.type == "thead_open"
            case "tr_open":
                rows.append([])
                header += in_head
            case "table_close":
                draft.table(rows, header)
                rows = []
            case "inline" if rows:
                rows[-1].append(draft.mended(_words(token)))
            case "inline" if level:
                draft.heading(draft.mended(mark + _words(token)), level)
                mark = ""
            case "inline":
                draft.paragraph(draft.mended(mark + _words(token)), line=PrintedLine("", bold=_is_bold(token)))
                mark = ""
            case "fence" | "code_block":
                draft.paragraph(draft.mended(token.content))
    return draft.reading()


def _words(token: Token) -> str:
    """Return inline text as it is printed; a picture by what describes it is not printed."""
    said = {
        "text": lambda t: t.content,
        "code_inline": lambda t: t.content,
        "softbreak": lambda t: " ",
        "hardbreak": lambda t: "\n",
    }
    return "".join(said[child.type](child) for child in token.children or () if child.type in said)


def _is_bold(token: Token) -> bool:
    inside = [child.type for child in token.children or () if child.type != "text" or child.content.strip()]
    return inside[:1] == ["strong_open"] and inside[-1] == "strong_close" and inside.count("strong_open") == 1
