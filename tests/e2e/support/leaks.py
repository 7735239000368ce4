"""Watches for secrets where none may be: in what gateways log at their most talkative, in what they answer, in what they
store. A secret that is planted here is looked for at the end (`test_leaks.py`).

Answers are kept by a hook in the HTTP client that all official clients of the tests share."""

import re
import secrets
import threading

import httpx2

# Functions log whole events of the runtime below this: the client's own words, keys among them, as AWS hands them over.
FILTER = "trace,lambda_runtime=info,lambda_runtime_api_client=info,lambda_http=info"
# Answers that hand a key out, which is theirs to show.
HANDS_OUT = ("/key/generate", "/key/service-account/generate", "/key/regenerate", "/user/new", "/key/health")
# One answer's bytes that are kept: long ones are media.
ANSWER_BYTES_MAX = 1 << 20
# A secret is not part of a longer word: `sk-1234` is not in `sk-12345`.
WORD = rb"[A-Za-z0-9_]"
WORD_BEGINS = re.compile(WORD)
# Bytes that secrets are told apart by at first: those of a kind begin alike.
BEGINNING = 3

_lock = threading.Lock()
_planted = {}
_answers = []
_logs = []


def plant(name, value=None):
    """A secret that must not be seen again, made up where none is given."""
    value = value or f"canary-{name.replace(' ', '-')}-{secrets.token_hex(12)}"
    with _lock:
        _planted[value.encode()] = name
    return value


def planted():
    """Secrets and what each is."""
    with _lock:
        return dict(_planted)


def watch_log(path):
    """A gateway's log, to be looked at in the end."""
    _logs.append(path)


def logs():
    return list(dict.fromkeys(_logs))


def answers():
    """What was asked, what came back."""
    with _lock:
        return list(_answers)


class Wanted:
    """Secrets to look for in much text: by how they begin, which few of them do differently, then by what they are."""

    def __init__(self, names):
        self.names = names
        self._lengths = {}
        for value in names:
            self._lengths.setdefault(value[:BEGINNING], set()).add(len(value))
        beginnings = b"|".join(re.escape(beginning) for beginning in sorted(self._lengths, key=len, reverse=True))
        self._begins = re.compile(rb"(?<!" + WORD + rb")(?=(" + beginnings + rb"))")

    def seen(self, text):
        """Those that `text` holds."""
        seen = set()
        for match in self._begins.finditer(text):
            begin = match.start()
            for length in self._lengths[match[1]]:
                value = text[begin : begin + length]
                if value in self.names and not WORD_BEGINS.match(text, begin + length):
                    seen.add(value)
        return seen

    def named(self, text):
        """What each secret in `text` is."""
        return sorted(self.names[value] for value in self.seen(text))


def leaking_answers(names):
    """Which answers hold which secrets that were not in their own request, nor theirs to hand out."""
    leaks, wanted = [], Wanted(names)
    for asked, own, answer in answers():
        leaked = wanted.seen(answer) - own
        leaked = leaked and leaked - wanted.seen(asked)
        leaks += [(asked.split(b"\n")[0].decode(errors="replace"), names[value]) for value in leaked]
    return leaks


class _Kept(httpx2.SyncByteStream):
    """A body that is remembered as it passes."""

    def __init__(self, stream, request, head):
        self._stream, self._request, self._parts, self._size = stream, request, [head], 0

    def __iter__(self):
        for part in self._stream:
            if self._size < ANSWER_BYTES_MAX:
                self._parts.append(part)
                self._size += len(part)
            yield part

    def close(self):
        self._stream.close()
        if self._request:
            _keep(self._request, b"".join(self._parts))
            self._request = None


def _keep(request, answer):
    path = request.url.path
    try:
        body = request.content
    except httpx2.RequestNotRead:
        body = b""
    # Not its headers: a key that was shown is not to come back.
    asked = f"{request.method} {request.url}\n".encode() + body
    own = set()
    if path.startswith(HANDS_OUT):
        for key in re.findall(rb'"key":\s*"(sk-[^"]+)"', answer):
            plant("virtual key", key.decode())
            own.add(key)
    with _lock:
        _answers.append((asked, own, answer))


def install():
    """Begins to remember answers."""
    plain = httpx2.HTTPTransport.handle_request

    def handle_request(transport, request):
        response = plain(transport, request)
        head = b"\n".join(name + b": " + value for name, value in response.headers.raw) + b"\n\n"
        response.stream = _Kept(response.stream, request, head)
        return response

    httpx2.HTTPTransport.handle_request = handle_request
