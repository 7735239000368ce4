"""What goes wrong reaches the official client as the exception it knows."""

import os
import subprocess

import openai
import pytest

from support.gateway import BINARIES, running
from support.upstream import API_KEY

HELLO = [{"role": "user", "content": "one two three"}]


def ask(gateway, model, key=None, **options):
    client = gateway.client(key) if key else gateway.client()
    return client.chat.completions.create(model=model, messages=HELLO, **options)


def test_a_wrong_key_is_refused_before_any_call_to_the_provider(gateway, upstream):
    with pytest.raises(openai.AuthenticationError):
        ask(gateway, "echo", key="sk-wrong")
    assert upstream.requests == []


def test_no_key_is_refused(gateway):
    answer = gateway.call("/v1/chat/completions", {"model": "echo", "messages": HELLO}, key=None)
    assert answer.status_code == 401
    assert answer.json()["error"]["type"]


def test_an_unknown_model_is_refused_with_its_name(gateway, upstream):
    with pytest.raises(openai.APIStatusError, match="no-such-model") as refused:
        ask(gateway, "no-such-model")
    assert refused.value.status_code in (400, 404)
    assert upstream.requests == []


def test_an_unknown_model_is_answered_with_the_models_that_the_key_may_use(gateway, upstream):
    answer = gateway.call("/v1/chat/completions", {"model": "echoes", "messages": HELLO}, key=gateway.key())
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    message = answer.json()["error"]["message"]
    assert "echoes" in message and "claude" in message
    assert upstream.requests == []


@pytest.fixture
def narrow(provider, logs, tmp_path):
    """A gateway that takes bodies of about a kilobyte."""
    with running(provider, logs, tmp_path, general_settings={"max_request_size_mb": 0.001}) as gateway:
        yield gateway


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/key/generate", "/user/new"])
def test_a_body_that_is_too_large_is_refused_with_the_setting_that_says_so(narrow, upstream, path):
    body = {"model": "echo", "max_tokens": 5, "messages": HELLO, "metadata": {"much": "x" * 4096}}
    answer = narrow.call(path, body)
    assert answer.status_code == 413
    assert "max_request_size_mb" in answer.json()["error"]["message"]
    assert upstream.requests == []


def test_without_a_key_only_this_machine_may_connect(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("model_list: []\n")
    arguments = [BINARIES / "postern", "--config", config, "--store", "memory", "--port", "0", "--host", "0.0.0.0"]
    environment = {name: value for name, value in os.environ.items() if "MASTER_KEY" not in name}
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "`--host 0.0.0.0` would let everybody in: set LITELLM_MASTER_KEY" in done.stderr


def test_malformed_json_is_the_clients_fault(gateway):
    answer = gateway.call("/v1/chat/completions", content=b'{"model": "echo", "messages": [')
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_a_busy_provider_is_a_rate_limit_error_with_its_delay(gateway, upstream):
    with pytest.raises(openai.RateLimitError, match="Slow down") as busy:
        ask(gateway, "busy")
    assert busy.value.response.headers["retry-after"] == "7"


def test_a_provider_that_answers_a_page_is_an_error_in_json(gateway, upstream):
    with pytest.raises(openai.InternalServerError) as broken:
        ask(gateway, "html")
    assert broken.value.status_code == 502
    assert broken.value.response.json()["error"]["message"]


def test_a_dead_provider_is_a_server_error_that_does_not_show_its_address(gateway, upstream):
    with pytest.raises(openai.InternalServerError) as dead:
        ask(gateway, "dead")
    assert dead.value.response.json()["error"]["message"]
    assert "127.0.0.1" not in dead.value.response.text


@pytest.mark.parametrize("is_stream", [False, True])
def test_another_model_stands_in_for_a_dead_provider(gateway, upstream, is_stream):
    client = gateway.client().chat.completions.with_raw_response
    answer = client.create(model="stood-in-for", messages=HELLO, stream=is_stream)
    assert answer.headers["x-litellm-attempted-fallbacks"] == "1"
    assert answer.headers["x-litellm-model-group"] == "echo"
    said = answer.parse()
    if is_stream:
        text = "".join(choice.delta.content or "" for chunk in said for choice in chunk.choices)
    else:
        text = said.choices[0].message.content
    assert text.strip() == "You said: one two three"
    assert len(upstream.requests) == 1


def test_a_stream_that_breaks_is_an_error_and_never_a_clean_end(gateway, upstream):
    seen = []
    with pytest.raises(openai.APIError):
        for chunk in ask(gateway, "cut", stream=True):
            seen.append(chunk.choices[0].delta.content)
    assert seen == ["You ", "said: "]


def test_an_unknown_path_is_refused_in_json(gateway):
    answer = gateway.call("/v1/no/such/path")
    assert answer.status_code == 404
    assert answer.json()


def test_no_key_stands_in_any_log(gateway, upstream):
    secret = "sk-seen-nowhere-4711"
    with pytest.raises(openai.AuthenticationError):
        ask(gateway, "echo", key=secret)
    ask(gateway, "echo")
    assert secret not in gateway.process.output()
    assert API_KEY not in gateway.process.output()
