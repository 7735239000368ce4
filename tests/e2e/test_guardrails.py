"""Guardrails: what goes to models and what comes back is looked at by a service of the test's own."""

import hashlib
import json
import threading
from contextlib import ExitStack, contextmanager

import openai
import pytest
import yaml

from support import leaks
from support.certificates import Authority
from support.gateway import MASTER_KEY, start_postern, write_config
from support.guard import FORBIDDEN, MASK, PATH, REASON, SECRET, Guard
from support.process import eventually, free_port
from support.tls_upstream import NOTHING_SAID
from support.upstream import API_KEY, USAGE

COST = USAGE["completion_tokens"] * 1e-6
# Each is looked for in logs and answers when all tests are done.
KEY, HEADER = leaks.plant("key of a guardrail"), leaks.plant("header of a guardrail")


@pytest.fixture
def guard():
    guard = Guard()
    yield guard
    guard.close()


@contextmanager
def gateway_with(provider, logs, folder, guardrails, environment=None):
    name = f"{folder.name}-{free_port()}"
    path = write_config(folder / f"{name}.yaml", provider.url, API_KEY, MASTER_KEY, general={})
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "guardrails": guardrails}))
    gateway = start_postern(name, path, "memory", logs, environment)
    try:
        yield gateway
    finally:
        gateway.process.end()


@pytest.fixture
def guarded(provider, logs, tmp_path):
    """Starts a gateway with these guardrails."""

    def start(*guardrails, environment=None):
        return started.enter_context(gateway_with(provider, logs, tmp_path, list(guardrails), environment))

    with ExitStack() as started:
        yield start


def guardrail(guard, mode, name="words", **params):
    """One that is asked of every call, where nothing else is said."""
    service = {"guardrail": "generic_guardrail_api", "api_base": getattr(guard, "url", guard), "default_on": True}
    return {"guardrail_name": name, "litellm_params": {**service, "mode": mode, **params}}


def say(gateway, text, key=MASTER_KEY, model="priced", **params):
    messages = [{"role": "user", "content": text}]
    return gateway.client(key).chat.completions.create(model=model, messages=messages, **params)


def said(answer):
    return answer.choices[0].message.content


def streamed(stream):
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


@contextmanager
def blocked(name="words"):
    with pytest.raises(openai.BadRequestError) as refused:
        yield refused
    error = refused.value.body
    assert error["type"] == "invalid_request_error" and REASON in error["message"] and f"'{name}'" in error["message"]
    assert refused.value.response.headers["x-litellm-applied-guardrails"] == name


def spent(gateway, key):
    return gateway.call(f"/key/info?key={key}").json()["info"]["spend"]


def rows(gateway, key):
    """The rows of a key's calls."""
    return [row for row in gateway.call("/spend/logs").json() if row["api_key"] == hashed(key)]


def hashed(key):
    return hashlib.sha256(key.encode()).hexdigest()


def test_what_is_blocked_is_neither_sent_nor_held_nor_charged(guard, guarded, upstream):
    gateway = guarded(guardrail(guard, "pre_call"))
    key = gateway.key(max_parallel_requests=1, max_budget=COST * 1.5)
    for _ in range(3):
        with blocked():
            say(gateway, f"A {FORBIDDEN} word", key, max_tokens=7)
    assert not upstream.requests
    answer = gateway.client(key).chat.completions.with_raw_response.create(
        model="priced", messages=[{"role": "user", "content": "A word"}], max_tokens=7
    )
    assert said(answer.parse()) == "You said: A word"
    assert answer.headers["x-litellm-applied-guardrails"] == "words"
    eventually(lambda: len(rows(gateway, key)) == 1)
    assert spent(gateway, key) == pytest.approx(COST)


