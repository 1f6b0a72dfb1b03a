"""Signing in and out, the own password, and where an account may go from there."""

import asyncio
import time
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from rag.records.accounts import MIN_PASSWORD_CHARS, password_faults
from ui.rendering import page_html
from ui.sign_in import COOKIE, HOME, SIGN_IN, At, SignedIn, WithToken, enter

_TRIES = parse("30 per 15 minutes")  # of one address; a class may sit behind one
_ANSWER_S = 0.3  # a refusal always takes this long: how long it took says nothing about the name
_WRONG = "Tên hoặc mật khẩu chưa đúng. Bạn thử lại nhé."
_LOCKED = "Đã nhập sai nhiều lần. Bạn đợi 15 phút rồi thử lại, hoặc nhờ người quản trị đặt lại mật khẩu."
_NO_OIDC = "Chưa đăng nhập được qua tài khoản cơ quan. Bạn thử lại, hoặc dùng tên và mật khẩu."

router = APIRouter(prefix=HOME)
limiter = MovingWindowRateLimiter(MemoryStorage())


@router.get("")
def home(session: SignedIn) -> HTMLResponse:
    """Show where the account may go."""
    return HTMLResponse(page_html("account_home.html", session=session))


@router.get("/dang-nhap")
def sign_in_form(request: Request, toi: str = "", loi: str = "") -> HTMLResponse:
    """Show the sign-in form."""
    return _form(request, _NO_OIDC if loi == "oidc" else "", toi)


@router.post("/dang-nhap")
async def sign_in(
    records: At, request: Request, name: Annotated[str, Form(max_length=60)], password: Annotated[str, Form(max_length=500)],
    toi: Annotated[str, Form(max_length=300)] = "",
) -> Response:  # fmt: skip
    """Sign in with a name and a password."""
    began = time.perf_counter()
    visitor = request.client.host if request.client else ""
    allowed = limiter.test(_TRIES, visitor)
    user = await asyncio.to_thread(records.accounts.check, name, password) if allowed else None
    if user:
        return enter(records, user, request, toi or HOME)
    limiter.hit(_TRIES, visitor)
    locked = not allowed or await asyncio.to_thread(records.accounts.locked, name)
    await asyncio.sleep(max(0.0, _ANSWER_S - (time.perf_counter() - began)))
    return _form(request, _LOCKED if locked else _WRONG, toi, name, 429 if locked else 401)


@router.post("/dang-xuat")
def sign_out(records: At, request: Request, _: WithToken) -> Response:
    """Sign out."""
    records.accounts.sign_out(request.cookies.get(COOKIE))
    response = RedirectResponse(SIGN_IN, 303)
    response.delete_cookie(COOKIE)
    return response


@router.get("/mat-khau")
def password_form(session: SignedIn) -> HTMLResponse:
    """Show the form that changes the own password."""
    return _password_page(session, [])


@router.post("/mat-khau")
def change_password(
    records: At, session: WithToken, request: Request, old: Annotated[str, Form(max_length=500)],
    new: Annotated[str, Form(max_length=500)], again: Annotated[str, Form(max_length=500)],
) -> Response:  # fmt: skip
    """Change the own password; every other session of the account ends."""
    faults = password_faults(new, session.user)
    if new != again:
        faults.append("Hai lần gõ mật khẩu mới chưa giống nhau.")
    if new == old:
        faults.append("Mật khẩu mới cần khác mật khẩu cũ.")
    if not faults and records.accounts.check(session.user.name, old) is None:
        faults.append("Mật khẩu cũ chưa đúng.")
    if faults:
        return _password_page(session, faults, 422)
    records.accounts.set_password(session.user, new)
    return enter(records, records.accounts.get(session.user.name), request)


def _form(request: Request, problem: str, to: str, name: str = "", status: int = 200) -> HTMLResponse:
    oidc = getattr(request.app.state, "oidc_name", "")
    page = page_html("sign_in.html", session=None, problem=problem, to=to, name=name, oidc=oidc)
    return HTMLResponse(page, status)


def _password_page(session: SignedIn, faults: list[str], status: int = 200) -> HTMLResponse:
    if session.user.name.startswith("oidc-"):
        raise HTTPException(404, "Tài khoản này đăng nhập qua cơ quan, không có mật khẩu riêng ở đây.")
    page = page_html("password.html", session=session, faults=faults, least=MIN_PASSWORD_CHARS)
    return HTMLResponse(page, status)
