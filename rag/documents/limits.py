"""How much a file may cost before it is refused, and the reasons for which one is. Nothing here does I/O."""

from dataclasses import dataclass
from enum import StrEnum

from rag.errors import BinhDanError


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may take. The defaults let a 500-page scan through and stop what is built to harm."""

    file_bytes: int = 50 * 2**20
    pages: int = 1000
    unpacked_bytes: int = 200 * 2**20
    members: int = 2000  # of an archive
    ratio: int = 100  # unpacked to packed
    text_chars: int = 20_000_000
    memory_bytes: int = 1536 * 2**20
    cpu_s: int = 60
    wall_s: int = 120
    recognised_page_s: int = 20  # more of both for every page that must be recognised from a picture


class Refusal(StrEnum):
    """Why a file is not taken; the value completes the sentence "NAME …"."""

    EMPTY = "is empty"
    UNKNOWN_FORMAT = "is of a format that is not read"
    WRONG_NAME = "is not of the format that its name says"
    ENCRYPTED = "is protected by a password"
    DAMAGED = "is damaged or cut off"
    TOO_LARGE = "is too large"
    TOO_MANY_PAGES = "has too many pages"
    UNPACKS_TOO_LARGE = "unpacks to far more than it says"
    UNSAFE_ARCHIVE = "holds paths that lead out of it"
    TOO_SLOW = "takes too long to read"
    TOO_MUCH_MEMORY = "takes too much memory to read"
    CRASHES = "makes the reader crash"
    NO_TEXT = "has no text that can be read"
    NO_RECOGNITION = "is a picture, and tesseract-ocr with tesseract-ocr-vie is not installed"
    NO_OFFICE = "is an old Word file, and LibreOffice is not installed; save it as DOCX"
    UNREACHABLE = "cannot be fetched"
    FORBIDDEN_ADDRESS = "is at an address that may not be fetched"
    NOT_A_FILE = "is neither a file nor a folder that can be read"


class DocumentError(BinhDanError):
    """A file is refused: `refusal` says why, `detail` adds what was found ("5000 pages, at most 1000")."""

    def __init__(self, refusal: Refusal, detail: str = "") -> None:
        super().__init__(f"{refusal.value}: {detail}" if detail else refusal.value)
        self.refusal = refusal
        self.detail = detail
