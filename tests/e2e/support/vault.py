"""HashiCorp Vault as far as a gateway sees it: AppRole, tokens that can be revoked, and the key-value engine, version 2,
mounted at `secret`. After https://developer.hashicorp.com/vault/api-docs (auth/approle, secret/kv/kv-v2)."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support import leaks

DATA = "/v1/secret/data/"


class Vault:
    """`secrets`: names and values, as they are now. `is_down`: it answers 503, as a sealed one does."""

    def __init__(self):
        self.role, self.secret = leaks.plant("vault role"), leaks.plant("vault secret id")
        self.secrets, self.asked, self.namespaces = {}, [], set()
        self.is_down = False
        self._tokens = set()
        played = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def _serve(self):
                length = int(self.headers.get("content-length") or 0)
                body = json.loads(self.rfile.read(length) or b"null")
                status, answer = played._answer(self.command, self.path, self.headers, body)
                content = b"" if status == 204 else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_DELETE = _serve

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def revoke(self):
        """Tokens that were given out are none any more."""
        self._tokens.clear()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, method, path, headers, body):
        self.asked.append(f"{method} {path}")
        if self.is_down:
            return 503, {"errors": ["Vault is sealed"]}
        if namespace := headers.get("x-vault-namespace"):
            self.namespaces.add(namespace)
        if (method, path) == ("POST", "/v1/auth/approle/login"):
            if (body.get("role_id"), body.get("secret_id")) != (self.role, self.secret):
                return 400, {"errors": ["invalid role or secret ID"]}
            token = leaks.plant("vault token")
            self._tokens.add(token)
            return 200, {"auth": {"client_token": token, "lease_duration": 3600, "renewable": True}}
        if headers.get("x-vault-token") not in self._tokens:
            return 403, {"errors": ["permission denied"]}
        if not path.startswith(DATA):
            return 404, {"errors": []}
        name = path.removeprefix(DATA)
        if method == "POST":
            self.secrets[name] = body["data"]["key"]
            return 200, {"data": {"version": 1}}
        if method == "DELETE":
            self.secrets.pop(name, None)
            return 204, None
        if name not in self.secrets:
            return 404, {"errors": []}
        return 200, {"data": {"data": {"key": self.secrets[name]}, "metadata": {"version": 1}}}
