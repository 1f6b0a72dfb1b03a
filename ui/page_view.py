"""Shelved documents as learners see them, without account or script: a list, each as an outline, each page with a quote marked.

Shows the picture of the page as it was printed wherever the file has pages, and the text that was read where it has none.
"""

from collections.abc import Mapping

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse

from rag.documents.library import Text
from rag.documents.shelf import Shelved
from rag.documents.units import Unit
from rag.errors import CorpusError
from rag.text import clean, fold, syllables
from ui.quoting import marked_blocks, outline, quoted_boxes, quoted_units, unit_name
from ui.rendering import is_web, page_html
from ui.shelf import ending, has_picture, page_of, page_picture, shelf_in_use, text_of
from ui.wording import NOTICE

PREFIX = "/van-ban"
_MAX_SEARCH_CHARS = 100
_SHOWN = 200
_MAX_UNIT_CHARS = 300
_NO_DOCUMENT = "Không có văn bản này. Có thể văn bản đã được thay bằng bản khác."
_NO_TEXT = "Máy chủ chưa mở được văn bản này. Bạn thử lại sau nhé."

router = APIRouter(prefix=PREFIX, default_response_class=HTMLResponse)


@router.get("")
def shelf(request: Request, tim: str = "") -> str:
    """List the documents that have every word of `tim`, marks aside."""
    search = tim[:_MAX_SEARCH_CHARS].strip()
    found = _matching(shelf_in_use(request.app.state.settings), search)
    return page_html("shelf.html", notice=NOTICE, search=search, documents=found[:_SHOWN], total=len(found))


@router.get("/{document_id}")
def whole(request: Request, document_id: str) -> str:
    """Show a document's parts, each leading to its page."""
    document, text = _opened(request, document_id)
    parts = outline([unit for unit in text.units if unit.page not in document.without])
    return _page(request, "shelf_document.html", document, outline=parts, pages=len(text.reading.pages))


@router.get("/{document_id}/trang/{number}.png")
def picture(request: Request, document_id: str, number: int) -> FileResponse:
    """Hand out the picture of a page; its address names the file, so that a browser may keep it."""
    document, text = _opened(request, document_id)
    path = page_picture(request, document.file, page_of(text, number))
    return FileResponse(path, media_type="image/png", headers={"Cache-Control": "public, max-age=86400"})


@router.get("/{document_id}/trang/{number}")
def page(request: Request, document_id: str, number: int, doan: str = "") -> str:
    """Show a page with the unit `doan` marked."""
    document, text = _opened(request, document_id)
    quoted = (
        [u for u in quoted_units(text.units, doan[:_MAX_UNIT_CHARS]) if u.page not in document.without] if doan else []
    )
    if quoted and number not in {page.number for page in text.reading.pages}:
        number = quoted[0].page  # the link is of an earlier version, which had more pages
    found = page_of(text, number)
    here = [unit for unit in quoted if unit.page <= number <= unit.last_page]
    read = number not in document.without
    blocks = [block for block in text.reading.blocks if block.page == number] if read else []
    return _page(
        request, "shelf_page.html", document, number=number, pages=len(text.reading.pages), doan=doan, unit=doan if quoted else "",
        quoted=quoted, name=_name(doan, quoted), has_picture=has_picture(found), version=document.file[:12], read=read,
        boxes=quoted_boxes(found, text.units, here) if has_picture(found) else [], blocks=marked_blocks(blocks, text.units, here),
        at=quoted[0].page if quoted and not here else None,
    )  # fmt: skip


def _opened(request: Request, document_id: str) -> tuple[Shelved, Text]:
    settings = request.app.state.settings
    document = shelf_in_use(settings).get(document_id)
    if document is None:
        raise HTTPException(404, _NO_DOCUMENT)
    try:
        return document, text_of(settings, document.file, document.reading)
    except CorpusError as error:
        raise HTTPException(503, _NO_TEXT) from error


def _matching(shelf: Mapping[str, Shelved], search: str) -> list[Shelved]:
    """Return the documents that have every word of a search, the newest first."""
    wanted = syllables(fold(clean(search)))
    said = {id_: fold(clean(f"{d.name} {d.title} {d.issuer} {d.territory}")) for id_, d in shelf.items()}
    found = [document for id_, document in shelf.items() if all(word in said[id_] for word in wanted)]
    return sorted(found, key=lambda document: (document.in_force, document.id), reverse=True)


def _name(doan: str, quoted: list[Unit]) -> str:
    """Return what the quoted unit is called; of a part without words of its own, what its first unit's path begins with."""
    return ", ".join(quoted[0].path[: doan.count("/") + 1]) if quoted else ""


def _page(request: Request, template: str, document: Shelved, unit: str = "", **values: object) -> str:
    settings = request.app.state.settings
    today, ends = settings.day, ending(settings, document, unit)
    return page_html(
        template, notice=NOTICE, document=document, ends=ends, ended=ends is not None and ends.day <= today,
        url=document.url if document.url and is_web(document.url) else "", to_come=document.in_force > today,
        unit_name=unit_name, **values,
    )  # fmt: skip
