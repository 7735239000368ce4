"""A service that is no model: it keeps what it was sent, and answers as the path below `/api` says. It never says back
what it was sent in headers."""

import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BYTES = bytes(range(256)) * 64
EVENTS = [b"event: tick\ndata: 1\n\n", b": a comment\n\n", b"data: 2\r\n\r\n"]


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: dict
    body: bytes


class Service:
    """`/api/status/N` answers with that status, `/api/events` event by event as `release` lets them go, `/api/cut` ends
    too early, `/api/moved` with a redirect; everything else gets bytes of no kind."""

    def __init__(self):
        self.requests = []
        self.gate = threading.Semaphore(0)
        service = self

        class Handler(_Handler):
            owner = service

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/api"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def release(self):
        self.gate.release()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: Service

    def log_message(self, *_):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.owner.requests.append(Received(self.command, self.path, headers, body))
        name, _, rest = self.path.partition("?")[0].removeprefix("/api").strip("/").partition("/")
        getattr(self, f"answer_{name}", self.answer_bytes)(rest)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any

    def answer_bytes(self, _):
        self.answer(200, BYTES, {"Content-Type": "application/x-bytes", "ETag": '"e"', "Set-Cookie": "a=b"})

    def answer_status(self, status):
        headers = {"Content-Type": "application/json", "Retry-After": "7"}
        self.answer(int(status), b'{"said": "by the service"}', headers)

    def answer_moved(self, _):
        self.answer(302, b"", {"Location": "/elsewhere"})

    def answer_cut(self, _):
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"half")
        self.wfile.flush()
        self.close_connection = True

    def answer_events(self, _):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in EVENTS:
            assert self.owner.gate.acquire(timeout=60)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(event), event))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