def test_what_is_masked_goes_out_masked_and_all_else_as_it_was(guard, guarded, upstream):
    gateway = guarded(guardrail(guard, "pre_call"))
    messages = [
        {"role": "system", "content": f"The {SECRET} is 7"},
        {"role": "user", "content": [{"type": "text", "text": "Tell"}, {"type": "text", "text": f"the {SECRET}"}]},
        {"role": "user", "content": "Now"},
    ]
    gateway.client().chat.completions.create(
        model="echo", messages=messages, temperature=0.5, extra_body={"guardrails": ["words"]}
    )
    sent = upstream.requests[-1]["body"]
    assert sent["messages"][0]["content"] == f"The {MASK} is 7"
    assert [part["text"] for part in sent["messages"][1]["content"]] == ["Tell", f"the {MASK}"]
    assert sent["temperature"] == 0.5 and "guardrails" not in sent
    assert guard.asked[0]["texts"] == [f"The {SECRET} is 7", "Tell", f"the {SECRET}", "Now"]
    assert guard.asked[0]["structured_messages"] == messages and len(guard.asked) == 1


def test_it_is_told_whose_call_it_is_and_shown_no_secret(guard, guarded):
    gateway = guarded(
        guardrail(
            guard,
            "pre_call",
            api_key="os.environ/GUARD_KEY",
            headers={"x-tenant": "os.environ/TENANT"},
            additional_provider_specific_params={"level": "high"},
        ),
        environment={"GUARD_KEY": KEY, "TENANT": HEADER},
    )
    key = gateway.key(key_alias="mine", user_id="anna")
    say(gateway, "Hello", key, extra_headers={"x-own": "value-of-own", "cookie": "value-of-cookie"}, user="customer")
    asked, headers = guard.asked[0], guard.headers[0]
    assert headers["path"] == PATH
    assert (headers["x-api-key"], headers["x-tenant"]) == (KEY, HEADER)
    told = {"user_api_key_hash": hashed(key), "user_api_key_alias": "mine", "user_api_key_user_id": "anna"}
    assert asked["request_data"] == told | {"user_api_key_end_user_id": "customer"}
    assert (asked["model"], asked["additional_provider_specific_params"]) == ("priced", {"level": "high"})
    shown = asked["request_headers"]
    assert shown["user-agent"].startswith("OpenAI") and shown["authorization"] == shown["x-own"] == "[present]"
    assert not any(value in json.dumps(asked) for value in (key, "value-of-own", "value-of-cookie"))
    assert asked["litellm_call_id"]


def test_an_answer_is_looked_at_and_charged_whatever_is_said_of_it(guard, guarded):
    gateway = guarded(guardrail(guard, "post_call"))
    key = gateway.key()
    with blocked():
        say(gateway, f"A {FORBIDDEN} word", key)
    assert guard.sides() == ["response"] and guard.asked[0]["texts"] == [f"You said: A {FORBIDDEN} word"]
    eventually(lambda: len(rows(gateway, key)) == 1)
    (row,) = rows(gateway, key)
    assert (row["spend"], row["completion_tokens"]) == (pytest.approx(COST), USAGE["completion_tokens"])
    assert said(say(gateway, f"A {SECRET} word", key)) == f"You said: A {MASK} word"
    eventually(lambda: spent(gateway, key) == pytest.approx(2 * COST))


def test_a_stream_is_held_back_until_it_was_looked_at(guard, guarded, upstream):
    gateway = guarded(guardrail(guard, "post_call"))
    key = gateway.key()
    with blocked():
        say(gateway, f"A {FORBIDDEN} word", key, stream=True)
    eventually(lambda: spent(gateway, key) == pytest.approx(COST))
    assert streamed(say(gateway, f"A {SECRET} word", key, stream=True)).split() == ["You", "said:", "A", MASK, "word"]
    stream = list(say(gateway, "A word", key, stream=True, stream_options={"include_usage": True}))
    assert streamed(stream).split() == ["You", "said:", "A", "word"] and len(stream) > 4
    assert stream[-1].usage.completion_tokens == USAGE["completion_tokens"]
    eventually(lambda: spent(gateway, key) == pytest.approx(3 * COST))
    assert guard.sides() == ["response"] * 3 and guard.asked[0]["texts"] == [f"You said: A {FORBIDDEN} word "]


