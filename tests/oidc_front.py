"""An HTTP server in front of OpenID providers that hands requests on, or spoils the answers in one of the usual ways."""

import base64
import contextlib
import http.client
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MIB = b"x" * 2**20


class Front:
    """Runs until `close`. `upstream` is the port of the provider; `other` maps a path to another provider's port, `faults` a path
    to what goes wrong there or to the object that is answered, and `client` (name, secret) replaces the one that asks for a token. `seen` keeps the paths,
    `flooded` how many MiB a flood could write.
    """

    def __init__(self):
        self.upstream, self.other, self.faults, self.client = 0, {}, {}, None
        self.seen, self.flooded = [], 0
        self.closed = threading.Event()
        front = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                path = self.path.partition("?")[0]
                front.seen.append(path)
                fault = front.faults.get(path, "pass")
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the client may leave
                    if isinstance(fault, dict):
                        _begin(self, 200)
                        self.wfile.write(json.dumps(fault).encode())
                    else:
                        getattr(front, f"_{fault}")(self, path)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.closed.set()
        self.server.shutdown()
        self.server.server_close()

    def _pass(self, handler, path):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        if self.client and path == "/token":
            handler.headers.replace_header(
                "Authorization", "Basic " + base64.b64encode(":".join(self.client).encode()).decode()
            )
        upstream = http.client.HTTPConnection("127.0.0.1", self.other.get(path, self.upstream), timeout=30)
        upstream.request(handler.command, handler.path, body, dict(handler.headers))
        reply = upstream.getresponse()
        payload = reply.read()
        handler.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(payload)))
        handler.end_headers()
        handler.wfile.write(payload)
        upstream.close()

    def _hang(self, *_):
        self.closed.wait(30)

    def _drip(self, handler, _):
        _begin(handler, 200)
        while not self.closed.wait(0.3):
            handler.wfile.write(b" ")

    def _flood(self, handler, _):
        _begin(handler, 200)
        for self.flooded in range(1024):
            handler.wfile.write(MIB)

    def _broken(self, handler, _):
        _begin(handler, 500)

    def _garbage(self, handler, _):
        _begin(handler, 200)
        handler.wfile.write(b"<html>" + b"\xff")

    def _elsewhere(self, handler, path):
        handler.send_response(302)
        handler.send_header("Location", f"http://127.0.0.2:9{path}")
        handler.end_headers()


def _begin(handler, status):
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
