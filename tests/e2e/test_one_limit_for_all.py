"""Limits are one for all processes, under more calls at once than they admit: what the upstream bills is what counts."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.crowd import post, post_many
from support.process import eventually

TABLE = "postern-shared"
AT_ONCE = 500
WORTH = 10
ONE_CALL = 7e-6
PROCESSES = 4
CROWD = 50
# How late a process may notice what another has changed about a key: SHARED_STALENESS_MILLIS of `postern`.
STALENESS_SECONDS = 5


@pytest.fixture
def started(request, start, tmp_path):
    """One process on a store of its own, or several on one table."""
    if request.param == 1:
        return [start(str(tmp_path / "postern.db"))]
    return [start(f"dynamodb://{TABLE}") for _ in range(request.param)]


@pytest.mark.parametrize("started", [1, PROCESSES], indirect=True)
@pytest.mark.parametrize("stream", [False, True])
def test_of_500_calls_at_once_a_budget_worth_10_pays_for_10(started, upstream, stream):
    first = started[0]
    key = first.key(max_budget=WORTH * ONE_CALL)
    gateways = itertools.cycle(started)
    answers = post_many([(next(gateways), key, {"stream": stream}) for _ in range(AT_ONCE)])
    assert len(upstream.requests) <= WORTH
    # A store that many ask at once may be too busy to say in time: such calls are not made.
    assert {answer.status for answer in answers} <= {200, 422, 503}
    # What was reserved for those is given back, so the budget is used to its end and not beyond.
    eventually(lambda: post(first, key, {"stream": stream}).status == 422 and len(upstream.requests) >= WORTH)
    assert len(upstream.requests) == WORTH

    def spent():
        # The store may still be too busy to be asked.
        answer = first.call(f"/key/info?key={key}")
        return answer.json()["info"]["spend"] if answer.status_code == 200 else None

    eventually(lambda: spent() == pytest.approx(WORTH * ONE_CALL))


def test_fifty_processes_share_one_limit_of_requests(start, upstream):
    # Each starts with a round of maintenance; the first makes the table.
    first = start(f"dynamodb://{TABLE}")
    with ThreadPoolExecutor(8) as starters:
        rest = list(starters.map(lambda _: start(f"dynamodb://{TABLE}"), range(CROWD - 1)))
    key = first.key(rpm_limit=20)
    began = time.monotonic()
    statuses = [answer.status for answer in post_many([(gateway, key, {}) for gateway in [first, *rest] for _ in range(2)])]
    while statuses.count(200) < 20 and 429 not in statuses and time.monotonic() - began < 30:
        statuses += [answer.status for answer in post_many([(gateway, key, {}) for gateway in rest[:10]])]
    assert set(statuses) <= {200, 429, 503}
    # Where the store is too busy to confirm a reservation, the call is not made and its place in the minute may be gone;
    # where it is too busy to record one that was made, the call is not answered.
    assert statuses.count(200) <= len(upstream.requests) <= 20
    assert statuses.count(200) == 20 or 503 in statuses
    # All of it in the one minute that the limit is for, or this says nothing.
    assert time.monotonic() - began < 50


REVOKED = {
    "blocked": ("/key/block", lambda key: {"key": key}, 401),
    "deleted": ("/key/delete", lambda key: {"keys": [key]}, 401),
    "without the model": ("/key/update", lambda key: {"key": key, "models": ["echo"]}, 403),
}


@pytest.mark.parametrize("how", REVOKED)
def test_a_key_that_is_revoked_under_load_stops_everywhere(start, upstream, how):
    path, body, status_then = REVOKED[how]
    gateways = [start(f"dynamodb://{TABLE}") for _ in range(PROCESSES)]
    key = gateways[0].key(rpm_limit=100_000)
    stop = threading.Event()
    # When each call began that was answered.
    served, refused = [], threading.Event()

    def call(gateway):
        while not stop.is_set():
            began = time.monotonic()
            status = post(gateway, key).status
            if status == 200:
                served.append(began)
            elif status == status_then:
                refused.set()

    with ThreadPoolExecutor(PROCESSES) as callers:
        list(map(lambda gateway: callers.submit(call, gateway), gateways))
        try:
            eventually(lambda: len(served) > 20)
            assert gateways[0].call(path, body(key)).status_code == 200
            revoked = time.monotonic()
            # Where it was revoked it stops at once.
            assert post(gateways[0], key).status == status_then
            eventually(lambda: time.monotonic() > revoked + STALENESS_SECONDS + 1)
        finally:
            stop.set()
    assert refused.is_set()
    assert max(served) < revoked + STALENESS_SECONDS
    reached = len(upstream.requests)
    assert {post(gateway, key).status for gateway in gateways} == {status_then}
    assert len(upstream.requests) == reached
