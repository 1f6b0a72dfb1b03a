"""Where trainers answer what learners handed over to a person."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from rag.answers import Citation
from rag.privacy import mask
from rag.records import Records
from rag.records.accounts import Session
from rag.records.handovers import MAX_REPLY_CHARS, MAX_SOURCE_CHARS, Handover
from ui.picker import Answering, Picks, picked, unsupported
from ui.rendering import page_html
from ui.sign_in import At, Trainer, TrainerWrites

PREFIX = "/huong-dan-vien/hoi"
_MIN_SOURCE_CHARS = 10
_GONE = "Không có câu hỏi này. Có thể nó đã hết hạn, hoặc thuộc địa phương khác."
_TAKEN = "Người khác đang trả lời, hoặc đã trả lời câu này. Nội dung bạn gõ vẫn còn ở dưới."
_EMPTY = "Bạn chưa viết câu trả lời."
_LONG = f"Câu trả lời dài quá, tối đa {MAX_REPLY_CHARS} chữ cái. Bạn rút gọn giúp nhé."
_NO_GROUND = "Bạn trích ít nhất một đoạn tài liệu, hoặc ghi bạn biết điều này từ đâu."
_SHORT_SOURCE = "Bạn ghi rõ hơn bạn biết điều này từ đâu, ví dụ tên văn bản hoặc nơi bạn đã hỏi."

router = APIRouter(prefix=PREFIX)


@dataclass(frozen=True, slots=True)
class _Typed:
    """What stands in the reply's form."""

    text: str = ""
    citations: tuple[Citation, ...] = ()
    source: str = ""

    def problem(self) -> str:
        """Return why this cannot be sent, or ""; what no passage says is the next check."""
        if not self.text.strip():
            return _EMPTY
        if len(self.text) > MAX_REPLY_CHARS:
            return _LONG
        if not self.citations and not self.source:
            return _NO_GROUND
        return _SHORT_SOURCE if 0 < len(self.source) < _MIN_SOURCE_CHARS else ""


@router.get("")
def queue(records: At, session: Trainer) -> HTMLResponse:
    """List what waits, what the trainer has claimed, and what is answered."""
    found, user = records.handovers.queue(session.user), session.user
    groups = {
        "Của bạn": [row for row in found if row.claimed(user)],
        "Đang chờ": [row for row in found if row.reply is None and not row.claimed(user)],
        "Đã trả lời": [row for row in found if row.reply is not None],
    }
    page = page_html("handovers.html", session=session, groups=groups, places=records.localities.all())
    return HTMLResponse(page)


@router.get("/{handover_id}")
def show(records: At, session: Trainer, handover_id: int) -> HTMLResponse:
    """Show one question, what the program answered, and the reply or its form."""
    return _page(records, session, _known(records, session, handover_id))


@router.post("/{handover_id}/nhan")
def claim(records: At, session: TrainerWrites, handover_id: int) -> Response:
    """Keep others from answering for 20 minutes."""
    handover = _known(records, session, handover_id)
    if not records.handovers.claim(session.user, handover_id):
        return _page(records, session, handover, problem="Người khác vừa nhận hoặc đã trả lời câu này.", status=409)
    return RedirectResponse(f"{PREFIX}/{handover_id}", 303)


@router.post("/{handover_id}/tra-lai")
def release(records: At, session: TrainerWrites, handover_id: int) -> Response:
    """Leave it to others."""
    records.handovers.release(session.user, handover_id)
    return RedirectResponse(PREFIX, 303)


@router.post("/{handover_id}/rut")
def withdraw(records: At, session: TrainerWrites, handover_id: int) -> Response:
    """Take a reply back, so that the question waits again."""
    handover = _known(records, session, handover_id)
    if not records.handovers.withdraw(session.user, handover_id):
        return _page(records, session, handover, problem="Câu này chưa có trả lời để rút.", status=409)
    return RedirectResponse(f"{PREFIX}/{handover_id}", 303)


@router.post("/{handover_id}")
def reply(
    records: At, session: TrainerWrites, assistant: Answering, handover_id: int, cite: Picks,
    text: Annotated[str, Form(max_length=5000)] = "", source: Annotated[str, Form(max_length=MAX_SOURCE_CHARS)] = "",
) -> Response:  # fmt: skip
    """Send a reply that the fact lock passes, or that names another source."""
    handover = _known(records, session, handover_id)
    typed = _Typed(mask(text), picked(assistant, cite), source.strip())
    if problem := typed.problem():
        return _page(records, session, handover, typed, problem, 422)
    if not typed.source and (lost := unsupported(typed.text, typed.citations)):
        return _page(records, session, handover, typed, status=422, lost=lost)
    if not records.handovers.reply(session.user, handover_id, typed.text, typed.citations, typed.source):
        return _page(records, session, handover, typed, _TAKEN, 409)
    return RedirectResponse(f"{PREFIX}/{handover_id}", 303)


def _known(records: Records, session: Session, handover_id: int) -> Handover:
    if handover := records.handovers.get(session.user, handover_id):
        return handover
    raise HTTPException(404, _GONE)


def _page(
    records: Records, session: Session, handover: Handover, typed: _Typed | None = None, problem: str = "",
    status: int = 200, lost: list[tuple[str, str]] | None = None,
) -> HTMLResponse:  # fmt: skip
    asked = records.handovers.asked(handover.answer_id) if handover.answer_id else None
    page = page_html(
        "handover.html", session=session, handover=handover, answer=asked.answer if asked else None, problem=problem,
        typed=typed or _Typed(), writing=typed is not None or handover.claimed(session.user), lost=lost or [],
        places=records.localities.all(), most=MAX_REPLY_CHARS, most_source=MAX_SOURCE_CHARS,
    )  # fmt: skip
    return HTMLResponse(page, status)
