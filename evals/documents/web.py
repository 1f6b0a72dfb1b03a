"""Texts as HTML pages, of the plain and of the portal kind, and as Markdown. Returns strings and bytes; nothing here does I/O."""

import unicodedata
from dataclasses import dataclass
from html import escape

from evals.documents.legacy import VNI, tcvn3_runs, vni
from evals.documents.texts import ABOVE, LEFT, Part, Role, Rows, Text, filled

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_PRINT = "@page {{ size: {size}; margin: 20mm }} body {{ font: 12pt '{font}'; line-height: 1.4 }} p {{ margin: 4pt 0 }}"
_LOOK = (
    "table.grid { border-collapse: collapse; width: 100% } .grid td, .grid th { border: 1px solid; padding: 3px }"
    " .pair td { width: 50%; text-align: center; vertical-align: top } .title { text-align: center; font-weight: bold }"
)
_CHROME = (
    '<header><div class="logo">CỔNG THÔNG TIN</div><nav><ul><li><a href="/">Trang chủ</a></li><li><a href="/tin">Tin tức'
    '</a></li><li><a href="/vb">Văn bản</a></li><li><a href="/lh">Liên hệ</a></li></ul></nav>'
    '<form role="search"><input placeholder="Tìm kiếm"><button>Tìm</button></form></header>'
    '<div class="breadcrumb"><a href="/">Trang chủ</a> &gt; <a href="/vb">Văn bản</a></div>'
)
_AFTER = (
    '<aside class="sidebar"><h3>Tin liên quan</h3><ul><li><a href="/1">Lịch tiếp công dân tháng này</a></li>'
    '<li><a href="/2">Khai trương điểm học tập mới</a></li></ul></aside>'
    "<footer><p>Bản quyền thuộc Cổng thông tin. Ghi rõ nguồn khi sử dụng lại.</p></footer>"
    '<div class="cookie">Trang này dùng cookie. <button>Đồng ý</button></div><script>var x = "Không phải văn bản";</script>'
)


@dataclass(frozen=True, slots=True)
class Web:
    """How a page is made. `portal`: menus around it; `spaced`: letters of titles apart; `legacy`: "tcvn3" or "vni"."""

    portal: bool = False
    hidden: str = ""
    font: str = "Liberation Serif"
    size: str = "A4"
    columns: int = 1
    spaced: bool = False
    legacy: str = ""
    nfd: bool = False


def html(text: Text, web: Web, charset: str = "utf-8") -> bytes:
    """Return a page in a charset; windows-1258 writes tones as marks of their own."""
    style = _PRINT.format(size=web.size, font=web.font) + _LOOK
    style += f" main {{ column-count: {web.columns} }}" * (web.columns > 1)
    style += " .title { letter-spacing: 0.35em }" * web.spaced
    body = "\n".join(_element(part, web) for part in text.parts)
    body += "".join(f'<div style="{how}">{web.hidden}</div>' for how in _HIDING) if web.hidden else ""
    main = f"<main>{body}</main>"
    page = (
        f'<!DOCTYPE html><html lang="vi"><head><meta charset="{charset}"><title>{escape(text.known["title"])}</title>'
        f"<style>{style}</style></head><body>{_CHROME + main + _AFTER if web.portal else main}</body></html>"
    )
    if web.nfd:
        page = unicodedata.normalize("NFD", page)
    return _windows(page) if charset == "windows-1258" else page.encode(charset)


_HIDING = (
    "display:none",
    "visibility:hidden",
    "font-size:0",
    "color:#fff;background:#fff",
    "position:absolute;left:-9999px",
)


def _windows(page: str) -> bytes:
    """Encode in windows-1258, which has ê and the grave mark but not ề."""
    letters = []
    for letter in page:
        base, *marks = unicodedata.normalize("NFD", letter)
        tones = [mark for mark in marks if mark in _TONES]
        letters += [unicodedata.normalize("NFC", base + "".join(m for m in marks if m not in _TONES)), *tones]
    return "".join(letters).encode("cp1258")


def _element(part: Part, web: Web) -> str:
    if part.role is Role.PAIR:
        sides = "".join(
            f"<td>{'<br>'.join(_inline(line, web) for line in side)}</td>" for side in (part.left, part.right)
        )
        return f'<table class="pair" width="100%"><tr>{sides}</tr></table>'
    if part.role is Role.TABLE:
        return _table(part.rows, part.header, web)
    shown = "<br>".join(_inline(line, web) for line in part.printed.splitlines())
    if part.role is Role.HEADING:
        return f"<h2>{shown}</h2>"
    if part.role in {Role.TITLE, Role.CHAPTER}:
        return f'<p class="title">{shown}</p>'
    return f"<p><b>{shown}</b></p>" if part.role is Role.ARTICLE else f"<p>{shown}</p>"


def _inline(text: str, web: Web) -> str:
    if web.legacy == "tcvn3":
        return "".join(f'<font face="{font}">{escape(run)}</font>' for font, run in tcvn3_runs(text) if run)
    return f'<font face="{VNI}">{escape(vni(text))}</font>' if web.legacy == "vni" else escape(text)


def _table(rows: Rows, header: int, web: Web) -> str:
    lines = []
    for at, row in enumerate(rows):
        cells = []
        for n, cell in enumerate(row):
            if cell in {LEFT, ABOVE}:
                continue
            right = next((m for m in range(n + 1, len(row)) if row[m] != LEFT), len(row)) - n
            below = next((m for m in range(at + 1, len(rows)) if rows[m][n] != ABOVE), len(rows)) - at
            spans = f' colspan="{right}"' * (right > 1) + f' rowspan="{below}"' * (below > 1)
            tag = "th" if at < header else "td"
            cells.append(f"<{tag}{spans}>{_inline(cell, web)}</{tag}>")
        lines.append(f"<tr>{''.join(cells)}</tr>")
    head, rest = "".join(lines[:header]), "".join(lines[header:])
    return f'<table class="grid"><thead>{head}</thead><tbody>{rest}</tbody></table>'


def markdown(text: Text) -> str:
    """Return the text as Markdown; a merged cell is written in every place."""
    return "\n\n".join(_block(part) for part in text.parts) + "\n"


def _block(part: Part) -> str:
    if part.role is Role.PAIR:
        return "\n\n".join((*part.left, *part.right)).replace("- ", "\\- ")
    if part.role is Role.TABLE:
        rows = [f"| {' | '.join(row)} |" for row in filled(part.rows)]
        return "\n".join([rows[0], "| --- " * len(part.rows[0]) + "|", *rows[1:]])
    marks = {Role.TITLE: "# ", Role.CHAPTER: "## ", Role.HEADING: "## ", Role.ARTICLE: "### "}
    return marks.get(part.role, "") + part.printed.replace("\n", " ")
