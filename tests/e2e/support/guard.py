"""A guardrail of a test's own: it says no to what is forbidden, masks what is secret, and keeps what it was asked."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FORBIDDEN, SECRET, MASK = "forbidden", "secret", "[MASKED]"
REASON = "That word is not said here."
PATH = "/beta/litellm_basic_guardrail_api"


class Guard:
    """`behaves`: a status to answer with, `garbage`, or `silent`, which hangs up without a word; `None`: as it should.
    Where `gate` is clear, it answers when that is set. `certificate`: the PEM file of a certificate and its key."""

    def __init__(self, certificate=None):
        self.asked = []
        self.headers = []
        self.behaves = None
        self.gate = threading.Event()
        self.gate.set()
        guard = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                guard.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                guard.headers.append({"path": self.path, **dict(self.headers)})
                guard.gate.wait(60)
                if guard.behaves == "silent":
                    self.close_connection = True
                    return
                status = guard.behaves if isinstance(guard.behaves, int) else 200
                body = b"<html>" if guard.behaves == "garbage" else json.dumps(judged(guard.asked[-1])).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                if status == 302:
                    self.send_header("Location", f"{guard.url}/elsewhere")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    def sides(self):
        return [asked["input_type"] for asked in self.asked]

    def close(self):
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()


def judged(asked):
    texts = asked["texts"]
    if any(FORBIDDEN in text for text in texts):
        return {"action": "BLOCKED", "blocked_reason": REASON}
    if any(SECRET in text for text in texts):
        return {"action": "GUARDRAIL_INTERVENED", "texts": [text.replace(SECRET, MASK) for text in texts]}
    return {"action": "NONE"}
