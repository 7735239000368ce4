"""A process that is killed at any point of a call loses no charge and makes none twice."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.crowd import post
from support.process import eventually
from support.state import hash_of

TABLE = "postern-killed"
# The upstream bills seven tokens at a micro-dollar; the call asks for leave to use three times that.
BILL, HELD = 7_000, 21_000
LIMITS = {"max_budget": 1, "rpm_limit": 100, "max_parallel_requests": 5}
CALL = {"max_tokens": 21}
# Far more calls of the store than one call of a model makes.
CALLS_MAX = 20


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_kill_at_any_call_of_the_store_loses_nothing_and_charges_nothing_twice(
    start, store, state_of, upstream, stream, when
):
    state = state_of(TABLE)
    charges = []
    gateway = start(f"dynamodb://{TABLE}", store)
    for number in itertools.count(1):
        assert number < CALLS_MAX
        key = gateway.key(**LIMITS)
        upstream.forget()
        store.at_call(number, hash_of(key), when, gateway.process.kill)
        answer = post(gateway, key, CALL | {"stream": stream})
        if answer.is_complete:
            break
        billed = len(upstream.requests)
        # The next process finds what was left behind, in its first round of maintenance.
        state.end_calls()
        gateway = start(f"dynamodb://{TABLE}", store)
        eventually(lambda: not state.holds())
        spend, used, calls = state.totals(key)
        assert spend == used and calls == len(state.rows(key)) <= 1 and sum(state.rows(key)) == spend
        assert spend in ({BILL, HELD} if billed else {0, HELD})
        assert state.in_flight(key) == 0
        charges.append(spend)
    # The last was not killed: the call needed no more than these.
    assert state.totals(key) == (BILL, BILL, 1)
    assert charges[0] == 0 and HELD in charges and charges[-1] == (HELD if when == "before" else BILL)


@pytest.mark.parametrize("place", ["file", "dynamodb"])
def test_what_was_answered_to_its_end_was_charged_though_the_process_dies_at_that_moment(
    start, state_of, upstream, tmp_path, place
):
    table = f"dynamodb://{TABLE}" if place == "dynamodb" else str(tmp_path / "postern.db")
    gateway = start(table)
    key = gateway.key(**LIMITS)

    def kill(received):
        if b"[DONE]" in received:
            gateway.process.kill()

    answer = post(gateway, key, CALL | {"stream": True}, on_bytes=kill)
    assert b"[DONE]" in answer.body
    gateway = start(table)
    info = gateway.call(f"/key/info?key={key}").json()["info"]
    assert info["spend"] == pytest.approx(BILL / 1e9)
    rows = gateway.call(f"/spend/logs?api_key={key}").json()
    assert [row["spend"] for row in rows] == [pytest.approx(BILL / 1e9)]
    if place == "dynamodb":
        assert state_of(TABLE).totals(key) == (BILL, BILL, 1) and not state_of(TABLE).holds()


def test_a_call_that_nothing_limits_is_charged_once_though_its_process_dies_under_it(start, state_of, upstream):
    state = state_of(TABLE)
    gateway = start(f"dynamodb://{TABLE}")
    key = gateway.key()
    with ThreadPoolExecutor(1) as aside:
        # The upstream waits until it is released, which it never is.
        call = aside.submit(post, gateway, key, CALL | {"model": "gated", "stream": True})
        eventually(state.holds)
        gateway.process.kill()
        assert not call.result().is_complete
    assert len(upstream.requests) == 1 and state.totals(key)[2] == 0
    state.end_calls()
    gateway = start(f"dynamodb://{TABLE}")
    eventually(lambda: not state.holds())
    assert state.totals(key)[2] == 1
    (row,) = gateway.call(f"/spend/logs?api_key={key}").json()
    assert (row["status"], row["completion_tokens"]) == ("failure", CALL["max_tokens"])
