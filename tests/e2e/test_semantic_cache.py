"""Questions that mean about the same as one answered before, on `postern`, by the official client. The stand-in for the
embedding model turns `at 30 degrees` into that direction, so that two questions are as like as the cosine of the angle
between them."""

import openai
import pytest

from support import redis_server
from support.bucket import bucket_of_its_own
from support.gateway import MASTER_KEY, running
from support.process import eventually
from support.upstream import API_KEY

THRESHOLD = 0.9
# What a vector of the model `means` costs: five tokens.
VECTOR_COST = 5e-6
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}


def caching(provider, logs, folder, params=None, store="memory", environment=None):
    """A gateway that compares what questions mean."""
    means = {"model": "openai/means", "api_base": provider.url, "api_key": API_KEY, "input_cost_per_token": 1e-6}
    models = [
        {"model_name": "means", "litellm_params": means},
        {"model_name": "slow", "litellm_params": {**means, "model": "openai/slow"}},
    ]
    usual = {"type": "local", "similarity_threshold": THRESHOLD, "semantic_cache_embedding_model": "means", "ttl": 300}
    settings = {"cache": True, "cache_params": usual | (params or {})}
    return running(provider, logs, folder, {}, models, store, environment, litellm_settings=settings)


@pytest.fixture(scope="module")
def gateway(provider, logs, tmp_path_factory):
    with caching(provider, logs, tmp_path_factory.mktemp("semantic")) as gateway:
        yield gateway


def question(topic, degrees, **members):
    words = {"role": "user", "content": f"{topic} at {degrees} degrees"}
    return {"model": "echo", "messages": [{"role": "system", "content": topic}, words], **members}


def ask(gateway, body, key=MASTER_KEY):
    """The answer as the official client reads it, and its headers."""
    extra = {name: body.pop(name) for name in ("cache",) if name in body}
    told = gateway.client(key).chat.completions.with_raw_response.create(**body, extra_body=extra)
    return told.parse(), told.headers


def is_hit(gateway, body, key=MASTER_KEY):
    return ask(gateway, body, key)[1]["x-litellm-cache-hit"] == "True"


def asked_of(upstream, path):
    return [request for request in upstream.requests if request["path"].endswith(path)]


def rows_of(gateway, key):
    return gateway.call(f"/spend/logs?api_key={key}").json()


def noted(row):
    return row["metadata"]["spend_logs_metadata"]


def test_a_question_that_means_the_same_gets_the_answer_for_nothing_and_is_told_how_like_it_is(gateway, upstream):
    key = gateway.key()
    first, headers = ask(gateway, question("Tides", 0, model="priced"), key)
    assert (headers["x-litellm-cache-hit"], headers["x-litellm-semantic-similarity"]) == ("False", "0.0")
    # The cosine of 20 degrees is 0.9397.
    second, again = ask(gateway, question("Tides", 20, model="priced"), key)
    assert second.model_dump() == first.model_dump()
    assert (again["x-litellm-cache-hit"], again["x-litellm-semantic-similarity"]) == ("True", "0.9397")
    assert again["x-litellm-cache-key"] == headers["x-litellm-cache-key"]
    assert float(again["x-litellm-response-cost"].strip("$")) == 0
    assert len(asked_of(upstream, "/chat/completions")) == 1
    # The same letter by letter is not compared.
    assert ask(gateway, question("Tides", 0, model="priced"), key)[1]["x-litellm-semantic-similarity"] == "1.0"
    vectors = asked_of(upstream, "/embeddings")
    assert [request["body"]["input"] for request in vectors] == ["Tides at 0 degrees", "Tides at 20 degrees"]
    rows = {row["request_id"]: row for row in rows_of(gateway, key)}
    paid, free = rows[headers["x-litellm-call-id"]], rows[again["x-litellm-call-id"]]
    assert paid["spend"] > 0 and (free["spend"], free["cache_hit"]) == (0, "True")
    assert (free["cache_key"], free["completion_tokens"]) == (headers["x-litellm-cache-key"], 7)
    assert abs(noted(free)["semantic-similarity"] - 0.9397) < 1e-4
    # What the vectors cost is charged to the same key, in rows of their own.
    made = {noted(row)["parent_call_id"]: row for row in rows.values() if row["call_type"] == "aembedding"}
    assert set(made) == {paid["request_id"], free["request_id"]}
    assert all(noted(row)["semantic-cache-embedding"] for row in made.values())
    assert [row["spend"] for row in made.values()] == pytest.approx([VECTOR_COST] * 2)
    spent = gateway.call(f"/key/info?key={key}").json()["info"]["spend"]
    assert spent == pytest.approx(paid["spend"] + 2 * VECTOR_COST)


