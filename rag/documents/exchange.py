"""One request and its answer: to an address that was checked, whole, and within its time and size.

The connection is the library's; what is ours is where it may go and when it ends. Redirects are only told, not followed.
"""

import contextlib
import hashlib
import queue
import re
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpcore2
import httpx2

from rag.documents.addresses import FetchRules, forbidden, is_public, port_of
from rag.documents.limits import DocumentError, Refusal

if TYPE_CHECKING:
    import ssl

USER_AGENT = "binhdan/0.1 (doc lai trang cong khai da trich dan)"
_CONNECT_S, _READ_S = 10.0, 20.0
_STRAY_BYTES = 2  # a line break after the body, as some old servers send
_HEAD = re.compile(rb"(?:HTTP/1\.[01] 1\d\d.*?\n\r?\n)*HTTP/1\.[01] [2-9]\d\d.*?\n\r?\n", re.DOTALL)
_HEAD_BYTES = 128 * 1024  # the library refuses a longer one itself

Resolve = Callable[[str, int], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered; names of headers are in lower case."""

    url: httpx2.URL
    status: int
    headers: dict[str, str]


def exchange(
    url: httpx2.URL,
    rules: FetchRules,
    headers: Mapping[str, str],
    body: "Body",
    resolve: Resolve,
    tls: "ssl.SSLContext",
) -> Reply:
    """Ask for a checked address; the body of a good answer goes into `body`.

    Raises DocumentError: FORBIDDEN_ADDRESS, UNREACHABLE, TOO_LARGE, TOO_SLOW, DAMAGED.
    """
    line = _Line(time.monotonic() + rules.total_s)
    target = httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    sent = {"Host": url.netloc, "User-Agent": USER_AGENT, "Accept-Encoding": "gzip", "Connection": "close", **headers}
    waits = {"connect": _CONNECT_S, "read": _READ_S, "write": _READ_S}
    with _in_words(url.host, rules.total_s):
        line.addresses = _addresses(url, rules, lambda host, port: _within(line.left(), lambda: resolve(host, port)))
        with (
            httpcore2.ConnectionPool(ssl_context=tls, network_backend=line) as pool,
            pool.stream("GET", target, headers=list(sent.items()), extensions={"timeout": waits}) as answer,
        ):
            # Vietnamese servers redirect to paths in plain UTF-8.
            got = {name.decode("ascii").lower(): value.decode("utf-8", "replace") for name, value in answer.headers}
            if answer.status == 200:
                body.take(answer.iter_stream(), got.get("content-encoding", ""))
                line.check_length(got.get("content-length", ""))
            return Reply(url, answer.status, got)


def _addresses(url: httpx2.URL, rules: FetchRules, resolve: Resolve) -> list[str]:
    """Look the host up once; one address that is not public and the host is not asked at all."""
    host = url.raw_host.decode("ascii")
    found = list(dict.fromkeys(resolve(host, port_of(url))))
    if not found:
        raise DocumentError(Refusal.UNREACHABLE, f"{host} has no address")
    if not rules.allow_private and (bad := [address for address in found if not is_public(address)]):
        raise forbidden(f"{host} is at {', '.join(bad)}, which is not public")
    return found


class _Line(httpcore2.NetworkBackend):
    """The way to one server: only to checked addresses, and closed for good when the time is over.

    A library's own time-outs count from byte to byte, so a server that drips would hold it for ever.
    """

    def __init__(self, deadline: float) -> None:
        self.addresses: Sequence[str] = ()
        self._deadline = deadline
        self._taken = 0
        self._head, self._body_at = b"", None

    def left(self) -> float:
        """Return the seconds left; raises when there are none."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise httpcore2.ReadTimeout("no time left")
        return left

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **rest: Any) -> httpcore2.NetworkStream:
        """Connect to the first checked address that answers; `host` is only for the certificate and the request."""
        failed: Exception = httpcore2.ConnectError("no address")
        for address in self.addresses:
            try:
                stream = httpcore2.SyncBackend().connect_tcp(
                    address, port, min(timeout or _CONNECT_S, self.left()), **rest
                )
                return _Stream(stream, self)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed

    def note(self, data: bytes) -> None:
        """Count what came, and find where its head ends."""
        self._taken += len(data)
        if self._body_at is None and len(self._head) < _HEAD_BYTES:
            self._head += data
            self._body_at = head.end() if (head := _HEAD.match(self._head)) else None

    def check_length(self, announced: str) -> None:
        """Raise DocumentError when more came than was announced: what was taken is then only a part."""
        got = self._taken - (self._body_at or self._taken)
        if announced.isdigit() and got > int(announced) + _STRAY_BYTES:
            raise DocumentError(Refusal.DAMAGED, f"{announced} bytes were announced and more were sent")


