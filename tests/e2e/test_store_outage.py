"""A store that fails, in every way that stores do: calls are answered in time, in the way that is configured, no valid key
looks wrong, what was used is charged when the store is back, and nothing has to be started again."""

import time

import pytest

from support.crowd import post
from support.gateway import MASTER_KEY
from support.process import eventually
from support.store_proxy import FAULTS, HANG, LOSE_REPLIES, REFUSE

TABLE = "postern-outage"
BILL = 7_000
LIMITS = {"max_budget": 1, "rpm_limit": 100, "max_parallel_requests": 5}
# The promise is a quarter of a second; a machine that is busy with other tests is given more.
IN_TIME = 1.0
# LiteLLM's name for it.
ALLOW = {"allow_requests_on_db_unavailable": True}
LONG = {"model": "gated", "messages": [{"role": "user", "content": "word " * 20}]}


def assert_refused(answer):
    assert answer.status == 503, answer
    assert b"\nretry-after: 1\r" in answer.head.lower()
    assert answer.error.keys() == {"message", "type", "param", "code"} and answer.error["code"] == "503"
    assert answer.seconds < IN_TIME


def assert_closed(state, key, calls):
    """Every call that was made is charged once, and nothing is held."""
    eventually(lambda: not state.holds() and state.totals(key) == (calls * BILL, calls * BILL, calls))
    assert state.rows(key) == [BILL] * calls
    assert state.in_flight(key) == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_without_the_store_calls_are_refused_in_time_and_it_heals(start, store, state_of, upstream, fault):
    gateway, state = start(f"dynamodb://{TABLE}", store), state_of(TABLE)
    limited, free, fresh = gateway.key(**LIMITS), gateway.key(), gateway.key(**LIMITS)
    assert post(gateway, limited).is_complete and post(gateway, free).is_complete
    upstream.forget()
    store.fail(fault)
    try:
        answers = [post(gateway, limited, {"stream": stream}) for stream in (False, True)]
        answers += [post(gateway, fresh), post(gateway, "sk-nobody-knows-this-one")]
        reached = len(upstream.requests)
        # Nothing has to be asked before this one is made: its answer is kept back, as it cannot be charged.
        unrecorded = post(gateway, free)
    finally:
        store.heal()
    if fault == LOSE_REPLIES:
        # Whether a write was done can be read. Why it was not, as for a key that has never called, can not.
        whole, streamed, first, nobody = answers
        assert whole.is_complete and streamed.is_complete and nobody.status == 401 and unrecorded.is_complete
        limited_calls, fresh_calls = 3, int(first.is_complete)
        assert first.status in (200, 503) and reached == 2 + fresh_calls
    else:
        for answer in [*answers, unrecorded]:
            assert_refused(answer)
        assert reached == 0
        limited_calls, fresh_calls = 1, 0
    eventually(lambda: post(gateway, limited).is_complete)
    assert_closed(state, limited, limited_calls + 1)
    assert_closed(state, free, 2)
    assert state.totals(fresh) == (fresh_calls * BILL, fresh_calls * BILL, fresh_calls)


@pytest.mark.parametrize("fault", FAULTS)
def test_where_it_is_asked_for_known_keys_are_served_without_the_store_and_charged_later(
    start, store, state_of, upstream, fault
):
    gateway, state = start(f"dynamodb://{TABLE}", store, **ALLOW), state_of(TABLE)
    key, fresh = gateway.key(**LIMITS), gateway.key(**LIMITS)
    assert post(gateway, key).is_complete
    store.fail(fault)
    try:
        answers = [post(gateway, key, {"stream": stream}) for stream in (False, True)]
        # One wait before the first byte, one before the last.
        assert all(answer.is_complete and answer.seconds < 2 * IN_TIME for answer in answers), answers
        if fault != LOSE_REPLIES:
            # Who that is, nobody knows: it is neither let in nor told that its key is wrong.
            assert_refused(post(gateway, fresh))
    finally:
        store.heal()
    assert_closed(state, key, 3)
    assert "a call is made whose limits were not checked" in gateway.process.output() or fault == LOSE_REPLIES


@pytest.mark.parametrize(("fault", "settings"), [(fault, {}) for fault in FAULTS] + [(REFUSE, ALLOW), (HANG, ALLOW)])
def test_a_store_that_fails_in_the_middle_of_a_stream(start, store, state_of, upstream, fault, settings):
    gateway, state = start(f"dynamodb://{TABLE}", store, **settings), state_of(TABLE)
    key = gateway.key(**LIMITS)
    failed_at = []

    def fail(received):
        if b"data: " in received and not failed_at:
            failed_at.append(time.monotonic())
            store.fail(fault)
            for _ in range(50):
                upstream.release()

    upstream.release()
    try:
        answer = post(gateway, key, LONG | {"stream": True}, on_bytes=fail)
        took = time.monotonic() - failed_at[0]
    finally:
        store.heal()
    assert took < IN_TIME
    if settings or fault == LOSE_REPLIES:
        assert answer.is_complete
    else:
        # What is not charged does not end as if it were.
        assert b"[DONE]" not in answer.body and answer.error["code"] == "503"
    # The model has no price: it is counted.
    eventually(lambda: not state.holds() and state.totals(key) == (0, 0, 1))
    assert state.rows(key) == [0] and state.in_flight(key) == 0


@pytest.mark.parametrize("fault", [REFUSE, HANG])
def test_a_process_that_starts_without_the_store_serves_and_finds_it_when_it_is_back(start, store, upstream, fault):
    store.fail(fault)
    try:
        gateway = start(f"dynamodb://{TABLE}-{fault}", store)
        assert_refused(post(gateway, "sk-somebody-has-this-key"))
        # The master key is known without the store.
        assert gateway.call("/v1/models", key=MASTER_KEY).status_code == 200
    finally:
        store.heal()
    eventually(lambda: gateway.call("/key/generate", {}).status_code == 200)
    assert post(gateway, gateway.key(**LIMITS)).is_complete