def test_what_is_not_like_enough_is_asked_and_says_how_like_it_was(gateway, upstream):
    assert not is_hit(gateway, question("Rain", 0))
    # The cosine of 26 degrees is 0.8988.
    _, headers = ask(gateway, question("Rain", 26))
    assert (headers["x-litellm-cache-hit"], headers["x-litellm-semantic-similarity"]) == ("False", "0.8988")
    assert len(asked_of(upstream, "/chat/completions")) == 2
    # The nearest of both answers.
    told, headers = ask(gateway, question("Rain", 20))
    assert told.choices[0].message.content == "You said: Rain at 26 degrees"
    assert headers["x-litellm-semantic-similarity"] == "0.9945"


@pytest.mark.parametrize(
    "other",
    [
        {"model": "groq-echo"},
        {"temperature": 0.5},
        {"tools": [{"type": "function", "function": {"name": "weather"}}]},
        {"response_format": {"type": "json_object"}},
        {"user": "somebody"},
        {"stream": True},
    ],
    ids=lambda other: next(iter(other)),
)
def test_everything_but_the_words_must_be_the_same(gateway, upstream, other):
    topic = f"Snow and {next(iter(other))}"
    assert not is_hit(gateway, question(topic, 0))
    assert not is_hit(gateway, question(topic, 1) | other)
    assert is_hit(gateway, question(topic, 2))


def test_what_was_said_before_must_be_the_same(gateway, upstream):
    def turn(number, degrees):
        earlier = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": f"Hello {number}"}]
        return question("Turns", degrees) | {"messages": earlier + question("Turns", degrees)["messages"]}

    assert not is_hit(gateway, turn(1, 0))
    assert not is_hit(gateway, turn(2, 0))
    assert is_hit(gateway, turn(2, 1))


def test_images_are_answered_by_the_very_same_request_alone(gateway, upstream):
    def seen(degrees):
        content = [{"type": "text", "text": f"See at {degrees} degrees"}, IMAGE]
        return question("See", 0) | {"messages": [{"role": "user", "content": content}]}

    # The stand-in joins texts only: nobody but us reads these parts.
    body = seen(0) | {"model": "demo"}
    assert not is_hit(gateway, body)
    assert not is_hit(gateway, body | {"messages": seen(1)["messages"]})
    _, headers = ask(gateway, body)
    assert headers["x-litellm-cache-hit"] == "True" and "x-litellm-semantic-similarity" not in headers
    assert asked_of(upstream, "/embeddings") == []


def test_tenants_do_not_share_and_a_key_needs_no_right_to_the_embedding_model(gateway, upstream):
    team = gateway.call("/team/new", {}).json()["team_id"]
    one, other = (gateway.key(team_id=team, models=["echo"]) for _ in range(2))
    stranger = gateway.key()
    assert not is_hit(gateway, question("Wind", 0), one)
    assert is_hit(gateway, question("Wind", 1), other)
    assert not is_hit(gateway, question("Wind", 1), stranger)
    denied = gateway.call("/v1/embeddings", {"model": "means", "input": "at 0 degrees"}, key=one)
    assert denied.status_code == 403


def test_a_stream_is_given_again_as_a_stream(gateway, upstream):
    def streamed(degrees):
        body = question("Fog", degrees, stream=True, stream_options={"include_usage": True})
        return [chunk.model_dump() for chunk in gateway.client().chat.completions.create(**body)]

    first = streamed(0)
    eventually(lambda: len(asked_of(upstream, "/chat/completions")) == 1)
    assert streamed(10) == first and first[-1]["usage"]["total_tokens"] == 12
    assert len(asked_of(upstream, "/chat/completions")) == 1


