"""Files that clients name by their addresses: fetched for models that take bytes alone, and from nowhere else than the
public internet and the hosts that the operator allows."""

import base64
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anthropic
import openai
import pytest

from support.gateway import MASTER_KEY, start_postern, write_config
from support.upstream import API_KEY

PICTURE = b"\x89PNG\r\n\x1a\n-not-really"
IN_BASE64 = base64.b64encode(PICTURE).decode()
TOO_LARGE = 21 << 20


class Files:
    """A server of files on loopback, and what it was asked."""

    def __init__(self):
        self.seen = []
        files = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_GET(self):
                files.seen.append((self.path, {name.lower() for name in self.headers}))
                if self.path.startswith("/to/"):
                    self.send_response(302)
                    self.send_header("location", self.path.removeprefix("/to/"))
                    self.end_headers()
                    return
                self.send_response(200)
                kind = "application/zip" if self.path.endswith(".zip") else "image/png"
                self.send_header("content-type", kind)
                length = TOO_LARGE if self.path == "/large.png" else len(PICTURE)
                self.send_header("content-length", str(length))
                self.end_headers()
                self.wfile.write(PICTURE)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()


@pytest.fixture(scope="module")
def server():
    server = Files()
    yield server
    server.close()


@pytest.fixture
def files(server):
    server.seen.clear()
    return server


@pytest.fixture(scope="module")
def postern(server, provider, logs, tmp_path_factory):
    """It may fetch from `localhost` at the server's port, which is not to say from the address behind that name."""
    config = tmp_path_factory.mktemp("egress") / "config.yaml"
    allowed = {"user_url_allowed_hosts": [f"localhost:{server.port}"]}
    write_config(config, provider.url, API_KEY, MASTER_KEY, allowed)
    gateway = start_postern("postern-egress", config, "memory", logs)
    yield gateway
    gateway.process.end()


def ask(postern, *addresses):
    # Claude is told of addresses with TLS by their name; what stands at others is sent to it.
    parts = [{"type": "image_url", "image_url": {"url": address}} for address in addresses]
    content = [{"type": "text", "text": "What is it?"}, *parts]
    return postern.client().chat.completions.create(model="claude", messages=[{"role": "user", "content": content}])


def sources(upstream):
    content = upstream.requests[-1]["body"]["messages"][0]["content"]
    return [part["source"] for part in content if part["type"] == "image"]


def test_files_are_fetched_and_sent_as_bytes(postern, upstream, files):
    ask(postern, *(f"http://localhost:{files.port}/{name}.png" for name in "abc"), f"http://localhost:{files.port}/a.png")
    assert sources(upstream) == [{"type": "base64", "media_type": "image/png", "data": IN_BASE64}] * 4
    assert sorted(path for path, _ in files.seen) == ["/a.png", "/b.png", "/c.png"]
    learned = set().union(*(names for _, names in files.seen))
    assert learned <= {"host", "accept", "user-agent"}


def test_messages_have_their_files_fetched_too(postern, upstream, files):
    source = {"type": "url", "url": f"http://localhost:{files.port}/a.png"}
    content = [{"type": "image", "source": source}, {"type": "text", "text": "What is it?"}]
    messages = [{"role": "user", "content": content}]
    postern.messages().messages.create(model="claude", max_tokens=9, messages=messages)
    assert sources(upstream) == [{"type": "base64", "media_type": "image/png", "data": IN_BASE64}]
    source["url"] = f"http://127.0.0.1:{files.port}/a.png"
    with pytest.raises(anthropic.BadRequestError, match="not one of the public internet"):
        postern.messages().messages.create(model="claude", max_tokens=9, messages=messages)


def test_addresses_that_lead_inside_are_not_called(postern, upstream, files):
    inside = f"127.0.0.1:{files.port}"
    for address in (
        f"http://{inside}/a.png",
        f"http://[::1]:{files.port}/a.png",
        f"http://[::ffff:127.0.0.1]:{files.port}/a.png",
        f"http://2130706433:{files.port}/a.png",
        f"http://localhost:{files.port + 1}/a.png",
        "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
    ):
        with pytest.raises(openai.BadRequestError, match="not one of the public internet"):
            ask(postern, address)
    assert files.seen == [] and upstream.requests == []


def test_a_redirect_does_not_lead_inside_either(postern, upstream, files):
    for target in (f"http://127.0.0.1:{files.port}/a.png", "http://169.254.169.254/latest/", "file:///etc/passwd"):
        with pytest.raises(openai.BadRequestError, match="public internet|not one of `http"):
            ask(postern, f"http://localhost:{files.port}/to/{target}")
    assert {path[:4] for path, _ in files.seen} == {"/to/"}
    assert upstream.requests == []


def test_what_is_too_large_or_no_image_is_refused(postern, upstream, files):
    for name, said in {"large.png": "more than 20971520 bytes", "a.zip": "application/zip"}.items():
        with pytest.raises(openai.BadRequestError, match=said):
            ask(postern, f"http://localhost:{files.port}/{name}")
    assert upstream.requests == []
