"""Chat, completions, embeddings and models through the official Python client."""

import openai
import pytest

from support.gateway import MASTER_KEY
from support.upstream import API_KEY, VECTOR

HELLO = [{"role": "user", "content": "one two three"}]


def test_a_chat_answer_arrives_whole(gateway, upstream):
    answer = gateway.client().chat.completions.create(model="echo", messages=HELLO)
    assert answer.choices[0].message.content == "You said: one two three"
    assert answer.usage.total_tokens == 12


def test_a_stream_ends_with_its_reason_and_shows_no_usage_unasked(gateway, upstream):
    chunks = list(gateway.client().chat.completions.create(model="echo", messages=HELLO, stream=True))
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == "You said: one two three "
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)
    # The gateway asked for itself: it has to charge.
    assert upstream.requests[-1]["body"]["stream_options"] == {"include_usage": True}


def test_a_stream_shows_usage_to_a_client_that_asks(gateway, upstream):
    stream = gateway.client().chat.completions.create(
        model="echo", messages=HELLO, stream=True, stream_options={"include_usage": True}
    )
    assert list(stream)[-1].usage.total_tokens == 12


def test_each_chunk_arrives_before_the_provider_sends_the_next(gateway, upstream):
    """The provider holds every chunk back until the client has read the one before: a buffer anywhere would stop it."""
    upstream.release()
    words = []
    for chunk in gateway.client().chat.completions.create(model="gated", messages=HELLO, stream=True):
        words.append(chunk.choices[0].delta.content)
        upstream.release()
    assert words == ["You ", "said: ", "one ", "two ", "three ", None]


def test_a_client_that_leaves_ends_the_call_to_the_provider(postern, upstream):
    long = [{"role": "user", "content": "word " * 5000}]
    upstream.release()
    stream = postern.client().chat.completions.create(model="gated", messages=long, stream=True)
    next(iter(stream))
    stream.close()
    # One piece at a time: all of them at once could be gone before the gateway has learned that nobody listens.
    for _ in range(5000):
        upstream.release()
        if upstream.hung_up.wait(0.01):
            break
    assert upstream.hung_up.is_set()


def test_unknown_fields_and_the_providers_key_reach_the_provider_and_the_clients_key_does_not(gateway, upstream):
    gateway.client().chat.completions.create(model="echo", messages=HELLO, extra_body={"vendor_field": {"a": [1]}})
    sent = upstream.requests[-1]
    assert sent["body"]["vendor_field"] == {"a": [1]}
    assert sent["body"]["model"] == "echo"
    assert sent["headers"]["authorization"] == f"Bearer {API_KEY}"
    assert MASTER_KEY not in str({**sent["headers"], "authorization": ""})


def test_a_legacy_completion_is_answered(gateway, upstream):
    answer = gateway.client().completions.create(model="echo", prompt="one two")
    assert answer.choices[0].text == "You said: one two"


@pytest.mark.parametrize("encoding", ["float", "base64"])
def test_embeddings_arrive_in_both_encodings(gateway, upstream, encoding):
    options = {} if encoding == "base64" else {"encoding_format": "float"}
    answer = gateway.client().embeddings.create(model="embed", input=["a", "b"], **options)
    assert [item.embedding for item in answer.data] == [VECTOR, VECTOR]


def test_models_are_listed_and_found_by_name(gateway):
    names = {model.id for model in gateway.client().models.list()}
    media = "draws speaks listens omni-moderation-latest"
    bridged = "groq-echo groq-cut groq-busy"
    assert names == set(f"echo gated busy html cut embed of/embed priced tooled claude gemini few two-ways bought dead stood-in-for demo {media} {bridged}".split())
    assert gateway.client().models.retrieve("echo").id == "echo"


def test_the_azure_clients_paths_are_answered(gateway, upstream):
    azure = openai.AzureOpenAI(azure_endpoint=gateway.url, api_key=MASTER_KEY, api_version="2024-10-21", max_retries=0)
    answer = azure.chat.completions.create(model="echo", messages=HELLO)
    assert answer.choices[0].message.content == "You said: one two three"
    for model in ("embed", "of/embed"):
        assert azure.embeddings.create(model=model, input="a").data[0].embedding == VECTOR
    of_engine = gateway.call("/engines/of/embed/embeddings", {"input": "a", "encoding_format": "float"})
    assert of_engine.json()["data"][0]["embedding"] == VECTOR


def test_the_demo_model_answers_without_a_provider(gateway, upstream):
    answer = gateway.client().chat.completions.create(model="demo", messages=HELLO)
    assert answer.choices[0].message.content == "Postern answers."
    assert upstream.requests == []
