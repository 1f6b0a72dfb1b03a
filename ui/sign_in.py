"""Who is asking: the dependencies with which every handler of a desk checks the signed-in user itself.

A page is read with `needs(...)`, a form is accepted with `writes(...)`, which also wants the session's own token. A visitor is led
to the sign-in page, an account without the role is refused, and one with a first password must change it before anything else.
"""

import hmac
import logging
from collections.abc import Callable
from typing import Annotated

from fastapi import Cookie, Depends, Form, HTTPException, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from rag.errors import RecordError
from rag.records import Records
from rag.records.accounts import SESSION, Session, User
from rag.roles import Role
from ui.rendering import page_html

COOKIE = "binhdan"
SIGN_IN, CHANGE_PASSWORD, HOME = "/tai-khoan/dang-nhap", "/tai-khoan/mat-khau", "/tai-khoan"
_EXPIRED = "Trang đã cũ. Bạn tải lại trang rồi làm lại nhé."
_FORBIDDEN = "Tài khoản của bạn chưa có quyền mở trang này. Bạn nhờ người quản trị cấp quyền giúp."
_UNREADABLE = "Có chỗ ghi chưa đúng. Bạn quay lại xem rồi gửi lại nhé."
_NOT_NOW = "Máy chủ chưa đọc hoặc lưu được. Bạn đợi ít phút rồi thử lại nhé."

log = logging.getLogger(__name__)


def records_of(request: Request) -> Records:
    """Return the open database of the application."""
    return request.app.state.records


At = Annotated[Records, Depends(records_of)]


def signed_in(request: Request, records: At, binhdan: Annotated[str | None, Cookie()] = None) -> Session:
    """Return the session of the request's cookie. Raises HTTPException that leads to the sign-in page."""
    if session := records.accounts.session(binhdan):
        return session
    wanted = f"?toi={request.url.path}" if request.method == "GET" and request.url.path != HOME else ""
    raise HTTPException(303, headers={"Location": SIGN_IN + wanted})


SignedIn = Annotated[Session, Depends(signed_in)]


def with_token(session: SignedIn, token: Annotated[str, Form()] = "") -> Session:
    """Return the session of a form that carries its token. Raises HTTPException 403."""
    if hmac.compare_digest(token.encode(), session.token.encode()):
        return session
    raise HTTPException(403, _EXPIRED)


WithToken = Annotated[Session, Depends(with_token)]


def needs(*roles: Role) -> Callable[[Session], Session]:
    """Return the dependency of a page that these roles, and administrators, may read."""

    def check(session: SignedIn) -> Session:
        return _allowed(session, roles)

    return check


def writes(*roles: Role) -> Callable[[Session], Session]:
    """Return the dependency of a form that these roles, and administrators, may send."""

    def check(session: WithToken) -> Session:
        return _allowed(session, roles)

    return check


Trainer = Annotated[Session, Depends(needs(Role.TRAINER))]
TrainerWrites = Annotated[Session, Depends(writes(Role.TRAINER))]
Evaluator = Annotated[Session, Depends(needs(Role.EVALUATOR))]
EvaluatorWrites = Annotated[Session, Depends(writes(Role.EVALUATOR))]
Admin = Annotated[Session, Depends(needs())]
AdminWrites = Annotated[Session, Depends(writes())]


def may_upload(records: Records, key: str | None) -> bool:
    """Tell whether a cookie's key is of somebody whose pages take files."""
    session = records.accounts.session(key)
    return session is not None and session.user.role in {Role.TRAINER, Role.ADMIN} and not session.user.must_change


def enter(records: Records, user: User, request: Request, to: str = HOME) -> Response:
    """Begin a session under a new key, end whatever one the browser came with, and go on to a page of ours."""
    records.accounts.sign_out(request.cookies.get(COOKIE))
    local = to.startswith("/") and not to.startswith(("//", "/\\"))
    response = RedirectResponse(to if local else HOME, 303)
    seconds, secure = int(SESSION.total_seconds()), request.url.scheme == "https"
    key = records.accounts.sign_in(user)
    response.set_cookie(COOKIE, key, max_age=seconds, httponly=True, samesite="lax", secure=secure)
    return response


async def problem_page(request: Request, error: Exception) -> Response:
    """Answer a refused request for a page with a page in words; a script's request as FastAPI does."""
    if not isinstance(error, HTTPException):
        raise error
    if location := (error.headers or {}).get("Location"):
        return RedirectResponse(location, error.status_code)
    if "text/html" not in request.headers.get("accept", "text/html"):
        return await http_exception_handler(request, error)
    return HTMLResponse(page_html("problem.html", problem=error.detail, session=None), error.status_code)


async def unreadable_page(request: Request, error: Exception) -> Response:
    """Answer what no form of ours sends: a field that is missing, half a letter, a number or day that nothing can hold. What was
    sent is not repeated.
    """
    if not isinstance(error, RequestValidationError):
        log.warning("a request could not be read: %s", type(error).__name__, exc_info=error)
    return await problem_page(request, HTTPException(422, _UNREADABLE))


async def unavailable_page(request: Request, error: Exception) -> Response:
    """Answer a request that the database refused."""
    log.error("a request failed", exc_info=error)
    return await problem_page(request, HTTPException(503, _NOT_NOW))


PROBLEMS = {
    HTTPException: problem_page,
    RequestValidationError: unreadable_page,
    UnicodeError: unreadable_page,
    OverflowError: unreadable_page,
    RecordError: unavailable_page,
}


def _allowed(session: Session, roles: tuple[Role, ...]) -> Session:
    if session.user.role not in (*roles, Role.ADMIN):
        raise HTTPException(403, _FORBIDDEN)
    if session.user.must_change:
        raise HTTPException(303, headers={"Location": CHANGE_PASSWORD})
    return session
