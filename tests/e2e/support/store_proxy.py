"""A DynamoDB between `postern` and the emulator that counts what it is asked, and fails as real stores do, on command."""

import asyncio
import json
import threading
import time
from dataclasses import dataclass, field

from .process import free_port

# How a store fails.
REFUSE = "refuse"  # Nobody listens.
HANG = "hang"  # Requests are taken and never answered; nothing is done.
SLOW = "slow"  # Everything is done and answered, but late.
THROTTLE = "throttle"  # Everything is refused with the request to come slower.
LOSE_REPLIES = "lose replies"  # Writes are done, and the connection breaks before the answer. Reads are answered.
SILENT = "silent"  # Everything is done, and nothing is ever answered.

FAULTS = (REFUSE, HANG, SLOW, THROTTLE, LOSE_REPLIES, SILENT)
WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}
SLOW_SECONDS = 0.6
QUIET_SECONDS = 0.3
PATIENCE_SECONDS = 30
THROTTLED = json.dumps(
    {"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": "Rate of requests exceeds the allowed"}
).encode()


@dataclass
class Call:
    """One request: what it asked for, when it came, and the units that it takes of the table once it is done."""

    operation: str
    at: float
    body: bytes = field(default=b"", repr=False)
    units: float = 0


@dataclass
class _Trap:
    left: int
    about: bytes
    when: str
    deed: object

    def snaps_at(self, body):
        is_counted = self.about in body
        self.left -= is_counted
        return is_counted and self.left == 0


class StoreProxy:
    """Listens on loopback in a thread of its own."""

    def __init__(self, store_url):
        self._store = store_url.removeprefix("http://").split(":")
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.calls = []
        self.fault = None
        self._trap = None
        self._meeting = None
        self._connections = set()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._run(self._listen())

    def fail(self, fault):
        """Every request fails like this from now on; those under way too, where nobody listens any more."""
        self.fault = fault
        if fault == REFUSE:
            self._run(self._refuse())

    def heal(self):
        was, self.fault = self.fault, None
        if was == REFUSE:
            self._run(self._listen())

    def at_call(self, number, about, when, deed):
        """Does `deed` at the call of this number (from 1 on) that has `about` in it, "before" the store has it or "after"
        it was done; the asker gets no answer. Only the last trap that was set counts, and it snaps once."""
        self._trap = _Trap(number, about.encode(), when, deed)

    def meet(self, *about):
        """From now on, what reads one of `about` is answered once a transaction about one of them has been asked for:
        whoever waits for the one before asking for the other waits in vain."""
        self._meeting = [asyncio.Event(), [part.encode() for part in about]]

    def part(self):
        self._meeting = None

    def wait_until_quiet(self):
        """Until nobody has asked for anything for a while: a process that starts does a round of maintenance."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.calls and time.monotonic() - self.calls[-1].at > QUIET_SECONDS:
                return
            time.sleep(0.02)
        raise AssertionError("the store is never quiet")

    def close(self):
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _end(self):
        await self._refuse()
        serving = asyncio.all_tasks() - {asyncio.current_task()}
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)

    async def _listen(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port, backlog=1024)

    async def _refuse(self):
        self._server.close()
        for writer in list(self._connections):
            writer.transport.abort()

    async def _serve(self, reader, writer):
        self._connections.add(writer)
        store = None
        try:
            store = await asyncio.open_connection(*self._store)
            while (request := await _read_message(reader)) is not None:
                answer = await self._answer(request, store)
                if answer is None:
                    return
                writer.write(answer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._connections.discard(writer)
            for end in (writer, store and store[1]):
                if end:
                    end.transport.abort()

    async def _answer(self, request, store):
        """The store's answer, or what stands in its place; None: the connection breaks."""
        head, body = request
        operation = _header(head, b"x-amz-target").partition(b".")[2].decode()
        call = Call(operation, time.monotonic(), bytes(body))
        self.calls.append(call)
        trap, fault = self._trap if self._trap and self._trap.snaps_at(body) else None, self.fault
        if trap and trap.when == "before":
            trap.deed()
            return None
        if fault == THROTTLE:
            head = b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: %d\r\n\r\n"
            return head % len(THROTTLED) + THROTTLED
        if fault == HANG:
            await asyncio.sleep(PATIENCE_SECONDS)
            return None
        if self._meeting and any(part in body for part in self._meeting[1]):
            if operation == "TransactWriteItems":
                self._meeting[0].set()
            await asyncio.wait_for(self._meeting[0].wait(), PATIENCE_SECONDS)
        if fault == SLOW:
            await asyncio.sleep(SLOW_SECONDS)
        store[1].write(_metered(head, body))
        answer_head, answer_body = await _read_message(store[0])
        call.units = _units(answer_body)
        answer = answer_head + answer_body
        if trap:
            trap.deed()
            return None
        if fault == SILENT:
            await asyncio.sleep(PATIENCE_SECONDS)
            return None
        return None if fault == LOSE_REPLIES and operation in WRITES else answer


async def _read_message(reader):
    """A request or an answer, head and body; None where the connection ends."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    return head, await reader.readexactly(int(_header(head, b"content-length") or 0))


def _metered(head, body):
    """The request, asking for the units that it takes. The emulator checks no signature."""
    metered = json.dumps(json.loads(body) | {"ReturnConsumedCapacity": "TOTAL"}).encode()
    return head.replace(b"content-length: %d\r" % len(body), b"content-length: %d\r" % len(metered)) + metered


def _units(body):
    consumed = json.loads(body).get("ConsumedCapacity", [])
    return sum(table["CapacityUnits"] for table in (consumed if isinstance(consumed, list) else [consumed]))


def _header(head, name):
    for line in head.split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.lower() == name:
            return value.strip()
    return b""
