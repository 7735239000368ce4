"""A provider that fails as it is told, and counts who was asked. It writes raw bytes, so that it can stop anywhere."""

import json
import re
import socket
import socketserver
import threading
from collections import defaultdict

USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
WORDS = ["One", " two", " three"]
MESSAGES = {
    "context": "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    "policy": "Your request was rejected as a result of our safety system.",
}
STOP = re.compile(r"stop after (\d+) bytes")
CODES = {"context": "context_length_exceeded", "policy": "content_policy_violation"}


class Scripted:
    """Each deployment has an address of its own, `url(name)`. `script(name, …)` says what it does with one request after
    the other; the last holds for all that follow. What it does:

    - a number: answers with that status; `(429, "7")` adds a `Retry-After`
    - `"context"`, `"policy"`: the provider's refusals of that kind
    - `"in-band"`: an error as the stream's first event; `"in-band after role"`; `"in-band after content"`
    - `"stall"`: says nothing; `"close"`: closes the connection
    - `{"usage": …}`: a good answer that tells this usage

    A request that says `stop after 17 bytes` gets the first so many bytes of a good answer, and then what the script says:
    nothing more (`stall`), or the end of the connection (`close`)."""

    def __init__(self):
        self.hits = defaultdict(int)
        self._scripts = {}
        self._lock = threading.Lock()
        scripted = self

        class Handler(_Handler):
            owner = scripted

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 1024

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, name):
        return f"http://127.0.0.1:{self._server.server_address[1]}/{name}/v1"

    def script(self, name, *outcomes):
        with self._lock:
            self._scripts[name] = list(outcomes)

    def next_of(self, name):
        with self._lock:
            self.hits[name] += 1
            outcomes = self._scripts.get(name, [200])
            return outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]

    def close(self):
        self._server.shutdown()


class _Handler(socketserver.StreamRequestHandler):
    owner: Scripted
    disable_nagle_algorithm = True

    def handle(self):
        try:
            while line := self.rfile.readline():
                path = line.split()[1].decode()
                length = 0
                while (header := self.rfile.readline().strip()) != b"":
                    name, _, value = header.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                body = json.loads(self.rfile.read(length) or b"{}")
                if not self._answer(path, body):
                    return
        except OSError:
            pass

    def _answer(self, path, body):
        name = path.split("/")[1]
        outcome = self.owner.next_of(name)
        if cut := STOP.search(json.dumps(body)):
            self.wfile.write(good(path, body)[: int(cut[1])])
            return self._stall() if outcome == "stall" else False
        if outcome == "stall":
            return self._stall()
        if outcome == "close":
            return False
        if outcome == 200 or isinstance(outcome, dict):
            self.wfile.write(good(path, body, **(outcome if isinstance(outcome, dict) else {})))
            return True
        if isinstance(outcome, str) and outcome.startswith("in-band"):
            events = {"in-band": [], "in-band after role": [_delta(body, role=True)]}.get(outcome, [_delta(body, "One")])
            error = {"error": {"message": "It broke in the middle.", "type": "server_error", "code": None}}
            self.wfile.write(_streamed([*events, error], end=b""))
            return True
        status, wait = outcome if isinstance(outcome, tuple) else (outcome, None)
        kind = status if isinstance(status, str) else None
        message = MESSAGES.get(kind, f"The script says {status}.")
        error = {"error": {"message": message, "type": "invalid_request_error", "code": CODES.get(kind), "param": None}}
        extra = {"retry-after": wait} if wait else {}
        self.wfile.write(_whole(400 if kind else status, error, extra))
        return True

    def _stall(self):
        """Until the other side gives up."""
        self.connection.settimeout(60)
        try:
            self.connection.recv(1)
        except (TimeoutError, socket.timeout):
            pass
        return False


def good(path, body, usage=USAGE):
    """A good answer, as raw bytes."""
    if path.endswith("/embeddings"):
        data = [{"object": "embedding", "index": 0, "embedding": [0.5, 0.5]}]
        usage = {"prompt_tokens": 5, "total_tokens": 5}
        return _whole(200, {"object": "list", "model": body["model"], "data": data, "usage": usage})
    if body.get("stream"):
        end = {**_delta(body), "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        events = [_delta(body, role=True), *(_delta(body, word) for word in WORDS), end]
        if (body.get("stream_options") or {}).get("include_usage"):
            events.append({**_delta(body), "choices": [], "usage": usage})
        return _streamed(events)
    choice = {"index": 0, "finish_reason": "stop"}
    is_chat = path.endswith("/chat/completions")
    said = {"message": {"role": "assistant", "content": "".join(WORDS)}} if is_chat else {"text": "".join(WORDS)}
    kind = "chat.completion" if is_chat else "text_completion"
    answer = {"id": "c-1", "object": kind, "created": 1, "model": body["model"], "usage": usage}
    return _whole(200, {**answer, "choices": [{**choice, **said}]})


def _delta(body, word=None, role=False):
    delta = {"role": "assistant", "content": ""} if role else {"content": word}
    choice = {"index": 0, "delta": delta, "finish_reason": None}
    return {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"], "choices": [choice]}


def _whole(status, value, extra=()):
    data = json.dumps(value).encode()
    headers = {"content-type": "application/json", "content-length": len(data), **dict(extra)}
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {told}" for name, told in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + data


def _streamed(events, end=b"data: [DONE]\n\n"):
    chunks = [b"data: " + json.dumps(event, separators=(",", ":")).encode() + b"\n\n" for event in events]
    chunks += [end] if end else []
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    return b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" + body
