"""Where learners keep their progress without an account: under a phrase of three words, or in their class while it is open.

The page itself lives in the browser (`progress.js`, `learners.js`); here states are kept, opened, saved and deleted. A phrase never
stands in an address, and of a family nobody's name comes here.
"""

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from pydantic import BaseModel, ConfigDict, StringConstraints

from rag.progress import State, new_phrase, read_phrase
from rag.records import Records
from rag.records.classrooms import Member, read_seat
from rag.secret import keyed_digest
from ui.member_pages import COOKIE, class_title, without_cookie
from ui.rendering import page_html
from ui.sign_in import At
from ui.wording import NOTICE

# Of one address; a class sits behind one.
_NEW, _NEW_IN_CLASS = parse("10 per hour"), parse("60 per hour")
# Of 262 million phrases. With 1,000 kept, whoever guesses from many addresses finds one in eight weeks, and in it nobody's name.
_WRONG, _ALL_WRONG = parse("10 per hour"), parse("200 per hour")
_EVERYBODY = "everybody"
_NOT_RIGHT = (
    "Chưa thấy tiến độ nào với những từ này. Bạn xem lại từng từ rồi gõ lại nhé. Mã lớp chỉ dùng được khi lớp còn mở."
)
_NO_PHRASE = "Bạn gõ đủ ba từ đã ghi ra giấy nhé, ví dụ “hoa sen, con thuyền, bánh chưng”. Không dấu cũng được."
_WAIT = "Đã có nhiều lần gõ chưa đúng. Bạn đợi một tiếng rồi thử lại nhé. Tiến độ trên máy này vẫn còn."
_FULL = "Nơi bạn ở vừa lấy nhiều lần ba từ. Bạn đợi một tiếng rồi bấm lại nhé. Tiến độ trên máy này vẫn còn."
_OVERTAKEN = "Một máy khác vừa lưu thêm. Bạn bấm lưu lại nhé."
_NOTHING_YET = "Bạn chưa học bài nào nên chưa có gì để giữ. Bạn học một bài rồi quay lại nhé."

router = APIRouter(prefix="/bai-hoc/tien-do")
limiter = MovingWindowRateLimiter(MemoryStorage())
_Found = TypeVar("_Found")


class _Phrase(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    phrase: Annotated[str, StringConstraints(max_length=200)]


class _Saved(_Phrase):
    state: State
    over: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


@router.get("")
def page() -> HTMLResponse:
    """Show who learns on this device, and how progress is kept; the browser fills it in."""
    return HTMLResponse(page_html("progress.html", notice=NOTICE))


@router.post("/giu", status_code=201)
def keep(request: Request, records: At, state: State) -> dict[str, str]:
    """Keep a state; return its phrase, this once."""
    if state.empty:
        raise HTTPException(422, _NOTHING_YET)
    bound = _NEW_IN_CLASS if _member(request, records) else _NEW
    if not limiter.hit(bound, "new", _visitor(request)):
        raise HTTPException(429, _FULL)
    phrase = new_phrase(request.app.state.phrase_words)
    records.progress.keep(keyed_digest(request.app.state.secret, phrase), state)
    return {"phrase": phrase}


@router.post("/mo")
def look(request: Request, records: At, typed: _Phrase) -> dict[str, Any]:
    """Return the state that a phrase opens, its version, and the phrase as it is written; null for a class's code and number."""
    if seat := read_seat(typed.phrase):
        return {"phrase": None, "state": _tried(request, lambda: records.progress.at(*seat))}
    phrase, digest = _read(request, typed)
    state = _tried(request, lambda: records.progress.read(digest))
    return {"phrase": phrase, "state": state, "version": state.version}


@router.post("/luu", status_code=204)
def save(request: Request, records: At, saved: _Saved) -> None:
    """Put a state in the place of the version that a phrase opened; 409 where another device was faster: look and merge first."""
    _, digest = _read(request, saved)
    if _tried(request, lambda: records.progress.save(digest, saved.state, saved.over)) != saved.state:
        raise HTTPException(409, _OVERTAKEN)


@router.post("/xoa", status_code=204)
def forget(request: Request, records: At, typed: _Phrase) -> None:
    """Delete what a phrase opens."""
    _, digest = _read(request, typed)
    _tried(request, lambda: records.progress.forget(digest))


@router.get("/lop")
def of_class(request: Request, records: At) -> Response:
    """Return the class that the browser is in and the state kept there, null where there is none yet; 204 outside of a class."""
    if (member := _member(request, records)) is None:
        return _outside(request)
    state = records.progress.of_member(member)
    return JSONResponse({"title": class_title(member.classroom), "state": state.row() if state else None})


@router.post("/lop")
def save_in_class(request: Request, records: At, state: State) -> Response:
    """Keep a state in the class that the browser is in; 204 outside of a class."""
    if (member := _member(request, records)) is None:
        return _outside(request)
    records.progress.save_member(member, state)
    return JSONResponse({"title": class_title(member.classroom)})


def _member(request: Request, records: Records) -> Member | None:
    return records.classrooms.member(request.cookies.get(COOKIE))


def _outside(request: Request) -> Response:
    """Answer a browser that is in no class; from one whose class has ended, all that it stored goes with the class."""
    return without_cookie(JSONResponse({"ended": True})) if COOKIE in request.cookies else Response(status_code=204)


def _read(request: Request, typed: _Phrase) -> tuple[str, str]:
    """Return the phrase that was typed, and its digest. Raises HTTPException 422: it could not open anything, no guess."""
    phrase = read_phrase(typed.phrase, request.app.state.phrase_words)
    if phrase is None:
        raise HTTPException(422, _NO_PHRASE)
    return phrase, keyed_digest(request.app.state.secret, phrase)


def _tried(request: Request, opens: Callable[[], _Found | None]) -> _Found:
    """Return what was opened. Raises HTTPException 404 where it was nothing, and 429 after too many of those lately."""
    bounds: tuple[tuple[RateLimitItem, str], ...] = ((_WRONG, _visitor(request)), (_ALL_WRONG, _EVERYBODY))
    if not all(limiter.test(bound, "wrong", whose) for bound, whose in bounds):
        raise HTTPException(429, _WAIT)
    if found := opens():
        return found
    for bound, whose in bounds:
        limiter.hit(bound, "wrong", whose)
    raise HTTPException(404, _NOT_RIGHT)


def _visitor(request: Request) -> str:
    return request.client.host if request.client else ""
