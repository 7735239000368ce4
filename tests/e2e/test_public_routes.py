"""Routes that the configuration opens to everybody."""

import openai
import pytest

HELLO = [{"role": "user", "content": "one two three"}]


@pytest.fixture(scope="module")
def gateway(start_for_module):
    return start_for_module("memory", public_routes=["/v1/models", "/chat/completions", "/key/generate"])


def say(gateway, key):
    return gateway.client(key).chat.completions.create(model="echo", messages=HELLO)


def test_a_public_route_answers_whoever_calls_and_no_other_does(gateway, upstream):
    assert say(gateway, "anything").choices[0].message.content == "You said: one two three"
    assert "echo" in [model.id for model in gateway.client("sk-unknown").models.list()]
    assert gateway.call("/v1/models", key="").status_code == 200
    with pytest.raises(openai.AuthenticationError):
        gateway.client("anything").embeddings.create(model="embed", input="text")


def test_a_public_route_of_administrators_stays_closed(gateway):
    refused = gateway.call("/key/generate", {}, key="sk-unknown")
    assert refused.status_code in (401, 403), refused.text


def test_a_key_that_is_known_keeps_its_limits(gateway, upstream):
    key = gateway.key(models=["gated"])
    with pytest.raises(openai.PermissionDeniedError):
        say(gateway, key)
    assert say(gateway, gateway.key()).choices
