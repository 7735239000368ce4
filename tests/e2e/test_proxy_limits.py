"""Limits of the whole proxy, which count whoever calls."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from support.gateway import SMALL_BUDGET, running

HELLO = [{"role": "user", "content": "one two three"}]
CALL = {"model": "priced", "messages": HELLO, "max_tokens": 7}
AT_ONCE = 20


@pytest.fixture
def limited(provider, logs, tmp_path, request):
    """A gateway of its own, with other settings."""
    with running(provider, logs, tmp_path, **request.param) as gateway:
        yield gateway


def keys(gateway, count):
    return [gateway.key() for _ in range(count)]


@pytest.mark.parametrize("limited", [{"litellm_settings": {"max_budget": SMALL_BUDGET, "budget_duration": "30d"}}], indirect=True)
def test_the_budget_of_the_proxy_is_one_for_all_keys(limited, upstream):
    with ThreadPoolExecutor(AT_ONCE) as callers:
        answers = list(callers.map(lambda key: limited.call("/v1/chat/completions", CALL, key=key), keys(limited, AT_ONCE)))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [422] * (AT_ONCE - 5)
    assert len(upstream.requests) == 5
    refused = next(answer for answer in answers if answer.status_code == 422)
    assert "Proxy" in refused.json()["error"]["message"]
    assert int(refused.headers["retry-after"]) > 0


@pytest.mark.parametrize("limited", [{"general_settings": {"global_max_parallel_requests": 1}}], indirect=True)
def test_requests_in_flight_are_limited_over_all_keys(limited, upstream):
    first, second = keys(limited, 2)
    gated = {"model": "gated", "messages": HELLO}
    upstream.release()
    with limited.client(first).chat.completions.create(**gated, stream=True) as stream:
        assert limited.call("/v1/chat/completions", CALL, key=second).status_code == 429
        for _ in range(10):
            upstream.release()
        for _ in stream:
            pass
    assert limited.call("/v1/chat/completions", CALL, key=second).status_code == 200