def test_other_dialects_are_compared_too_and_embeddings_are_not(gateway, upstream):
    claude = gateway.messages()
    said = [[{"role": "user", "content": f"Hail at {n} degrees"}] for n in (0, 5)]
    made = [claude.messages.create(model="claude", max_tokens=5, messages=messages) for messages in said]
    assert made[0].model_dump() == made[1].model_dump() and len(asked_of(upstream, "/messages")) == 1
    client = gateway.client()
    made = [client.responses.create(model="echo", input=f"Hail at {n} degrees").id for n in (0, 5)]
    assert made[0] == made[1] and len(asked_of(upstream, "/responses")) == 1
    made = [client.completions.create(model="echo", prompt=f"Hail at {n} degrees").choices[0].text for n in (0, 5)]
    assert made[0] == made[1] and len(asked_of(upstream, "/completions")) == 1
    vectors = [client.embeddings.create(model="means", input=f"Hail at {n} degrees").data[0].embedding for n in (0, 5)]
    assert vectors[0] != vectors[1]


def test_a_request_says_what_it_wants(gateway, upstream):
    assert not is_hit(gateway, question("Dew", 0, cache={"no-store": True}))
    assert not is_hit(gateway, question("Dew", 1))
    assert not is_hit(gateway, question("Dew", 2, cache={"no-cache": True}))
    assert not is_hit(gateway, question("Dew", 2, cache={"namespace": "apart"}))
    assert is_hit(gateway, question("Dew", 3, cache={"s-maxage": 200}))
    assert not is_hit(gateway, question("Dew", 4, cache={"s-maxage": 0}))
    # Who wants no kept answer asks for no vector.
    before = len(asked_of(upstream, "/embeddings"))
    is_hit(gateway, question("Dew", 5, cache={"no-cache": True}))
    assert len(asked_of(upstream, "/embeddings")) == before


def test_an_answer_that_is_removed_or_ends_answers_nobody(gateway, upstream):
    _, headers = ask(gateway, question("Ice", 0))
    assert is_hit(gateway, question("Ice", 1))
    gateway.call("/cache/delete", {"keys": [headers["x-litellm-cache-key"]]})
    assert not is_hit(gateway, question("Ice", 2))
    assert is_hit(gateway, question("Ice", 1))
    assert not is_hit(gateway, question("Mist", 0, cache={"ttl": 1}))
    eventually(lambda: not is_hit(gateway, question("Mist", 1, cache={"no-store": True})))
    settings = gateway.call("/cache/settings").json()["current_values"]
    assert (settings["similarity_threshold"], settings["semantic_cache_embedding_model"]) == (THRESHOLD, "means")


def test_vectors_are_within_the_budget_and_no_requests_of_the_callers(gateway, upstream):
    slow = gateway.key(rpm_limit=2)
    assert not is_hit(gateway, question("Heat", 0), slow)
    assert is_hit(gateway, question("Heat", 1), slow)
    with pytest.raises(openai.RateLimitError):
        ask(gateway, question("Heat", 2), slow)
    # The budget affords not one vector; the call itself costs nothing and is answered.
    poor = gateway.key(max_budget=VECTOR_COST / 1000, budget_mode="strict")
    _, headers = ask(gateway, question("Cold", 0), poor)
    assert headers["x-litellm-semantic-similarity"] == "0.0"
    assert not is_hit(gateway, question("Cold", 1), poor)
    assert gateway.call(f"/key/info?key={poor}").json()["info"]["spend"] == 0
    texts = [request["body"]["input"] for request in asked_of(upstream, "/embeddings")]
    assert not any("Cold" in text for text in texts)


