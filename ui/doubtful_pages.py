"""Pages of official documents whose text a person must look at: each beside what was read of it, and what the person says.

Below `ui.document_pages`, which it lends the documents that were brought.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from rag.documents.library import Library, Text
from rag.documents.pages import Block, BlockKind
from rag.errors import RecordError
from rag.records import Records
from rag.records.accounts import Session, User
from rag.records.documents import Document, DocumentState, PageDecision
from rag.text import INVISIBLE
from ui.rendering import page_html
from ui.shelf import has_picture, page_of, page_picture, text_of
from ui.sign_in import At, Trainer, TrainerWrites

PREFIX = "/huong-dan-vien/van-ban"
DECISIONS = {
    PageDecision.OPEN: "chờ bạn xem", PageDecision.RIGHT: "đọc đúng", PageDecision.CORRECTED: "đã sửa chữ",
    PageDecision.LEFT_OUT: "bỏ, không dùng",
}  # fmt: skip
# The faults of `rag.documents.pages.Fault` that make a page doubtful; what is mended without loss needs no words.
FAULTS = {
    "recognised": "đọc từ ảnh", "wrong-marks": "có dấu sai", "guessed-digits": "số lẫn chữ cái",
    "unreadable": "nhiều chữ không đọc được", "stamped": "dấu hoặc chữ ký đè lên chữ",
    "legacy-tcvn3": "phông chữ cũ", "legacy-vni": "phông chữ cũ",
}  # fmt: skip
_EMPTY_PAGE = "Ô chữ đang trống. Nếu trang không có gì cần dùng, bạn bấm “Bỏ trang này”."
_OTHERS = "Người khác vừa sửa trang này. Chữ của họ ở ngay dưới, chữ của bạn vẫn ở trong ô. Bạn so lại rồi lưu nhé."
_NO_DOCUMENT = "Không có văn bản này."
NOT_WAITING = "Văn bản này không còn chờ xác nhận. Bạn tải lại trang để xem nhé."
_Long = Annotated[str, Form(max_length=200_000)]

router = APIRouter(prefix=PREFIX)


@router.get("/{number}/trang/{page}.png")
def picture(records: At, request: Request, _: Trainer, number: int, page: int) -> FileResponse:
    """Hand out the picture of a page."""
    found = readable_document(records, number)
    return FileResponse(
        page_picture(request, found.new.file, page_of(read_text(request, found), page)), media_type="image/png"
    )


@router.get("/{number}/trang/{page}")
def doubtful_page(records: At, request: Request, session: Trainer, number: int, page: int) -> HTMLResponse:
    """Show a page beside what was read of it."""
    return _page_page(records, request, session, readable_document(records, number), page)


@router.post("/{number}/trang/{page}")
def decide_page(
    records: At, request: Request, session: TrainerWrites, number: int, page: int, do: Annotated[str, Form()] = "",
    was: Annotated[str, Form(max_length=64)] = "", text: _Long = "",
) -> Response:  # fmt: skip
    """Note what a person says of a page: it reads right, it reads otherwise, it is left out."""
    found = readable_document(records, number)
    decision = next((d for d in PageDecision if d == do), None)
    if decision is None or page not in {doubt.number for doubt in found.new.doubtful}:
        raise HTTPException(422, "Trang này không chờ ai xem.")
    if found.state is not DocumentState.WAITING:
        return _page_page(records, request, session, found, page, NOT_WAITING, status=409)
    paragraphs = _paragraphs(text)
    if decision is PageDecision.CORRECTED and not paragraphs:
        return _page_page(records, request, session, found, page, _EMPTY_PAGE, status=422)
    try:
        _decide(records, request, session.user, found, page, decision, was, paragraphs)
    except RecordError:
        return _page_page(records, request, session, records.documents.get(number), page, _OTHERS, text, 409)
    left = records.documents.get(number).open_pages
    return RedirectResponse(f"{PREFIX}/{number}/trang/{left[0].number}" if left else f"{PREFIX}/{number}", 303)


def corrected(blocks: Sequence[Block], page: int, paragraphs: Sequence[str]) -> tuple[Block, ...]:
    """Return the blocks with those that begin on a page replaced; a paragraph that is as it was stays what it was."""
    known = {shown(block): block for block in blocks if block.page == page}
    new = [known.get(paragraph) or _block(paragraph, page) for paragraph in paragraphs]
    return (*(b for b in blocks if b.page < page), *new, *(b for b in blocks if b.page > page))


def _decide(
    records: Records, request: Request, user: User, found: Document, page: int, decision: PageDecision, was: str,
    paragraphs: Sequence[str],
) -> None:  # fmt: skip
    """Note a decision about the page as its reader saw it. Raises RecordError when another person has changed the page."""
    library, file, now = library_of(request), found.new.file, found.new.reading
    text = read_text(request, found)
    if was != now and (not library.has(file, was) or _on(library.text(file, was), page) != _on(text, page)):
        raise RecordError(f"page {page} of document {found.id} was corrected by another person meanwhile")
    if decision is not PageDecision.CORRECTED:
        records.documents.decide_page(user, found.id, page, decision, (now, now))
        return
    blocks = corrected(text.reading.blocks, page, paragraphs)
    new = Text(replace(text.reading, blocks=blocks), request.app.state.take_apart(blocks))
    records.documents.decide_page(user, found.id, page, decision, (now, library.revise(file, new)))


def _on(text: Text, page: int) -> list[str]:
    return [shown(block) for block in text.reading.blocks if block.page == page]


def shown(block: Block) -> str:
    """Return a block as a person edits it: without empty lines, which part paragraphs."""
    return "\n".join(line for part in block.text.split("\n") if (line := part.strip()))


def _paragraphs(text: str) -> list[str]:
    text = INVISIBLE.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n")))
    parts = re.split(r"\n\s*\n", text)
    return ["\n".join(map(str.strip, part.strip().split("\n"))) for part in parts if part.strip()]


def _block(text: str, page: int) -> Block:
    """Return a paragraph, or a table where every line has as many cells."""
    rows = tuple(tuple(cell.strip() for cell in line.split("|")) for line in text.split("\n"))
    if len(rows) > 1 and len(rows[0]) > 1 and len(set(map(len, rows))) == 1:
        return Block(BlockKind.TABLE, text, page, rows=rows, header=1)
    return Block(BlockKind.PARAGRAPH, " ".join(text.split()), page)


def library_of(request: Request) -> Library:
    """Return the library of files and texts."""
    return Library(request.app.state.settings.documents_folder)


def read_text(request: Request, found: Document) -> Text:
    """Return what was read of a document, as far as people have corrected it."""
    return text_of(request.app.state.settings, found.new.file, found.new.reading)


def known_document(records: Records, number: int) -> Document:
    """Return a document. Raises HTTPException 404."""
    try:
        return records.documents.get(number)
    except RecordError as error:
        raise HTTPException(404, _NO_DOCUMENT) from error


def readable_document(records: Records, number: int) -> Document:
    """Return a document that was read. Raises HTTPException 404."""
    found = known_document(records, number)
    if found.state is DocumentState.REFUSED:
        raise HTTPException(404, "Tệp này không đọc được nên không có gì để xem.")
    return found


def _page_page(
    records: Records, request: Request, session: Session, found: Document, number: int, problem: str = "", typed: str = "",
    status: int = 200,
) -> HTMLResponse:  # fmt: skip
    text = read_text(request, found)
    page, said = page_of(text, number), "\n\n".join(_on(text, number))
    doubtful = [doubt.number for doubt in found.new.doubtful]
    page_ = page_html(
        "document_page.html", session=session, document=found, number=number, pages=len(text.reading.pages), said=said,
        typed=typed or said, problem=problem, others=bool(typed), has_picture=has_picture(page), decisions=DECISIONS,
        doubt=next((doubt for doubt in found.new.doubtful if doubt.number == number), None), fault_words=FAULTS,
        waits=found.state is DocumentState.WAITING,
        after=next((n for n in doubtful if n > number), None), before=next((n for n in reversed(doubtful) if n < number), None),
    )  # fmt: skip
    return HTMLResponse(page_, status)
