"""The gateway under test: its configuration, its process, and the client that calls it."""

import base64
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time
from urllib.parse import urlsplit

from compare import MASTER_KEY, normalise
from upstream import AUTHORITY, parse_body

_UP_SECONDS_MAX = 30
# A key that was made for these tests and opens nothing.
SERVICE_ACCOUNT = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "service-account.json"
_TOKEN_ADDRESS = "https://oauth.test/token"


def configuration(cases, upstream_base):
    """A configuration (JSON is YAML) that holds the deployment of every case, all pointed at the stand-in."""
    account = SERVICE_ACCOUNT.read_text(encoding="utf-8").replace(_TOKEN_ADDRESS, f"{upstream_base}/token")
    account = json.dumps(account)
    models = {}
    for case in cases:
        if "model_name" in case:
            parameters = json.dumps(case["litellm_params"]).replace("http://upstream.test", upstream_base)
            models[case["model_name"]] = json.loads(parameters.replace('"@SERVICE_ACCOUNT@"', account))
    return {
        # IBM's keys are exchanged for a token, which the stand-in gives.
        "environment_variables": {"WATSONX_IAM_URL": upstream_base + "/identity/token"} | keys_of(cases),
        "model_list": [{"model_name": name, "litellm_params": parameters} for name, parameters in models.items()],
        "general_settings": {"master_key": MASTER_KEY},
        "litellm_settings": {"num_retries": 0, "request_timeout": 20},
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
    }


def keys_of(cases):
    """Calls of providers' own APIs were recorded with keys in the environment, all others without."""
    if not cases or any(case["kind"] != "passthrough" for case in cases):
        return {}
    return {f"{name.upper()}_API_KEY": f"sk-env-{name}" for name in ("openai", "anthropic", "gemini", "cohere", "mistral")}


class Postern:
    """A `postern` process with a configuration of its own; ends with the block it is used in. With a proxy, it finds
    every provider behind it."""

    def __init__(self, binary, config, proxy=None):
        self.folder = tempfile.TemporaryDirectory()
        self.log = os.path.join(self.folder.name, "postern.log")
        path = os.path.join(self.folder.name, "config.yaml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file, ensure_ascii=False, indent=1)
        port = _free_port()
        self.base = f"http://127.0.0.1:{port}"
        command = [binary, "--config", path, "--store", "memory", "--host", "127.0.0.1", "--port", str(port)]
        # No key of the developer's own may decide a case.
        environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR")}
        if proxy:
            environment |= {"HTTP_PROXY": proxy, "HTTPS_PROXY": proxy, "NO_PROXY": "127.0.0.1"}
            environment["SSL_CERT_FILE"] = str(AUTHORITY)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)

    def __enter__(self):
        until = time.monotonic() + _UP_SECONDS_MAX
        while time.monotonic() < until and self.process.poll() is None:
            if call(self.base, {"method": "GET", "path": "/health/liveliness"})["status"] == 200:
                return self
            time.sleep(0.02)
        output = open(self.log, encoding="utf-8", errors="replace").read()
        self.__exit__()
        raise SystemExit(f"postern did not come up:\n{output[-4000:]}")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def call(base, request):
    """Sends a case's request and returns the answer as the corpus writes it. Status 0: there was none."""
    url = urlsplit(base)
    headers = {"authorization": "Bearer @MASTER@"} | (request.get("headers") or {})
    headers = {name: value.replace("@MASTER@", MASTER_KEY) for name, value in headers.items() if value is not None}
    body, content_type = _body(request)
    if content_type:
        headers.setdefault("content-type", content_type)
    connection = http.client.HTTPConnection(url.hostname, url.port, timeout=30)
    try:
        connection.request(request["method"], request["path"], body, headers)
        response = connection.getresponse()
        raw = response.read()
    except (OSError, http.client.HTTPException) as error:
        return {"status": 0, "headers": {}, "transport_error": type(error).__name__}
    finally:
        connection.close()
    got = {name.lower(): value for name, value in response.getheaders()}
    answer = {"status": response.status, "headers": got}
    if "text/event-stream" in got.get("content-type", ""):
        answer["sse"] = parse_events(raw.decode(errors="replace"))
    else:
        answer |= parse_body(raw, got.get("content-type", ""))
    return normalise(answer)


def _body(request):
    if "body" in request:
        return json.dumps(request["body"], ensure_ascii=False).encode(), "application/json"
    if "text" in request:
        return request["text"].encode(), "application/json"
    if "multipart" in request:
        return _multipart(request["multipart"]), "multipart/form-data; boundary=corpus-boundary"
    return None, None


def _multipart(parts):
    body = b""
    for part in parts:
        filename = f'; filename="{part["filename"]}"' if "filename" in part else ""
        head = f'--corpus-boundary\r\ncontent-disposition: form-data; name="{part["name"]}"{filename}\r\n'
        head += f"content-type: {part['content_type']}\r\n" if "content_type" in part else ""
        content = base64.b64decode(part["b64"]) if "b64" in part else part["value"].encode()
        body += head.encode() + b"\r\n" + content + b"\r\n"
    return body + b"--corpus-boundary--\r\n"


def parse_events(text):
    """Server-sent events as the corpus writes them: data is parsed where it is JSON."""
    events = []
    for block in filter(str.strip, re.split(r"\r?\n\r?\n", text)):
        event = {}
        for line in re.split(r"\r?\n", block):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                event["data"] = event["data"] + "\n" + value if "data" in event else value
            elif name in ("event", ""):
                event["event" if name else "comment"] = value.strip()
        try:
            event["data"] = json.loads(event["data"])
        except (KeyError, ValueError):
            pass
        events.append(event)
    return events
