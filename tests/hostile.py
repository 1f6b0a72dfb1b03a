"""Files that are made to harm, each with what must become of it: refused for one of the reasons named, or read within its limits.

`ENTRIES` makes them in code into a folder, `measure` reads one as the program does. A row of the table of a bench is one entry.
"""

import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from rag.documents.archives import unpack
from rag.documents.limits import DocumentError, Limits, Refusal
from rag.documents.sandbox import Spent, read_measured

VISIBLE = "Lệ phí cấp thẻ là 50.000 đồng"
HIDDEN = "chữ không ai nhìn thấy"
SECRET = "bí mật của máy chủ"

BROKEN = frozenset({Refusal.DAMAGED, Refusal.NO_TEXT})
BOMB = frozenset(
    {Refusal.UNPACKS_TOO_LARGE, Refusal.TOO_MUCH_MEMORY, Refusal.TOO_LARGE, Refusal.DAMAGED, Refusal.TOO_SLOW}
)


@dataclass(frozen=True, slots=True)
class Hostile:
    """One file. `may_be_read` when a reader that gets on with it does no harm; `way` is how the program takes it."""

    name: str
    make: Callable[[Path, "Trap"], None]
    refusals: frozenset[Refusal]
    may_be_read: bool
    way: str


@dataclass(frozen=True, slots=True)
class Trap:
    """What a file may try to reach: a file of ours, and a listener on loopback."""

    secret: Path
    url: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it. `text` is all that a reading says."""

    refusal: Refusal | None
    detail: str
    text: str
    spent: Spent


ENTRIES: list[Hostile] = []


def _hostile(name: str, *refusals: Refusal, may_be_read: bool = False, way: str = "read") -> Callable:
    def added(make: Callable[[Path, Trap], None]) -> Callable:
        ENTRIES.append(Hostile(name, make, frozenset(refusals), may_be_read or not refusals, way))
        return make

    return added


def measure(entry: Hostile, folder: Path, trap: Trap, limits: Limits = Limits()) -> Outcome:  # noqa: B008
    """Make the file and take it in as the program does."""
    path = folder / entry.name
    entry.make(path, trap)
    if entry.way == "unpack":
        try:
            files = unpack(path, folder / "unpacked", limits)
            return Outcome(None, "", " ".join(file.name for file in files), Spent(0, 0, 0))
        except DocumentError as error:
            return Outcome(error.refusal, error.detail, "", Spent(0, 0, 0))
    reading, spent = read_measured(path, limits)
    if isinstance(reading, DocumentError):
        return Outcome(reading.refusal, reading.detail, "", spent)
    lines = [line.text for page in reading.pages for line in page.lines]
    return Outcome(None, "", "\n".join([*lines, *(block.text for block in reading.blocks)]), spent)


# Makers of the formats, as small as readers take them.


def pdf(objects: dict[int, bytes], trailer: bytes = b"/Root 1 0 R") -> bytes:
    """Return a PDF of these numbered objects."""
    out, places = b"%PDF-1.7\n", {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    top = max(objects) + 1
    table = b"".join(
        b"%010d %05d %s \n" % (places.get(n, 0), 0 if n else 65535, b"n" if n in places else b"f") for n in range(top)
    )
    return out + b"xref\n0 %d\n%strailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        top,
        table,
        top,
        trailer,
        len(out),
    )


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def one_page(
    content: bytes, entries: bytes = b"", more: dict[int, bytes] | None = None, resources: bytes = b""
) -> bytes:
    """Return a PDF of one page, whose text is in Helvetica."""
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> "
            + resources
            + b" >> >>",
            4: stream(content, entries),
            5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            **(more or {}),
        }
    )


def typed(*lines: str) -> bytes:
    return b"".join(
        b"BT /F1 12 Tf 72 %d Td (%s) Tj ET\n" % (760 - 20 * n, line.encode()) for n, line in enumerate(lines)
    )


def many_pages(count: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % (n + 10) for n in range(count))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>"
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count %d /Kids [%s] >>" % (count, kids),
            4: stream(typed("trang nay nhu moi trang")),
            5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
            **{n + 10: page for n in range(count)},
        }
    )


def packed(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'


def _package(main: str, kind: str) -> list[tuple[str, bytes]]:
    types = (
        f'{_HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{main}" ContentType="application/vnd.openxmlformats-officedocument.{kind}.main+xml"/>'
        + (
            '<Override PartName="/xl/worksheets/sheet1.xml" ContentType='
            '"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
            if main.startswith("xl")
            else ""
        )
        + "</Types>"
    )
    relations = (
        f'{_HEAD}<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="{main}"/>'
        "</Relationships>"
    )
    return [("[Content_Types].xml", types.encode()), ("_rels/.rels", relations.encode())]


def docx(body: str, before: str = "", more: tuple[tuple[str, bytes], ...] = ()) -> bytes:
    """Return a DOCX with this body, and `before` between its XML declaration and its document."""
    document = f"{_HEAD}{before}<w:document {_WORD}><w:body>{body}</w:body></w:document>"
    parts = _package("word/document.xml", "wordprocessingml.document")
    return packed(*parts, ("word/document.xml", document.encode()), *more)


def paragraph(text: str, looks: str = "") -> str:
    return f"<w:p><w:r><w:rPr>{looks}</w:rPr><w:t>{text}</w:t></w:r></w:p>"


def xlsx(rows: str, before: str = "", dimension: str = "A1:B2", more: tuple[tuple[str, bytes], ...] = ()) -> bytes:
    """Return an XLSX of one sheet."""
    book = f'{_HEAD}<workbook xmlns="{_SHEET}" xmlns:r="{_OFFICE}"><sheets><sheet name="Phi" sheetId="1" r:id="rId1"/></sheets></workbook>'
    relations = (
        f'{_HEAD}<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" Type="{_OFFICE}/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>'
    )
    sheet = f'{_HEAD}{before}<worksheet xmlns="{_SHEET}"><dimension ref="{dimension}"/><sheetData>{rows}</sheetData></worksheet>'
    return packed(
        *_package("xl/workbook.xml", "spreadsheetml.sheet"),
        ("xl/workbook.xml", book.encode()),
        ("xl/_rels/workbook.xml.rels", relations.encode()),
        ("xl/worksheets/sheet1.xml", sheet.encode()),
        *more,
    )


def cell(text: str, place: str = "A1") -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def row(*texts: str) -> str:
    return f'<row r="1">{"".join(cell(text, f"{chr(65 + n)}1") for n, text in enumerate(texts))}</row>'


def png(width: int, height: int, data: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def zeros(size: int) -> bytes:
    """Return `size` zeros, deflated, without ever having them all."""
    packer = zlib.compressobj(9)
    whole, rest = divmod(size, 2**20)
    return b"".join(
        [packer.compress(bytes(2**20)) for _ in range(whole)] + [packer.compress(bytes(rest)), packer.flush()]
    )


def laughs(levels: int = 9) -> str:
    """Return the declaration of entities of which `&l8;` is a billion laughs."""
    lines = ['<!ENTITY l0 "ha">', *(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, levels))]
    return f"<!DOCTYPE d [{''.join(lines)}]>"


def outside(address: str) -> str:
    return f'<!DOCTYPE d [<!ENTITY e SYSTEM "{address}">]>'


def ole(*streams: str) -> bytes:
    """Return an OLE container with these names in its directory and nothing in them."""
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0) + b"\xff" * 432
    table = struct.pack("<II", 0xFFFFFFFD, 0xFFFFFFFE) + b"\xff" * 504

    def entry(name: str, kind: int, child: int) -> bytes:
        raw = name.encode("utf-16-le") + b"\0\0"
        return (
            raw.ljust(64, b"\0")
            + struct.pack("<HBBIII", len(raw), kind, 1, 0xFFFFFFFF, 0xFFFFFFFF, child)
            + bytes(36)
            + struct.pack("<IQ", 0xFFFFFFFE, 0)
        )

    directory = entry("Root Entry", 5, 1) + b"".join(entry(name, 2, 0xFFFFFFFF) for name in streams)
    return header[:512] + table + directory.ljust(512, b"\0")


def page(body: str) -> bytes:
    return f'<!DOCTYPE html><html lang="vi"><head><meta charset="utf-8"><title>Phí</title></head><body>{body}</body></html>'.encode()


# The files themselves. A maker writes to the path that it is given.


def _bytes(
    name: str, data: Callable[[], bytes], *refusals: Refusal, may_be_read: bool = False, way: str = "read"
) -> None:
    _hostile(name, *refusals, may_be_read=may_be_read, way=way)(lambda path, _: path.write_bytes(data()))


R = Refusal
_bytes("empty.pdf", lambda: b"", R.EMPTY)
_bytes("empty.docx", lambda: b"", R.EMPTY)
_bytes("empty-archive.zip", lambda: packed(), R.EMPTY)
_bytes("nuls.txt", lambda: bytes(1000), R.UNKNOWN_FORMAT)
_bytes("text.pdf", lambda: VISIBLE.encode(), R.WRONG_NAME)
_bytes("pdf.txt", lambda: one_page(typed("mot")), R.WRONG_NAME)
_bytes("picture.pdf", lambda: png(1, 1, zeros(2)), R.WRONG_NAME)
_bytes("word.xlsx", lambda: docx(paragraph(VISIBLE)), R.WRONG_NAME)
_bytes("excel.docx", lambda: xlsx(row(VISIBLE)), R.WRONG_NAME)
_bytes("web.pdf", lambda: page(VISIBLE), R.WRONG_NAME)
_bytes("archive.docx", lambda: packed(("a.txt", b"a")), R.WRONG_NAME)
_bytes("program.docx", lambda: b"\x7fELF\x02\x01\x01" + bytes(200), R.UNKNOWN_FORMAT)
_bytes("old-excel.xls", lambda: ole("Workbook"), R.UNKNOWN_FORMAT)
_bytes("word-2007.doc", lambda: docx(paragraph(VISIBLE)))
_bytes(
    "presentation.pptx",
    lambda: packed(("[Content_Types].xml", b"<a/>"), ("ppt/presentation.xml", b"")),
    R.UNKNOWN_FORMAT,
)

_bytes("cut.pdf", lambda: many_pages(20)[:1500], *BROKEN, may_be_read=True)
_bytes("cut.docx", lambda: docx(paragraph(VISIBLE))[:-100], R.DAMAGED)
_bytes("cut.xlsx", lambda: xlsx(row(VISIBLE))[:-100], R.DAMAGED)
_bytes("cut.zip", lambda: packed(("a.txt", b"a" * 999))[:-30], R.DAMAGED, way="unpack")
_bytes("cut.png", lambda: png(1000, 1000, zeros(1001 * 1000))[:200], *BROKEN, may_be_read=True)
_bytes("damaged-part.docx", lambda: docx("<w:p><w:r>"), R.DAMAGED)
_bytes(
    "flipped.docx", lambda: docx(paragraph(VISIBLE)).replace(b"word/document.xml", b"word/document.xmk", 1), R.DAMAGED
)

_bytes("locked.zip", lambda: _locked(packed(("a.txt", b"a"))), R.ENCRYPTED, way="unpack")
_bytes("locked.docx", lambda: ole("EncryptionInfo", "EncryptedPackage"), R.ENCRYPTED)
_bytes("locked.xlsx", lambda: ole("EncryptionInfo", "EncryptedPackage"), R.ENCRYPTED)
_bytes("locked.doc", lambda: ole("WordDocument")[:512] + b"\xec\xa5" + bytes(8) + b"\0\x01" + bytes(3000), R.ENCRYPTED)


def _locked(data: bytes) -> bytes:
    """Return a ZIP whose members say that they are encrypted."""
    changed = bytearray(data)
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        changed[data.find(magic) + place] |= 1
    return bytes(changed)


@_hostile("locked.pdf", R.ENCRYPTED)
def _(path: Path, _: Trap) -> None:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(BytesIO(one_page(typed("mot")))))
    writer.encrypt("matkhau", algorithm="RC4-128")
    writer.write(path)


_bytes("flate-bomb.pdf", lambda: one_page(zeros(500 * 2**20), b"/Filter /FlateDecode"), *BOMB, R.CRASHES, R.NO_TEXT)
_bytes(
    "double-flate-bomb.pdf",
    lambda: one_page(zlib.compress(zeros(500 * 2**20)), b"/Filter [/FlateDecode /FlateDecode]"),
    *BOMB,
    R.CRASHES,
    R.NO_TEXT,
)
_bytes("5000-pages.pdf", lambda: many_pages(5000), R.TOO_MANY_PAGES)
_bytes("100000-pages.pdf", lambda: many_pages(100_000), R.TOO_MANY_PAGES, R.TOO_LARGE)
_bytes(
    "page-tree-loop.pdf",
    lambda: pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Kids [3 0 R] /Count 2 >>",
            3: b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 3 0 R] /Count 2 >>",
        }
    ),
    *BROKEN,
    R.TOO_SLOW,
    R.CRASHES,
)
_bytes(
    "claims-a-billion-pages.pdf",
    lambda: pdf({1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Kids [] /Count 1000000000 >>"}),
    R.TOO_MANY_PAGES,
    *BROKEN,
)
_bytes("points-at-itself.pdf", lambda: pdf({1: b"1 0 R", 2: b"2 0 R"}), *BROKEN, R.CRASHES)
_bytes(
    "deep-arrays.pdf",
    lambda: one_page(typed("mot"), more={6: b"[" * 200_000 + b"]" * 200_000}),
    *BROKEN,
    R.CRASHES,
    may_be_read=True,
)
_bytes("deep-dictionaries.pdf", lambda: pdf({1: b"<</A" * 100_000 + b">>" * 100_000}), *BROKEN, R.CRASHES)
_bytes(
    "huge-xref.pdf",
    lambda: one_page(typed("mot")).replace(b"xref\n0 6", b"xref\n0 2147483647", 1),
    *BROKEN,
    may_be_read=True,
)
_bytes(
    "xref-loop.pdf",
    lambda: (lambda data: data.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % data.find(b"xref\n0")))(
        one_page(typed("mot"))
    ),
    *BROKEN,
    may_be_read=True,
)
_bytes(
    "form-draws-itself.pdf",
    lambda: one_page(
        typed("mot") + b"/X Do",
        more={
            6: stream(
                b"/X Do /X Do",
                b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>",
            )
        },
        resources=b"/XObject << /X 6 0 R >>",
    ),
    *BROKEN,
    R.TOO_SLOW,
    R.TOO_MUCH_MEMORY,
    may_be_read=True,
)
_bytes(
    "huge-picture.pdf",
    lambda: one_page(
        b"q 595 0 0 842 0 0 cm /X Do Q",
        more={
            6: stream(
                zeros(2**20),
                b"/Type /XObject /Subtype /Image /Width 60000 /Height 60000 /BitsPerComponent 8 /ColorSpace /DeviceRGB /Filter /FlateDecode",
            )
        },
        resources=b"/XObject << /X 6 0 R >>",
    ),
    *BROKEN,
    *BOMB,
    R.NO_RECOGNITION,
)
_bytes("huge-page.pdf", lambda: one_page(b"").replace(b"595 842", b"9e9 9e9"), *BROKEN, *BOMB, R.NO_RECOGNITION)

_bytes(
    "bomb.docx", lambda: docx(paragraph(VISIBLE), more=(("word/media/a.xml", bytes(800 * 2**20)),)), R.UNPACKS_TOO_LARGE
)
_bytes("bomb-in-the-text.docx", lambda: docx(paragraph("a" * 300 * 2**20)), R.UNPACKS_TOO_LARGE)
_bytes("bomb.xlsx", lambda: xlsx(row("a" * 300 * 2**20)), R.UNPACKS_TOO_LARGE)
_bytes(
    "10000-parts.docx",
    lambda: docx(paragraph(VISIBLE), more=tuple((f"a/{n}.xml", b"") for n in range(10_000))),
    R.TOO_LARGE,
)
_bytes(
    "deep-tables.docx",
    lambda: docx("<w:tbl><w:tr><w:tc>" * 5000 + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * 5000),
    *BROKEN,
    R.CRASHES,
    R.TOO_SLOW,
    may_be_read=True,
)
_bytes("wide-dimension.xlsx", lambda: xlsx(row(VISIBLE), dimension="A1:XFD1048576"))
_bytes("far-cell.xlsx", lambda: xlsx(f'<row r="1048576">{cell(VISIBLE, "XFD1048576")}</row>'), *BOMB, may_be_read=True)
_bytes(
    "wide-merge.xlsx",
    lambda: xlsx(row(VISIBLE) + '</sheetData><mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells><sheetData>'),
    *BOMB,
    may_be_read=True,
)


def _forty_two() -> bytes:
    data = packed(("0.bin", bytes(20 * 2**20)))
    for level in range(4):
        data = packed(*((f"{level}-{n}.zip", data) for n in range(16)))
    return data


def _overlapping() -> bytes:
    """Return a ZIP whose hundred entries all name the same packed bytes."""
    one = packed(("a", bytes(2**20)))
    start, end = one.find(b"PK\x01\x02"), one.find(b"PK\x05\x06")
    entries = b"".join(one[start : start + 46] + b"%c" % (65 + n % 50) + one[start + 47 : end] for n in range(100))
    tail = bytearray(one[end:])
    tail[8:20] = struct.pack("<HHII", 100, 100, len(entries), start)
    return one[:start] + entries + bytes(tail)


def _lying() -> bytes:
    """Return a ZIP that says of 100 MB that it unpacks to ten bytes."""
    data = bytearray(packed(("a.txt", bytes(100 * 2**20))))
    for magic, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = data.find(magic) + place
        data[at : at + 4] = struct.pack("<I", 10)
    return bytes(data)


def _linked(mode: int) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        member = zipfile.ZipInfo("a.txt")
        member.create_system, member.external_attr = 3, mode << 16
        archive.writestr(member, "/etc/passwd")
    return out.getvalue()


def _twice() -> bytes:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return packed(("a.txt", b"1"), ("a.txt", b"2"))


def _long_table() -> bytes:
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 65535, 65535, 40 * 2**20, 4, 0)
    return b"PK\x03\x04" + b"PK\x01\x02" * (10 * 2**20) + end


def _unpacked(name: str, data: Callable[[], bytes], *refusals: Refusal, may_be_read: bool = False) -> None:
    _bytes(name, data, *refusals, may_be_read=may_be_read, way="unpack")


_unpacked("forty-two.zip", _forty_two, R.UNPACKS_TOO_LARGE)
_unpacked("three-deep.zip", lambda: packed(("a.zip", packed(("b.zip", packed(("c.txt", b"c")))))), R.UNPACKS_TOO_LARGE)
_unpacked("two-deep.zip", lambda: packed(("a.zip", packed(("b.txt", b"b")))))
_unpacked("overlapping.zip", _overlapping, R.UNPACKS_TOO_LARGE)
_unpacked("lying.zip", _lying, R.UNPACKS_TOO_LARGE, R.DAMAGED)
_unpacked("long-table.zip", _long_table, R.TOO_LARGE)
_unpacked("bomb.zip", lambda: packed(("a.txt", bytes(300 * 2**20))), R.UNPACKS_TOO_LARGE)
_unpacked("10000-files.zip", lambda: packed(*((f"{n}.txt", b"") for n in range(10_000))), R.TOO_LARGE)
_unpacked("dots.zip", lambda: packed(("../../a.txt", b"a")), R.UNSAFE_ARCHIVE)
_unpacked("dots-of-windows.zip", lambda: packed(("..\\..\\a.txt", b"a")), R.UNSAFE_ARCHIVE)
_unpacked("absolute.zip", lambda: packed(("/etc/cron.d/a", b"a")), R.UNSAFE_ARCHIVE)
_unpacked("drive.zip", lambda: packed(("C:\\a.txt", b"a")), R.UNSAFE_ARCHIVE)
_unpacked("link.zip", lambda: _linked(0o120777), R.UNSAFE_ARCHIVE)
_unpacked("device.zip", lambda: _linked(0o020666), R.UNSAFE_ARCHIVE)
_unpacked("twice.zip", _twice, R.UNSAFE_ARCHIVE)
_unpacked("file-and-folder.zip", lambda: packed(("a", b"1"), ("a/b", b"2")), R.UNSAFE_ARCHIVE)
_unpacked("lzma.zip", lambda: packed(("a.txt", b"a"), method=zipfile.ZIP_LZMA), R.UNKNOWN_FORMAT)
_unpacked("odd-names.zip", lambda: packed(("dòng\nmới.txt", b"a"), ("b" * 300 + ".txt", b"b"), ("-rf.txt", b"c")))

_bytes("laughs.docx", lambda: docx(paragraph("&l8;"), laughs()), *BOMB, may_be_read=True)
_bytes("laughs.xlsx", lambda: xlsx(row("&l8;"), laughs()), *BOMB, may_be_read=True)
_bytes("laughs.html", lambda: laughs().encode() + page("&l8;"), may_be_read=True)
_bytes("laughs.xml", lambda: f'<?xml version="1.0"?>{laughs()}<d>&l8;</d>'.encode(), R.UNKNOWN_FORMAT)
for _way, _target in (("file", lambda trap: trap.secret.as_uri()), ("http", lambda trap: trap.url)):
    _hostile(f"entity-{_way}.docx", *BROKEN, may_be_read=True)(
        lambda path, trap, to=_target: path.write_bytes(docx(paragraph(f"{VISIBLE}&e;"), outside(to(trap))))
    )
    _hostile(f"entity-{_way}.xlsx", *BROKEN, may_be_read=True)(
        lambda path, trap, to=_target: path.write_bytes(xlsx(row(f"{VISIBLE}&e;"), outside(to(trap))))
    )
    _hostile(f"entity-{_way}.html", *BROKEN, may_be_read=True)(
        lambda path, trap, to=_target: path.write_bytes(outside(to(trap)).encode() + page(f"{VISIBLE}&e;"))
    )


@_hostile("fetches.html")
def _(path: Path, trap: Trap) -> None:
    path.write_bytes(
        page(
            f'<base href="{trap.url}"><link rel="stylesheet" href="{trap.url}/a.css"><img src="{trap.url}/b.png"><iframe src="{trap.url}">'
            f"</iframe><script src='{trap.url}/c.js'></script><style>@import '{trap.url}/d.css';</style><p>{VISIBLE}</p>"
        )
    )


@_hostile("fetches.docx", *BROKEN, may_be_read=True)
def _(path: Path, trap: Trap) -> None:
    relations = (
        f'{_HEAD}<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" TargetMode="External" '
        f'Type="{_OFFICE}/attachedTemplate" Target="{trap.url}/a.dotm"/></Relationships>'
    )
    path.write_bytes(docx(paragraph(VISIBLE), more=(("word/_rels/document.xml.rels", relations.encode()),)))


@_hostile("1-gigabyte.pdf", R.TOO_LARGE)
def _(path: Path, _: Trap) -> None:
    with path.open("wb") as file:
        file.write(b"%PDF-1.7\n")
        file.truncate(2**30)


_bytes("bomb.png", lambda: png(50_000, 50_000, zeros(50_001 * 50_000)), *BOMB)
_bytes("claims-much.png", lambda: png(2**31 - 1, 2**31 - 1, zeros(100)), *BOMB)
_bytes(
    "claims-much.jpg",
    lambda: (
        b"\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03\x01\x11\x00\x02\x11\x01\x03\x11\x01"
        + bytes(300)
        + b"\xff\xd9"
    ),
    *BOMB,
)


@_hostile("bomb.tiff", *BOMB)
def _(path: Path, _: Trap) -> None:
    data = zeros(900 * 2**20)
    entries = [
        (256, 4, 30_000),
        (257, 4, 30_000),
        (258, 3, 8),
        (259, 3, 8),
        (262, 3, 1),
        (273, 4, 8),
        (278, 4, 30_000),
        (279, 4, len(data)),
    ]
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries
    )
    path.write_bytes(b"II*\0" + struct.pack("<I", 8 + len(data)) + data + directory + bytes(4))


@_hostile("10000-frames.tiff", R.TOO_MANY_PAGES, *BOMB)
def _(path: Path, _: Trap) -> None:
    out, at = b"II*\0" + struct.pack("<I", 10) + b"\xff\xff", 10
    for last in [False] * 9999 + [True]:
        entries = [
            (256, 4, 4),
            (257, 4, 4),
            (258, 3, 1),
            (259, 3, 1),
            (262, 3, 1),
            (273, 4, 8),
            (278, 4, 4),
            (279, 4, 2),
        ]
        directory = struct.pack("<H", len(entries)) + b"".join(
            struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries
        )
        at += len(directory) + 4
        out += directory + struct.pack("<I", 0 if last else at)
    path.write_bytes(out)


_bytes("43-megabytes.html", lambda: page(f"<p>{VISIBLE}</p>" * (43 * 2**20 // 45)), *BOMB, may_be_read=True)
_bytes(
    "200000-divs.html",
    lambda: page("<div>" * 200_000 + VISIBLE + "</div>" * 200_000),
    *BROKEN,
    R.CRASHES,
    R.TOO_SLOW,
    may_be_read=True,
)
_bytes(
    "million-attributes.html",
    lambda: page(f"<p {' '.join(f'a{n}=1' for n in range(1_000_000))}>{VISIBLE}</p>"),
    *BOMB,
    may_be_read=True,
)
_bytes(
    "nested-tables.html",
    lambda: page("<table><tr><td>" * 20_000 + VISIBLE),
    *BOMB,
    *BROKEN,
    R.CRASHES,
    may_be_read=True,
)
_bytes(
    "wide-span.html",
    lambda: page(f'<table><tr><td colspan="1000000000" rowspan="1000000000">{VISIBLE}</td></tr></table>'),
    *BOMB,
    may_be_read=True,
)
_bytes("not-utf-8.html", lambda: page(VISIBLE).replace("Lệ".encode(), b"L\xff\xfe\xc3"), *BROKEN, may_be_read=True)
_bytes("utf-16.html", lambda: page(VISIBLE).decode().replace("utf-8", "utf-16").encode("utf-16"))
_bytes("utf-16.txt", lambda: VISIBLE.encode("utf-16"))
_bytes("half-a-letter.txt", lambda: VISIBLE.encode() + b"\xe1\xbb", may_be_read=True)
_bytes("not-utf-8.txt", lambda: b"L\xff\xfe ph\xed", R.UNKNOWN_FORMAT)
_bytes("one-line.md", lambda: b"[" * 1_000_000, *BROKEN, *BOMB, may_be_read=True)
_bytes("many-stars.md", lambda: b"*a **b " * 200_000, *BROKEN, *BOMB, may_be_read=True)
_bytes("deep-quotes.md", lambda: b">" * 100_000 + b" a", *BROKEN, *BOMB, may_be_read=True)

_ways = (
    "display:none",
    "visibility:hidden",
    "font-size:0",
    "color:#fff;background:#fff",
    "position:absolute;left:-9999px",
    "opacity:0",
)
_bytes(
    "hidden.html",
    lambda: page(
        f"<p>{VISIBLE}</p>"
        + "".join(f'<p style="{way}">{HIDDEN}</p>' for way in _ways)
        + f"<p hidden>{HIDDEN}</p><template>{HIDDEN}</template><!-- {HIDDEN} -->"
    ),
)
_bytes(
    "hidden-by-class.html",
    lambda: page(
        f"<style>.x{{display:none}} #y {{font-size:0}}</style><p>{VISIBLE}</p><p class='a x'>{HIDDEN}</p><p id=y>{HIDDEN}</p>"
    ),
)
_bytes(
    "hidden.docx",
    lambda: docx(
        paragraph(VISIBLE)
        + paragraph(HIDDEN, "<w:vanish/>")
        + paragraph(HIDDEN, '<w:color w:val="FFFFFF"/>')
        + paragraph(HIDDEN, '<w:sz w:val="1"/>')
    ),
)
SEEN, UNSEEN = "Le phi cap the la 50.000 dong", "khong ai nhin thay"
_bytes(
    "hidden.pdf",
    lambda: one_page(
        typed(SEEN, "Nop ho so tai cong an xa noi cu tru", "Thoi han giai quyet la bay ngay lam viec")
        + b"1 1 1 rg BT /F1 12 Tf 72 600 Td (khong ai nhin thay mot) Tj ET 0 0 0 rg\n"
        + b"BT /F1 0.1 Tf 72 580 Td (khong ai nhin thay hai) Tj ET\n"
        + b"BT /F1 12 Tf 72 5000 Td (khong ai nhin thay ba) Tj ET\n"
        + b"BT 3 Tr /F1 12 Tf 72 560 Td (khong ai nhin thay bon) Tj ET BT 0 Tr ET\n"
        + b"BT /F1 12 Tf 72 540 Td (khong ai nhin thay nam) Tj ET q 400 0 0 30 60 530 cm /X Do Q\n",
        more={
            6: stream(
                b"\xee",
                b"/Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8 /ColorSpace /DeviceGray",
            )
        },
        resources=b"/XObject << /X 6 0 R >>",
    ),
)


def _named(name: str, *refusals: Refusal, may_be_read: bool = False) -> Callable:
    return _hostile(name, *refusals, may_be_read=may_be_read)


@_named("pipe.pdf", R.NOT_A_FILE)
def _(path: Path, _: Trap) -> None:
    os.mkfifo(path)


@_named("device.pdf", R.NOT_A_FILE)
def _(path: Path, _: Trap) -> None:
    path.symlink_to("/dev/zero")


@_named("loop.pdf", R.NOT_A_FILE)
def _(path: Path, _: Trap) -> None:
    path.symlink_to(path)


@_named("nowhere.pdf", R.NOT_A_FILE)
def _(path: Path, _: Trap) -> None:
    path.symlink_to("nobody-is-here")


@_named("folder.pdf", R.NOT_A_FILE)
def _(path: Path, _: Trap) -> None:
    path.mkdir()


@_named("n" * 300 + ".pdf", R.NOT_A_FILE)
def _(_path: Path, _: Trap) -> None:
    """No file system has it."""


@_named("nul\0.pdf", R.NOT_A_FILE)
def _(_path: Path, _: Trap) -> None:
    """No file system has it."""


@_named("-o dòng\nmới;$(id).txt")
def _(path: Path, _: Trap) -> None:
    path.write_text(VISIBLE, encoding="utf-8")
