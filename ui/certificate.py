"""The certificate of a stage as an A4 page. The name comes from the learner, is drawn and forgotten; the same values give the same bytes."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache

from fontTools.ttLib import TTFont
from fpdf import FPDF, Align, XPos, YPos

from ui.cards import BLUE, FONT, FONTS, INK, QUIET
from ui.wording import vietnamese_date

_WIDTH_MM, _HEIGHT_MM, _EDGE_MM = 297, 210, 10
_NOT_OFFICIAL = "Giấy này để động viên người tự học, không phải văn bằng hay chứng chỉ của cơ quan nhà nước."


@lru_cache(maxsize=1)
def _drawn() -> frozenset[int]:
    return frozenset(TTFont(FONTS / "BeVietnamPro-Bold.ttf").getBestCmap() or {})


def can_print(name: str) -> bool:
    """Tell whether the typeface has every sign of a name."""
    return all(ord(sign) in _drawn() for sign in name)


def certificate_pdf(name: str, stage: str, lessons: Sequence[str], day: date) -> bytes:
    """Return the certificate as a PDF of one page: who learned which lessons of a stage, and when that was said."""
    paper = FPDF(orientation="landscape", format="A4")
    paper.set_auto_page_break(False)
    for style, weight in (("", "Regular"), ("B", "Bold")):
        paper.add_font(FONT, style, FONTS / f"BeVietnamPro-{weight}.ttf")
    paper.set_title("Giấy chứng nhận tự học")
    paper.set_author("Bình dân học AI")
    paper.set_lang("vi-VN")
    paper.set_creation_date(datetime.combine(day, time(), UTC))
    paper.add_page()
    _frame(paper)
    _line(paper, 28, "BÌNH DÂN HỌC AI", 14, QUIET, bold=True)
    _line(paper, 40, "Giấy chứng nhận tự học", 32, BLUE, bold=True)
    _line(paper, 64, "Chúc mừng", 16, INK)
    _line(paper, 74, name, 30 if len(name) <= 32 else 20, INK, bold=True)
    _line(paper, 94, "đã học xong và trả lời đủ câu hỏi của chặng", 16, INK)
    _line(paper, 104, f"“{stage}”", 22, BLUE, bold=True)
    paper.set_y(122)
    for number, lesson in enumerate(lessons, 1):
        _line(paper, paper.y, f"{number}. {lesson}", 13, INK)
    _line(paper, 178, f"Ngày {vietnamese_date(day)}", 14, INK)
    _line(paper, 188, _NOT_OFFICIAL, 10, QUIET)
    return bytes(paper.output())


def _frame(paper: FPDF) -> None:
    paper.set_draw_color(*BLUE)
    for inset, width in ((_EDGE_MM, 1.2), (_EDGE_MM + 3, 0.4)):
        paper.set_line_width(width)
        paper.rect(inset, inset, _WIDTH_MM - 2 * inset, _HEIGHT_MM - 2 * inset)


def _line(paper: FPDF, top: float, text: str, size: float, colour: tuple[int, int, int], bold: bool = False) -> None:
    paper.set_font(FONT, "B" if bold else "", size)
    paper.set_text_color(*colour)
    paper.set_xy(_EDGE_MM, top)
    width = _WIDTH_MM - 2 * _EDGE_MM
    paper.cell(width, size * 0.5, text, align=Align.C, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
