"""One page or file of a named host, fetched as a polite and wary visitor: whole, bounded, and from nowhere else.

Promise: only hosts of the allow-list are asked; a name is looked up once, every address of it must be a public one, and the
connection goes to an address that was checked (a name that points elsewhere a moment later gains nothing), again at every
redirect. Time, size and unpacked size have limits, a body that is cut off is an error, robots.txt is obeyed, one request a
host at a time with a pause between. No proxy or other setting is taken from the environment for where to connect.
Limit: no script runs, so a page that is put together in the browser comes without its text.
"""

import contextlib
import hashlib
import mimetypes
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import httpx2
from protego import Protego

from rag.documents.addresses import FetchRules, forbidden
from rag.documents.exchange import Body, Reply, Resolve, exchange, system_resolve
from rag.documents.limits import DocumentError, Refusal
from rag.text import slug

if TYPE_CHECKING:
    import ssl

_ROBOT = "binhdan"  # what robots.txt may call us: the first word of exchange.USER_AGENT
_REDIRECTS = 5
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_GONE_STATUSES = frozenset({404, 410})
_BUSY_STATUSES = frozenset({429, 503})
_TRIES = 3  # of a server that says when to come back
_ROBOTS_BYTES = 500 * 1024  # what RFC 9309 asks to read; the rest is not looked at
_VALIDATOR_CHARS = 1000
_NAME_CHARS = 80
_SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "application/msword": ".doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/zip": ".zip",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "text/markdown": ".md",
    "text/plain": ".txt",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Validators:
    """What is known of the last body: what the server called it, and its digest."""

    etag: str = ""
    last_modified: str = ""
    sha256: str = ""


class FetchStatus(StrEnum):
    """What came of it."""

    NEW = "new"
    UNCHANGED = "unchanged"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a server gave. `path` is the body's file, None unless it is new; `url` is where the redirects ended."""

    status: FetchStatus
    url: str
    at: datetime
    validators: Validators
    path: Path | None = None
    content_type: str = ""


def fetch(url: str, into: Path, rules: FetchRules, known: Validators | None = None) -> Fetched:
    """Fetch one address into the folder `into`, as a `Fetcher` does."""
    return Fetcher(rules).fetch(url, into, known)


