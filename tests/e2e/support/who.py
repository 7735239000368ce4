"""A service that says who callers are: the operator's own, as a webhook and as Lambda's API for one function."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:who"


class Who:
    """Knows those it is told of, by what they present: the answer for each, or the status of a refusal. Anybody else is
    refused with 401; by the function, with `null`."""

    def __init__(self, known):
        self.known = known
        self.asked = []
        self.silent = threading.Event()
        who = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                who.asked.append((self.path, dict(self.headers), asked))
                if who.silent.is_set():
                    self.close_connection = True
                    return
                answer = who.known.get(asked["api_key"])
                is_function = "/functions/" in self.path
                status = 200 if answer is not None or is_function else 401
                body = json.dumps(answer).encode()
                self.send_response(status)
                if answer == "fails":
                    self.send_header("X-Amz-Function-Error", "Unhandled")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()
