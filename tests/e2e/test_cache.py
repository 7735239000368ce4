"""Answers that are kept and given again, on `postern`, by the official clients; the upstream counts what reaches it."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import openai
import pytest

from support import redis_server
from support.bucket import bucket_of_its_own
from support.gateway import MASTER_KEY, running
from support.process import eventually

AT_ONCE = 20
LONG = 300


def hello(word="hello", **members):
    return {"model": "echo", "messages": [{"role": "user", "content": f"say {word} again"}], **members}


def caching(provider, logs, folder, params, store="memory", environment=None, router=None):
    """A gateway that keeps answers as `params` say."""
    sections = {"litellm_settings": {"cache": True, "cache_params": params}, "router_settings": router or {}}
    return running(provider, logs, folder, {}, store=store, environment=environment, **sections)


@pytest.fixture(scope="module")
def memory(provider, logs, tmp_path_factory):
    router = {"caching_groups": [["echo", "groq-echo"]]}
    with caching(provider, logs, tmp_path_factory.mktemp("memory"), {"type": "local", "ttl": LONG}, router=router) as gateway:
        yield gateway


def asked(gateway, body, key=MASTER_KEY, path="/v1/chat/completions", headers=None):
    """The answer, and whether it was kept from an earlier one."""
    everything = {"authorization": f"Bearer {key}", **(headers or {})}
    answer = httpx2.post(gateway.url + path, headers=everything, json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer, answer.headers.get("x-litellm-cache-hit") == "True"


def is_hit(gateway, body, **options):
    return asked(gateway, body, **options)[1]


def key_of(gateway, **fields):
    answer = gateway.call("/key/generate", fields)
    assert answer.status_code == 200, answer.text
    return answer.json()["key"]


def row_of(gateway, answer):
    found = gateway.call(f"/spend/logs?request_id={answer.headers['x-litellm-call-id']}")
    [row] = found.json()
    return row


def test_the_same_question_is_answered_once_and_costs_nothing_again(memory, upstream):
    body = hello("once", model="priced", max_tokens=7)
    key = key_of(memory)
    first, was_kept = asked(memory, body, key=key)
    second, is_kept = asked(memory, {**body, "messages": list(body["messages"])}, key=key)
    assert (was_kept, is_kept, len(upstream.requests)) == (False, True, 1)
    assert second.json() == first.json()
    assert first.headers["x-litellm-cache-key"] == second.headers["x-litellm-cache-key"]
    assert float(first.headers["x-litellm-response-cost"].strip("$")) > 0
    assert float(second.headers["x-litellm-response-cost"].strip("$")) == 0
    paid, free = row_of(memory, first), row_of(memory, second)
    assert (paid["cache_hit"], free["cache_hit"]) == ("False", "True")
    assert paid["spend"] > 0 and free["spend"] == 0
    assert (free["prompt_tokens"], free["completion_tokens"]) == (5, 7)
    assert free["model"] == "openai/priced"


def test_a_stream_is_kept_and_given_again_as_a_stream(memory, upstream):
    body = hello("stream", stream=True, stream_options={"include_usage": True})
    client = memory.client()
    told = [[chunk.model_dump() for chunk in client.chat.completions.create(**body)] for _ in range(2)]
    assert told[0] == told[1] and told[0][-1]["usage"]["total_tokens"] == 12
    raw = [asked(memory, body) for _ in range(2)]
    assert [kept for _, kept in raw] == [True, True]
    assert raw[0][0].headers["content-type"].startswith("text/event-stream")
    assert raw[0][0].text.endswith("data: [DONE]\n\n") and raw[0][0].text.count("[DONE]") == 1
    assert len(upstream.requests) == 1
    assert row_of(memory, raw[0][0])["completion_tokens"] == 7
    # In one piece it is another answer.
    assert not is_hit(memory, hello("stream"))


def test_every_operation_is_kept_in_its_own_dialect(memory, upstream):
    claude = {"model": "claude", "max_tokens": 5, "messages": [{"role": "user", "content": "keep this"}]}
    questions = [
        ("/v1/embeddings", {"model": "embed", "input": ["keep", "this"]}),
        ("/v1/completions", {"model": "echo", "prompt": "keep this"}),
        ("/v1/messages", claude),
        ("/v1/messages", {**claude, "stream": True}),
        ("/v1/responses", {"model": "echo", "input": "keep this"}),
        ("/v1/responses", {"model": "echo", "input": "keep this", "stream": True}),
    ]
    for path, body in questions:
        (first, was_kept), (second, is_kept) = (asked(memory, body, path=path) for _ in range(2))
        assert (was_kept, is_kept) == (False, True), path
        assert second.content == first.content
    assert len(upstream.requests) == len(questions)


def test_a_recording_is_known_by_its_bytes(memory, upstream):
    client = memory.client()
    for sound in (b"one", b"one", b"two"):
        client.audio.transcriptions.create(model="listens", file=("a.wav", sound))
    assert len(upstream.requests) == 2


def test_a_request_says_what_it_wants(memory, upstream):
    body = hello("controls")
    assert not is_hit(memory, {**body, "cache": {"no-store": True}})
    assert not is_hit(memory, body)
    assert is_hit(memory, {**body, "cache": {"s-maxage": LONG}})
    assert not is_hit(memory, {**body, "cache": {"no-cache": True}})
    assert not is_hit(memory, body, headers={"cache-control": "no-cache"})
    assert not is_hit(memory, {**body, "cache": {"namespace": "apart"}})
    assert is_hit(memory, {**body, "cache": {"namespace": "apart"}})
    assert all("cache" not in request["body"] for request in upstream.requests)
    named, _ = asked(memory, {**body, "cache": {"namespace": "apart"}})
    assert named.headers["x-litellm-cache-key"].startswith("apart:")
    assert "x-postern-dropped" not in named.headers
    refused = memory.call("/v1/chat/completions", {**body, "cache": {"ttl": "soon"}})
    assert refused.status_code == 400 and "cache.ttl" in refused.text


def test_an_answer_ends_with_its_time(memory, upstream):
    body = hello("short", cache={"ttl": 1})
    assert not is_hit(memory, body)
    begun = time.monotonic()
    eventually(lambda: len(upstream.requests) == 2 or (is_hit(memory, body), False)[1])
    assert time.monotonic() - begun > 0.8


def test_keys_and_teams_say_whether_their_answers_are_kept(memory, upstream):
    body = hello("rights")
    off = key_of(memory, metadata={"cache": {"no-cache": True, "no-store": True}})
    assert [is_hit(memory, body, key=off) for _ in range(2)] == [False, False]
    team = memory.call("/team/new", {"metadata": {"cache": {"no-cache": True, "no-store": True}}}).json()["team_id"]
    assert [is_hit(memory, body, key=key_of(memory, team_id=team)) for _ in range(2)] == [False, False]
    narrow = key_of(memory, allowed_cache_controls=["no-cache"])
    denied = memory.call("/v1/chat/completions", {**body, "cache": {"ttl": 9}}, key=narrow)
    assert denied.status_code == 403 and "ttl" in denied.text
    assert memory.call("/v1/chat/completions", {**body, "cache": {"no-cache": True}}, key=narrow).status_code == 200


def test_answers_are_shared_within_a_team_and_never_beyond(memory, upstream):
    body = hello("tenants")
    team = memory.call("/team/new", {}).json()["team_id"]
    one, other = (key_of(memory, team_id=team) for _ in range(2))
    alone, stranger = (key_of(memory) for _ in range(2))
    assert not is_hit(memory, body, key=one)
    assert is_hit(memory, body, key=other)
    assert not is_hit(memory, body, key=alone)
    assert not is_hit(memory, body, key=stranger)
    assert not is_hit(memory, {**body, "cache": {"namespace": "x"}}, key=stranger)
    assert not is_hit(memory, {**body, "cache": {"namespace": "x"}}, key=alone)


def test_a_hit_passes_the_same_doors(memory, upstream):
    body = hello("doors")
    team = memory.call("/team/new", {}).json()["team_id"]
    asked(memory, body, key=key_of(memory, team_id=team))
    elsewhere = key_of(memory, team_id=team, models=["embed"])
    assert memory.call("/v1/chat/completions", body, key=elsewhere).status_code == 403
    slow = key_of(memory, team_id=team, rpm_limit=2)
    assert [memory.call("/v1/chat/completions", body, key=slow).status_code for _ in range(3)] == [200, 200, 429]
    blocked = key_of(memory, team_id=team)
    memory.call("/key/block", {"key": blocked})
    assert memory.call("/v1/chat/completions", body, key=blocked).status_code in (401, 403)
    # Its money is not asked for: a hit costs none.
    poor = key_of(memory, team_id=team, max_budget=0.0000001)
    assert is_hit(memory, body, key=poor)
    assert len(upstream.requests) == 1


def test_models_of_a_group_answer_for_each_other(memory, upstream):
    assert not is_hit(memory, hello("group"))
    assert is_hit(memory, hello("group", model="groq-echo"))


def test_what_failed_or_broke_is_not_kept(memory, upstream):
    for model in ("busy", "html"):
        codes = [memory.call("/v1/chat/completions", hello(model=model)).status_code for _ in range(2)]
        assert codes[0] == codes[1] >= 400
    for _ in range(2):
        with pytest.raises(openai.APIError):
            for _ in memory.client().chat.completions.create(**hello(model="cut", stream=True)):
                pass
    assert len(upstream.requests) >= 6


def test_who_asks_the_same_at_once_is_answered_by_one_call(memory, upstream):
    with ThreadPoolExecutor(AT_ONCE) as callers:
        told = list(callers.map(lambda _: asked(memory, hello("crowd"))[0].json()["id"], range(AT_ONCE)))
    assert len(set(told)) == len(upstream.requests) == 1


def test_who_waits_for_a_stream_goes_on_when_its_leader_goes_away(memory, upstream):
    body = hello("gate", model="gated", stream=True)
    with ThreadPoolExecutor(2) as callers:
        upstream.release()
        leader = memory.client().chat.completions.create(**body)
        next(iter(leader))
        follower = callers.submit(asked, memory, body)
        eventually(lambda: len(upstream.requests) == 1)
        leader.close()
        for _ in range(20):
            upstream.release()
        answer, was_kept = follower.result(timeout=60)
    assert not was_kept and answer.text.endswith("data: [DONE]\n\n")
    assert len(upstream.requests) == 2
    assert is_hit(memory, body)


def test_administrators_ask_remove_and_empty(memory, upstream):
    body, key = hello("admin"), key_of(memory)
    for method, path in (("GET", "/cache/ping"), ("GET", "/cache/settings"), ("POST", "/cache/flushall"), ("POST", "/cache/delete")):
        told = httpx2.request(method, memory.url + path, headers={"authorization": f"Bearer {key}"}, timeout=60)
        assert told.status_code in (401, 403), path
    ping = memory.call("/cache/ping").json()
    assert (ping["status"], ping["cache_type"], ping["ping_response"]) == ("healthy", "local", True)
    assert memory.call("/cache/settings").json()["current_values"]["ttl"] == LONG
    first, _ = asked(memory, body)
    assert is_hit(memory, body)
    kept_as = first.headers["x-litellm-cache-key"]
    assert memory.call("/cache/delete", {"keys": [kept_as]}).json() == {"status": "success"}
    assert not is_hit(memory, body)
    assert memory.call("/cache/delete", {"keys": ["../x"]}).status_code == 400
    assert memory.call("/cache/redis/info").status_code == 400
    flushed = memory.call("/cache/flushall", {}).json()
    assert flushed["status"] == "success" and flushed["finished"] and flushed["removed"] > 0
    assert not is_hit(memory, body)


def test_a_cache_that_is_off_by_itself_is_asked_for(provider, upstream, logs, tmp_path):
    params = {"type": "local", "mode": "default_off", "supported_call_types": ["acompletion"]}
    with caching(provider, logs, tmp_path, params) as gateway:
        assert [is_hit(gateway, hello("off")) for _ in range(2)] == [False, False]
        wanted = hello("off", cache={"use-cache": True})
        assert [is_hit(gateway, wanted) for _ in range(2)] == [False, True]
        embed = {"model": "embed", "input": "x", "cache": {"use-cache": True}}
        assert [is_hit(gateway, embed, path="/v1/embeddings") for _ in range(2)] == [False, False]


@pytest.mark.parametrize("kind", ["disk", "dynamodb"])
def test_what_is_kept_on_disk_or_in_the_table_outlives_the_process(kind, provider, upstream, logs, tmp_path):
    params = {"type": kind, "disk_cache_dir": str(tmp_path / "answers"), "namespace": "kept"}
    store = str(tmp_path / "state.db")
    with caching(provider, logs, tmp_path, params, store) as gateway:
        assert not is_hit(gateway, hello("restart"))
        # It is kept by whoever waits for nothing else.
        gateway.call("/cache/ping")
    with caching(provider, logs, tmp_path, params, store) as gateway:
        assert is_hit(gateway, hello("restart"))
        assert gateway.call("/cache/flushall", {}).json()["removed"] == 1
        assert not is_hit(gateway, hello("restart"))
    assert len(upstream.requests) == 2


def test_answers_are_kept_in_a_bucket(provider, upstream, logs, tmp_path):
    with bucket_of_its_own(logs) as (bucket, params):
        bucket.put_object(Bucket="answers", Key="other/object", Body=b"not ours")
        params["s3_path"] = "kept/here"
        with caching(provider, logs, tmp_path, params, environment={"S3_SECRET": "test"}) as gateway:
            assert gateway.call("/cache/ping").json()["status"] == "healthy"
            first, _ = asked(gateway, hello("bucket"))
            eventually(lambda: is_hit(gateway, hello("bucket")))
            names = [entry["Key"] for entry in bucket.list_objects_v2(Bucket="answers")["Contents"]]
            assert f"kept/here/{first.headers['x-litellm-cache-key']}" in names
            # Somebody else's bytes under our key are no answer.
            bucket.put_object(Bucket="answers", Key=f"kept/here/{first.headers['x-litellm-cache-key']}", Body=b"{}")
            assert not is_hit(gateway, hello("bucket"))
            assert gateway.call("/cache/flushall", {}).json()["finished"]
            left = [entry["Key"] for entry in bucket.list_objects_v2(Bucket="answers")["Contents"]]
            assert left == ["other/object"]


def test_a_redis_keeps_answers_and_its_loss_fails_no_call(provider, upstream, logs, tmp_path):
    redis = redis_server.Redis("redis", logs, tmp_path, ["--requirepass", "pass-of-redis"])
    environment = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis.port), "REDIS_PASSWORD": "pass-of-redis"}
    with caching(provider, logs, tmp_path, {"namespace": "mine", "ttl": LONG}, environment=environment) as gateway:
        redis_server.ask(redis.port, "SET", "theirs", "1", password="pass-of-redis")
        ping = gateway.call("/cache/ping").json()
        assert (ping["cache_type"], ping["status"]) == ("redis", "healthy")
        assert not is_hit(gateway, hello("redis"))
        eventually(lambda: len(redis.keys("pass-of-redis")) == 1)
        assert redis.keys("pass-of-redis")[0].startswith("mine/cache/mine:")
        assert is_hit(gateway, hello("redis"))
        info = gateway.call("/cache/redis/info").json()
        assert info["info"]["redis_version"] and info["num_clients"] == len(info["clients"]) >= 1
        assert gateway.call("/cache/flushall", {}).json()["removed"] == 1
        assert "theirs" in redis_server.ask(redis.port, "KEYS", "*", password="pass-of-redis")
        redis.process.kill()
        for word in "abc":
            begun = time.monotonic()
            assert not is_hit(gateway, hello(f"without {word}"))
            assert time.monotonic() - begun < 10
        assert gateway.call("/cache/ping").status_code == 503
        assert "pass-of-redis" not in gateway.process.output()
        again = redis_server.Redis("redis-again", logs, tmp_path, ["--requirepass", "pass-of-redis"], redis.port)
        eventually(lambda: is_hit(gateway, hello("back")), 60)
        again.process.end()


def test_a_cluster_keeps_answers_on_all_its_nodes(provider, upstream, logs, tmp_path):
    nodes = redis_server.cluster(logs, tmp_path)
    startup = [{"host": "127.0.0.1", "port": str(nodes[0].port)}]
    try:
        with caching(provider, logs, tmp_path, {"type": "redis", "redis_startup_nodes": startup}) as gateway:
            words = [f"cluster {n}" for n in range(24)]
            for word in words:
                assert not is_hit(gateway, hello(word))
            eventually(lambda: sum(len(node.keys()) for node in nodes) == len(words), 60)
            assert all(node.keys() for node in nodes)
            assert all(is_hit(gateway, hello(word)) for word in words)
            flushed = gateway.call("/cache/flushall", {}).json()
            assert (flushed["removed"], flushed["finished"]) == (len(words), True)
            assert not any(node.keys() for node in nodes)
    finally:
        for node in nodes:
            node.process.end()


def test_sentinels_lead_to_the_primary(provider, upstream, logs, tmp_path):
    primary, port, sentinel = redis_server.with_sentinel(logs, tmp_path, "answers")
    environment = {"REDIS_SENTINEL_NODES": f'[["127.0.0.1", {port}]]', "REDIS_SERVICE_NAME": "answers"}
    try:
        with caching(provider, logs, tmp_path, {"type": "redis"}, environment=environment) as gateway:
            assert not is_hit(gateway, hello("sentinel"))
            eventually(lambda: len(primary.keys()) == 1)
            assert is_hit(gateway, hello("sentinel"))
    finally:
        primary.process.end()
        sentinel.end()


def test_a_redis_behind_tls_is_checked(provider, upstream, logs, tmp_path):
    redis = redis_server.Redis("plain", logs, tmp_path)
    authority, certificate, key = redis_server.certificates(tmp_path)
    port = redis_server.behind_tls(redis.port, certificate, key)
    trusting = {"type": "redis", "host": "127.0.0.1", "port": port, "ssl": True, "ssl_ca_certs": str(authority)}
    try:
        with caching(provider, logs, tmp_path, trusting) as gateway:
            assert gateway.call("/cache/ping").json()["status"] == "healthy"
            assert not is_hit(gateway, hello("tls"))
            eventually(lambda: len(redis.keys()) == 1)
            assert is_hit(gateway, hello("tls"))
        with caching(provider, logs, tmp_path, {"type": "redis", "url": f"rediss://127.0.0.1:{port}"}) as gateway:
            assert gateway.call("/cache/ping").status_code == 503
            assert not is_hit(gateway, hello("tls"))
    finally:
        redis.process.end()


def test_what_cannot_be_had_stops_the_start_and_says_what_to_use(provider, logs, tmp_path):
    with pytest.raises(AssertionError, match="use `type: redis-semantic`"):
        with caching(provider, logs, tmp_path, {"type": "qdrant-semantic"}):
            pass
