"""Which elements of a web page people see, as far as the page itself says. Nothing here does I/O.

Known are its `style` elements and attributes; a style sheet in another file is not fetched, so of those only the names that every
page uses alike (`d-none`, `sr-only`) hide. `aria-hidden` hides nothing: it is for those who listen, and often set on what is printed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, cast

import tinycss2
from cssselect import HTMLTranslator, SelectorError
from cssselect import parse as parse_selectors
from lxml import etree
from tinycss2.color3 import parse_color

from rag.documents.readers.colours import indistinct

UNKNOWN = "unknown"
_TRANSPARENT = "transparent"
_FAINT = "faint"
_HIDING_CLASSES = frozenset("d-none hidden hide sr-only visually-hidden screen-reader-text ng-hide".split())
_SHOWN_WIDE = re.compile(r"(?:d|visible)-(?:sm|md|lg|xl|xxl)(?!-none)")
_SMALLEST_PX = 1.0
_FAR = -500.0
_UNITS = {
    "px": 1.0,
    "pt": 4 / 3,
    "em": 16.0,
    "rem": 16.0,
    "%": 0.16,
    "": 1.0,
    "cm": 37.8,
    "in": 96.0,
    "vw": 10.0,
    "vh": 10.0,
}
_LENGTH = re.compile(r"(-?\d*\.?\d+)([a-z%]*)")
_OF_INTEREST = frozenset(
    "display visibility opacity font-size color background background-color background-image position left top right bottom "
    "text-indent margin-left margin-top clip clip-path width height max-height overflow overflow-x overflow-y transform "
    "font-weight font-family font list-style list-style-type".split()
)
_CLIPPED = re.compile(r"rect\((?:\s*[01](?:px)?[\s,]*){4}\)|inset\((?:50|100)%|circle\(0")
_SHRUNK = re.compile(r"scale\(0(?:\.0+)?\)|translate[xy]?\(-\d{3,}")
_BOLD_TAGS = frozenset(("b", "strong", "th"))
_IMPORTANT = "!"
Declarations = dict[str, str]  # by property; one that is important stands under "!property"


@dataclass(frozen=True, slots=True)
class Seen:
    """How text inside an element looks: what it inherits, and what the page says. `marks` is the style of list items, `font` a family."""

    visible: bool = True
    front: str | None = None
    back: str | None = "ffffff"
    size_px: float = 16.0
    bold: bool = False
    marks: str = ""
    font: str = ""

    @property
    def readable(self) -> bool:
        """Whether people can read text that stands here."""
        known = self.front not in (None, _FAINT) and self.back != UNKNOWN
        drawn = self.front != _TRANSPARENT and not (known and indistinct(self.front, self.back))
        return self.visible and drawn and self.size_px > _SMALLEST_PX


class Visibility:
    """What a page says of its elements; `inside` follows it down from the root."""

    def __init__(self, root: etree._Element) -> None:
        self._said = _matched(root)

    def inside(self, element: etree._Element, around: Seen) -> Seen | None:
        """Return how text in `element` looks, None when nobody sees anything of it."""
        said = {**self._said.get(element, {}), **inline(element.get("style", ""))}
        said |= {name[1:]: value for name, value in said.items() if name[0] == _IMPORTANT}
        if _is_gone(element, said):
            return None
        return _looks(element, said, around)


def _matched(root: etree._Element) -> dict[etree._Element, Declarations]:
    """Return what style elements declare for each element, the strongest last."""
    found: list[tuple[tuple, str, Declarations]] = []
    for style in root.iter("style"):
        for selectors, declared in _rules(style.text or ""):
            for selector in _parsed(selectors):
                if selector.pseudo_element is None:
                    key = (selector.specificity(), len(found))
                    found.append((key, HTMLTranslator().selector_to_xpath(selector), declared))
    said: dict[etree._Element, Declarations] = {}
    for _, path, declared in sorted(found, key=lambda rule: rule[0]):
        for element in cast(list, root.xpath(path)):
            said.setdefault(element, {}).update(declared)
    return said


def _parsed(selectors: str) -> list:
    try:
        made = parse_selectors(selectors)
        for selector in made:
            HTMLTranslator().selector_to_xpath(selector)
    except SelectorError:  # what a browser knows and XPath does not (":hover"): it says nothing of a page at rest
        return []
    return made


def _rules(sheet: str) -> Iterator[tuple[str, Declarations]]:
    """Yield selectors and declarations that decide what is seen on a wide screen."""
    pending = tinycss2.parse_stylesheet(sheet, skip_comments=True, skip_whitespace=True)
    for rule in pending:
        if rule.type == "qualified-rule" and (declared := _declared(rule.content)):
            yield tinycss2.serialize(rule.prelude), declared
        elif rule.type == "at-rule" and rule.lower_at_keyword == "media" and rule.content:
            media = tinycss2.serialize(rule.prelude).lower()
            if "print" not in media and "max-width" not in media:
                yield from _rules(tinycss2.serialize(rule.content))


@lru_cache(maxsize=4096)
def inline(style: str) -> Declarations:
    """Return what a style attribute declares."""
    return _declared(style) if style else {}


def _declared(content: Any) -> Declarations:
    listed = tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
    declared = [d for d in listed if d.type == "declaration" and d.lower_name in _OF_INTEREST]
    return {_IMPORTANT * d.important + d.lower_name: tinycss2.serialize(d.value).strip().lower() for d in declared}


def _is_gone(element: etree._Element, said: Declarations) -> bool:
    classes = element.get("class", "").lower().split()
    display = said.get("display", "")
    if display == "none" or (element.get("hidden") is not None and not display):
        return True
    if not display and not _HIDING_CLASSES.isdisjoint(classes) and not any(map(_SHOWN_WIDE.match, classes)):
        return True
    if element.tag == "dialog" and element.get("open") is None:
        return True
    if _length(said.get("opacity"), 1.0) <= 0.05 or _SHRUNK.search(said.get("transform", "")):
        return True
    if said.get("position") in ("absolute", "fixed"):
        if any(_length(said.get(side), 0.0) <= _FAR for side in ("left", "top", "right", "bottom")):
            return True
        if _CLIPPED.search(said.get("clip", "") + said.get("clip-path", "")):
            return True
    if any(_length(said.get(name), 0.0) <= _FAR for name in ("text-indent", "margin-left", "margin-top")):
        return True
    cut = any(said.get(name) in ("hidden", "clip") for name in ("overflow", "overflow-x", "overflow-y"))
    return cut and any(_length(said.get(name), 99.0) <= 1 for name in ("width", "height", "max-height"))


def _looks(element: etree._Element, said: Declarations, around: Seen) -> Seen:
    weight = said.get("font-weight", "")
    made = around
    if element.tag in _BOLD_TAGS or weight:
        made = replace(made, bold=weight in ("bold", "bolder", "600", "700", "800", "900") if weight else True)
    if said:
        marks = said.get("list-style-type") or said.get("list-style", "").split(" ")[0]
        visibility = said.get("visibility")
        made = replace(
            made,
            visible=visibility not in ("hidden", "collapse")
            if visibility in ("hidden", "collapse", "visible")
            else made.visible,
            size_px=_font_px(said.get("font-size"), around.size_px),
            marks=marks or made.marks,
        )
    font = said.get("font-family") or said.get("font") or (element.get("face") if element.tag == "font" else None)
    if font:
        made = replace(made, font=font)
    front = said.get("color") or (element.get("color") if element.tag == "font" else None)
    back = " ".join(said[name] for name in ("background", "background-color", "background-image") if name in said)
    back = back or element.get("bgcolor", "")
    if front:
        made = replace(made, front=_front(front) or made.front)
    if back:
        made = replace(made, back=_back(back) or made.back)
    return made


@lru_cache(maxsize=4096)
def _front(value: str) -> str | None:
    return _colour(value)


@lru_cache(maxsize=4096)
def _back(value: str) -> str | None:
    """Return the colour that a background paints, UNKNOWN for a picture or half a colour, None for none."""
    if "url(" in value or "gradient(" in value or "var(" in value:
        return UNKNOWN
    painted = (_colour(token) for token in tinycss2.parse_component_value_list(value))
    return next(
        (UNKNOWN if colour == _FAINT else colour for colour in painted if colour not in (None, _TRANSPARENT)), None
    )


def _colour(value: Any) -> str | None:
    found: Any = parse_color(value)
    if found is None or found == "currentColor":
        return None
    if found.alpha < 0.95:
        return _TRANSPARENT if found.alpha < 0.05 else _FAINT
    return "".join(f"{round(255 * min(max(part, 0), 1)):02x}" for part in found[:3])


def _font_px(value: str | None, around: float) -> float:
    match = _LENGTH.fullmatch(value or "")
    if not match:
        return 16.0 if value and value[0].isalpha() else around
    number, unit = float(match.group(1)), match.group(2)
    relative = {"em": around, "%": around / 100}.get(unit)
    return number * (relative if relative is not None else _UNITS.get(unit, 1.0))


def _length(value: str | None, otherwise: float) -> float:
    """Return a length in about as many pixels, `otherwise` where there is none."""
    match = _LENGTH.match(value or "")
    return float(match.group(1)) * _UNITS.get(match.group(2), 1.0) if match else otherwise
