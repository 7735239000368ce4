"""More calls than can be answered at once: who waits, who is told to come later, and how."""

from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

from support.gateway import running
from support.process import eventually

HELLO = [{"role": "user", "content": "one two three"}]
GATED = {"model": "gated", "messages": HELLO}
ECHO = {"model": "echo", "messages": HELLO}


@pytest.fixture
def crowded(provider, logs, tmp_path, request):
    """A gateway whose deployments take one request at once, with these general settings."""
    alone = {"default_max_parallel_requests": 1}
    with running(provider, logs, tmp_path, general_settings=request.param, router_settings=alone) as gateway:
        yield gateway


def release_all(upstream):
    for _ in range(20):
        upstream.release()


@pytest.mark.parametrize("crowded", [{"max_queue_size": 10}], indirect=True)
def test_a_call_waits_for_a_deployment_with_room(crowded, upstream):
    upstream.release()
    with ThreadPoolExecutor(1) as second:
        with crowded.client().chat.completions.create(**GATED, stream=True) as stream:
            chunks = iter(stream)
            next(chunks)
            waiting = second.submit(crowded.call, "/v1/chat/completions", {**GATED, "priority": 3})
            # Another model's deployment has room.
            assert crowded.call("/v1/chat/completions", ECHO).status_code == 200
            assert not waiting.done()
            assert [request["body"]["model"] for request in upstream.requests] == ["gated", "echo"]
            release_all(upstream)
            for _ in chunks:
                pass
        answer = waiting.result(60)
    assert answer.status_code == 200
    assert "priority" not in upstream.requests[-1]["body"]


@pytest.mark.parametrize("crowded", [{"max_queue_size": 1}], indirect=True)
def test_where_no_more_may_wait_a_call_is_told_to_come_later(crowded, upstream):
    upstream.release()
    with ThreadPoolExecutor(2) as callers:
        with crowded.client().chat.completions.create(**GATED, stream=True) as stream:
            chunks = iter(stream)
            next(chunks)
            others = [callers.submit(crowded.call, "/v1/chat/completions", GATED) for _ in range(2)]
            eventually(lambda: any(other.done() for other in others))
            refused = next(other for other in others if other.done()).result()
            assert refused.status_code == 429
            assert int(refused.headers["retry-after"]) >= 1
            assert "no more may wait" in refused.json()["error"]["message"]
            release_all(upstream)
            for _ in chunks:
                pass
        assert sorted(other.result(60).status_code for other in others) == [200, 429]


@pytest.mark.parametrize("crowded", [{"max_queue_wait": 0.2}], indirect=True)
def test_nobody_waits_longer_than_is_set(crowded, upstream):
    upstream.release()
    with crowded.client().chat.completions.create(**GATED, stream=True) as stream:
        next(iter(stream))
        with pytest.raises(openai.RateLimitError) as refused:
            crowded.client().chat.completions.create(**GATED)
    assert "none was free in time" in str(refused.value)


@pytest.mark.parametrize("crowded", [{"max_calls_in_flight": 1}], indirect=True)
def test_a_process_that_has_as_much_as_it_may_refuses_at_once(crowded, upstream):
    upstream.release()
    with crowded.client().chat.completions.create(**GATED, stream=True) as stream:
        chunks = iter(stream)
        next(chunks)
        for path, kind in (("/v1/chat/completions", "service_unavailable_error"), ("/v1/messages", "api_error")):
            # Before anything is read: not even who calls.
            refused = crowded.call(path, {}, key=None)
            assert refused.status_code == 503
            assert refused.headers["retry-after"] == "1"
            assert refused.json()["error"]["type"] == kind
        assert crowded.call("/v1/models").status_code == 200
        release_all(upstream)
        for _ in chunks:
            pass
    eventually(lambda: crowded.call("/v1/chat/completions", ECHO).status_code == 200)
