"""A provider on this machine. The model's name says how it behaves; the test says when a gated chunk may go."""

import base64
import json
import math
import re
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support import media, responses

API_KEY = "sk-of-the-provider-0123456789"
USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
VECTOR = [0.25, -0.5, 1.0, 0.0]
PATIENCE_SECONDS = 60
TOOL_CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
CLAUDE_SAYS = ["It", "is", "a", "test."]
GEMINI_SAYS = ["This", "is", "one", "too."]
# What is streamed where somebody says this: a thought, then words, then a call.
THINK = "Think first"
THOUGHT, WORDS = ["Rain", " likely."], ["Let me", " look."]
# Where it is asked to draw.
GEMINI_DRAWS = {"mimeType": "image/png", "data": "iVBORw0KGgo="}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5-20250929",
    "content": [],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 9, "output_tokens": 4, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0},
}


class Upstream:
    """Speaks the OpenAI dialect on loopback. Keeps what it was sent."""

    def __init__(self):
        self.requests = []
        self.checks_keys = True
        self.kept = responses.Kept()
        self.gate = threading.Semaphore(0)
        self.hung_up = threading.Event()
        upstream = self

        class Handler(_Handler):
            owner = upstream

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def release(self):
        """Lets the next chunk of a gated stream go."""
        self.gate.release()

    def forget(self):
        """A clean start for the next test."""
        self.requests.clear()
        self.checks_keys = True
        self.hung_up.clear()
        # A stream of the last test may still wait at the old gate: it must not take what is released for this one.
        self.gate = threading.Semaphore(0)

    def close(self):
        self._server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Chunks leave when they are written.
    disable_nagle_algorithm = True
    owner: Upstream

    def log_message(self, *_):
        pass

    def do_POST(self):
        raw = self.rfile.read(int(self.headers["content-length"]))
        body = media.form(raw, self.headers) if media.is_form(self.headers) else json.loads(raw)
        self.owner.requests.append({"path": self.path, "headers": dict(self.headers), "body": body})
        if self.path.partition("?")[0].endswith((":generateContent", ":streamGenerateContent", ":countTokens")):
            self._content(body)
        elif self.path.endswith("/messages"):
            self._message(body)
        elif self.path.endswith("/count_tokens"):
            self._json(200, {"input_tokens": 9})
        elif self.owner.checks_keys and self.headers["authorization"] != f"Bearer {API_KEY}":
            self._json(401, {"error": {"message": "Incorrect API key provided", "type": "invalid_request_error"}})
        elif answer := media.answer(self.path, body):
            self._send(200, *answer)
        elif self.path.endswith("/responses"):
            self._respond(body)
        elif self.path.endswith("/embeddings"):
            if body["model"] == "slow" and not self.owner.gate.acquire(timeout=PATIENCE_SECONDS):
                return
            if body["model"] == "html":
                self._send(200, "text/html", b"<html><body>Welcome</body></html>")
                return
            self._json(200, _embeddings(body))
        elif body["model"] == "busy":
            self._json(429, {"error": {"message": "Slow down", "type": "rate_limit_error"}}, {"retry-after": "7"})
        elif body["model"] == "html":
            self._send(502, "text/html", b"<html><body>Bad gateway</body></html>")
        elif body.get("stream"):
            self._stream(body)
        elif self.path.endswith("/chat/completions"):
            said = {"tool_calls": [TOOL_CALL]} if body.get("tools") else {"content": _echo(body)}
            self._json(200, _answer(body, "chat.completion", {"message": {"role": "assistant", **said}}))
        else:
            self._json(200, _answer(body, "text_completion", {"text": _echo(body)}))

    def do_GET(self):
        self.owner.requests.append({"path": self.path, "headers": dict(self.headers), "body": None})
        self._json(*self.owner.kept.about(self.command, self.path))

    do_DELETE = do_GET

    def _respond(self, body):
        """As OpenAI answers: https://platform.openai.com/docs/api-reference/responses"""
        if not body.get("stream"):
            self._json(200, self.owner.kept.make(body))
            return
        self._start_stream()
        for event in responses.numbered(self.owner.kept.events(body)):
            self._chunk(event)
        self.wfile.write(b"0\r\n\r\n")

    def _message(self, body):
        """As Anthropic answers: https://docs.anthropic.com/en/api/messages"""
        if self.headers["x-api-key"] != API_KEY:
            self._json(401, {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}})
        elif "too much" in json.dumps(body["messages"][-1]):
            error = {"type": "overloaded_error", "message": "Overloaded"}
            self._json(529, {"type": "error", "error": error}, {"retry-after": "3"})
        elif body.get("stream"):
            self._start_stream()
            for event in _thoughtful_events() if _is_to_think(body) else _message_events():
                self._chunk(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
            self.wfile.write(b"0\r\n\r\n")
        else:
            self._json(200, {**MESSAGE, "content": [{"type": "text", "text": " ".join(CLAUDE_SAYS)}]})

    def _content(self, body):
        """As Gemini answers: https://ai.google.dev/api/generate-content"""
        if self.headers["x-goog-api-key"] != API_KEY:
            self._json(400, {"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}})
        elif ":countTokens" in self.path:
            self._json(200, {"totalTokens": 9})
        elif "alt=sse" in self.path:
            self._start_stream()
            for piece in _pieces_of_content(body):
                self._chunk(f"data: {json.dumps(piece)}\r\n\r\n".encode())
            self.wfile.write(b"0\r\n\r\n")
        else:
            self._json(200, _content([" ".join(GEMINI_SAYS)], "STOP", 9, _drawn(body)))

    def _start_stream(self):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def _stream(self, body):
        self._start_stream()
        gate = self.owner.gate if body["model"] == "gated" else None
        try:
            is_to_think = _is_to_think(body)
            for delta in _thoughtful_deltas() if is_to_think else ():
                self._event(_delta(body, None) | {"choices": [{"index": 0, "delta": delta}]})
            for piece in _pieces_of_a_call() if body.get("tools") or is_to_think else ():
                self._event(_delta(body, None) | {"choices": [{"index": 0, "delta": {"tool_calls": [piece]}}]})
            for number, word in enumerate([] if body.get("tools") or is_to_think else _words(body)):
                if gate and not gate.acquire(timeout=PATIENCE_SECONDS):
                    return
                self._event(_delta(body, word))
                if body["model"] == "cut" and number == 1:
                    # In the middle of an answer, without the last chunk of the transfer: the connection breaks.
                    self.close_connection = True
                    return
            self._event(_delta(body, None))
            if (body.get("stream_options") or {}).get("include_usage"):
                self._event({**_delta(body, None), "choices": [], "usage": USAGE})
            self._chunk(b"data: [DONE]\n\n")
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True
            self.owner.hung_up.set()

    def _event(self, value):
        self._chunk(b"data: " + json.dumps(value).encode() + b"\n\n")

    def _chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def _json(self, status, value, headers=()):
        self._send(status, "application/json", json.dumps(value).encode(), headers)

    def _send(self, status, kind, body, headers=()):
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _message_events():
    yield {"type": "message_start", "message": {**MESSAGE, "stop_reason": None}}
    yield {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    for number, word in enumerate(CLAUDE_SAYS):
        text = word if number == 0 else f" {word}"
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
    yield {"type": "content_block_stop", "index": 0}
    yield {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}}
    yield {"type": "message_stop"}


def _is_to_think(body):
    return "messages" in body and THINK in json.dumps(body["messages"][-1])


def _thoughtful_events():
    yield {"type": "message_start", "message": {**MESSAGE, "stop_reason": None}}
    call = {"type": "tool_use", "id": TOOL_CALL["id"], "name": TOOL_CALL["function"]["name"], "input": {}}
    arguments = TOOL_CALL["function"]["arguments"]
    blocks = [
        ({"type": "thinking", "thinking": "", "signature": ""}, "thinking", THOUGHT),
        ({"type": "text", "text": ""}, "text", WORDS),
        (call, "input_json", [arguments[:5], arguments[5:]]),
    ]
    for index, (opening, kind, pieces) in enumerate(blocks):
        yield {"type": "content_block_start", "index": index, "content_block": opening}
        deltas = [{"type": f"{kind}_delta", "partial_json" if kind == "input_json" else kind: piece} for piece in pieces]
        signature = [{"type": "signature_delta", "signature": "c2lnbmVk"}] if kind == "thinking" else []
        for delta in deltas + signature:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 4}}
    yield {"type": "message_stop"}


def _thoughtful_deltas():
    yield from ({"reasoning_content": piece} for piece in THOUGHT)
    yield from ({"content": piece} for piece in WORDS)


def _content(texts, finish, tokens, drawn=()):
    parts = [{"text": text} for text in texts] + [{"inlineData": image} for image in drawn]
    candidate = {"content": {"role": "model", "parts": parts}, "index": 0}
    usage = {"promptTokenCount": tokens, "candidatesTokenCount": 4 if finish else 1, "totalTokenCount": tokens + 4}
    ended = {"finishReason": finish} if finish else {}
    return {"candidates": [candidate | ended], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash"}


def _pieces_of_content(body):
    for number, word in enumerate(GEMINI_SAYS):
        is_last = number + 1 == len(GEMINI_SAYS)
        drawn = _drawn(body) if is_last else ()
        yield _content([word if number == 0 else f" {word}"], "STOP" if is_last else None, 9, drawn)


def _drawn(body):
    return [GEMINI_DRAWS] if body["contents"][-1]["parts"][-1].get("text") == "Draw" else []


def _pieces_of_a_call():
    function = TOOL_CALL["function"]
    yield {"index": 0, "id": TOOL_CALL["id"], "type": "function", "function": {**function, "arguments": ""}}
    for piece in (function["arguments"][:5], function["arguments"][5:]):
        yield {"index": 0, "function": {"arguments": piece}}


def _echo(body):
    return "You said: " + (body["messages"][-1]["content"] if "messages" in body else body["prompt"])


def _words(body):
    return _echo(body).split(" ")


def _answer(body, kind, choice):
    choices = [{"index": 0, "finish_reason": "stop", **choice}]
    return {"id": "cmpl-1", "object": kind, "created": 1, "model": body["model"], "choices": choices, "usage": USAGE}


def _delta(body, word):
    delta = {} if word is None else {"role": "assistant", "content": word + " "}
    choice = {"index": 0, "delta": delta, "finish_reason": "stop" if word is None else None}
    return {"id": "cmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"], "choices": [choice]}


def _embeddings(body):
    inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
    data = [{"object": "embedding", "index": i, "embedding": _vector(body, text)} for i, text in enumerate(inputs)]
    return {"object": "list", "model": body["model"], "data": data, "usage": {"prompt_tokens": 5, "total_tokens": 5}}


def _vector(body, text):
    """The same for every text, but for the model `means`: what is said `at 30 degrees` points there."""
    vector = VECTOR
    if body["model"] == "means":
        angle = math.radians(float(re.search(r"at (-?[\d.]+) degrees", text)[1]))
        vector = [3 * math.cos(angle), 3 * math.sin(angle)]
    if body.get("encoding_format") == "base64":
        return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
    return vector
