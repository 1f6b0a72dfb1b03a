"""A learner's side of a class: joining with a code, no account, and what the chat page asks about the class.

A browser holds one cookie with a key; a browser without it costs nothing here. Once the class has ended, or the learner has
left, the reply takes the cookie away and the page empties itself.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import State

from rag.records import Records
from rag.records.classrooms import MAX_MEMBERS, Classroom, Member, Push, Refusal
from ui.rendering import page_html
from ui.shield import CHAT
from ui.sign_in import At
from ui.wording import NOTICE, vietnamese_date

COOKIE = "binhdan_lop"
PREFIX = "/lop"
_COOKIE_S = 12 * 3600
# Of one address, behind which two full classes may sit; each of their learners may mistype the code once. Of the 21⁶ codes a
# guesser sees so few that one class is found in decades.
_JOINS = parse("120 per 10 minutes")
_WRONG = parse("60 per 10 minutes")
_REFUSED = {
    Refusal.UNKNOWN: "Không có lớp nào đang mở với mã này. Bạn nhìn lại mã trên màn hình rồi gõ lại nhé.",
    Refusal.FULL: f"Lớp đã đủ {MAX_MEMBERS} người. Bạn nói với người hướng dẫn giúp mình nhé.",
}
_TOO_OFTEN = "Có quá nhiều lượt vào lớp từ mạng này. Bạn đợi 10 phút rồi thử lại, hoặc gọi người hướng dẫn."

router = APIRouter(prefix=PREFIX)
limiter = MovingWindowRateLimiter(MemoryStorage())
Code = Annotated[str, Form(max_length=40)]


@router.get("")
def code_form() -> HTMLResponse:
    """Show the form for the code."""
    return _form("", "")


@router.get("/toi")
def mine(records: At, request: Request) -> Response:
    """Tell the chat page about the class that its browser is in; 204 where it is in none."""
    if not (key := request.cookies.get(COOKIE)):
        return Response(status_code=204)
    if member := records.classrooms.member(key):
        return JSONResponse(_state(member, request.app.state))
    return without_cookie(JSONResponse({"ended": True}))


@router.get("/{code}")
def invitation(records: At, request: Request, code: str) -> HTMLResponse:
    """Show which class a code from a projector opens, and one button; looking does not join."""
    if not limiter.test(_WRONG, "wrong", _address(request)):
        return _form(_TOO_OFTEN, code, 429)
    if room := records.classrooms.at(code):
        return _page("class_join.html", code=room.code, title=class_title(room), problem="")
    limiter.hit(_WRONG, "wrong", _address(request))
    return _form(_REFUSED[Refusal.UNKNOWN], code, 404)


@router.post("")
def join(records: At, request: Request, code: Code = "") -> Response:
    """Join a class and go to the chat; who is in it already keeps the number."""
    if (room := records.classrooms.at(code)) and _is_in(records, request, room):
        return RedirectResponse(CHAT, 303)
    address = _address(request)
    if not limiter.test(_WRONG, "wrong", address) or not limiter.hit(_JOINS, "joins", address):
        return _form(_TOO_OFTEN, code, 429)
    joined = records.classrooms.join(code)
    if isinstance(joined, Refusal):
        limiter.hit(_WRONG, "wrong", address)
        return _form(_REFUSED[joined], code, 404 if joined is Refusal.UNKNOWN else 409)
    response = RedirectResponse(CHAT, 303)
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, joined[0], max_age=_COOKIE_S, httponly=True, samesite="lax", secure=secure)
    return response


@router.post("/ket", status_code=204)
def stuck(records: At, request: Request, on: Annotated[Literal["0", "1"], Form()] = "1") -> Response:
    """Note that the learner is stuck, or no longer."""
    if member := records.classrooms.member(request.cookies.get(COOKIE)):
        records.classrooms.stuck(member, on == "1")
    return Response(status_code=204)


@router.post("/xong", status_code=204)
def finish(records: At, request: Request, guide_id: Annotated[str, Form(max_length=80)] = "") -> Response:
    """Note that the learner is done with what was pushed."""
    if member := records.classrooms.member(request.cookies.get(COOKIE)):
        records.classrooms.finish(member, guide_id)
    return Response(status_code=204)


@router.post("/roi", status_code=204)
def leave(records: At, request: Request) -> Response:
    """Leave the class."""
    if member := records.classrooms.member(request.cookies.get(COOKIE)):
        records.classrooms.leave(member)
    return without_cookie(Response(status_code=204))


def pushed_title(state: State, pushed: Push) -> str | None:
    """Return what is called what the class was given; None where it is there no longer."""
    if pushed.kind == "lesson":
        return next((lesson.title for lesson in state.course().lessons if lesson.id == pushed.guide_id), None)
    guide = state.guides().get(pushed.guide_id)
    return guide.title if guide else None


def class_title(room: Classroom) -> str:
    """Return what a class is called: "Lớp 27/11/2026, Phường Bãi Cháy"."""
    return f"Lớp {vietnamese_date(room.held_on)}{f', {room.place}' if room.place else ''}"


def without_cookie(response: Response) -> Response:
    """Take the key away and whatever the page may have stored; not "cookies", which would be those of the whole domain."""
    response.delete_cookie(COOKIE, httponly=True, samesite="lax")
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


def _state(member: Member, state: State) -> dict[str, object]:
    pushed = member.classroom.pushed
    title = pushed_title(state, pushed) if pushed else None
    return {
        "title": class_title(member.classroom), "number": member.number, "stuck": member.stuck,
        "pushed": pushed and title and {
            "kind": pushed.kind, "guide_id": pushed.guide_id, "title": title, "done": pushed.guide_id in member.finished,
        },
    }  # fmt: skip


def whose(request: Request, records: Records) -> str:
    """Return a name under which a learner's requests are counted: the place in a class, which sits behind one address, or the address."""
    member = records.classrooms.member(request.cookies.get(COOKIE))
    return f"{member.classroom.id}/{member.number}" if member else _address(request)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _is_in(records: Records, request: Request, room: Classroom) -> bool:
    member = records.classrooms.member(request.cookies.get(COOKIE))
    return member is not None and member.classroom.id == room.id


def _form(problem: str, code: str, status: int = 200) -> HTMLResponse:
    return _page("class_join.html", status, code=code, title="", problem=problem)


def _page(template: str, status: int = 200, **values: object) -> HTMLResponse:
    return HTMLResponse(page_html(template, notice=NOTICE, **values), status)
