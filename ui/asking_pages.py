"""Where learners hand a question over to a person and read the reply: no account, only a code, which never stands in an address."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from pydantic import BaseModel, ConfigDict, StringConstraints

from rag.errors import RecordError
from rag.records import Records
from rag.records.handovers import MAX_NOTE_CHARS, Handover, new_code, read_code
from rag.secret import keyed_digest
from ui.rendering import page_html
from ui.sign_in import At
from ui.wording import NOTICE, local_time

# Of one address; a class sits behind one.
_NEW, _NEW_IN_CLASS = parse("10 per hour"), parse("60 per hour")
# With 100 questions open, whoever guesses from many addresses finds one in 14 days with a chance of 2.8 %, from one with 0.14 %.
_WRONG, _ALL_WRONG = parse("10 per hour"), parse("200 per hour")
_EVERYBODY = "everybody"
_NOT_RIGHT = "Mã này chưa đúng hoặc đã hết hạn. Bạn xem lại từng chữ rồi gõ lại nhé."
_WAIT = "Đã có nhiều mã gõ chưa đúng. Bạn đợi một tiếng rồi thử lại, hoặc hỏi trực tiếp người hướng dẫn nhé."
_FULL = "Nơi bạn ở vừa gửi nhiều câu hỏi. Bạn đợi một tiếng rồi gửi lại nhé."
_GONE = "Không còn câu trả lời này. Bạn hỏi lại rồi bấm “Hỏi người hướng dẫn” nhé."
_SAY_WHAT = "Bạn ghi điều bạn muốn hỏi vào ô trống giúp mình nhé."
_NO_PLACE = "Bạn chọn lại nơi ở giúp mình nhé."
_NOT_SENT = "Chưa gửi được. Bạn bấm gửi lại giúp mình nhé."

router = APIRouter(prefix="/hoi-nguoi")
limiter = MovingWindowRateLimiter(MemoryStorage())


class _Wish(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    answer_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    note: Annotated[str, StringConstraints(max_length=MAX_NOTE_CHARS, strip_whitespace=True)] = ""
    locality: Annotated[str, StringConstraints(max_length=80)] = ""


@router.get("/dia-phuong")
def places(records: At) -> list[dict[str, str]]:
    """Return the localities that a learner may choose."""
    return [
        {"id": place.id, "name": "– " * place.id.count("/") + place.name} for place in records.localities.all().values()
    ]


@router.post("", status_code=201)
def hand_over(request: Request, records: At, wish: _Wish) -> dict[str, str]:
    """Hand the question of a stored answer over to a person; return the code, this once, and until when it opens the reply."""
    asked = records.handovers.asked(wish.answer_id)
    if asked is None:
        raise HTTPException(404, _GONE)
    if asked.wants_person and not wish.note:
        raise HTTPException(422, _SAY_WHAT)
    if wish.locality and wish.locality not in records.localities.all():
        raise HTTPException(422, _NO_PLACE)
    if not limiter.hit(_NEW_IN_CLASS if asked.classroom_id else _NEW, "new", _visitor(request)):
        raise HTTPException(429, _FULL)
    question, note = (wish.note, "") if asked.wants_person else (asked.question, wish.note)
    until = datetime.now(UTC) + timedelta(days=request.app.state.settings.handover_days)
    code, place = new_code(), wish.locality or asked.locality_id
    try:
        records.handovers.ask(
            _digest(request, code), question, note, wish.answer_id, place, asked.classroom_id, until
        )  # fmt: skip
    except RecordError as error:
        raise HTTPException(503, _NOT_SENT) from error
    return {"code": code, "until": local_time(until)}


@router.get("")
def code_form() -> HTMLResponse:
    """Show what a code is for, and the form that takes it."""
    return _page()


@router.post("/xem")
def look(request: Request, records: At, ma: Annotated[str, Form(max_length=100)] = "") -> HTMLResponse:
    """Show what a code opens: that it waits, or the reply."""
    handover, status = _opened(request, records, ma)
    return _page(ma, handover, status)


@router.post("/xoa")
def forget(request: Request, records: At, ma: Annotated[str, Form(max_length=100)] = "") -> HTMLResponse:
    """Delete what a code opens, question and reply."""
    handover, status = _opened(request, records, ma)
    if handover is None:
        return _page(ma, handover, status)
    records.handovers.forget(_digest(request, read_code(ma) or ""))
    return _page(done="Đã xóa câu hỏi và câu trả lời. Mã này không dùng được nữa.")


def _opened(request: Request, records: Records, typed: str) -> tuple[Handover | None, int]:
    """Return what a code opens, or None with status 422 (wrong or expired) or 429 (too many wrong ones lately)."""
    bounds: tuple[tuple[RateLimitItem, str], ...] = ((_WRONG, _visitor(request)), (_ALL_WRONG, _EVERYBODY))
    if not all(limiter.test(bound, "wrong", whose) for bound, whose in bounds):
        return None, 429
    code = read_code(typed)
    if code is None:
        return None, 422  # it could not open anything: no guess
    if handover := records.handovers.read(_digest(request, code)):
        return handover, 200
    for bound, whose in bounds:
        limiter.hit(bound, "wrong", whose)
    return None, 422


def _page(typed: str = "", handover: Handover | None = None, status: int = 200, done: str = "") -> HTMLResponse:
    problem = {422: _NOT_RIGHT, 429: _WAIT}.get(status, "")
    page = page_html("asking.html", notice=NOTICE, typed=typed, handover=handover, problem=problem, done=done)
    return HTMLResponse(page, status, {"Cache-Control": "no-store"})


def _digest(request: Request, code: str) -> str:
    return keyed_digest(request.app.state.secret, code)


def _visitor(request: Request) -> str:
    return request.client.host if request.client else ""