@dataclass(slots=True)
class _Host:
    """What is remembered of a host during a run: when it may be asked again, and its robots.txt by origin."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    free_at: float = 0.0
    pause_s: float = 0.0
    robots: dict[str, Protego | DocumentError] = field(default_factory=dict)


class Fetcher:
    """A run's visits: remembers each host's robots.txt and when it was last asked. Threads may share one."""

    def __init__(self, rules: FetchRules, resolve: Resolve | None = None, tls: "ssl.SSLContext | None" = None) -> None:
        """`resolve` and `tls` stand in for the system's names and certificates, where an operator has others."""
        self.rules = rules
        self._resolve = resolve or system_resolve
        self._tls = tls or httpx2.create_ssl_context()
        self._hosts: dict[str, _Host] = {}

    def fetch(self, url: str, into: Path, known: Validators | None = None) -> Fetched:
        """Fetch `url` into the folder `into`; with `known`, only what has changed since.

        Raises DocumentError: FORBIDDEN_ADDRESS (also by robots.txt), UNREACHABLE, TOO_LARGE, TOO_SLOW, DAMAGED, EMPTY.
        """
        at, known = datetime.now(UTC), known or Validators()
        asked = _conditions(known)
        part = into / f".{hashlib.sha256(url.encode()).hexdigest()[:16]}.part"
        try:
            with part.open("wb") as file:
                body = Body(file.write, self.rules.size_bytes)
                reply = self._follow(self.rules.check(url), asked, body, obey=True)
            where = str(reply.url)
            if reply.status == 304 and asked:
                return Fetched(FetchStatus.UNCHANGED, where, at, known)
            if reply.status in _GONE_STATUSES:
                return Fetched(FetchStatus.GONE, where, at, Validators())
            if reply.status != 200:
                raise DocumentError(Refusal.UNREACHABLE, _said(reply))
            if not body.size:
                raise DocumentError(Refusal.EMPTY)
            found = Validators(
                reply.headers.get("etag", "")[:_VALIDATOR_CHARS],
                reply.headers.get("last-modified", "")[:_VALIDATOR_CHARS],
                body.digest.hexdigest(),
            )
            kind = reply.headers.get("content-type", "")
            if found.sha256 == known.sha256:  # many servers name no validators
                return Fetched(FetchStatus.UNCHANGED, where, at, found, None, kind)
            path = part.replace(into / _name(reply.url, kind, found.sha256))
            return Fetched(FetchStatus.NEW, where, at, found, path, kind)
        finally:
            part.unlink(missing_ok=True)

    def _follow(self, url: httpx2.URL, headers: dict[str, str], body: Body, obey: bool) -> Reply:
        for _ in range(_REDIRECTS + 1):
            if obey:
                self._obey(url)
            reply = self._ask(url, headers, body)
            if reply.status not in _REDIRECT_STATUSES:
                return reply
            url = self._redirected(url, reply.headers.get("location", ""))
        raise DocumentError(Refusal.UNREACHABLE, f"more than {_REDIRECTS} redirects")

    def _redirected(self, url: httpx2.URL, location: str) -> httpx2.URL:
        if not location:
            raise DocumentError(Refusal.UNREACHABLE, f"{url.host} redirects to nowhere")
        try:
            target = self.rules.check(location, base=url)
        except DocumentError as error:
            raise forbidden(f"{url.host} redirects: {error.detail}") from error
        if url.scheme == "https" and target.scheme == "http":
            raise forbidden(f"{url.host} redirects from https to http")
        return target

    def _obey(self, url: httpx2.URL) -> None:
        """Raise DocumentError when the host's robots.txt forbids the page, or cannot be had now."""
        host = self._host(url)
        origin = f"{url.scheme}://{url.netloc.decode()}"
        if origin not in host.robots:
            host.robots[origin] = self._robots(httpx2.URL(f"{origin}/robots.txt"))
        robots = host.robots[origin]
        if isinstance(robots, DocumentError):
            raise DocumentError(robots.refusal, f"robots.txt of {url.host}: {robots.detail}")
        if not robots.can_fetch(str(url), _ROBOT):
            raise forbidden(f"robots.txt of {url.host} asks not to")
        host.pause_s = min(robots.crawl_delay(_ROBOT) or 0.0, self.rules.patience_s)

    def _robots(self, url: httpx2.URL) -> Protego | DocumentError:
        """Return a host's rules, or why it must not be asked now; RFC 9309: without a file everything is allowed."""
        text = bytearray()
        body = Body(text.extend, self.rules.size_bytes, keep=_ROBOTS_BYTES)
        try:
            reply = self._follow(url, {}, body, obey=False)
        except DocumentError as error:
            return error
        if reply.status == 429 or not (reply.status == 200 or 400 <= reply.status < 500):
            return DocumentError(Refusal.UNREACHABLE, _said(reply))
        return Protego.parse(text.decode("utf-8-sig", errors="replace") if reply.status == 200 else "")

    def _ask(self, url: httpx2.URL, headers: dict[str, str], body: Body) -> Reply:
        """Send one request in its turn, again when the server names a time that is soon."""
        tries = 0
        while True:
            tries += 1
            with self._turn(self._host(url)) as host:
                reply = exchange(url, self.rules, headers, body, self._resolve, self._tls)
                wait = _retry_after(reply.headers) if reply.status in _BUSY_STATUSES else None
                if wait is None or wait > self.rules.patience_s or tries == _TRIES:
                    return reply
                host.pause_s = max(host.pause_s, wait)

    def _host(self, url: httpx2.URL) -> _Host:
        return self._hosts.setdefault(url.host, _Host())

    @contextlib.contextmanager
    def _turn(self, host: _Host) -> Iterator[_Host]:
        """Wait until the host may be asked, and hold it: one request at a time, a pause after each."""
        with host.lock:
            time.sleep(max(0.0, host.free_at - time.monotonic()))
            try:
                yield host
            finally:
                host.free_at = time.monotonic() + max(self.rules.pause_s, host.pause_s)


def _said(reply: Reply) -> str:
    wait = _retry_after(reply.headers)
    return f"{reply.url.host} answered {reply.status}" + (f", to ask again in {wait:.0f} s" if wait else "")


def _conditions(known: Validators) -> dict[str, str]:
    """Return the headers that ask for nothing when nothing has changed."""
    pairs = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in pairs.items() if value and value.isascii() and value.isprintable()}


def _retry_after(headers: dict[str, str]) -> float | None:
    """Return in how many seconds a server asks to come back: "120" or a date; None when it does not say."""
    said = headers.get("retry-after", "")
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):  # no date, or one without its zone
        return None


def _name(url: httpx2.URL, content_type: str, digest: str) -> str:
    """Name a body after its address, its content and its type: "nghi-dinh-58-1a2b3c4d.pdf"."""
    last = PurePosixPath(url.path)
    kind = content_type.partition(";")[0].strip().lower()
    known = last.suffix.lower() if mimetypes.guess_type(last.name)[0] else ""
    stem = slug(last.stem if known else last.name)[:_NAME_CHARS] or slug(url.host)
    return f"{stem}-{digest[:8]}{_SUFFIXES.get(kind, known)}"
