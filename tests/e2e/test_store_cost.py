"""How often each kind of call waits for the store, and what it costs there, is what the documentation says."""

import hashlib

import pytest

from support.crowd import post
from support.process import ROOT, eventually

TABLE = "postern-costs"
# Dollars for a million units, on demand.
WRITE_UNIT, READ_UNIT = 0.625, 0.125
READS = {"GetItem", "Query"}
BUDGET = {"max_budget": 1}
RPM = {"rpm_limit": 1000}
ALL = BUDGET | RPM | {"tpm_limit": 10**9, "max_parallel_requests": 100}
EMBED = {"model": "embed", "input": "one two three"}
# By the first column of the table: the key's limits, the call, and the call before it that is not counted: one like it,
# so long ago that the key is to be read again where it is `LONG_AGO`.
SAME, LONG_AGO = object(), object()
END_USER = "end-user-nobody-has-met"
KINDS = {
    "without limits": ({}, {}, SAME),
    "without limits, of a key that is read again": ({}, {}, LONG_AGO),
    "without limits, of a key that the process meets": ({}, {}, None),
    "without limits, refused by the provider": ({}, {"model": "busy"}, SAME),
    "with a budget": (BUDGET, {}, SAME),
    "with a budget, of a key that is read again": (BUDGET, {}, LONG_AGO),
    "with a budget, of a key that the process meets": (BUDGET, {}, None),
    "with a budget, for an end user whom the process meets": (BUDGET, {"user": END_USER}, {}),
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
# A call that lasts leaves a trace beside itself, which it does not wait for.
LONG = "without limits, that lasts longer than 50 ms"
# A busy machine may make any call a long one.
TRIES = 5


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


@pytest.fixture(scope="module")
def forgetful(store, start_for_module):
    """One that goes by what it has read for a thousandth of a second: that passes with every call."""
    gateway = start_for_module(f"dynamodb://{TABLE}", store, user_api_key_cache_ttl=0.001)
    store.wait_until_quiet()
    return gateway


@pytest.fixture
def gateway_for(gateway, forgetful):
    return lambda before: forgetful if before is LONG_AGO else gateway


@pytest.fixture(autouse=True)
def parted(store):
    yield
    store.part()


def new_key(gateway, store, limits, body, before):
    key = gateway.key(**limits)
    before = body if before in (SAME, LONG_AGO) else before
    if before is not None:
        assert post(gateway, key, before).status in (200, 429)
    store.calls.clear()
    return key


def named_by(key):
    return hashlib.sha256(key.encode()).hexdigest(), END_USER


def calls_for(store, key):
    """Those that a call of the key makes: not the rounds of the process, which come when they come."""
    return [call for call in store.calls if any(name.encode() in call.body for name in named_by(key))]


def is_trace(call):
    return call.operation == "PutItem" and b'"HOLD#' in call.body


def waited_for(calls):
    return [call for call in calls if not is_trace(call)]


def reads_beside(kind):
    """How many reads hide behind the reservation, so that nothing more is waited for."""
    return int(kind.startswith("with a budget") and ("read again" in kind or "end user" in kind))


def price_of(writes, reads):
    return int(writes.strip("*")) * WRITE_UNIT + int(reads) * READ_UNIT


def test_every_kind_of_call_is_documented():
    assert documented().keys() == KINDS.keys() | {LONG}


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_costs_what_is_documented(gateway_for, store, upstream, kind):
    limits, body, before = KINDS[kind]
    gateway = gateway_for(before)
    first, last, writes, reads, dollars = documented()[kind]
    for _ in range(TRIES):
        key = new_key(gateway, store, limits, body, before)
        if reads_beside(kind):
            store.meet(*named_by(key))
        assert post(gateway, key, body).status in (200, 422, 429)
        calls = calls_for(store, key)
        if not any(is_trace(call) for call in calls):
            break
    assert len(calls) - reads_beside(kind) == int(first) + int(last), calls
    assert int(last) <= 1 and (int(first) <= 1 or "that the process meets" in kind)
    assert sum(call.units for call in calls if call.operation in READS) == int(reads)
    reckoned = writes.endswith("*")
    assert reckoned or sum(call.units for call in calls if call.operation not in READS) == int(writes)
    assert float(dollars) == pytest.approx(price_of(writes, reads), abs=0.006)


@pytest.mark.parametrize("kind", [kind for kind, (_, body, _) in KINDS.items() if not body and "used up" not in kind])
def test_a_stream_waits_where_it_is_documented(gateway_for, store, upstream, kind):
    limits, _, before = KINDS[kind]
    gateway = gateway_for(before)
    first, last, *_ = documented()[kind]
    gated = {"model": "gated"}
    key = new_key(gateway, store, limits, gated, before)
    seen = []

    def first_piece(received):
        if b"data: " in received and not seen:
            seen.append(len(waited_for(calls_for(store, key))))
            for _ in range(10):
                upstream.release()

    upstream.release()
    answer = post(gateway, key, gated | {"stream": True}, on_bytes=first_piece)
    assert answer.is_complete
    waits = len(waited_for(calls_for(store, key))) - reads_beside(kind)
    assert (seen[0] - reads_beside(kind), waits) == (int(first), int(first) + int(last))


def test_a_long_call_that_nothing_limits_writes_its_trace_beside_itself(gateway, store, upstream):
    first, last, writes, reads, dollars = documented()[LONG]
    gated = {"model": "gated", "stream": True}
    for _ in range(10):
        upstream.release()
    key = new_key(gateway, store, {}, gated, SAME)
    seen = []

    def first_piece(received):
        if b"data: " in received and not seen:
            seen.append(len(waited_for(calls_for(store, key))))
            eventually(lambda: any(is_trace(call) and call.units for call in calls_for(store, key)))
            for _ in range(10):
                upstream.release()

    upstream.forget()
    upstream.release()
    assert post(gateway, key, gated, on_bytes=first_piece).is_complete
    calls = calls_for(store, key)
    assert (seen[0], len(waited_for(calls)), len(calls)) == (int(first), int(first) + int(last), 2)
    assert sum(call.units for call in calls) == int(writes) and int(reads) == 0
    assert float(dollars) == pytest.approx(price_of(writes, reads), abs=0.006)
