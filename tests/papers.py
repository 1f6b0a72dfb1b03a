"""A circular about fees as its readers would leave it, by hand, for tests of the pages that show documents."""

from datetime import date

from rag.documents.library import Text, file_digest
from rag.documents.pages import Block, BlockKind, Box, Page, PrintedLine, Reading
from rag.documents.shelf import Shelved, shelf_path, shelf_text
from rag.documents.units import Description, Unit, UnitKind
from rag.records.documents import DoubtfulPage, NewDocument

FEE = "Cấp đổi thẻ khi bị hỏng: 50.000 đồng một thẻ."
LATE = "Nộp trực tuyến: 25.000 đồng một thẻ."
TITLE = "Quy định mức thu lệ phí cấp thẻ thử"
PNG = b"\x89PNG\r\n\x1a\nmot trang"


def units_of(blocks):
    """Take a text apart: "Điều 4. …" begins an article, "1. …" a clause of it. What the structure reader does, in small."""
    found, top = [], "Mở đầu"
    for block in blocks:
        first, _, rest = block.text.partition(". ")
        if first.startswith("Điều "):
            top = first
            found.append(Unit(UnitKind.ARTICLE, (top,), "", block.page, block.page, rest))
        elif first.isdigit():
            found.append(Unit(UnitKind.CLAUSE, (top, f"khoản {first}"), rest, block.page, block.page))
        else:
            found.append(Unit(UnitKind.PARAGRAPH, (top, f"đoạn {len(found)}"), block.text, block.page, block.page))
    return tuple(found)


def lines(*texts):
    """Return printed lines below each other, a tenth of the page high."""
    return tuple(PrintedLine(text, Box(0.1, n / 10, 0.9, n / 10 + 0.05)) for n, text in enumerate(texts, 1))


def circular(fee=FEE, printed=True):
    """Return the text: article 4 on page 1, its second clause on page 2, which was hard to read."""
    size = {"width_pt": 595.0, "height_pt": 842.0} if printed else {}
    pages = (
        Page(
            1, lines("Điều 4. Mức thu", "1. Cấp đổi thẻ khi bị", "hỏng: 50.000 đồng một thẻ.", "Nơi nhận: thử"), **size
        ),
        Page(2, lines("2. Nộp trực tuyến:", "25.000 đồng một thẻ."), **size, score=0.5, faults=()),
    )
    blocks = (
        Block(BlockKind.HEADING, "Điều 4. Mức thu", 1), Block(BlockKind.PARAGRAPH, f"1. {fee}", 1),
        Block(BlockKind.PARAGRAPH, f"2. {LATE}", 2),
    )  # fmt: skip
    return Text(Reading("pdf" if printed else "markdown", pages, blocks), units_of(blocks))


def bring(
    records,
    library,
    folder,
    content="thông tư",
    text=None,
    name="tt.pdf",
    origin="tải lên",
    number="99/2026/TT-THU",
    source="",
):
    """Put a file into library and records as taking it in does; return the document."""
    path = folder / name
    path.write_text(content, encoding="utf-8")
    text, file = text or circular(), file_digest(path)
    digest = library.keep(path, file, text)
    said = Description("Thông tư", number, TITLE, "Bộ Thử nghiệm", date(2026, 5, 1), date(2026, 7, 1))
    doubtful = (DoubtfulPage(2, 0.5, ("recognised",)),)
    new = NewDocument(
        file, name, text.reading.format, origin, source, digest, content, len(text.reading.pages), said, doubtful
    )
    return records.documents.add("lan", new)[0]


def shelve(corpus, document, **more):
    """Write a document's shelf file into a corpus; return what it says."""
    said = document.new.described
    shelved = Shelved(**{
        "id": "99-2026-tt-thu", "file": document.new.file, "reading": document.new.reading, "type": said.type,
        "number": said.number, "title": said.title, "issuer": said.issuer, "official": True, "url": "https://bo.gov.vn/tt",
        "issued": said.issued, "in_force": said.in_force, "topic": "can-cuoc", "checked": date(2026, 11, 25), **more,
    })  # fmt: skip
    path = corpus / shelf_path(shelved.id)
    path.parent.mkdir(exist_ok=True)
    path.write_text(shelf_text(shelved), encoding="utf-8")
    return shelved
