"""What a file is, by what it holds: a look at its ends and a ZIP's table of contents, cheap enough for the parent process.

The name must not contradict the content, where people rely on it; harmless confusions are taken as what they are: a DOCX or an
exported web page called .doc opens in Word, a JPEG called .png in every viewer. Whether a PDF needs a password only its reader can
tell, since most locked ones open with none.
"""

import codecs
import os
import re
from enum import StrEnum
from pathlib import Path

from rag.documents.archives import ZIP_MAGIC, open_zip
from rag.documents.limits import DocumentError, Limits, Refusal


class Format(StrEnum):
    """What a file holds."""

    PDF = "pdf"
    DOCX = "docx"
    DOC = "doc"
    XLSX = "xlsx"
    HTML = "html"
    MARKDOWN = "markdown"
    TEXT = "text"
    IMAGE = "image"
    ZIP = "zip"

    @property
    def suffix(self) -> str:
        """The ending that its files mostly have; of images there are many."""
        return {"markdown": ".md", "text": ".txt"}.get(self.value, f".{self.value}")


_WORD = {Format.DOC, Format.DOCX, Format.HTML}
_PLAIN = {Format.TEXT, Format.MARKDOWN}
_NAMED: dict[str, set[Format]] = {
    ".pdf": {Format.PDF},
    ".doc": _WORD,
    ".docx": {Format.DOCX, Format.DOC},
    ".rtf": {Format.DOC},
    ".xlsx": {Format.XLSX},
    ".xls": {Format.XLSX},
    ".htm": {Format.HTML},
    ".html": {Format.HTML},
    ".xhtml": {Format.HTML},
    ".md": _PLAIN,
    ".markdown": _PLAIN,
    ".txt": _PLAIN,
    ".zip": {Format.ZIP},
    **{suffix: {Format.IMAGE} for suffix in (".png", ".jpg", ".jpeg", ".tif", ".tiff")},
}
_LOOK_BYTES = 2**16
# What stands in no text in TCVN3, VNI or windows-1258: what steers a printer, and the last byte.
_NOT_OLD = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f\xff]")
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORD_STREAM = b"\xec\xa5"  # begins the text of a Word file, mostly right behind the header
_WORD_LOCKED = 0x0100
_MARKUP = re.compile(
    rb"<!doctype\s+html|<(?:html|head|body|title|meta|div|p|table|article|section|ul|ol|h[1-6])[\s>/]", re.IGNORECASE
)


def sniff(path: Path) -> Format:
    """Return the format of a file. Raises DocumentError when it is empty, unknown, locked, or named as something else."""
    with path.open("rb") as file:
        head = file.read(_LOOK_BYTES)
        file.seek(max(0, os.fstat(file.fileno()).st_size - _LOOK_BYTES))
        tail = file.read(_LOOK_BYTES)
    if not head:
        raise DocumentError(Refusal.EMPTY)
    suffix = path.suffix.lower()
    found = _binary(path, head, tail) or _text(head, suffix)
    allowed = _NAMED.get(suffix)
    if allowed and found and found not in allowed:
        raise DocumentError(Refusal.WRONG_NAME, f"named {suffix}, holds {found}")
    if not found:
        raise DocumentError(Refusal.UNKNOWN_FORMAT)
    return found


def _binary(path: Path, head: bytes, tail: bytes) -> Format | None:
    if b"%PDF-" in head[:1024]:
        return Format.PDF
    if head.startswith(_IMAGES):
        return Format.IMAGE
    if head.startswith(_OLE):
        return _ole(path, head)
    if head.startswith(rb"{\rtf"):
        return Format.DOC  # LibreOffice reads both
    if head.startswith((ZIP_MAGIC, b"PK\x05\x06")):
        return _zip(path)
    return None


def _zip(path: Path) -> Format:
    with open_zip(path, Limits()) as archive:
        names = set(archive.namelist())
        if any(member.flag_bits & 1 for member in archive.infolist()):
            raise DocumentError(Refusal.ENCRYPTED)
    if not names:
        raise DocumentError(Refusal.EMPTY)
    if "word/document.xml" in names:
        return Format.DOCX
    if "xl/workbook.xml" in names:
        return Format.XLSX
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise DocumentError(Refusal.UNKNOWN_FORMAT, "an office document that is neither DOCX nor XLSX")
    return Format.ZIP


def _ole(path: Path, head: bytes) -> Format:
    """Tell the old office formats apart by the names in the container's directory."""
    sector = 1 << min(int.from_bytes(head[30:32], "little"), 12)
    with path.open("rb") as file:
        file.seek((int.from_bytes(head[48:52], "little") + 1) * sector)
        directory = file.read(_LOOK_BYTES)
    streams = {
        name for name in ("EncryptedPackage", "WordDocument", "Workbook") if name.encode("utf-16-le") in directory
    }
    locked = head[512:514] == _WORD_STREAM and int.from_bytes(head[522:524], "little") & _WORD_LOCKED
    if "EncryptedPackage" in streams or locked:
        raise DocumentError(Refusal.ENCRYPTED)
    if "WordDocument" in streams:
        return Format.DOC
    if "Workbook" in streams:
        raise DocumentError(Refusal.UNKNOWN_FORMAT, "an old Excel file; save it as XLSX")
    raise DocumentError(Refusal.UNKNOWN_FORMAT, "an old office document that is not Word's")


def _text(head: bytes, suffix: str) -> Format | None:
    """Tell text from web pages, which may be in any encoding; text is in UTF-8, marked as UTF-16, or by its name and bytes may be
    in the letters of Windows or of old Vietnamese fonts, which the reader tells apart or refuses.
    """
    wide = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if b"\0" in head and not wide:
        return None
    plain = head.decode("utf-16", "ignore").encode() if wide else head
    web = _MARKUP.search(plain)
    if suffix in {".htm", ".html", ".xhtml"}:
        return Format.HTML
    old = not wide and not _is_utf8(head)
    if old and (web or _NAMED.get(suffix) is not _PLAIN or _NOT_OLD.search(head)):
        return Format.HTML if web else None
    if suffix in _NAMED and _NAMED[suffix] is _PLAIN:
        return Format.TEXT if suffix == ".txt" else Format.MARKDOWN
    if plain.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return Format.HTML if web else None
    return Format.TEXT


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True
