"""The shelved documents in use, as pages show them: what is confirmed of each, its text, pictures of its pages, when it ends.

Reads the corpus in use and the library; makes a picture when it is first wanted.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from fastapi import HTTPException, Request

from rag.disk import replace_bytes
from rag.documents.library import Library, Text
from rag.documents.limits import DocumentError
from rag.documents.pages import Page
from rag.documents.shelf import Ending, Endings, Shelved, endings, first_ending, load_shelf
from rag.editions import corpus_in_use
from rag.errors import CorpusError
from rag.settings import Settings

log = logging.getLogger(__name__)

Picture = Callable[[Path, int, int], bytes]
# An A4 page at 150 dots an inch: small print can be read when a phone enlarges it.
_WIDTH_PX = 1240
_PNG = b"\x89PNG\r\n\x1a\n"
_NO_PICTURE = "Chưa làm được ảnh của trang này."
# Each takes a process with up to the sandbox's memory: learners who leaf through wait for each other.
_drawing = threading.BoundedSemaphore(2)


def shelf_in_use(settings: Settings) -> Mapping[str, Shelved]:
    """Return the documents that answers are made from, by id. Raises CorpusError."""
    return _shelf(corpus_in_use(settings))


def text_of(settings: Settings, file: str, reading: str) -> Text:
    """Return what was read of a file. Raises CorpusError when the library lacks it."""
    return _text(settings.documents_folder, file, reading)


def page_of(text: Text, number: int) -> Page:
    """Return a page. Raises HTTPException 404."""
    page = next((page for page in text.reading.pages if page.number == number), None)
    if page is None:
        raise HTTPException(404, "Văn bản không có trang này.")
    return page


def has_picture(page: Page) -> bool:
    """Tell whether the file has the page as such, so that there is something to draw."""
    return page.width_pt > 0


def page_picture(request: Request, file: str, page: Page) -> Path:
    """Return where the picture of a page lies, making it by `app.state.picture` once. Raises HTTPException 404."""
    library = Library(request.app.state.settings.documents_folder)
    path = library.image(file, page.number, _WIDTH_PX)
    if has_picture(page) and not path.exists():
        with _drawing:
            if not path.exists():
                _draw(request.app.state.picture, library, file, page.number, path)
    if not path.exists():
        raise HTTPException(404, _NO_PICTURE)
    return path


def ending(settings: Settings, document: Shelved, unit: str = "") -> Ending | None:
    """Return when a document in use, or the unit of this id, ends or ended; the earliest day counts."""
    return first_ending(document, _endings(corpus_in_use(settings)), unit)


def _draw(picture: Picture, library: Library, file: str, number: int, path: Path) -> None:
    try:
        drawn = picture(library.original(file), number, _WIDTH_PX)
    except (DocumentError, CorpusError, OSError) as error:
        log.warning("page %d of %s cannot be drawn: %s", number, file[:12], error)
        return
    if drawn.startswith(_PNG):  # it comes out of a sandbox
        replace_bytes(path, drawn)


@lru_cache(maxsize=2)
def _shelf(corpus: Path) -> Mapping[str, Shelved]:
    return {document.id: document for document in load_shelf(corpus)}


@lru_cache(maxsize=2)
def _endings(corpus: Path) -> Endings:
    return endings(_shelf(corpus).values())


@lru_cache(maxsize=4)
def _text(folder: Path, file: str, reading: str) -> Text:
    return Library(folder).text(file, reading)
