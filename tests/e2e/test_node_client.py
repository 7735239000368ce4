"""The official clients for Node.js against both forms of the gateway."""

import json
import subprocess

import pytest

from support.gateway import MASTER_KEY
from support.process import ROOT
from support.responses import SAYS
from support.upstream import CLAUDE_SAYS, VECTOR


def lines(gateway, task, key=MASTER_KEY):
    """What the client says, value by value, as it says it."""
    command = ["node", ROOT / "tests/node/client.mjs", task, f"{gateway.url}/v1", key]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
        for line in client.stdout:
            yield json.loads(line)
    assert client.returncode == 0


def test_a_chat_answer_arrives_whole(gateway, upstream):
    assert list(lines(gateway, "chat")) == [{"content": "You said: one two three", "tokens": 12}]


def test_each_chunk_arrives_before_the_provider_sends_the_next(gateway, upstream):
    upstream.release()
    words = []
    for word in lines(gateway, "stream"):
        words.append(word)
        upstream.release()
    assert words == ["You ", "said: ", "one ", "two ", "three ", None]


def test_anthropics_client_is_answered_by_claude_and_by_others(gateway, upstream):
    said = {"claude": " ".join(CLAUDE_SAYS), "groq-echo": "You said: one two three"}
    for told in lines(gateway, "messages"):
        text = said.pop(told["model"])
        assert (told["whole"], told["streamed"].strip(), told["reason"]) == (text, text, "end_turn")
    assert not said


def test_a_stream_of_messages_that_breaks_is_an_error(gateway, upstream):
    *types, last = lines(gateway, "messages_cut")
    assert types[0] == "message_start" and "message_stop" not in types
    assert "Error" in last["error"]


def test_responses_are_told_by_both_kinds_of_providers(gateway, upstream):
    said = {"echo": "".join(SAYS), "claude": " ".join(CLAUDE_SAYS)}
    for told in lines(gateway, "responses"):
        text = said.pop(told["model"])
        assert (told["whole"], told["streamed"], told["last"]) == (text, text, "response.completed")
    assert not said


def test_embeddings_arrive(gateway, upstream):
    assert list(lines(gateway, "embeddings")) == [VECTOR]


def test_models_are_listed(gateway):
    assert {"echo", "embed", "demo"} <= set(lines(gateway, "models"))


def test_a_stream_that_breaks_is_an_error(gateway, upstream):
    *words, last = lines(gateway, "cut")
    assert words == ["You ", "said: "]
    assert "Error" in last["error"]


@pytest.mark.parametrize("task, error", [("busy", "RateLimitError"), ("unknown", None)])
def test_errors_are_the_ones_the_client_knows(gateway, upstream, task, error):
    (refused,) = lines(gateway, task)
    assert refused["error"] == error or refused["status"] in (400, 404)


def test_a_wrong_key_is_an_authentication_error(gateway):
    (refused,) = lines(gateway, "chat", key="sk-wrong")
    assert refused == {"error": "AuthenticationError", "status": 401}
