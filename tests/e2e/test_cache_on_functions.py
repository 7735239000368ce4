"""Answers that functions keep in the table they share, where a request asks for it."""

from support.process import eventually
from test_cache import asked, hello, is_hit


def test_functions_keep_answers_for_each_other(functions, upstream):
    asks = {"cache": {"use-cache": True}}
    calls = {
        "/v1/chat/completions": hello("functions", **asks),
        "/v1/embeddings": {"model": "embed", "input": "kept by functions", **asks},
    }
    for path, body in calls.items():
        upstream.requests.clear()
        assert not is_hit(functions, body, path=path)
        # It is kept beside its answer, for whichever container is asked next.
        eventually(lambda: is_hit(functions, body, path=path))
        before = len(upstream.requests)
        assert is_hit(functions, body, path=path) and len(upstream.requests) == before
    # A stream is kept as one, and what does not ask for it is not.
    streamed = hello("functions in pieces", stream=True, **asks)
    assert not is_hit(functions, streamed)
    eventually(lambda: is_hit(functions, streamed))
    assert asked(functions, streamed)[0].text.endswith("data: [DONE]\n\n")
    assert [is_hit(functions, hello("functions unasked")) for _ in range(2)] == [False, False]
