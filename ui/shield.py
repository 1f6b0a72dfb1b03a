"""What stands between the network and Gradio: an allow-list of routes, a body limit, and headers.

Gradio accepts anonymous uploads, fetches foreign addresses (`file=http…`), shows its schema to everybody, says `<html lang="en">`
and writes into its page at which address it thinks that it is reached; none of that passes here, nor a form that another site sends.
Pure ASGI, so that streams are not held back.
"""

import base64
import hashlib
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from fastapi import HTTPException
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.clock import local_day
from ui.keeping import DAY, is_worth_keeping, may_be_compressed, may_be_kept
from ui.rendering import own_file

CHAT = "/hoi-dap"  # where Gradio is mounted; the one page that may use the microphone
MAX_BODY_BYTES = 64 * 1024
# A table of answers, or an official document as evidence, from somebody who is signed in.
MAX_UPLOAD_BYTES = 5 * 1024 * 1024
# Official documents, several at once; they are not held here but passed on as they come.
MAX_DOCUMENTS_BYTES = 200 * 1024 * 1024
# A spoken question: 30 s of 16 bit at 16 kHz, held in memory, from anybody.
MAX_SPEECH_BYTES = 1_000_000
_SPEECH = "/nghe"
_UPLOADS = re.compile(r"/huong-dan-vien/(?:cau-tra-loi/nhap|sua/[\w./-]+|van-ban/[\w/]+)")
_DOCUMENTS = "/huong-dan-vien/van-ban"
_TOO_LARGE = "Nội dung gửi lên quá lớn."
_DESKS = "tai-khoan|quan-tri|danh-gia|huong-dan-vien|bao-cao"  # each route asks who is signed in (`ui.sign_in`)
ALLOWED = tuple(
    (method, re.compile(pattern))
    for method, pattern in (
        ("GET", r"/"),
        ("GET", rf"{CHAT}/?"),
        ("GET", r"/healthz"),
        ("GET", r"/own/(?:fonts/)?[\w.-]+"),
        ("POST", r"/feedback"),
        ("GET", r"/hoi-nguoi(?:/dia-phuong)?"),
        ("POST", r"/hoi-nguoi(?:/(?:xem|xoa))?"),
        ("GET", r"/bai-hoc/tien-do(?:/lop)?"),
        ("POST", r"/bai-hoc/tien-do/(?:giu|mo|luu|xoa|lop)"),
        ("GET", r"/lop(?:/\w{3,12})?"),
        ("POST", r"/lop(?:/(?:ket|roi|xong))?"),
        *((method, rf"/(?:{_DESKS})(?:/[\w.~/-]+)?") for method in ("GET", "POST")),
        ("GET", r"/huong-dan(?:/[\w-]+(?:/luyen-tap|/tung-buoc|/the\.pdf)?)?"),
        ("GET", r"/bai-hoc(?:/[\w-]+)?"),
        ("POST", r"/bai-hoc/chung-nhan"),
        ("POST", r"/doc-len"),
        ("POST", _SPEECH),
        ("GET", r"/luyen-tap(?:/[a-z0-9-]+)?"),
        ("GET", r"/van-ban(?:/[a-z0-9-]+(?:/trang/\d{1,5}(?:\.png)?)?)?"),
        ("GET", r"/favicon\.ico|/manifest\.webmanifest|/sw\.js|/ngoai-tuyen"),
        ("GET", rf"{CHAT}/theme\.css"),
        ("GET", rf"{CHAT}/assets/[\w./-]+"),
        ("GET", rf"{CHAT}/static/[\w./-]+"),
        ("POST", rf"{CHAT}/gradio_api/queue/join"),
        ("GET", rf"{CHAT}/gradio_api/queue/data"),
        ("GET", rf"{CHAT}/gradio_api/heartbeat/\w+"),
        ("POST", rf"{CHAT}/gradio_api/cancel"),
        ("POST", rf"{CHAT}/gradio_api/reset"),  # does nothing; the page calls it after a cancel
    )
)
_FILES = re.compile(
    rf"/own/|/favicon\.ico$|/manifest\.webmanifest$|{CHAT}/(?:assets/|static/|theme\.css$)|/van-ban/[^/]+/trang/\d+\.png$"
)  # the same for everybody
_PERMISSIONS = "camera=(), geolocation=(), microphone="
_FILE_S = 3600  # then a browser asks again whether a file has changed
_KEPT_STATUSES = {200, 304}
# The one script that stands within pages; kept copies hold it, too, so that it has no nonce but is known by its digest.
_INLINE = base64.b64encode(hashlib.sha256(own_file("look.js").encode()).digest()).decode()
_COOKIE = "binhdan"  # of who is signed in
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # without one, browsers call the origin of our own forms "null"
    "Cross-Origin-Opener-Policy": "same-origin",
}


