"""Budgets and rate limits hold under many requests at once, on one process and on the functions alike."""

from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

HELLO = [{"role": "user", "content": "one two three"}]
AT_ONCE = 60
# What one answer of the upstream costs, and is held for: seven tokens at a micro-dollar.
ONE_CALL = 7e-6


def many(gateway, key, **arguments):
    """The statuses of many calls at once."""
    body = {"model": "priced", "messages": HELLO, "max_tokens": 7, **arguments}
    with ThreadPoolExecutor(AT_ONCE) as callers:
        answers = list(callers.map(lambda _: gateway.call("/v1/chat/completions", body, key=key), range(AT_ONCE)))
    return [answer.status_code for answer in answers]


def spent(gateway, key):
    return gateway.call(f"/key/info?key={key}").json()["info"]["spend"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_budget_admits_what_it_is_worth_and_no_more(gateway, upstream, stream):
    key = gateway.key(max_budget=10 * ONE_CALL)
    statuses = many(gateway, key, stream=stream)
    # The store may be too busy with the same budget to say in time. Such a call gives back what it holds, or is charged,
    # in the background.
    assert set(statuses) <= {200, 422, 503}
    while spent(gateway, key) < 9.5 * ONE_CALL:
        statuses += many(gateway, key, stream=stream)
    assert statuses.count(200) <= 10 == len(upstream.requests)
    assert 503 in statuses or statuses.count(200) == 10
    assert spent(gateway, key) == pytest.approx(10 * ONE_CALL)
    with pytest.raises(openai.APIStatusError) as refused:
        gateway.client(key).chat.completions.create(model="priced", messages=HELLO, max_tokens=7)
    assert refused.value.status_code == 422
    assert refused.value.body["type"] == "budget_exceeded"


def test_what_a_call_held_and_did_not_use_can_be_used(gateway, upstream):
    key = gateway.key(max_budget=10 * ONE_CALL)
    for _ in range(8):
        # Three times what it uses is held each time.
        answer = gateway.client(key).chat.completions.create(model="priced", messages=HELLO, max_tokens=21)
        assert answer.choices
    assert spent(gateway, key) == pytest.approx(8 * ONE_CALL)


def test_a_budget_that_clamps_makes_an_answer_as_short_as_it_affords(gateway, upstream):
    key = gateway.key(max_budget=1.5 * ONE_CALL, budget_policy="clamp")
    caps = []
    for _ in range(2):
        answer = gateway.client(key).chat.completions.create(model="priced", messages=HELLO, max_tokens=9)
        assert answer.choices
        caps.append(upstream.requests[-1]["body"]["max_tokens"])
    assert caps == [9, 3]


def test_a_call_that_fails_gives_back_what_it_held(gateway, upstream):
    key = gateway.key(max_budget=ONE_CALL, max_parallel_requests=1)
    for _ in range(3):
        with pytest.raises(openai.RateLimitError) as refused:
            gateway.client(key).chat.completions.create(model="busy", messages=HELLO)
        assert refused.value.response.headers["retry-after"] == "7"


def test_a_limit_of_requests_is_one_for_all(gateway, upstream):
    key = gateway.key(rpm_limit=5)
    statuses = many(gateway, key)
    # The store may be too busy with the same window to say in time: such a call counts, and is not answered.
    while 429 not in statuses:
        statuses += many(gateway, key)
    assert set(statuses) <= {200, 429, 503}
    assert statuses.count(200) <= len(upstream.requests) <= 5
    assert 503 in statuses or statuses.count(200) == 5
    with pytest.raises(openai.RateLimitError) as refused:
        gateway.client(key).chat.completions.create(model="echo", messages=HELLO)
    headers = refused.value.response.headers
    assert headers["rate_limit_type"] == "requests"
    assert 1 <= int(headers["retry-after"]) <= 60
    assert headers["reset_at"].endswith(" UTC")


def test_a_limit_of_a_model_leaves_the_others_free(gateway, upstream):
    key = gateway.key(model_rpm_limit={"echo": 1})
    client = gateway.client(key)
    assert client.chat.completions.create(model="echo", messages=HELLO).choices
    with pytest.raises(openai.RateLimitError, match="model_per_key"):
        client.chat.completions.create(model="echo", messages=HELLO)
    assert client.chat.completions.create(model="priced", messages=HELLO).choices


def test_an_answer_says_what_is_left(gateway, upstream):
    key = gateway.key(rpm_limit=100, tpm_limit=1000, max_parallel_requests=5)
    for made in (1, 2):
        answer = gateway.call("/v1/chat/completions", {"model": "echo", "messages": HELLO, "max_tokens": 7}, key=key)
        left = {
            name.removeprefix("x-ratelimit-api_key-"): int(value)
            for name, value in answer.headers.items()
            if name.startswith("x-ratelimit-api_key-")
        }
        limits = {"limit-requests": 100, "limit-tokens": 1000, "limit-max_parallel_requests": 5}
        assert limits.items() <= left.items()
        # Two functions know of their own calls alone.
        assert left["remaining-requests"] == 100 - made or gateway.is_functions
        assert 900 < left["remaining-tokens"] < 1000
        assert left["remaining-max_parallel_requests"] == 4


def test_an_answer_without_success_says_what_is_left(gateway, upstream):
    key = gateway.key(rpm_limit=1, tpm_limit=1000, max_parallel_requests=5)
    asked = {"model": "echo", "messages": HELLO, "max_tokens": 7}
    assert gateway.call("/v1/chat/completions", asked, key=key).status_code == 200
    refused = gateway.call("/v1/chat/completions", asked, key=key)
    assert refused.status_code == 429
    told = {name: int(value) for name, value in refused.headers.items() if name.startswith("x-ratelimit-api_key-")}
    assert told["x-ratelimit-api_key-remaining-requests"] == 0
    assert told["x-ratelimit-api_key-limit-tokens"] == 1000
    assert told["x-ratelimit-api_key-remaining-tokens"] <= 1000
    assert told["x-ratelimit-api_key-remaining-max_parallel_requests"] == 5
