"""How words of a Word document look: styles, inherited and direct, as far as it decides what people can read. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache

from lxml import etree

from rag.documents.readers.colours import colour, indistinct
from rag.documents.readers.numbering import VAL, W, number_of

_W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
_HIGHLIGHTS = {"black": "000000", "white": "ffffff", "yellow": "ffff00", "red": "ff0000", "blue": "0000ff"}
UNKNOWN = "unknown"  # a back that some theme, picture or table style may colour: nothing is hidden for its colour
_SMALLEST_PT = 1.0


@dataclass(frozen=True, slots=True)
class Look:
    """Properties of a run, None where nothing is said."""

    hidden: bool | None = None
    bold: bool | None = None
    front: str | None = None
    back: str | None = None
    size: float | None = None
    font: str | None = None

    def over(self, base: "Look") -> "Look":
        """Return this look, with what it leaves open taken from `base`."""
        own = ((getattr(self, f.name), getattr(base, f.name)) for f in fields(Look))
        return Look(*(mine if mine is not None else theirs for mine, theirs in own))

    @property
    def unseen(self) -> bool:
        """Whether nobody can read it: hidden, as white as its page, or of one point."""
        small = self.size is not None and self.size <= _SMALLEST_PT
        return bool(self.hidden) or small or indistinct(colour(self.front), colour(self.back or "ffffff"))


def look(properties: etree._Element | None) -> Look:
    """Return what a w:rPr says."""
    if properties is None or not len(properties):
        return Look()
    found = {child.tag: child for child in properties}
    size, front = found.get(f"{W}sz"), found.get(f"{W}color")
    filled = found.get(f"{_W14}textFill")
    return Look(
        hidden=True
        if filled is not None and filled.find(f"{_W14}noFill") is not None
        else _on(found.get(f"{W}vanish")),
        bold=_on(found.get(f"{W}b")),
        front=front.get(VAL) if front is not None else None,
        back=_highlight(found.get(f"{W}highlight")) or shade(found.get(f"{W}shd")),
        size=number_of(size, VAL) / 2 if size is not None else None,
        font=_font(found.get(f"{W}rFonts")),
    )


def shade(element: etree._Element | None) -> str | None:
    """Return the colour behind what a w:shd belongs to, None where it has none."""
    if element is None:
        return None
    return colour(element.get(f"{W}color" if element.get(VAL) == "solid" else f"{W}fill"))


def _highlight(element: etree._Element | None) -> str | None:
    name = element.get(VAL) if element is not None else None
    return None if name in (None, "none") else _HIGHLIGHTS.get(name, UNKNOWN)


def _on(element: etree._Element | None) -> bool | None:
    return None if element is None else element.get(VAL, "1") not in ("0", "false", "off")


def _font(element: etree._Element | None) -> str | None:
    return None if element is None else element.get(f"{W}ascii") or element.get(f"{W}hAnsi")


class Styles:
    """The styles of a document by their ids, each over the ones that it is based on."""

    def __init__(self, root: etree._Element | None) -> None:
        styles = root.findall(f"{W}style") if root is not None else []
        self._by_id = {style.get(f"{W}styleId"): style for style in styles}
        self._default = next(
            (s for s in styles if s.get(f"{W}type") == "paragraph" and s.get(f"{W}default") in ("1", "true")), None
        )
        self._base = look(root.find(f"{W}docDefaults/{W}rPrDefault/{W}rPr") if root is not None else None)
        self.look = cache(self._look)
        self.level = cache(self._level)

    def paragraph(self, style: str | None) -> Look:
        """Return how words of a paragraph style look."""
        if style is None and self._default is not None:
            style = self._default.get(f"{W}styleId")
        return self.look(style).over(self._base)

    def _look(self, style: str | None) -> Look:
        found = Look()
        for element in self.chain(style):
            found = found.over(look(element.find(f"{W}rPr")))
            found = found.over(Look(back=shade(element.find(f"{W}pPr/{W}shd"))))
        return found

    def _level(self, style: str | None) -> int:
        """Return the level of the heading that a paragraph style makes, 0 when it makes none."""
        for element in self.chain(style):
            outline = element.find(f"{W}pPr/{W}outlineLvl")
            if outline is not None:
                return heading_level(outline)
            name = self.name(element)
            if name == "title":
                return 1
            if name.startswith("heading ") and name[8:].isdigit():
                return int(name[8:])
        return 0

    def find(self, style: str | None, path: str) -> etree._Element | None:
        """Return the first element at `path` of a style or those it is based on."""
        return next((e for s in self.chain(style) if (e := s.find(path)) is not None), None)

    def name(self, style: "etree._Element | str | None") -> str:
        """Return the name of a style, which is English in every Word, in small letters."""
        element = self._by_id.get(style) if isinstance(style, str) else style
        name = element.find(f"{W}name") if element is not None else None
        return name.get(VAL, "").lower() if name is not None else ""

    def chain(self, style: str | None) -> Iterator[etree._Element]:
        """Yield a style, then those it is based on."""
        seen: set[str] = set()
        while style and style in self._by_id and style not in seen:
            seen.add(style)
            yield self._by_id[style]
            base = self._by_id[style].find(f"{W}basedOn")
            style = base.get(VAL) if base is not None else None


def heading_level(outline: etree._Element) -> int:
    """Return the level of a w:outlineLvl, counted from 1; 0 for body text."""
    level = number_of(outline, VAL, 9)
    return level + 1 if 0 <= level < 9 else 0
