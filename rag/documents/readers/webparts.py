"""Which part of a web page is what it is about: not its menus, banners, notes and lists of other pages. Nothing here does I/O.

Told by what elements are, then by the names that authors give them, then by how much of their text is links; none of it is
believed of an element that holds most of the page's text.
"""

import re
from dataclasses import dataclass

from lxml import etree

UNPRINTED = frozenset(
    "script style noscript template svg math iframe object embed canvas audio video select option textarea input map head".split()
)
_ASIDE_TAGS = frozenset(("nav", "footer", "aside", "dialog"))
_ASIDE_ROLES = frozenset(
    "navigation banner contentinfo search complementary dialog alertdialog menu menubar toolbar".split()
)
# The names that the portals of ministries and provinces, and the systems that they are made with, use.
_ASIDE_NAMES = frozenset(
    "nav navbar navigation breadcrumb breadcrumbs footer sidebar cookie cookies gdpr banner "
    "ads ad advert advertisement quangcao popup modal social share sharing related lienquan tinlienquan tinkhac comment comments "
    "binhluan pagination pager paging toolbar search timkiem login dangnhap rating danhgia vote newsletter subscribe skip counter "
    "weblink webslink marquee chatbot hotline".split()
)
_HEADERS = frozenset("header site-header page-header main-header top-header header-top".split())
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_CONTROLS = re.compile(
    r"(?:in (?:trang|bài viết|bài|văn bản)|gửi (?:email|bài viết)|chia sẻ|tải (?:về|xuống|file)|xem thêm|(?:trở|quay) (?:về|lại)"
    r"(?: trang trước)?|về (?:đầu trang|trang trước)|(?:lên )?đầu trang|cỡ chữ:?|a[+-]|đăng nhập|đăng ký|facebook|zalo|twitter|đóng|"
    r"lượt (?:xem|truy cập):?\s*[\d.,]*|copy link|nghe bài viết)[.:]?",
    re.IGNORECASE,
)
_LINKED = 0.95  # of a list of other pages; a preamble of linked laws has words of its own between
_LEAST_LINKS = 3
_MAIN_SHARE = 0.3


@dataclass(slots=True)
class _Weight:
    chars: int = 0
    linked: int = 0
    links: int = 0


class Parts:
    """Knows of every element whether it is aside from what the page is about."""

    def __init__(self, body: etree._Element) -> None:
        self._weights = _weighed(body)
        self._all = self._weights[body].chars
        self.main = self._main(body)
        self._of_main = self._weights[self.main].chars

    def is_aside(self, element: etree._Element) -> bool:
        """Tell whether an element and all in it is left out."""
        if not (self._is_named_aside(element) or self._is_list_of_links(element)):
            return False
        return self._weights[element].chars < self._of_main / 2 or self._of_main == 0

    def has_text(self, element: etree._Element) -> bool:
        """Tell whether an element would print anything, were it seen."""
        return self._weights[element].chars > 0

    def _is_named_aside(self, element: etree._Element) -> bool:
        if element.tag in _ASIDE_TAGS or element.get("role") in _ASIDE_ROLES:
            return True
        named = f"{element.get('id', '')} {element.get('class', '')}"
        if element.tag == "header" or not _HEADERS.isdisjoint(named.lower().split()):
            return not any(e.tag in ("main", "article") for e in element.iterancestors())
        return any(word in _ASIDE_NAMES or word.endswith("menu") for word in map(str.lower, _WORDS.findall(named)))

    def _is_list_of_links(self, element: etree._Element) -> bool:
        weight = self._weights[element]
        return (
            element.tag in ("ul", "ol", "div", "section", "table")
            and weight.links >= _LEAST_LINKS
            and weight.linked >= _LINKED * weight.chars
        )

    def _main(self, body: etree._Element) -> etree._Element:
        """Return the element that says of itself that it is the content, if it holds enough of what is not links."""
        for found in (
            [e for e in body.iter() if e.tag == "main" or e.get("role") == "main"],
            list(body.iter("article")),
        ):
            best = max(found, key=self._words, default=None)
            if best is not None and self._words(best) >= _MAIN_SHARE * self._words(body):
                return best
        return body

    def _words(self, element: etree._Element) -> int:
        return self._weights[element].chars - self._weights[element].linked


def is_control(text: str) -> bool:
    """Tell whether a whole paragraph only names something to click at, or counts visitors."""
    return bool(_CONTROLS.fullmatch(text))


def _weighed(body: etree._Element) -> dict[etree._Element, _Weight]:
    """Count the printed characters of every element, from the innermost out."""
    weights: dict[etree._Element, _Weight] = {}
    for _, element in etree.iterwalk(body, events=("end",)):
        weight = weights.setdefault(element, _Weight())
        if element.tag in UNPRINTED:
            weight.chars = weight.linked = weight.links = 0
        else:
            weight.chars += len((element.text or "").strip())
        if element.tag == "a":
            weight.linked, weight.links = weight.chars, 1
        parent = element.getparent()
        if element is body or parent is None:
            break
        above = weights.setdefault(parent, _Weight())
        above.chars += weight.chars + len((element.tail or "").strip())
        above.linked += weight.linked
        above.links += weight.links
    return weights
