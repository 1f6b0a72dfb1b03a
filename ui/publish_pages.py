"""Publishing: the version in use, a candidate with what the gate says of it, and the way back to an earlier one."""

import logging
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from rag.errors import CorpusError, IndexStateError, ModelError, RecordError
from rag.index import generations
from rag.records import Records
from rag.records.accounts import Session
from rag.records.publications import Override, Publication
from ui.change_pages import Row, difference
from ui.publishing import MIN_REASON_CHARS, Publishing, may_publish
from ui.rendering import page_html
from ui.sign_in import At, Trainer, TrainerWrites

log = logging.getLogger(__name__)

PREFIX = "/huong-dan-vien/xuat-ban"
_FORBIDDEN = "Chỉ người quản trị và hướng dẫn viên phụ trách mọi nơi mới xuất bản được. Bạn nhờ họ giúp nhé."
_BUSY = "Đang có một bản được chuẩn bị. Bạn đợi xong nhé."
_NOTHING = "Chưa có thay đổi nào đã duyệt để đưa vào bản mới."
_FAILING = "Có ca từ lỗi không đạt, nên bản này chưa xuất bản được."
_NO_OVERRIDE = f"Muốn xuất bản khi còn ca không đạt, bạn ghi họ tên và lý do ít nhất {MIN_REASON_CHARS} chữ cái."
_GONE = "Bản này không dùng được nữa. Bản đang dùng không đổi. Bạn chuẩn bị bản mới nhé."

_DONE = {
    "xuat-ban": "Đã xuất bản. Người học hỏi từ lúc này nhận câu trả lời của bản mới.",
    "quay-lai": "Đã quay lại. Người học hỏi từ lúc này nhận câu trả lời của bản cũ. Thay đổi của bản vừa gỡ chờ duyệt lại.",
}


def publishing_of(request: Request) -> Publishing:
    """Return what publishes for the application."""
    return request.app.state.publishing


def allowed(session: TrainerWrites) -> Session:
    """Return the session of somebody who may publish. Raises HTTPException 403."""
    if not may_publish(session.user):
        raise HTTPException(403, _FORBIDDEN)
    return session


Here = Annotated[Publishing, Depends(publishing_of)]
Publisher = Annotated[Session, Depends(allowed)]

router = APIRouter(prefix=PREFIX)


@router.get("")
def publishing_page(records: At, here: Here, session: Trainer, xong: str = "") -> HTMLResponse:
    """Show what serves, what waits, the candidate and the versions before."""
    return _page(records, here, session, done=_DONE.get(xong, ""))


@router.get("/viec")
def progress(records: At, here: Here, _: Trainer) -> JSONResponse:
    """Return how far the candidate is."""
    candidate, at = records.publications.candidate(), here.progress
    state = candidate.state.value if candidate else "none"
    return JSONResponse({"state": state, "doing": at.doing, "done": at.done, "total": at.total})


@router.post("")
def begin(records: At, here: Here, session: Publisher) -> Response:
    """Begin a candidate of the approved changes."""
    if not here.waiting()[0]:
        return _page(records, here, session, _NOTHING, 409)
    try:
        here.begin(session.user)
    except RecordError:
        return _page(records, here, session, _BUSY, 409)
    return RedirectResponse(PREFIX, 303)


@router.post("/{number}")
def publish(
    records: At, here: Here, session: Publisher, number: int, by: Annotated[str, Form(max_length=80)] = "",
    reason: Annotated[str, Form(max_length=1000)] = "", override: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Publish a candidate whose cases pass; any other only with a name and a reason."""
    accepted = Override(by.strip(), reason.strip()) if override else None
    if accepted and (len(accepted.by) < 2 or len(accepted.reason) < MIN_REASON_CHARS):
        return _page(records, here, session, _NO_OVERRIDE, 422, {"by": by, "reason": reason})
    try:
        failing = here.publish(session.user, number, accepted)
    except (RecordError, IndexStateError, CorpusError, ModelError) as error:
        log.warning("publication %d was not published: %s", number, error)
        return _page(records, here, session, _GONE, 409)
    if failing:
        return _page(records, here, session, _FAILING, 409)
    return RedirectResponse(f"{PREFIX}?xong=xuat-ban", 303)


@router.post("/{number}/quay-lai")
def roll_back(records: At, here: Here, session: Publisher, number: int) -> Response:
    """Put an earlier version in use again."""
    try:
        here.roll_back(session.user, number)
    except (RecordError, IndexStateError, CorpusError, ModelError) as error:
        log.warning("nothing was rolled back to publication %d: %s", number, error)
        return _page(records, here, session, _GONE, 409)
    return RedirectResponse(f"{PREFIX}?xong=quay-lai", 303)


def _page(
    records: Records, here: Publishing, session: Session, problem: str = "", status: int = 200,
    typed: Mapping[str, str] | None = None, done: str = "",
) -> HTMLResponse:  # fmt: skip
    waiting, late = here.waiting()
    published = records.publications.published()
    in_use = here.serving.assistant.index.folder.name
    candidate = records.publications.candidate()
    page = page_html(
        "publishing.html", session=session, may=may_publish(session.user), newest=records.publications.newest(),
        in_use=in_use, waiting=waiting, late=late, candidate=candidate, progress=here.progress,
        differences=_compared(candidate.differences if candidate else ()),
        published=published, back=_back(here, published, in_use), problem=problem, done=done, least=MIN_REASON_CHARS,
        typed=typed or {"by": "", "reason": ""},
    )  # fmt: skip
    return HTMLResponse(page, status)


def _compared(differences: Sequence[Mapping[str, str]]) -> list[tuple[Mapping[str, str], list[Row]]]:
    """Return the answers that differ, each with the lines that do; where in an answer they stand does not matter."""
    return [(row, [r for r in difference(row["old"], row["new"]) if r.kind != "place"]) for row in differences]


def _back(here: Publishing, published: list[Publication], in_use: str) -> set[int]:
    """Return the publications that one can go back to: the newest of each other generation that is still on the disk."""
    on_disk = {g.name for g in generations(here.settings.index_folder)} - {in_use}
    newest = {p.generation: p.id for p in reversed(published)}
    return {number for generation, number in newest.items() if generation in on_disk}
