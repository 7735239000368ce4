"""A stand-in for providers that answers by a script: what each deployment does at each of its calls, and who was called."""

import collections
import http.server
import json
import re
import socket
import struct
import threading
from urllib.parse import unquote, urlsplit

_ANSWER_WAIT_SECONDS = 15


def _error(status, kind, message, code=None, headers=None):
    body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
    return {"status": status, "body": body, "headers": headers or {}}


def _answer_of(outcome):
    """What a word of a script means on the wire, in OpenAI's dialect."""
    words = {
        "ctx": _error(
            400,
            "invalid_request_error",
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens. "
            "Please reduce the length of the messages.",
            "context_length_exceeded",
        ),
        "policy": _error(
            400,
            "invalid_request_error",
            "Your request was rejected as a result of our safety system.",
            "content_policy_violation",
        ),
        "429ra": _error(429, "requests", "Rate limit reached for requests", "rate_limit_exceeded", {"retry-after": "1"}),
        "503ra": _error(503, "server_error", "The engine is currently overloaded.", None, {"retry-after": "1"}),
    }
    if outcome in words:
        return words[outcome]
    kinds = {401: "authentication_error", 403: "permission_error", 429: "requests"}
    kind = kinds.get(outcome, "server_error" if outcome >= 500 else "invalid_request_error")
    return _error(outcome, kind, f"The stand-in answers {outcome}.")


class ScriptedUpstream:
    """Listens on a free port. Addresses are `<base>/<play>/<deployment>/…`; many plays may go on at once."""

    def __init__(self):
        self._lock = threading.Lock()
        self._scripts, self._hits = {}, collections.defaultdict(list)
        server = _Server(("127.0.0.1", 0), _handler_of(self))
        server.daemon_threads = True
        self.base = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def address(self, play, deployment):
        return f"{self.base}/{play}/{deployment}"

    def load(self, play, script):
        """From now on, a deployment does what the script says: always the same, or one after the other; else it answers."""
        with self._lock:
            self._scripts[play] = {
                name: list(outcome) if isinstance(outcome, list) else [outcome] for name, outcome in script.items()
            }

    def take_hits(self, play):
        """Who was called since the last time: pairs of deployment and outcome, and with which model."""
        with self._lock:
            return self._hits.pop(play, [])

    def next_outcome(self, play, deployment, model):
        with self._lock:
            script = self._scripts.get(play, {}).get(deployment, [200])
            outcome = script.pop(0) if len(script) > 1 else script[0]
            self._hits[play].append((deployment, outcome, model))
            return outcome


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Connections end with the gateway: nothing to tell of."""


def _model_of(path, body):
    in_path = re.search(r"/(?:model|deployments)/([^/]*)/", path)
    return unquote(in_path.group(1)) if in_path else body.get("model")


def _handler_of(upstream):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_):
            pass

        def do_POST(self):
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            body = json.loads(raw) if raw else {}
            _, play, deployment, rest = urlsplit(self.path).path.split("/", 3)
            outcome = upstream.next_outcome(play, deployment, _model_of("/" + rest, body))
            try:
                self.answer(outcome, body.get("stream"))
            except ConnectionError:
                self.close_connection = True

        def answer(self, outcome, is_stream):
            if outcome == "connect":
                return self.hang_up()
            if outcome == "timeout":
                return self.say_nothing()
            if outcome == "first":
                error = {"error": {"message": "The server had an error.", "type": "server_error", "code": 500}}
                return self.send_events([error])
            if outcome != 200:
                return self.send_json(**_answer_of(outcome))
            return self.send_events(_chunks()) if is_stream else self.send_json(200, _whole(), {})

        def hang_up(self):
            """Ends the connection as one does behind which nobody is: by a reset."""
            self.close_connection = True
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

        def say_nothing(self):
            """Until the gateway has waited long enough."""
            self.close_connection = True
            self.connection.settimeout(_ANSWER_WAIT_SECONDS)
            try:
                self.connection.recv(1)
            except OSError:
                pass

        def send_json(self, status, body, headers):
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {"content-type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def send_events(self, events):
            content = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content.encode())

    return Handler


_HEAD = {"id": "chatcmpl-scripted", "created": 1700000000, "model": "gpt-4o"}
_USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}


def _whole():
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hello!"}, "finish_reason": "stop"}
    return {**_HEAD, "object": "chat.completion", "choices": [choice], "usage": _USAGE}


def _chunks():
    def chunk(delta, finish=None):
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {**_HEAD, "object": "chat.completion.chunk", "choices": [choice]}

    return [chunk({"role": "assistant", "content": "Hel"}), chunk({"content": "lo!"}), chunk({}, "stop")]
