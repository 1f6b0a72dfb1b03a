"""A guide's line that a new document overtakes, as edits of its sheet and its guide. Works on texts, reads and writes nothing.

The old line holds until the day before, a new one from that day on; both cite the rule that changed, which also stands under "Quy
định cũ đã đổi", so that an answer from that day on names the old value as old.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rag.guides import HEADINGS, REFERENCE, Guide, Line, Section
from rag.records.changes import Evidence
from rag.sheets import Item
from ui.confirming import FACT_KINDS, fact_line, last_row, next_number, quoted, source_line

_CHANGED = next(name for name, section in HEADINGS.items() if section is Section.CHANGED)


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A line and the words that hold instead from `since` on; `quote` is what the document says, word for word, on the page of
    ours at the address `page`; `expires` is the document's own last day.
    """

    guide: Guide
    line: Line
    words: str
    quote: str
    since: date
    page: str
    expires: date | None = None

    @property
    def until(self) -> date | None:
        """The last day of the new words: the document's (a step stays, for the steps after it), or that of the old line, after
        which other lines may hold.
        """
        own = self.expires if self.line.step is None else None
        return min(filter(None, (own, self.line.valid_until)), default=None)


def rewritten_sheet(text: str, rewrite: Rewrite, evidence: Evidence) -> tuple[str, str, str]:
    """Return the sheet with the new source, the fact that it states and the rule that it ends; and the ids of the last two."""
    item = stated_item(rewrite.line)
    source = f"s{next_number(text, 's')}"
    fact, ended = f"f{next_number(text, 'f')}", f"x{next_number(text, 'x')}"
    lines = _newer(text, evidence).split("\n")
    lines.insert(last_row(lines, "s") + 1, source_line(source, evidence, rewrite.page))
    new_rule = rewrite.words + (f" (đến hết ngày {rewrite.until:%d/%m/%Y})" if rewrite.until else "")
    old = (
        f"  - {{id: {ended}, old: {quoted(rewrite.line.text)}, replaced_by: {quoted(new_rule)}, "
        f"since: {rewrite.since.isoformat()}, sources: [{source}]}}"
    )
    lines = _with_item(lines, "superseded", "x", old)
    kind = item.kind if item.kind in FACT_KINDS else "tip"
    new = {"id": fact, "kind": kind, "text": rewrite.quote, "sources": []}
    return "\n".join(_with_item(lines, "facts", "f", fact_line(new, source))), fact, ended


def rewritten_guide(text: str, rewrite: Rewrite, fact: str, ended: str, evidence: Evidence) -> str:
    """Return the guide with the old line bounded, the new one after it, and the change under its heading."""
    lines = _newer(text, evidence).split("\n")
    at = rewrite.line.number - 1
    sheet = stated_item(rewrite.line).id.partition(":")[0]
    prefix = "" if rewrite.guide.covers[0] == sheet else f"{sheet}:"
    day, last = rewrite.since, rewrite.since - timedelta(days=1)
    said, reference = _parted(lines[at])
    mark = re.match(r"(?:- |\d+\. )?", said)
    items = reference.split(";")[0]
    kept = "".join(f"; {bound.strip()}" for bound in reference.split(";")[1:] if not bound.strip().startswith("đến"))
    lines[at] = f"{said} {{{items}, {prefix}{ended}{kept}; đến {last.isoformat()}}}"
    bounds = f"từ {day.isoformat()}" + (f"; đến {rewrite.until.isoformat()}" if rewrite.until else "")
    new = f"{mark[0] if mark else ''}{' '.join(rewrite.words.split())} {{{prefix}{fact}, {prefix}{ended}; {bounds}}}"
    lines.insert(at + 1, new)
    changed = f"- Trước ngày {day:%d/%m/%Y}: {_as_clause(rewrite.line.text)} {{{prefix}{ended}; từ {day.isoformat()}}}"
    return "\n".join(_with_changed(lines, changed))


def stated_item(line: Line) -> Item:
    """Return the fact whose value the line states: the first that is no changed rule, conflict or law."""
    plain = [item for item in line.items if item.kind not in {"superseded", "conflict", "law"}]
    return (plain or list(line.items))[0]


def _parted(raw: str) -> tuple[str, str]:
    found = REFERENCE.search(raw)
    return (raw[: found.start()], found[1]) if found else (raw, "")


def _as_clause(text: str) -> str:
    return text[:1].lower() + text[1:] if text[:2].istitle() else text


def _newer(text: str, evidence: Evidence) -> str:
    """Return the file with `as_of` moved up to the day of its newest source."""

    def later(match: re.Match[str]) -> str:
        return f"as_of: {max(match[1], evidence.date)}"

    return re.sub(r"(?m)^as_of: (\S+)$", later, text, count=1) if evidence.date else text


def _with_item(lines: Sequence[str], heading: str, letter: str, row: str) -> list[str]:
    """Put a row at the end of a list of the sheet, which may be empty ("superseded: []")."""
    empty = f"{heading}: []"
    if empty in lines:
        at = list(lines).index(empty)
        return [*lines[:at], f"{heading}:", row, *lines[at + 1 :]]
    at = last_row(lines, letter) + 1
    return [*lines[:at], row, *lines[at:]]


def _with_changed(lines: Sequence[str], row: str) -> list[str]:
    """Put a line, once, at the end of "Quy định cũ đã đổi", which is made at its place where there is none."""
    if row in lines:
        return list(lines)
    names = list(HEADINGS)
    headings = {n: line[3:].strip() for n, line in enumerate(lines) if line.startswith("## ")}
    own = next((n for n, name in headings.items() if name == _CHANGED), None)
    after = [n for n, name in headings.items() if names.index(name) > names.index(_CHANGED)] if own is None else []
    if own is None:
        at = min(after, default=len(lines))
        block = [f"## {_CHANGED}", row, ""]
        return [*_trimmed(lines[:at]), "", *block, *lines[at:]] if after else [*_trimmed(lines), "", *block]
    end = next((n for n in sorted(headings) if n > own), len(lines))
    return [*_trimmed(lines[:end]), row, "", *lines[end:]]


def _trimmed(lines: Sequence[str]) -> list[str]:
    kept = list(lines)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept
