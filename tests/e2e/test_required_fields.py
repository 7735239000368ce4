"""Fields that an operator asks of calls: clients that leave one out are told which."""

import anthropic
import openai
import pytest

HELLO = [{"role": "user", "content": "one two three"}]
GENERAL = {
    "enforce_user_param": True,
    "service_account_settings": {"enforced_params": ["metadata.job"]},
}


@pytest.fixture(scope="module")
def gateway(start_for_module):
    return start_for_module("memory", **GENERAL)


def missing(gateway, key, **members):
    """The field that the client is told to send; `None`: it is answered."""
    try:
        gateway.client(key).chat.completions.create(model="echo", messages=HELLO, **members)
    except openai.BadRequestError as refused:
        return refused.param


def test_a_call_says_who_the_end_user_is(gateway, upstream):
    key = gateway.key()
    assert missing(gateway, key) == "user"
    assert upstream.requests == []
    assert missing(gateway, key, user="anna") is None
    with pytest.raises(openai.BadRequestError, match="'user'"):
        gateway.client(key).embeddings.create(model="embed", input="text")


def test_in_anthropics_dialect_the_metadata_says_it(gateway, upstream):
    client = gateway.messages(gateway.key())
    asked = {"model": "claude", "messages": HELLO, "max_tokens": 10}
    with pytest.raises(anthropic.BadRequestError, match="'user'"):
        client.messages.create(**asked)
    assert client.messages.create(**asked, metadata={"user_id": "anna"}).content
    # Counting is free.
    assert client.messages.count_tokens(model="claude", messages=HELLO).input_tokens > 0


def test_a_key_and_a_service_account_are_asked_for_more(gateway, upstream):
    key = gateway.key(enforced_params=["temperature"])
    assert missing(gateway, key, user="anna") == "temperature"
    assert missing(gateway, key, user="anna", temperature=1) is None
    team = gateway.call("/team/new", {}).json()["team_id"]
    service = gateway.call("/key/service-account/generate", {"team_id": team}).json()["key"]
    assert missing(gateway, service, user="anna") == "metadata.job"
    assert missing(gateway, service, user="anna", metadata={"job": "nightly"}) is None
