"""The stand-in for every provider: records what the gateway sends and answers what is on record for the case."""

import base64
import http.server
import json
import pathlib
import socket
import ssl
import threading
import time
from email.parser import BytesParser
from urllib.parse import parse_qsl, urlsplit

from compare import normalise, recorded_headers


# Who vouches for the stand-in where it answers in a provider's name, and with what. Made for these tests; trusted by
# nobody else.
FIXTURES = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "stand-in"
AUTHORITY = FIXTURES / "authority.pem"


# Hosts at which the files stand that requests name by their addresses, and what stands there.
_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
FILES = {"images.test": ("image/png", _PNG), "files.test": ("application/pdf", "JVBERi0xLjQgdGlueQ==")}


class Upstream:
    """Listens on a free port of the loopback interface, also as a proxy behind which every provider is the stand-in.
    Plays one case at a time."""

    def __init__(self, bytewise=False):
        self.script, self.seen = [], []
        self.bytewise = bytewise
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(FIXTURES / "server.pem")
        self.server = _Server(("127.0.0.1", 0), _handler_of(self))
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def load(self, case, cut_after=None):
        """From now on, answer as this case says, the last answer again and again; streams end after so many pieces."""
        self.script = [exchange["upstream_response"] for exchange in case["exchanges"] if not exchange.get("aux")]
        if cut_after is not None:
            self.script = [cut(answer, cut_after) for answer in self.script]
        self.seen = []

    def next_answer(self):
        if len(self.script) > 1:
            return self.script.pop(0)
        return self.script[0] if self.script else {"status": 599, "text": "the case has no answer for this request"}


_PIECES = ("sse", "lines", "chunks_b64")


def pieces_of(answer):
    """How many pieces a streamed answer has; 0 where it is not streamed."""
    return next((len([piece for piece in answer[name] if piece]) for name in _PIECES if name in answer), 0)


def cut(answer, pieces):
    """The answer up to so many pieces; the connection stays whole."""
    kept = {name: [piece for piece in answer[name] if piece][:pieces] for name in _PIECES if name in answer}
    return {name: part for name, part in answer.items() if name != "abort"} | kept


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Connections end with the gateway, and where it has heard enough: nothing to tell of."""


class _Writer:
    """A connection to write to, without a buffer."""

    def __init__(self, connection):
        self.write, self.closed = connection.sendall, False

    def flush(self):
        pass

    def close(self):
        pass


def parse_body(raw, content_type):
    """A body as the corpus writes it: `body` for JSON, else `multipart`, `text` or `b64`."""
    if not raw:
        return {}
    try:
        return {"body": json.loads(raw)}
    except ValueError:
        pass
    if "multipart/form-data" in content_type:
        return {"multipart": _parse_multipart(raw, content_type)}
    try:
        return {"text": raw.decode()}
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(raw).decode()}


def _parse_multipart(raw, content_type):
    message = BytesParser().parsebytes(b"content-type: " + content_type.encode() + b"\r\n\r\n" + raw)
    parts = []
    for part in message.get_payload():
        name = part.get_param("name", header="content-disposition")
        fields = {"name": name, "filename": part.get_filename(), "content_type": part.get_content_type()}
        content = part.get_payload(decode=True)
        try:
            fields["value"] = content.decode()
        except UnicodeDecodeError:
            fields["b64"] = base64.b64encode(content).decode()
        parts.append({name: value for name, value in fields.items() if value is not None})
    return sorted(parts, key=lambda part: (part.get("name") or "", json.dumps(part, sort_keys=True)))


def _handler_of(upstream):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body are two writes; Nagle's algorithm would hold the second back.
        disable_nagle_algorithm = True

        def log_message(self, *_):
            pass

        def answer_request(self):
            raw = self.read_body()
            if self.command == "GET" and self.headers.get("host") in FILES:
                kind, content = FILES[self.headers["host"]]
                kind = "image/jpeg" if self.path.endswith(".jpg") else kind
                return self.send_whole({"status": 200, "headers": {"content-type": kind}, "b64": content})
            if self.command == "GET" and self.path.endswith("/models"):
                return self.send_whole({"status": 404, "body": {"error": "not found"}})
            if self.path == "/identity/token":
                return self.send_whole({"status": 200, "body": {"access_token": "iam-test-token", "expires_in": 3600}})
            if self.path == "/token":
                token = {"access_token": "ya29.test-token", "expires_in": 3599, "token_type": "Bearer"}
                return self.send_whole({"status": 200, "body": token})
            upstream.seen.append(normalise(self.as_recorded(raw)))
            answer = upstream.next_answer()
            time.sleep(answer.get("delay") or 0)
            is_stream = any(name in answer for name in _PIECES)
            try:
                return self.send_pieces(answer) if is_stream else self.send_whole(answer)
            except ConnectionError:
                # The gateway has heard enough, as after an error in mid-stream.
                self.close_connection = True

        def do_CONNECT(self):
            """From here on, this connection is one to the provider itself."""
            self.send_response(200)
            self.end_headers()
            self.connection = upstream.tls.wrap_socket(self.connection, server_side=True)
            self.rfile = self.connection.makefile("rb", self.rbufsize)
            self.wfile = _Writer(self.connection)
            self.close_connection = False

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer_request

        def read_body(self):
            if "chunked" not in (self.headers.get("transfer-encoding") or ""):
                return self.rfile.read(int(self.headers.get("content-length") or 0))
            raw = b""
            while size := int(self.rfile.readline().strip() or b"0", 16):
                raw += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return raw

        def as_recorded(self, raw):
            url = urlsplit(self.path)
            headers = recorded_headers(self.headers.items())
            content_type = headers.get("content-type", "")
            if "multipart" in content_type:
                headers["content-type"] = "multipart/form-data"
            query = dict(parse_qsl(url.query, keep_blank_values=True))
            request = {"method": self.command, "path": url.path, "query": query, "headers": headers}
            return request | parse_body(raw, content_type)

        def send_whole(self, answer):
            if "b64" in answer:
                content, kind = base64.b64decode(answer["b64"]), "application/octet-stream"
            elif "text" in answer:
                content, kind = answer["text"].encode(), "application/json"
            else:
                text = json.dumps(answer.get("body"), ensure_ascii=False, separators=(",", ":"))
                content, kind = text.encode(), "application/json"
            self.send_head(answer, kind, {"content-length": str(len(content))})
            if self.command != "HEAD":
                self.wfile.write(content)

        def send_pieces(self, answer):
            if "chunks_b64" in answer:
                pieces, kind = [base64.b64decode(p) for p in answer["chunks_b64"]], "application/vnd.amazon.eventstream"
            elif "sse" in answer:
                pieces, kind = [piece.encode() for piece in answer["sse"]], "text/event-stream"
            else:
                pieces, kind = [piece.encode() for piece in answer["lines"]], "application/x-ndjson"
            self.send_head(answer, kind, {"transfer-encoding": "chunked"})
            for piece in filter(None, pieces):
                frames = [piece[at : at + 1] for at in range(len(piece))] if upstream.bytewise else [piece]
                self.wfile.write(b"".join(b"%x\r\n%s\r\n" % (len(frame), frame) for frame in frames))
            if answer.get("abort"):
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            else:
                self.wfile.write(b"0\r\n\r\n")

        def send_head(self, answer, kind, framing):
            self.send_response(answer["status"])
            for name, value in ({"content-type": kind} | (answer.get("headers") or {}) | framing).items():
                self.send_header(name, value)
            self.end_headers()

    return Handler