def test_no_word_of_a_stream_goes_out_before_all_of_it_is_there(guard, guarded, upstream):
    gateway = guarded(guardrail(guard, "post_call"))
    heard = []

    def listen():
        heard.extend(chunk for chunk in say(gateway, "one two", model="gated", stream=True))

    listener = threading.Thread(target=listen)
    listener.start()
    for _ in range(3):
        upstream.release()
    eventually(lambda: upstream.requests)
    assert not heard and not guard.asked
    guard.gate.clear()
    upstream.release()
    eventually(lambda: guard.asked)
    assert not heard, "it has not spoken yet"
    guard.gate.set()
    listener.join(30)
    assert streamed(heard).split() == ["You", "said:", "one", "two"]


def test_beside_a_call_it_holds_the_answer_until_it_has_spoken(guard, guarded, upstream):
    gateway = guarded(guardrail(guard, "during_call"))
    guard.gate.clear()
    heard = []
    listener = threading.Thread(target=lambda: heard.append(said(say(gateway, "A word"))))
    listener.start()
    eventually(lambda: upstream.requests and guard.asked)
    assert not heard
    guard.gate.set()
    listener.join(30)
    assert heard == ["You said: A word"] and guard.sides() == ["request"]
    assert streamed(say(gateway, "A word", stream=True)).split() == ["You", "said:", "A", "word"]


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_blocked_beside_a_call_is_not_shown_and_leaves_nothing_held(guard, guarded, stream):
    gateway = guarded(guardrail(guard, "during_call"))
    key = gateway.key(max_parallel_requests=1)
    with blocked():
        say(gateway, f"A {FORBIDDEN} word", key, stream=stream)

    def is_free():
        try:
            return said(say(gateway, "A word", key)) == "You said: A word"
        except openai.RateLimitError:
            return False

    eventually(is_free)
    # It cannot change what has gone out, and does not pass what it would have changed.
    with pytest.raises(openai.InternalServerError, match="'words' could not be asked"):
        say(gateway, f"A {SECRET} word")


def test_each_call_passes_those_that_somebody_names(guard, guarded):
    gateway = guarded(
        guardrail(guard, "pre_call", "always", additional_provider_specific_params={"is": "always"}),
        guardrail(guard, "pre_call", "named", default_on=False, additional_provider_specific_params={"is": "named"}),
    )

    def applied(key=MASTER_KEY, **body):
        guard.asked.clear()
        body = {"model": "echo", "messages": [{"role": "user", "content": "Hello"}], **body}
        answer = gateway.call("/v1/chat/completions", body, key)
        assert answer.status_code == 200, answer.text
        names = [asked["additional_provider_specific_params"]["is"] for asked in guard.asked]
        assert answer.headers.get("x-litellm-applied-guardrails", "") == ",".join(names)
        return names

    both = ["always", "named"]
    assert applied() == ["always"]
    assert applied(guardrails=["named"]) == applied(metadata={"guardrails": ["named"]}) == both
    assert applied(gateway.key(guardrails=["named"])) == both
    team = gateway.call("/team/new", {"guardrails": ["named"]}).json()["team_id"]
    assert applied(gateway.key(team_id=team)) == both
    free = gateway.key(disable_global_guardrails=True)
    assert applied(free) == applied(free, guardrails=[]) == [] and applied(free, guardrails=["named"]) == ["named"]
    unknown = gateway.call("/v1/chat/completions", {"model": "echo", "messages": [], "guardrails": ["other"]})
    assert unknown.status_code == 400 and "No guardrail is named 'other'" in unknown.json()["error"]["message"]
    missing = gateway.call("/v1/chat/completions", {"model": "echo", "messages": []}, gateway.key(guardrails=["other"]))
    assert missing.status_code == 400 and "must pass the guardrail 'other'" in missing.json()["error"]["message"]