class _Stream(httpcore2.NetworkStream):
    """A connection whose every wait ends with the line's time."""

    def __init__(self, inner: httpcore2.NetworkStream, line: _Line) -> None:
        self._inner, self._line = inner, line

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, min(timeout or _READ_S, self._line.left()))
        self._line.note(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, min(timeout or _READ_S, self._line.left()))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: "ssl.SSLContext", server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        wait = min(timeout or _CONNECT_S, self._line.left())
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, wait), self._line)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class Body:
    """What takes a body in, unpacked, and counts the bytes that there really are.

    With `keep` only so many are passed on, and the rest is counted.
    """

    def __init__(self, write: Callable[[bytes], Any], limit: int, keep: int | None = None) -> None:
        self.size, self.digest = 0, hashlib.sha256()
        self._write, self._limit, self._keep, self._packed = write, limit, keep, 0

    def take(self, parts: Iterator[bytes], encoding: str) -> None:
        """Take a body whole. Raises DocumentError when it is too large or cut off."""
        if encoding.lower() in {"gzip", "x-gzip"}:
            self._unpack(parts)
        elif encoding.lower() in {"", "identity"}:
            for part in parts:
                self._add(part)
        else:
            raise DocumentError(Refusal.UNREACHABLE, f"it is sent as {encoding[:20]!r}, which was not asked for")

    def _unpack(self, parts: Iterator[bytes]) -> None:
        unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            for part in parts:
                self._packed += len(part)
                while part:
                    if unpacker.eof:  # a body may be several packed ones in a row
                        unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
                    self._add(unpacker.decompress(part, 2**16))
                    part = unpacker.unconsumed_tail or unpacker.unused_data
        except zlib.error as error:
            raise DocumentError(Refusal.DAMAGED, "what is sent as gzip is none") from error
        if self._packed and not unpacker.eof:
            raise DocumentError(Refusal.DAMAGED, "its packing ends too early")

    def _add(self, data: bytes) -> None:
        self.size += len(data)
        if max(self.size, self._packed) > self._limit:
            raise DocumentError(Refusal.TOO_LARGE, f"more than {self._limit} bytes")
        self.digest.update(data)
        room = None if self._keep is None else max(0, self._keep - self.size + len(data))
        self._write(data[:room])


def system_resolve(host: str, port: int) -> list[str]:
    """Return the addresses that this machine knows of a name."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _within(seconds: float, work: Callable[[], Sequence[str]]) -> Sequence[str]:
    """Return what `work` does, or raise when it takes longer: the system's look-up knows no time limit."""
    done: queue.Queue[Sequence[str] | Exception] = queue.Queue()

    def run() -> None:
        try:
            done.put(work())
        except Exception as error:  # handed to the caller's thread
            done.put(error)

    threading.Thread(target=run, daemon=True).start()
    try:
        found = done.get(timeout=seconds)
    except queue.Empty:
        raise httpcore2.ConnectTimeout("the name is not found in time") from None
    if isinstance(found, Exception):
        raise found
    return found


@contextlib.contextmanager
def _in_words(host: str, seconds: float) -> Iterator[None]:
    """Turn the library's errors into ours."""
    try:
        yield
    except httpcore2.TimeoutException as error:
        raise DocumentError(Refusal.TOO_SLOW, f"{host} gave no whole answer in time (at most {seconds:g} s)") from error
    except httpcore2.RemoteProtocolError as error:
        raise DocumentError(Refusal.DAMAGED, f"{host} broke off: {error}") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError, UnicodeError) as error:
        raise DocumentError(Refusal.UNREACHABLE, f"{host}: {error or type(error).__name__}") from error