@pytest.mark.parametrize("model", ["dead", "slow", "html", "claude"])
def test_a_model_that_fails_or_is_late_or_answers_something_else_fails_no_call(model, provider, upstream, logs, tmp_path):
    params = {"semantic_cache_embedding_model": model, "semantic_cache_embedding_timeout": 0.5}
    with caching(provider, logs, tmp_path, params) as gateway:
        for degrees in (0, 1, 2, 3, 4):
            told, headers = ask(gateway, question("Sun", degrees))
            assert told.choices[0].message.content == f"You said: Sun at {degrees} degrees"
            assert (headers["x-litellm-cache-hit"], headers["x-litellm-semantic-similarity"]) == ("False", "0.0")
        assert is_hit(gateway, question("Sun", 0))
        # It is left alone for a while.
        assert len(asked_of(upstream, "/embeddings")) <= 3


@pytest.mark.parametrize("is_cluster", [False, True], ids=["one", "cluster"])
def test_processes_over_one_redis_answer_for_each_other(is_cluster, provider, upstream, logs, tmp_path):
    nodes = redis_server.cluster(logs, tmp_path) if is_cluster else [redis_server.Redis("redis", logs, tmp_path)]
    place = {"host": "127.0.0.1", "port": nodes[0].port}
    params = {"type": "redis-semantic", **({"redis_startup_nodes": [place]} if is_cluster else place)}
    try:
        with caching(provider, logs, tmp_path, params) as one, caching(provider, logs, tmp_path, params) as other:
            assert not is_hit(one, question("Sea", 0))
            assert not is_hit(other, question("Lake", 0))

            def points():
                return [key for node in nodes for key in node.keys() if "points/" in key]

            eventually(lambda: len(points()) == 2)
            assert is_hit(other, question("Sea", 10))
            eventually(lambda: is_hit(one, question("Lake", 10, cache={"no-store": True})))
            # Both leave notes in one list, and none is lost.
            assert not is_hit(one, question("Sea", 90)) and not is_hit(other, question("Sea", 180))
            eventually(lambda: is_hit(other, question("Sea", 91, cache={"no-store": True})))
            eventually(lambda: is_hit(one, question("Sea", 181, cache={"no-store": True})))
            assert one.call("/cache/flushall", {}).json()["finished"] and not points()
            assert not is_hit(other, question("Sea", 20)) and not is_hit(one, question("Lake", 20))
    finally:
        for node in nodes:
            node.process.end()


@pytest.mark.parametrize("kind", ["disk", "dynamodb"])
def test_what_questions_mean_outlives_the_process(kind, provider, upstream, logs, tmp_path):
    params = {"type": kind, "disk_cache_dir": str(tmp_path / "answers"), "namespace": "kept"}
    store = str(tmp_path / "state.db")
    with caching(provider, logs, tmp_path, params, store) as gateway:
        assert not is_hit(gateway, question("Cloud", 0))
    with caching(provider, logs, tmp_path, params, store) as gateway:
        assert is_hit(gateway, question("Cloud", 5))
        assert gateway.call("/cache/flushall", {}).json()["removed"] == 2
    with caching(provider, logs, tmp_path, params, store) as gateway:
        assert not is_hit(gateway, question("Cloud", 5))


def test_processes_over_one_bucket_answer_for_each_other(provider, upstream, logs, tmp_path):
    with bucket_of_its_own(logs) as (bucket, params):
        environment = {"S3_SECRET": "test"}
        with caching(provider, logs, tmp_path, params, environment=environment) as one:
            assert not is_hit(one, question("Dune", 0)) and not is_hit(one, question("Dune", 90))
            eventually(lambda: len(bucket.list_objects_v2(Bucket="answers").get("Contents", [])) == 4)
        with caching(provider, logs, tmp_path, params, environment=environment) as other:
            eventually(lambda: is_hit(other, question("Dune", 10, cache={"no-store": True})))
            assert is_hit(other, question("Dune", 80))
            assert other.call("/cache/flushall", {}).json()["removed"] == 4
            assert not is_hit(other, question("Dune", 20))


def test_a_model_that_nobody_has_stops_the_start(provider, logs, tmp_path):
    with pytest.raises(AssertionError, match="`maens` is no model of `model_list`.*did you mean `means`"):
        with caching(provider, logs, tmp_path, {"semantic_cache_embedding_model": "maens"}):
            pass
