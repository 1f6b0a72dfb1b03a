"""A doubtful fact that an official source confirms, as edits of its sheet and of the guides' lines that state it.

Sheets have one item a line; all other lines stay byte for byte. Works on texts, reads and writes nothing.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import yaml

from rag.guides import Guide, Line, Section
from rag.records.changes import Evidence
from rag.sheets import Item

FACT_KINDS = {
    "tip": "thông tin thêm", "definition": "giải thích", "requirement": "điều kiện", "step": "việc phải làm",
    "document": "giấy tờ", "fee": "lệ phí", "deadline": "thời hạn", "place": "nơi làm", "contact": "liên hệ",
    "right": "quyền lợi", "penalty": "mức phạt", "warning": "cảnh báo", "error-fix": "cách sửa lỗi",
}  # fmt: skip
_UNCLEAR, _ABOUT = "## Chưa rõ", "## Cần biết"
_LINE = re.compile(r"(?P<mark>- |\d+\. )?(?P<said>.*?)(?P<reference>\s*\{[^{}]*\})")


@dataclass(frozen=True, slots=True)
class Stated:
    """A line of a guide that states an item."""

    guide: Guide
    section: Section
    line: Line


@dataclass(frozen=True, slots=True)
class Doubt:
    """A fact of low or medium confidence, or an open conflict, with the lines that state it."""

    item: Item
    stated: tuple[Stated, ...]

    @property
    def sheet(self) -> str:
        """The sheet's id."""
        return self.item.id.partition(":")[0]

    @property
    def local(self) -> str:
        """The item's id in its sheet."""
        return self.item.id.partition(":")[2]


def doubts(guides: Mapping[str, Guide]) -> dict[str, Doubt]:
    """Return what guides state without being sure, by the item's id; the least sure first."""
    items: dict[str, Item] = {}
    stated: dict[str, list[Stated]] = {}
    for guide in guides.values():
        for passage in guide.passages:
            for line in passage.lines:
                for item in filter(is_doubtful, line.items):
                    items[item.id] = item
                    stated.setdefault(item.id, []).append(Stated(guide, passage.section, line))
    order = sorted(items, key=lambda i: (items[i].kind != "conflict", items[i].confidence != "low", i))
    return {i: Doubt(items[i], tuple(stated[i])) for i in order}


def is_doubtful(item: Item) -> bool:
    """Tell whether somebody should confirm an item: superseded rules and laws have no confidence of their own."""
    return item.kind == "conflict" or (item.kind not in {"superseded", "law"} and item.confidence != "high")


def confirmed_sheet(text: str, local: str, evidence: Evidence, wording: str, kind: str) -> tuple[str, str]:
    """Return a sheet in which an item is sure, in these words ("": its own), with its new source; and the item's id.

    A conflict becomes a fact of the given kind under the next free id. Raises KeyError for an item that is not there.
    """
    lines = text.split("\n")
    source = f"s{next_number(text, 's')}"
    at = _row(lines, local)
    row = yaml.safe_load(lines[at].strip()[2:])
    if local.startswith("c"):
        del lines[at]
        if not any(line.startswith("  - {id: c") for line in lines):
            lines[lines.index("conflicts:")] = "conflicts: []"
        fact = {"id": f"f{next_number(text, 'f')}", "kind": kind, "text": wording or row["text"], "sources": []}
        lines.insert(last_row(lines, "f") + 1, "")
        at = last_row(lines, "f") + 1
    else:
        fact = {**row, "text": wording or row["text"]}
    lines[at] = fact_line(fact, source)
    lines.insert(last_row(lines, "s") + 1, source_line(source, evidence))
    return "\n".join(lines), fact["id"]


