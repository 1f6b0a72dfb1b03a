"""What the pages of documents have the readers do; these are loaded when they are first wanted, the chat starts without them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.documents.library import Library
from rag.documents.pages import Block
from rag.documents.units import Unit
from rag.records import Records
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.ingestion import Outcome

UPLOADED = "tải lên"


def ingest(settings: Settings, records: Records, who: str, files: Sequence[tuple[Path, str]]) -> "list[Outcome]":
    """Take in files, each with the name that it is known by; return what became of each, or of what is inside it."""
    from rag.ingestion import Found, Ingestion

    ingestion = Ingestion(Library(settings.documents_folder), records.documents, who)
    return list(ingestion.take([Found(path, name, UPLOADED) for path, name in files]))


def take_apart(blocks: Sequence[Block]) -> tuple[Unit, ...]:
    """Return the units of a text that a person corrected."""
    from rag.documents.structure import units_of

    return units_of(blocks)


def draw_page(path: Path, number: int, width_px: int) -> bytes:
    """Return the picture of a page as PNG. Raises DocumentError."""
    from rag.documents.formats import Format, sniff
    from rag.documents.readers import image, pdf
    from rag.documents.sandbox import in_sandbox

    reader = pdf if sniff(path) is Format.PDF else image
    return in_sandbox(reader.page_image, path, number, width_px)