def test_the_words_of_every_dialect_are_looked_at(guard, guarded, upstream):
    gateway = guarded(guardrail(guard, ["pre_call", "post_call"]))
    client = gateway.client()
    assert client.completions.create(model="echo", prompt=f"A {SECRET}").choices[0].text == f"You said: A {MASK}"
    client.embeddings.create(model="embed", input=["a", f"b {SECRET}"])
    assert upstream.requests[-1]["body"]["input"] == ["a", f"b {MASK}"]
    message = gateway.messages().messages.create(
        model="claude", max_tokens=9, system=f"S {SECRET}", messages=[{"role": "user", "content": f"U {SECRET}"}]
    )
    sent = json.dumps(upstream.requests[-1]["body"])
    assert f"S {MASK}" in sent and f"U {MASK}" in sent and message.content
    client.responses.create(model="echo", instructions=f"I {SECRET}", input=f"U {SECRET}")
    sent = json.dumps(upstream.requests[-1]["body"])
    assert f"I {MASK}" in sent and f"U {MASK}" in sent
    assert guard.sides().count("response") == 3, "embeddings say nothing"
    for path, body in {
        "/v1/messages": {"model": "claude", "max_tokens": 9, "stream": True, "messages": [{"role": "user", "content": "x"}]},
        "/v1/responses": {"model": "echo", "stream": True, "input": "x"},
    }.items():
        guard.asked.clear()
        answer = gateway.call(path, body)
        assert answer.status_code == 200 and guard.sides() == ["request", "response"], answer.text
        assert answer.headers["content-type"].startswith("text/event-stream") and guard.asked[1]["texts"][0]


def test_what_cannot_be_looked_at_is_refused(guard, guarded, upstream):
    gateway = guarded(guardrail(guard, ["pre_call", "post_call"]))
    contents = {"contents": [{"role": "user", "parts": [{"text": "x"}]}]}
    chat = {"model": "echo", "messages": [{"role": "user", "content": "x"}]}
    for path, body in {
        "/v1/embeddings": {"model": "embed", "input": [1, 2, 3]},
        "/v1beta/models/gemini:generateContent": contents,
        "/openai/chat/completions": chat,
        "/v1/audio/speech": {"model": "speaks", "input": "x", "voice": "alloy"},
        "/v1/responses": {"model": "echo", "input": "x", "background": True},
        "/v1/chat/completions": chat | {"fallbacks": [{"model": "echo", "messages": []}]},
    }.items():
        refused = gateway.call(path, body)
        assert refused.status_code == 400, (path, refused.text)
    # Words that stand where the model's provider would read them are looked at, too.
    hidden = gateway.call("/v1/chat/completions", chat | {"extra_body": {"messages": [{"role": "user", "content": FORBIDDEN}]}})
    assert hidden.status_code == 400 and REASON in hidden.text
    assert not upstream.requests
    # What its provider keeps of an answer has not been looked at.
    kept = gateway.client().responses.create(model="echo", input="x").id
    refused = gateway.call(f"/v1/responses/{kept}")
    assert refused.status_code == 400 and "'words' cannot look at this" in refused.text


@pytest.mark.parametrize("behaves", [500, 503, 302, "garbage", "silent", "slow", "dead"])
def test_nothing_passes_where_it_says_nothing_unless_the_operator_wants_it(guard, guarded, upstream, behaves):
    guard.behaves = behaves
    if behaves == "slow":
        guard.gate.clear()
    service = f"http://127.0.0.1:{free_port()}" if behaves == "dead" else guard
    wait = {"timeout": 0.5} if behaves == "slow" else {}
    gateway = guarded(
        guardrail(service, ["pre_call", "post_call"], "closed", default_on=False, **wait),
        guardrail(service, "pre_call", "reached", default_on=False, unreachable_fallback="fail_open", **wait),
        guardrail(service, "pre_call", "open", default_on=False, fail_on_error=False, **wait),
    )

    def ask(name):
        body = {"model": "echo", "messages": [{"role": "user", "content": "x"}], "guardrails": [name]}
        return gateway.call("/v1/chat/completions", body)

    refused = ask("closed")
    assert refused.status_code == 503 and not upstream.requests
    error = refused.json()["error"]
    assert "'closed' could not be asked" in error["message"] and error["type"] == "internal_server_error"
    is_unreachable = behaves not in (500, 302, "garbage")
    assert ask("reached").status_code == (200 if is_unreachable else 503)
    assert ask("open").status_code == 200
    assert "a call passes a guardrail unguarded" in gateway.process.output()
    assert not any(headers["path"] == "/elsewhere" for headers in guard.headers)


