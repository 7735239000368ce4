"""Many callers at once, each on a connection of its own, without the weight of a client library."""

import asyncio
import json
import time
from dataclasses import dataclass

PATIENCE_SECONDS = 60
# What one call asks for: the upstream answers with seven tokens at a micro-dollar each.
CHAT = {"model": "priced", "messages": [{"role": "user", "content": "one two three"}], "max_tokens": 7}


@dataclass(frozen=True)
class Answer:
    """What came back. `status` 0: the connection broke before one."""

    status: int
    head: bytes
    body: bytes
    seconds: float

    @property
    def error(self):
        """The error in the OpenAI shape, in the body or as the last event of a stream."""
        events = [line for line in self.body.splitlines() if line.startswith((b"data: {", b"{"))]
        return json.loads(events[-1].removeprefix(b"data: ")).get("error")

    @property
    def is_complete(self):
        """A stream of status 200 may still end with an error."""
        return self.status == 200 and (b"data: " not in self.body or b"data: [DONE]" in self.body)


def post(gateway, key, body=None, path="/v1/chat/completions", on_bytes=None):
    """One call. `on_bytes` is given all that has come, each time that more comes."""
    return asyncio.run(_post(gateway.url, key, path, CHAT | (body or {}), on_bytes))


def post_many(calls):
    """Calls at once, each a gateway, a key and a body."""

    async def all_of_them():
        posts = [_post(gateway.url, key, "/v1/chat/completions", CHAT | body, None) for gateway, key, body in calls]
        return await asyncio.gather(*posts)

    return asyncio.run(all_of_them())


async def _post(url, key, path, body, on_bytes):
    host, port = url.removeprefix("http://").split(":")
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(content)}\r\nconnection: close\r\n\r\n"
    )
    began, received, writer = time.monotonic(), b"", None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(head.encode() + content)
            while piece := await reader.read(65536):
                received += piece
                if on_bytes:
                    on_bytes(received)
    except OSError as error:
        if isinstance(error, TimeoutError):
            raise
    finally:
        if writer:
            writer.close()
    head, _, rest = received.partition(b"\r\n\r\n")
    status = int(head.split(b" ")[1]) if head.startswith(b"HTTP/1.1 ") else 0
    return Answer(status, head, rest, time.monotonic() - began)
