"""A proxy in front of a server of OpenAI's protocol that hands its answers on, or spoils them in one of the usual ways.

Without an upstream it answers by itself, with `text` in pieces. Every request's body is kept: what would go to a model.
"""

import contextlib
import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAULTS = ("hang", "cut", "drip", "flood", "garbage", "html", "429", "500", "filtered")


class Proxy:
    """Runs until `close`. `fault` is "" or one of FAULTS and may be changed at any time; only the next `times` answers have it
    (-1: all).
    """

    def __init__(self, upstream="", text="Chào bạn."):
        self.upstream, self.text, self.finish, self.asked = upstream, text, "stop", []
        self.fault, self.times = "", -1
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                proxy.asked.append(json.loads(body))
                fault = proxy.fault if proxy.times else ""
                proxy.times -= 1
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the client may leave
                    proxy.answer(self, body, fault)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        self.closed = threading.Event()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.closed.set()
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler, body, fault):
        if fault == "hang":
            self.closed.wait(30)
        elif fault in ("429", "500"):
            _send(handler, int(fault), "application/json", b'{"error": {"message": "x"}}')
        elif fault == "html":
            _send(handler, 200, "text/html", "<html><body>Bảo trì hệ thống</body></html>".encode())
        elif fault == "garbage":
            _send(handler, 200, "text/event-stream", b"data: {\xff\xfe not json\n\n" * 3)
        else:
            handler.send_response(200)
            handler.send_header("Content-Type", "text/event-stream")
            handler.end_headers()
            for n, event in enumerate(self.events(body, fault)):
                if fault == "cut" and n == 3:
                    return
                if fault == "drip":
                    self.closed.wait(0.4)
                handler.wfile.write(event)
                handler.wfile.flush()

    def events(self, body, fault):
        if fault == "flood":
            yield from (_event(" lặp lại" * 5) for _ in range(20_000))
        elif self.upstream:
            request = urllib.request.Request(
                f"{self.upstream}/chat/completions", body, {"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=120) as reply:
                for line in reply:
                    if line.strip():
                        yield (
                            line.replace(b'"stop"', b'"content_filter"') if fault == "filtered" else line
                        ).strip() + b"\n\n"
        else:
            words = self.text.split(" ")
            yield from (_event(word if n == 0 else f" {word}") for n, word in enumerate(words))
            yield _event("", "content_filter" if fault == "filtered" else self.finish)
            yield b"data: [DONE]\n\n"


def _event(text, finish=None):
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": finish}
    row = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(row)}\n\n".encode()


def _send(handler, status, kind, payload):
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(payload)))
    handler.end_headers()
    handler.wfile.write(payload)
