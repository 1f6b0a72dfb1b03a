"""A real HTTP server on this machine that answers what a test tells it to, byte by byte if it must."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Answer = Callable[[socket.socket, dict[str, str]], None]


@dataclass
class Site:
    """What a server answers by path, and what it was asked: (path, headers, time)."""

    port: int = 0
    answers: dict[str, bytes | Answer] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str], float]] = field(default_factory=list)

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.asked]

    def url(self, path: str, host: str = "xa.gov.vn") -> str:
        return f"http://{host}:{self.port}{path}"


def reply(body: bytes | str = b"", status: int = 200, length: int | None = -1, **headers: str) -> bytes:
    """A whole answer; `length` is what it says of itself: -1 the truth, None nothing."""
    body = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} X", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length < 0 else length}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def chunked(parts: list[bytes], ended: bool = True, **headers: str) -> bytes:
    """An answer in chunks, with or without its end."""
    head = reply(length=None, Transfer_Encoding="chunked", **headers)
    return head + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + (b"0\r\n\r\n" if ended else b"")


def drip(data: bytes, every_s: float) -> Answer:
    """Send a byte at a time."""

    def send(connection: socket.socket, _: dict[str, str]) -> None:
        for n in range(len(data)):
            connection.sendall(data[n : n + 1])
            time.sleep(every_s)

    return send


@contextlib.contextmanager
def serving(tls: ssl.SSLContext | None = None, family: socket.AddressFamily = socket.AF_INET) -> Iterator[Site]:
    """Serve a site on a free port of the loopback until the block ends."""
    listener = socket.create_server(("127.0.0.1" if family is socket.AF_INET else "::1", 0), family=family)
    site = Site(listener.getsockname()[1])

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        connection.settimeout(10)
        with contextlib.suppress(OSError):
            if tls:
                connection = tls.wrap_socket(connection, server_side=True)
            with connection:
                _answer(site, connection)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _answer(site: Site, connection: socket.socket) -> None:
    asked = b""
    while b"\r\n\r\n" not in asked:
        if not (data := connection.recv(65536)):
            return
        asked += data
    first, *lines = asked.decode().split("\r\n\r\n")[0].split("\r\n")
    path = first.split(" ")[1]
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    site.asked.append((path, headers, time.monotonic()))
    answer = site.answers.get(path, reply("không có", 404))
    if callable(answer):
        answer(connection, headers)
    else:
        connection.sendall(answer)