def test_it_is_asked_again_where_it_hangs_up(guard, guarded):
    guard.behaves = "silent"
    gateway = guarded(guardrail(guard, "pre_call", num_retries=2))
    with pytest.raises(openai.InternalServerError):
        say(gateway, "x")
    assert len(guard.asked) == 3


def test_other_kinds_and_modes_stop_the_start(guard, guarded):
    other = {"guardrail_name": "pii", "litellm_params": {"guardrail": "presidio", "mode": "pre_call"}}
    with pytest.raises(AssertionError, match="`presidio` is no kind of guardrail.*put it behind an endpoint"):
        guarded(other)
    with pytest.raises(AssertionError, match="`logging_only` is not supported"):
        guarded(guardrail(guard, "logging_only"))


def test_the_list_shows_them_without_secrets(guard, guarded):
    info = {"params": [{"name": "score", "type": "float"}]}
    params = {"api_key": KEY, "headers": {"x-tenant": HEADER}}
    gateway = guarded({**guardrail(guard, ["pre_call"], **params), "guardrail_info": info})
    answer = gateway.call("/guardrails/list")
    (shown,) = answer.json()["guardrails"]
    assert (shown["guardrail_name"], shown["guardrail_info"]) == ("words", info)
    assert shown["litellm_params"]["guardrail"] == "generic_guardrail_api"
    assert shown["litellm_params"]["default_on"] is True and shown["guardrail_definition_location"] == "config"
    assert KEY not in answer.text and HEADER not in answer.text


def test_each_has_the_way_that_its_tls_settings_say(guarded, tmp_path):
    authority = Authority(tmp_path)
    guard = Guard(authority.sign("guard"))
    try:
        gateway = guarded(
            guardrail(guard, "pre_call", "private", default_on=False, ssl_verify=str(authority.path)),
            guardrail(guard, "pre_call", "public", default_on=False),
            guardrail(guard, "pre_call", "unchecked", default_on=False, ssl_verify=False),
            environment=NOTHING_SAID,
        )
        for name in ("private", "unchecked"):
            assert said(say(gateway, "x", extra_body={"guardrails": [name]})) == "You said: x"
        with pytest.raises(openai.InternalServerError, match="'public' could not be asked"):
            say(gateway, "x", extra_body={"guardrails": ["public"]})
        assert len(guard.asked) == 2
        shown = {one["guardrail_name"]: one for one in gateway.call("/health/tls").json()["guardrails"]}
        private = shown["private"]["tls"]
        assert private["verify"] == {"value": True, "source": "litellm_params.ssl_verify"}
        assert str(authority.path) in json.dumps(private["authorities"])
        assert shown["public"]["tls"]["verify"]["source"] == "default"
        assert "authority that is not trusted" in shown["public"]["handshakes"]["last_failure"]
        assert shown["unchecked"]["tls"]["verify"]["value"] is False
        assert shown["private"]["api_base"] == guard.url + PATH
        environment = NOTHING_SAID | {"SSL_CERT_FILE": str(authority.path)}
        by_variable = guarded(guardrail(guard, "pre_call"), environment=environment)
        assert said(say(by_variable, "x")) == "You said: x"
        with pytest.raises(AssertionError, match=r"guardrail `words` \(line \d+\).*/nowhere/ca.pem"):
            guarded(guardrail(guard, "pre_call", ssl_verify="/nowhere/ca.pem"))
    finally:
        guard.close()
