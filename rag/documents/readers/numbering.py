"""The numbers that Word generates before paragraphs ("Điều 1.", "2.", "a)") and keeps out of their text. No I/O.

A `Numbering` counts: ask it once for every numbered paragraph, in the order of the document.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from lxml import etree

from rag.documents.readers.ordinals import ordinal

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
VAL = f"{W}val"
_DEEPEST = 8  # Word has nine levels, 0 to 8
_PRINTED_BULLETS = ("+", "*")  # any other sign before an item is a dash or a picture of one


@dataclass(frozen=True, slots=True)
class Label:
    """What stands before a paragraph, with the space that parts them; `properties` is how it looks (w:rPr)."""

    text: str
    properties: etree._Element | None


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    format: str
    text: str
    space: str
    restarts_below: int  # a number of a level above this one starts it again
    legal: bool  # levels above are written in digits
    style: str | None
    properties: etree._Element | None


class Numbering:
    """The lists of a document. `list_of_style` returns the list (numId) that a numbering style stands for."""

    def __init__(self, root: etree._Element | None, list_of_style: Callable[[str], str | None]) -> None:
        self._list_of_style = list_of_style
        self._abstract = (
            {e.get(f"{W}abstractNumId"): e for e in root.iterfind(f"{W}abstractNum")} if root is not None else {}
        )
        self._lists = {e.get(f"{W}numId"): e for e in root.iterfind(f"{W}num")} if root is not None else {}
        self._levels: dict[str, dict[int, _Level]] = {}
        self._counts: dict[str | None, dict[int, int]] = {}
        self._begun: set[tuple[str, int]] = set()

    def level_of_style(self, list_id: str, style: str) -> int:
        """Return the level that a list ties to a paragraph style, 0 when to none."""
        return next((at for at, level in self._described(list_id).items() if level.style == style), 0)

    def label(self, list_id: str, at: int) -> Label | None:
        """Count one paragraph of a list at a level (from 0) and return its label, None for a list that is not there."""
        levels = self._described(list_id)
        at = min(at, _DEEPEST)
        if at not in levels:
            return None
        level, counts = levels[at], self._counts.setdefault(self._abstract_id(list_id), {})
        if (list_id, at) not in self._begun:
            self._begun.add((list_id, at))
            if self._start_override(list_id, at) is not None:
                counts.pop(at, None)
        counts[at] = counts.get(at, level.start - 1) + 1
        for deeper in [d for d in counts if d > at and d in levels and at < levels[d].restarts_below]:
            del counts[deeper]
        return Label(self._written(level, levels, counts) + level.space, level.properties)

    def _written(self, level: _Level, levels: dict[int, _Level], counts: dict[int, int]) -> str:
        if level.format == "bullet":
            return level.text if level.text in _PRINTED_BULLETS else "-"

        def number(match: re.Match[str]) -> str:
            other = levels.get(int(match.group(1)) - 1)
            if other is None:
                return ""
            format = "decimal" if level.legal and other.format != "none" else other.format
            return ordinal(counts.get(int(match.group(1)) - 1, other.start), format)

        return re.sub("%([1-9])", number, level.text)

    def _described(self, list_id: str) -> dict[int, _Level]:
        if list_id not in self._levels:
            found: dict[int, _Level] = {}
            abstract = self._abstract.get(self._abstract_id(list_id))
            for element in abstract.iterfind(f"{W}lvl") if abstract is not None else ():
                at = number_of(element, f"{W}ilvl")
                found[at] = _level(element, at)
            for override in self._overrides(list_id):
                at = number_of(override, f"{W}ilvl")
                element = override.find(f"{W}lvl")
                if element is not None:
                    found[at] = _level(element, at)
                start = self._start_override(list_id, at)
                if at in found and start is not None:
                    found[at] = replace(found[at], start=start)
            self._levels[list_id] = found
        return self._levels[list_id]

    def _abstract_id(self, list_id: str) -> str | None:
        """Follow a list, over at most one numbering style, to what describes it."""
        for _ in range(2):
            found = _value(self._lists.get(list_id), "abstractNumId")
            style = _value(self._abstract.get(found), "numStyleLink")
            linked = self._list_of_style(style) if style else None
            if linked is None:
                return found
            list_id = linked
        return None

    def _overrides(self, list_id: str) -> list[etree._Element]:
        element = self._lists.get(list_id)
        return element.findall(f"{W}lvlOverride") if element is not None else []

    def _start_override(self, list_id: str, at: int) -> int | None:
        for override in self._overrides(list_id):
            start = override.find(f"{W}startOverride")
            if start is not None and number_of(override, f"{W}ilvl") == at:
                return number_of(start, VAL)
        return None


def number_of(element: etree._Element | None, name: str, otherwise: int = 0) -> int:
    """Return a whole number of an attribute, `otherwise` where there is none."""
    text = element.get(name, "") if element is not None else ""
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else otherwise


def _value(element: etree._Element | None, child: str) -> str | None:
    found = element.find(f"{W}{child}") if element is not None else None
    return found.get(VAL) if found is not None else None


def _level(element: etree._Element, at: int) -> _Level:
    formats = [e.get(VAL, "") for e in element.iter(f"{W}numFmt")]  # one of its own comes with one for old programs
    legal = element.find(f"{W}isLgl")
    restart = element.find(f"{W}lvlRestart")
    return _Level(
        start=number_of(element.find(f"{W}start"), VAL),
        format=formats[-1] if formats else "decimal",
        text=_value(element, "lvlText") or "",
        space="" if _value(element, "suff") == "nothing" else " ",
        restarts_below=min(number_of(restart, VAL, at), at),
        legal=legal is not None and legal.get(VAL) not in ("0", "false"),
        style=_value(element, "pStyle"),
        properties=element.find(f"{W}rPr"),
    )
