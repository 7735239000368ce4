"""An upstream under TLS as `openssl s_server` plays it in whatever configuration, and a proxy that opens tunnels for those
who know its password."""

import base64
import json
import os
import re
import signal
import socket
import socketserver
import subprocess
import threading
import time

from .process import free_port

# What the shell that runs the tests may say about TLS itself.
NOTHING_SAID = dict.fromkeys(
    ("SSL_VERIFY", "SSL_CERT_FILE", "SSL_CERTIFICATE", "SSL_KEY", "SSL_SECURITY_LEVEL", "SSL_ECDH_CURVE",
     "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
     "AIOHTTP_TRUST_ENV", "DISABLE_AIOHTTP_TRUST_ENV"),
    "",
)  # fmt: skip

SAID = "spoken under TLS"
BODY = json.dumps({
    "id": "cmpl-1", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": SAID}}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
})  # fmt: skip


class TlsServer:
    """One `openssl s_server`: what it decrypts comes out, what it is to encrypt goes in. It serves one connection after
    another. `closes`: it answers once on each."""

    def __init__(self, *options, closes=False):
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}/v1"
        self.answered = 0
        connection = "close" if closes else "keep-alive"
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: {connection}\r\n"
        self._answer = f"{head}content-length: {len(BODY)}\r\n\r\n{BODY}".encode()
        command = ["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{self.port}", *map(str, options)]
        pipe = subprocess.PIPE
        self._child = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, bufsize=0)
        threading.Thread(target=self._serve, daemon=True).start()

    def wait(self):
        """Until it listens, asked without connecting: it takes one connection at a time."""
        deadline = time.monotonic() + 30
        listening = f" 0100007F:{self.port:04X} 00000000:0000 0A "
        while listening not in open("/proc/net/tcp").read():
            assert self._child.poll() is None, f"s_server ended: {self._child.args}"
            assert time.monotonic() < deadline, "s_server does not listen"
            time.sleep(0.01)
        return self

    def _serve(self):
        text = b""
        while piece := os.read(self._child.stdout.fileno(), 65536):
            text += piece
            while request := re.search(rb"content-length: (\d+)\r\n(?:.*?\r\n)?\r\n", text, re.S | re.I):
                if len(text) < request.end() + int(request[1]):
                    break
                text = text[request.end() + int(request[1]) :]
                self.answered += 1
                self._child.stdin.write(self._answer)

    def close(self):
        self._child.send_signal(signal.SIGKILL)
        self._child.wait()


class Proxy:
    """Opens tunnels and passes plain requests on. Keeps the first line of each and what it was shown."""

    def __init__(self, user, password):
        self.seen = []
        self.wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                proxy.handle(self.connection)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.address = f"http://{user}:{password}@127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def handle(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(65536)
            if not piece:
                return
            head += piece
        first, *lines = head.split(b"\r\n\r\n")[0].decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        self.seen.append((first, headers.get("proxy-authorization")))
        if headers.get("proxy-authorization") != self.wanted:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
            return
        method, target, _ = first.split(" ")
        if method == "CONNECT":
            host, port = target.rsplit(":", 1)
            upstream = socket.create_connection((host, int(port)))
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            host, port = target.split("/")[2].split(":")
            upstream = socket.create_connection((host, int(port)))
            upstream.sendall(head)
        back = threading.Thread(target=_pass, args=(upstream, client), daemon=True)
        back.start()
        _pass(client, upstream)
        back.join()

    def close(self):
        self._server.shutdown()


def _pass(source, target):
    try:
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