def content_security_policy(nonce: str) -> str:
    """Return the policy: our own files only, of inline scripts only those with this response's nonce and `look.js`; sounds also as
    a script of ours got them.

    Gradio compiles its HTML templates with `new Function`, which needs 'unsafe-eval', and styles inline.
    """
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}' 'sha256-{_INLINE}' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
        "object-src 'none'; "
        "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )


class Shield:
    """The outermost ASGI layer. `may_upload` tells whether a cookie's key is of somebody who may send a file; `opening` returns what
    the chat's page shows until Gradio has drawn it, by the query's `ve`.
    """

    def __init__(
        self,
        app: ASGIApp,
        may_upload: Callable[[str | None], bool] = lambda _: False,
        opening: Callable[[str], str] = lambda _: "",
    ) -> None:
        self._app, self._compressed = app, GZipMiddleware(app, compresslevel=6)
        self._may_upload = may_upload
        self._opening = opening

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass an allowed request on; refuse any other with 404, another site's with 403, and one that is too large with 413."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        send = _with_headers(send, nonce, scope)
        if not any(scope["method"] == method and pattern.fullmatch(scope["path"]) for method, pattern in ALLOWED):
            await PlainTextResponse("Không có trang này.", 404)(scope, receive, send)
        elif scope["method"] == "POST" and _from_elsewhere(Headers(scope=scope)):
            await PlainTextResponse("Yêu cầu này đến từ một trang khác.", 403)(scope, receive, send)
        elif scope["path"] == _DOCUMENTS and await self._limit(scope) == MAX_DOCUMENTS_BYTES:
            await self._app(scope, _counted(receive, MAX_DOCUMENTS_BYTES), send)
        elif (body := await _read(receive, await self._limit(scope))) is None:
            await PlainTextResponse(_TOO_LARGE, 413)(scope, receive, send)
        elif scope["path"].removesuffix("/") == CHAT:
            opening = self._opening(HTTPConnection(scope).query_params.get("ve", ""))
            # Without the slash Starlette would send the browser a second time; of a query Gradio reads what nobody here may ask.
            scope = {**scope, "path": f"{CHAT}/", "raw_path": f"{CHAT}/".encode(), "query_string": b""}
            await self._app(scope, _replay(body, receive), _in_vietnamese(send, nonce, opening))
        else:
            await self._inner(scope)(scope, _replay(body, receive), send)

    def _inner(self, scope: Scope) -> ASGIApp:
        """Return the application, with what it says compressed where that gives nothing away."""
        signed_in = _COOKIE in HTTPConnection(scope).cookies
        return self._compressed if may_be_compressed(scope["method"], scope["path"], signed_in) else self._app

    async def _limit(self, scope: Scope) -> int:
        """Return how many bytes a request may carry."""
        if scope["path"] == _SPEECH:
            return MAX_SPEECH_BYTES
        documents = scope["path"] == _DOCUMENTS
        if scope["method"] != "POST" or not (documents or _UPLOADS.fullmatch(scope["path"])):
            return MAX_BODY_BYTES
        key = HTTPConnection(scope).cookies.get(_COOKIE)
        if not await run_in_threadpool(self._may_upload, key):
            return MAX_BODY_BYTES
        return MAX_DOCUMENTS_BYTES if documents else MAX_UPLOAD_BYTES


