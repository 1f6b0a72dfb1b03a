"""PDFs and pictures of Vietnamese pages, made on the spot for tests of what reads them."""

from pathlib import Path

import pypdfium2
from fpdf import FPDF
from PIL import Image

FONTS = Path(__file__).parent.parent / "ui" / "static" / "fonts"
LINES = (
    "Điều 5. Các trường hợp được miễn lệ phí",
    "1. Công dân từ đủ 14 tuổi trở lên làm thủ tục cấp thẻ lần đầu;",
    "2. Người khuyết tật, người cao tuổi và trẻ em mồ côi không nơi nương tựa;",
    "3. Đổi thẻ khi Nhà nước thay đổi địa giới hành chính của nơi cư trú;",
    "4. Cấp lại thẻ khi có sai sót do lỗi của cơ quan quản lý dữ liệu.",
    "Điều 6. Cơ quan thu lệ phí",
    "Ủy ban nhân dân cấp xã thu lệ phí và nộp vào ngân sách nhà nước.",
)


class Paper(FPDF):
    """An A4 document in the font of the project, measured in points."""

    def __init__(self, orientation="portrait") -> None:
        super().__init__(orientation, unit="pt", format="A4")
        self.set_auto_page_break(False)
        self.add_font("Viet", "", FONTS / "BeVietnamPro-Regular.ttf")
        self.add_font("Viet", "B", FONTS / "BeVietnamPro-Bold.ttf")
        self.add_page()
        self.set_font("Viet", size=12)

    def write_at(self, x, y, text, size=12.0, style="") -> None:
        self.set_font("Viet", style, size)
        self.text(x, y, text)

    def save(self, folder, name="to.pdf") -> Path:
        path = folder / name
        self.output(str(path))
        return path


def page_of(lines=LINES, orientation="portrait") -> Paper:
    paper = Paper(orientation)
    for number, line in enumerate(lines):
        paper.write_at(72, 100 + 24 * number, line, style="B" if line.startswith("Điều") else "")
    return paper


def picture_of(path, number=1, dpi=200) -> Image.Image:
    """A page as a scanner sees it."""
    document = pypdfium2.PdfDocument(path)
    picture = document[number - 1].render(scale=dpi / 72).to_pil().convert("RGB")
    document.close()
    return picture


def scanned(picture, folder, name="scan.pdf", dpi=200) -> Path:
    """Write a PDF that holds only a picture."""
    path = folder / name
    picture.convert("RGB").save(path, "PDF", resolution=dpi)
    return path