def confirmed_guide(text: str, guide: Guide, item_id: str, new_local: str, said: Mapping[int, str]) -> str:
    """Return a guide in which lines, by number, have new words ("": the line goes) and cite the item under its new id.

    What a settled conflict left under "Chưa rõ" moves to "Cần biết".
    """
    sheet, _, local = item_id.partition(":")
    names = {item_id: f"{sheet}:{new_local}", **({local: new_local} if guide.covers[0] == sheet else {})}
    lines: list[str | None] = list(text.split("\n"))
    moved = []
    for number, words in said.items():
        raw = lines[number - 1] or ""
        new = _reworded(raw, words, names) if words.strip() else None
        lines[number - 1] = new
        if new and local != new_local and _heading(lines, number) == _UNCLEAR:
            moved.append("- " + new.removeprefix("- "))
            lines[number - 1] = None
    kept = [line for line in lines if line is not None]
    return "\n".join(_without_empty(_with_about(kept, moved))) if moved else "\n".join(_without_empty(kept))


def _reworded(raw: str, words: str, names: Mapping[str, str]) -> str:
    found = _LINE.fullmatch(raw)
    if found is None:
        return raw
    reference = re.sub(r"[\w-]+:[a-z]\d+|\b[a-z]\d+\b", lambda m: names.get(m[0], m[0]), found["reference"])
    return f"{found['mark'] or ''}{' '.join(words.split())}{reference}"


def _heading(lines: Sequence[str | None], number: int) -> str:
    return next((line for line in reversed(lines[: number - 1]) if line and line.startswith("## ")), "")


def _with_about(lines: list[str], moved: Sequence[str]) -> list[str]:
    """Put lines at the head of "Cần biết", which is made after "Trả lời ngắn" where there is none."""
    if _ABOUT in lines:
        at = lines.index(_ABOUT) + 1
        return [*lines[:at], *moved, *lines[at:]]
    headings = [n for n, line in enumerate(lines) if line.startswith("## ")]
    at = headings[1] if len(headings) > 1 else len(lines)
    return [*lines[:at], _ABOUT, *moved, "", *lines[at:]]


def _without_empty(lines: list[str]) -> list[str]:
    """Drop the heading "Chưa rõ" once nothing stands under it."""
    if _UNCLEAR not in lines:
        return lines
    at = lines.index(_UNCLEAR)
    return (
        lines
        if any(line.strip() for line in lines[at + 1 :])
        else [*"\n".join(lines[:at]).rstrip("\n").split("\n"), ""]
    )


def fact_line(fact: Mapping[str, object], source: str) -> str:
    """Return a sure fact as a sheet has it, with one more source."""
    sources = ", ".join([*map(str, fact["sources"]), source])  # type: ignore[call-overload]
    return (
        f"  - {{id: {fact['id']}, kind: {fact['kind']}, text: {quoted(str(fact['text']))}, "
        f"sources: [{sources}], confidence: high}}"
    )


def source_line(source: str, evidence: Evidence, page: str = "") -> str:
    """Return a source as a sheet has it; `page` is the address of our picture of the page where it says so."""
    shown = f", page: {quoted(page)}" if page else ""
    url = quoted(evidence.url) if evidence.url else "null"
    return (
        f"  - {{id: {source}, publisher: {quoted(evidence.publisher)}, title: {quoted(evidence.title)}, "
        f"url: {url}, date: {evidence.date or 'null'}, official: {str(evidence.official).lower()}{shown}}}"
    )


def quoted(text: str) -> str:
    """Return a text as a sheet quotes it."""
    return json.dumps(text, ensure_ascii=False)


def _row(lines: Sequence[str], local: str) -> int:
    for number, line in enumerate(lines):
        if line.startswith(f"  - {{id: {local},"):
            return number
    raise KeyError(local)


def last_row(lines: Sequence[str], letter: str) -> int:
    """Return where the last fact (f), source (s) … of a sheet stands. Raises ValueError when there is none."""
    return max(n for n, line in enumerate(lines) if re.match(rf"  - \{{id: {letter}\d+,", line))


def next_number(text: str, letter: str) -> int:
    """Return the next free number of facts (f), sources (s) …"""
    return 1 + max((int(n) for n in re.findall(rf"(?m)^  - \{{id: {letter}(\d+),", text)), default=0)