def _from_elsewhere(headers: Headers) -> bool:
    """Tell whether a browser says that another site makes it send this; what is no browser says nothing."""
    origin, site = headers.get("origin"), headers.get("sec-fetch-site", "same-origin")
    elsewhere = origin is not None and urlsplit(origin).netloc != headers.get("host")
    return elsewhere or site not in {"same-origin", "none"}


async def _read(receive: Receive, limit: int) -> bytes | None:
    """Return the request's body, or None as soon as it is larger than `limit`."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > limit:
            return None
        if not message.get("more_body"):
            return body


def _counted(receive: Receive, limit: int) -> Receive:
    """Pass a body on piece by piece; reading it fails as soon as it is larger than `limit`."""
    left = limit

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise HTTPException(413, _TOO_LARGE)  # the application makes a page of it
        return message

    return counted


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _with_headers(send: Send, nonce: str, scope: Scope) -> Send:
    """Add the headers; but for files, nothing of the response reaches the browser's disk by itself: answers come as streams, and
    Chromium caches those, too. Of pages of learners our own worker keeps a copy, and shows it only without network.
    """
    permissions = _PERMISSIONS + ("(self)" if scope["path"].removesuffix("/") == CHAT else "()")
    policy = content_security_policy(nonce)
    is_file = _FILES.match(scope["path"]) is not None
    is_page = may_be_kept(scope["method"], scope["path"], scope["query_string"].decode("latin-1"))

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if is_file and message["status"] in _KEPT_STATUSES:
                headers.setdefault("Cache-Control", f"public, max-age={_FILE_S}")
            else:
                headers["Cache-Control"] = "no-store"
            if is_page and is_worth_keeping(message["status"], headers):
                headers[DAY] = local_day(datetime.now(UTC)).isoformat()
            for name, value in {
                **_HEADERS,
                "Permissions-Policy": permissions,
                "Content-Security-Policy": policy,
            }.items():
                headers[name] = value
        await send(message)

    return wrapped


def _in_vietnamese(send: Send, nonce: str, opening: str) -> Send:
    """Collect the chat's page, mark it as Vietnamese, say in it where it is, put what is shown until it is drawn before it, and give
    its inline scripts the nonce.
    """
    start: Message = {}
    page = b""

    async def wrapped(message: Message) -> None:
        nonlocal start, page
        if message["type"] == "http.response.start":
            start = message
            return
        if message["type"] != "http.response.body":
            await send(message)
            return
        page += message.get("body", b"")
        if message.get("more_body"):
            return
        page = re.sub(rb'<html\s+lang="en"', b'<html lang="vi"', page, count=1)
        page = page.replace(b"<gradio-app", f"{opening}<gradio-app".encode(), 1)
        # By path alone: what Gradio reads from a proxy's headers may be another host than the browser's.
        page = re.sub(rb'("root":|const root = )"[^"]*"', rf'\1"{CHAT}"'.encode(), page)
        page = page.replace(b'<base href="./"', f'<base href="{CHAT}/"'.encode(), 1)
        page = re.sub(rb"<script(?=[\s>])", f'<script nonce="{nonce}"'.encode(), page)
        page = re.sub(
            rb'<meta\s+(?:property="og:|name="twitter:)[^>]*>|<link\s+rel="manifest"\s+href="[^"]*manifest\.json"[^>]*>',
            b"",
            page,
        )
        headers = MutableHeaders(scope=start)
        headers["Content-Length"] = str(len(page))
        await send(start)
        await send({"type": "http.response.body", "body": page})

    return wrapped
