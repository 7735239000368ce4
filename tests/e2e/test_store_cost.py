"""How often each kind of call waits for the store, and what it costs there, is what the documentation says."""

import hashlib

import pytest

from support.crowd import post
from support.process import ROOT

TABLE = "postern-costs"
# Dollars for a million units, on demand.
WRITE_UNIT, READ_UNIT = 0.625, 0.125
READS = {"GetItem", "Query"}
BUDGET = {"max_budget": 1}
RPM = {"rpm_limit": 1000}
ALL = BUDGET | RPM | {"tpm_limit": 10**9, "max_parallel_requests": 100}
EMBED = {"model": "embed", "input": "one two three"}
# By the first column of the table: the key's limits, the call, and the call before it that is not counted.
SAME = object()
KINDS = {
    "without limits": ({}, {}, SAME),
    "without limits, not seen by this process for five seconds": ({}, {}, None),
    "without limits, refused by the provider": ({}, {"model": "busy"}, SAME),
    "with a budget": (BUDGET, {}, SAME),
    "with a budget, for embeddings": (BUDGET, EMBED, SAME),
    "with a budget, refused by the provider": (BUDGET, {"model": "busy"}, SAME),
    "with a budget that is used up": ({"max_budget": 7e-6}, {}, SAME),
    "with a limit of requests": (RPM, {}, SAME),
    "with a limit of requests and one of tokens": (RPM | {"tpm_limit": 10**9}, {}, SAME),
    "with a limit of requests in parallel": ({"max_parallel_requests": 100}, {}, SAME),
    "with a limit of requests for the key and one for the model": (
        RPM | {"model_rpm_limit": {"priced": 1000, "gated": 1000}},
        {},
        SAME,
    ),
    "with a budget and every limit of a key": (ALL, {}, SAME),
    "that opens the first window of a limit of requests": (
        {"model_rpm_limit": {"priced": 1000, "gated": 1000}},
        {},
        {"model": "echo"},
    ),
}


def documented():
    lines = (ROOT / "docs" / "store-costs.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {row[0]: row[1:] for row in rows[1:]}


@pytest.fixture(scope="module")
def gateway(store, start_for_module):
    gateway = start_for_module(f"dynamodb://{TABLE}", store)
    # Its first round of maintenance; the next is a minute away.
    store.wait_until_quiet()
    return gateway


def new_key(gateway, store, limits, before):
    key = gateway.key(**limits)
    if before is not None:
        assert post(gateway, key, before).status in (200, 429)
    store.calls.clear()
    return key


def calls_for(store, key):
    """Those that a call of the key makes: not the rounds of the process, which come when they come."""
    hashed = hashlib.sha256(key.encode()).hexdigest().encode()
    return [call for call in store.calls if hashed in call.body]


def test_every_kind_of_call_is_documented():
    assert documented().keys() == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_costs_what_is_documented(gateway, store, upstream, kind):
    limits, body, before = KINDS[kind]
    first, last, writes, reads, dollars = documented()[kind]
    key = new_key(gateway, store, limits, body if before is SAME else before)
    post(gateway, key, body)
    calls = calls_for(store, key)
    assert len(calls) == int(first) + int(last), calls
    assert int(last) <= 1 and (int(first) <= 1 or "first window" in kind)
    assert sum(call.units for call in calls if call.operation in READS) == int(reads)
    reckoned = writes.endswith("*")
    assert reckoned or sum(call.units for call in calls if call.operation not in READS) == int(writes)
    cost = int(writes.strip("*")) * WRITE_UNIT + int(reads) * READ_UNIT
    assert float(dollars) == pytest.approx(cost, abs=0.006)


@pytest.mark.parametrize("kind", [kind for kind, (_, body, _) in KINDS.items() if not body and "used up" not in kind])
def test_a_stream_waits_where_it_is_documented(gateway, store, upstream, kind):
    limits, _, before = KINDS[kind]
    first, last, *_ = documented()[kind]
    gated = {"model": "gated"}
    key = new_key(gateway, store, limits, gated if before is SAME else before)
    seen = []

    def first_piece(received):
        if b"data: " in received and not seen:
            seen.append(len(calls_for(store, key)))
            for _ in range(10):
                upstream.release()

    upstream.release()
    answer = post(gateway, key, gated | {"stream": True}, on_bytes=first_piece)
    assert answer.is_complete
    assert (seen[0], len(calls_for(store, key))) == (int(first), int(first) + int(last))
