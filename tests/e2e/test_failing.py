"""An answer whenever one can be had: retries, fallbacks, cooldowns and bounded waits, seen by clients and by upstreams."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import openai
import pytest
import yaml

from support.gateway import MASTER_KEY, PATIENCE, start_postern
from support.scripted import Scripted, good

HELLO = [{"role": "user", "content": "Hello"}]
STATUSES = [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529]
# One deployment each, but for those named in GROUPS.
MODELS = {
    "flaky": {},
    "limited": {},
    "patient": {"num_retries": 2},
    "main": {"num_retries": 0},
    "backup": {"input_cost_per_token": 0, "output_cost_per_token": 1e-6},
    "other": {},
    "long": {},
    "lax": {},
    "x": {"num_retries": 0},
    "y": {"num_retries": 0},
    "once": {"num_retries": 0},
    "slow": {"num_retries": 0, "timeout": 1, "stream_timeout": 1},
    "slow-told": {"model": "groq/slow-told", "num_retries": 0, "timeout": 1, "stream_timeout": 1},
    "brittle": {"num_retries": 0},
    "brittle-told": {"model": "groq/brittle-told", "num_retries": 0},
    "stuck": {"num_retries": 3, "timeout": 20},
}
GROUPS = {"pair": ["pair-1", "pair-2"], "cooling": ["cooling-1", "cooling-2"]}


@pytest.fixture(scope="module")
def provider():
    server = Scripted()
    yield server
    server.close()


@pytest.fixture(scope="module")
def gateway(provider, logs, tmp_path_factory):
    entries = [entry(provider, name, name, params) for name, params in MODELS.items()]
    entries += [entry(provider, group, name, {}) for group, names in GROUPS.items() for name in names]
    entries += [entry(provider, f"says-{status}", f"says-{status}", {"num_retries": 0}) for status in STATUSES]
    fallbacks = [{"main": ["backup"]}, {"x": ["y"]}, {"y": ["x"]}]
    router = {
        "num_retries": 2,
        "cooldown_time": 600,
        "fallbacks": fallbacks,
        "context_window_fallbacks": [{"main": ["long"]}],
        "content_policy_fallbacks": [{"main": ["lax"]}],
    }
    config = tmp_path_factory.mktemp("failing") / "config.yaml"
    # A busy machine is not what the tests are about.
    settings = {"master_key": MASTER_KEY, **PATIENCE}
    config.write_text(
        yaml.safe_dump({"model_list": entries, "router_settings": router, "general_settings": settings})
    )
    gateway = start_postern("failing", config, "memory", logs)
    yield gateway
    gateway.process.end()


def entry(provider, group, name, params):
    base = {"model": f"openai/{name}", "api_base": provider.url(name), "api_key": "sk-provider"}
    return {"model_name": group, "litellm_params": base | params, "model_info": {"id": name}}


@pytest.fixture(autouse=True)
def fresh(provider):
    provider.hits.clear()


def ask(gateway, model, key=MASTER_KEY, **options):
    completions = gateway.client(key).chat.completions.with_raw_response
    return completions.create(model=model, messages=HELLO, extra_body=options)


def told(answer):
    names = ("x-litellm-model-id", "x-litellm-attempted-retries", "x-litellm-attempted-fallbacks")
    return tuple(answer.headers[name] for name in names)


def test_a_deployment_that_fails_once_is_asked_again(gateway, provider):
    provider.script("flaky", 500, 200)
    answer = ask(gateway, "flaky")
    assert answer.parse().choices[0].message.content == "One two three"
    assert told(answer) == ("flaky", "1", "0")
    assert provider.hits["flaky"] == 2


def test_the_number_of_retries_is_bounded_and_a_request_may_change_it(gateway, provider):
    provider.script("flaky", 500)
    for options, hits in [({"num_retries": 0}, 1), ({"num_retries": 1}, 2)]:
        provider.hits.clear()
        with pytest.raises(openai.InternalServerError) as failed:
            ask(gateway, "flaky", **options)
        assert provider.hits["flaky"] == hits
        assert failed.value.response.headers["x-litellm-attempted-retries"] == str(hits - 1)
        assert failed.value.response.headers["x-litellm-max-retries"] == str(hits - 1)
    with pytest.raises(openai.BadRequestError, match="num_retries"):
        ask(gateway, "flaky", num_retries="many")


def test_a_retry_goes_to_another_deployment_at_once(gateway, provider):
    provider.script("pair-1", 500)
    provider.script("pair-2", 200)
    started = time.monotonic()
    for _ in range(4):
        assert told(ask(gateway, "pair"))[0] == "pair-2"
    assert provider.hits["pair-2"] == 4
    assert time.monotonic() - started < 10


def test_a_deployment_that_asks_for_a_wait_gets_it(gateway, provider):
    provider.script("limited", (429, "2"), 200)
    started = time.monotonic()
    assert told(ask(gateway, "limited")) == ("limited", "1", "0")
    assert time.monotonic() - started >= 2


def test_a_wait_that_nobody_has_is_told_to_the_client(gateway, provider):
    provider.script("patient", (429, "120"))
    with pytest.raises(openai.RateLimitError) as refused:
        ask(gateway, "patient")
    assert refused.value.response.headers["retry-after"] == "120"
    assert provider.hits["patient"] == 1


def test_a_deployment_that_refuses_more_is_left_alone_for_a_while(gateway, provider):
    provider.script("cooling-1", 429)
    provider.script("cooling-2", 200)
    for _ in range(12):
        assert told(ask(gateway, "cooling"))[0] == "cooling-2"
    assert provider.hits["cooling-1"] <= 1
    # The last one is never left out.
    provider.script("cooling-2", 429)
    with pytest.raises(openai.RateLimitError):
        ask(gateway, "cooling")
    assert sum(provider.hits.values()) >= 13


@pytest.mark.parametrize("status", [500, 401, 404, 429, 503, "close"])
def test_another_model_stands_in(gateway, provider, status):
    provider.script("main", status)
    answer = ask(gateway, "main")
    assert told(answer) == ("backup", "0", "1")
    # Priced as the model that answered.
    assert float(answer.headers["x-litellm-response-cost"].strip("$")) == pytest.approx(7e-6)
    assert (provider.hits["main"], provider.hits["backup"]) == (1, 1)


@pytest.mark.parametrize(("kind", "stand_in"), [("context", "long"), ("policy", "lax")])
def test_what_a_model_does_not_take_goes_to_one_that_does(gateway, provider, kind, stand_in):
    provider.script("main", (kind, None))
    assert told(ask(gateway, "main")) == (stand_in, "0", "1")


def test_a_clients_own_mistake_goes_nowhere_else(gateway, provider):
    provider.script("main", 400)
    with pytest.raises(openai.BadRequestError):
        ask(gateway, "main")
    assert dict(provider.hits) == {"main": 1}


def test_models_that_stand_in_for_each_other_are_tried_once_and_the_first_error_is_told(gateway, provider):
    provider.script("x", 503)
    provider.script("y", 500)
    with pytest.raises(openai.InternalServerError) as failed:
        ask(gateway, "x")
    assert failed.value.status_code == 503
    assert dict(provider.hits) == {"x": 1, "y": 1}
    assert "falls back in a circle, x → y → x" in gateway.process.output()


def test_a_request_may_name_what_stands_in_or_that_nothing_does(gateway, provider):
    provider.script("main", 500)
    assert told(ask(gateway, "main", fallbacks=["other"]))[0] == "other"
    changed = [{"model": "other", "messages": [{"role": "user", "content": "Otherwise"}]}]
    assert told(ask(gateway, "main", fallbacks=changed))[0] == "other"
    with pytest.raises(openai.InternalServerError):
        ask(gateway, "main", disable_fallbacks=True)
    assert provider.hits["backup"] == 0


def test_failures_can_be_played_without_asking_anyone(gateway, provider):
    for flag, stand_in in [
        ("mock_testing_fallbacks", "backup"),
        ("mock_testing_context_fallbacks", "long"),
        ("mock_testing_content_policy_fallbacks", "lax"),
    ]:
        assert told(ask(gateway, "main", **{flag: True}))[0] == stand_in
    assert provider.hits["main"] == 0
    with pytest.raises(openai.APIStatusError) as late:
        ask(gateway, "other", mock_timeout=True, timeout=0.2)
    assert late.value.status_code == 504


def test_a_key_needs_access_to_what_it_names_and_not_to_what_the_operator_names(gateway, provider):
    provider.script("main", 500)
    key = gateway.key(models=["main"])
    assert told(ask(gateway, "main", key=key))[0] == "backup"
    with pytest.raises(openai.PermissionDeniedError):
        ask(gateway, "main", key=key, fallbacks=["other"])


def test_a_call_counts_once_in_limits_however_often_it_is_tried(gateway, provider):
    provider.script("main", 500)
    key = gateway.key(rpm_limit=2, max_parallel_requests=1, max_budget=1)
    for _ in range(2):
        assert told(ask(gateway, "main", key=key))[0] == "backup"
    with pytest.raises(openai.RateLimitError):
        ask(gateway, "main", key=key)
    info = gateway.call(f"/key/info?key={key}").json()["info"]
    assert info["spend"] == pytest.approx(14e-6)


def test_an_attempt_whose_answer_is_lost_is_charged_beside_the_one_that_follows(gateway, provider):
    provider.script("backup", "close", 200)
    key = gateway.key(max_budget=1)
    answer = ask(gateway, "backup", key=key, max_tokens=3)
    assert told(answer) == ("backup", "1", "0")
    rows = {row["status"]: row for row in gateway.call(f"/spend/logs?api_key={key}").json()}
    assert {status: row["completion_tokens"] for status, row in rows.items()} == {"failure": 3, "success": 7}
    assert rows["failure"]["metadata"]["usage_doubts"] == ["estimated"]
    assert gateway.call(f"/key/info?key={key}").json()["info"]["spend"] == pytest.approx(10e-6)


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize(
    ("told", "counted", "doubt"), [(-7, 0, "negative"), (10**15, 100_000_000, "absurd")], ids=["negative", "absurd"]
)
def test_a_usage_that_cannot_be_is_clamped_and_flagged(gateway, provider, told, counted, doubt, is_stream):
    provider.script("backup", {"usage": {"prompt_tokens": 5, "completion_tokens": told, "total_tokens": 5}})
    key = gateway.key()
    for _ in gateway.client(key).chat.completions.create(model="backup", messages=HELLO, stream=is_stream):
        pass
    [row] = gateway.call(f"/spend/logs?api_key={key}").json()
    assert (row["prompt_tokens"], row["completion_tokens"]) == (5, counted)
    assert doubt in row["metadata"]["usage_doubts"]
    assert row["spend"] == pytest.approx(counted * 1e-6)


def stream(gateway, model):
    seen = []
    for chunk in gateway.client().chat.completions.create(model=model, messages=HELLO, stream=True):
        seen += [choice.delta.content for choice in chunk.choices if choice.delta.content]
    return "".join(seen)


@pytest.mark.parametrize("script", ["in-band", "in-band after role", 500, "close"])
def test_a_stream_that_fails_before_its_first_content_is_another_models(gateway, provider, script):
    provider.script("main", script)
    assert stream(gateway, "main") == "One two three"
    assert (provider.hits["main"], provider.hits["backup"]) == (1, 1)


def test_nothing_is_replayed_after_the_first_content(gateway, provider):
    provider.script("main", "in-band after content")
    with pytest.raises(openai.APIError, match="broke in the middle"):
        stream(gateway, "main")
    assert dict(provider.hits) == {"main": 1}


@pytest.mark.parametrize("header", [False, True])
def test_a_clients_bound_holds_over_all_retries(gateway, provider, header):
    provider.script("stuck", "stall")
    body = {"model": "stuck", "messages": HELLO} | ({} if header else {"timeout": 1})
    headers = {"authorization": f"Bearer {MASTER_KEY}"} | ({"x-litellm-timeout": "1"} if header else {})
    started = time.monotonic()
    answer = httpx2.post(f"{gateway.url}/v1/chat/completions", json=body, headers=headers, timeout=60)
    assert answer.status_code == 504
    assert 1 <= time.monotonic() - started < 10
    assert provider.hits["stuck"] == 1


CALLS = {
    "chat": ("/v1/chat/completions", {"messages": HELLO}),
    "responses": ("/v1/responses", {"input": "Hello"}),
    "messages": ("/v1/messages", {"messages": HELLO, "max_tokens": 10}),
    "completions": ("/v1/completions", {"prompt": "Hello"}),
    "embeddings": ("/v1/embeddings", {"input": "Hello"}),
}


def post(client, gateway, path, body):
    headers = {"authorization": f"Bearer {MASTER_KEY}"}
    return client.post(gateway.url + path, json=body, headers=headers)


def test_every_status_reaches_every_dialect_as_the_error_it_is(gateway, provider):
    """14 statuses, five dialects, whole and streamed."""
    wrong = []
    with httpx2.Client(timeout=60) as client:
        for status in STATUSES:
            provider.script(f"says-{status}", (status, "11"))
            for dialect, (path, members) in CALLS.items():
                for is_stream in [False, True][: 1 if dialect == "embeddings" else 2]:
                    provider.hits.clear()
                    body = {"model": f"says-{status}", **members} | ({"stream": True} if is_stream else {})
                    answer = post(client, gateway, path, body)
                    error = answer.json()
                    shape = error.get("type") == "error" if dialect == "messages" else "code" in error["error"]
                    seen = (answer.status_code, answer.headers.get("retry-after"), provider.hits[f"says-{status}"])
                    if seen != (status, "11", 1) or not shape or f"says {status}" not in error["error"]["message"]:
                        wrong.append((status, dialect, is_stream, *seen, error))
    assert wrong == []


STOPS = {"stall": "slow", "close": "brittle"}
# What only a stream that is whole ends with, and what one that is not does.
ENDS = {
    "chat": ("[DONE]", '"error"'),
    "completions": ("[DONE]", '"error"'),
    "messages": ("message_stop", '"type":"error"'),
    "responses": ("response.completed", '"type":"response.failed"'),
}


def outcome(client, gateway, model, dialect, cut, is_stream):
    path, members = CALLS[dialect]
    text = json.dumps({"model": model, **members, "stream": is_stream})
    asked = text.replace("Hello", f"Please stop after {cut} bytes")
    headers = {"authorization": f"Bearer {MASTER_KEY}", "content-type": "application/json"}
    started = time.monotonic()
    answer = client.post(gateway.url + path, content=asked, headers=headers)
    return answer, time.monotonic() - started


@pytest.mark.parametrize("end", ["stall", "close"])
@pytest.mark.parametrize(("dialect", "is_stream"), [("chat", False), *((dialect, True) for dialect in ENDS)])
def test_an_upstream_that_stops_anywhere_is_an_error_in_time(gateway, provider, end, dialect, is_stream):
    """After each byte of its answer, head and all: silence, or the end of the connection."""
    # Its answer passes as it is to one dialect, and is told in others.
    model = STOPS[end] if dialect == "chat" else f"{STOPS[end]}-told"
    provider.script(model, end)
    whole = good("/v1/chat/completions", {"model": model, "stream": is_stream})
    # A stream is complete with the event that says why it ends, whether or not the transfer is.
    complete = whole.index(b'"finish_reason":"stop"') if is_stream else len(whole)
    limits = httpx2.Limits(max_connections=300)
    with httpx2.Client(timeout=60, limits=limits) as client, ThreadPoolExecutor(300) as pool:
        calls = {
            cut: pool.submit(outcome, client, gateway, model, dialect, cut, is_stream) for cut in range(complete)
        }
        for cut, call in calls.items():
            answer, took = call.result()
            assert took < 30, cut
            if answer.status_code == 200:
                only_whole, only_broken = ENDS[dialect]
                assert is_stream and only_whole not in answer.text, (cut, answer.text)
                last = [line for line in answer.text.splitlines() if line.startswith("data: {")][-1]
                assert only_broken in last, (cut, answer.text)
            else:
                assert answer.status_code == (504 if end == "stall" else 502), (cut, answer.text)
                assert answer.json()["error"]["message"], cut
    assert provider.hits[model] == complete
