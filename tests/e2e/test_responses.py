"""Responses, asked by the official OpenAI client: of a provider that makes and keeps them, and of one that only chats."""

import openai
import pytest

from support.responses import SAYS
from support.upstream import CLAUDE_SAYS

TEXT = "".join(SAYS)


def test_a_response_is_made_read_gone_on_from_and_deleted(gateway, upstream):
    client = gateway.client()
    made = client.responses.create(model="echo", input="Hello", instructions="Be brief.")
    assert (made.output_text, made.model, made.usage.total_tokens) == (TEXT, "echo", 13)
    assert upstream.requests[-1]["path"] == "/v1/responses"
    assert client.responses.retrieve(made.id).output_text == TEXT
    assert client.responses.input_items.list(made.id).data[0].id == "msg_in"
    more = client.responses.create(model="echo", input="And?", previous_response_id=made.id)
    assert upstream.requests[-1]["body"]["previous_response_id"].startswith("resp_up")
    assert more.previous_response_id == made.id
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


def test_a_stream_of_events_passes_and_is_charged(gateway, upstream):
    events = list(gateway.client().responses.create(model="echo", input="Hello", stream=True))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == TEXT
    assert [event.type for event in events].count("response.completed") == 1
    assert events[-1].response.usage.output_tokens == 4
    assert len({event.response.id for event in events if hasattr(event, "response")}) == 1
    rows = gateway.call("/spend/logs").json()
    assert any(row["call_type"] == "aresponses" and row["completion_tokens"] == 4 for row in rows)


def test_tools_that_the_provider_runs_are_charged_by_their_use(gateway, upstream):
    key = gateway.key(max_budget=1)
    files = {"type": "file_search", "vector_store_ids": ["vs_1"]}
    code = {"type": "code_interpreter", "container": {"type": "auto"}}
    draw = {"type": "image_generation", "model": "gpt-image-1", "quality": "low", "size": "1024x1024"}
    asked = {"model": "tooled", "input": "Hello", "tools": [files, code, draw]}
    # Four tokens, two searches in files, one container, and a picture: ten tokens of text and 272 of itself.
    cost = 4 * 1e-6 + 2 * 0.0025 + 0.03 + 10 * 5e-6 + 272 * 4e-5
    answer = gateway.client(key).responses.with_raw_response.create(**asked)
    assert float(answer.headers["x-litellm-response-cost"].strip("$")) == pytest.approx(cost)
    list(gateway.client(key).responses.create(**asked, stream=True))
    assert gateway.call(f"/key/info?key={key}").json()["info"]["spend"] == pytest.approx(2 * cost)


def test_a_strict_budget_admits_no_tools_that_nobody_can_price_before(gateway, upstream):
    client = gateway.client(gateway.key(max_budget=1, budget_mode="strict"))
    with pytest.raises(openai.BadRequestError):
        client.responses.create(model="tooled", input="Hello", max_output_tokens=9, tools=[{"type": "file_search"}])


def test_the_clients_own_helper_reads_the_stream_of_either_kind(gateway, upstream):
    for model, text in (("echo", TEXT), ("claude", " ".join(CLAUDE_SAYS))):
        with gateway.client().responses.stream(model=model, input="Hello") as stream:
            for _ in stream:
                pass
            final = stream.get_final_response()
        assert (final.output_text, final.status) == (text, "completed")
        assert final.usage.total_tokens == 13


def test_a_provider_that_only_chats_answers_and_says_that_it_keeps_nothing(gateway, upstream):
    client = gateway.client()
    made = client.responses.create(model="claude", input=[{"role": "user", "content": "What is it?"}])
    assert (made.output_text, made.model, made.status) == (" ".join(CLAUDE_SAYS), "claude", "completed")
    assert upstream.requests[-1]["path"] == "/v1/messages"
    with pytest.raises(openai.NotFoundError) as unknown:
        client.responses.retrieve(made.id)
    assert "send the whole conversation" in unknown.value.message
    with pytest.raises(openai.BadRequestError) as refused:
        client.responses.create(model="claude", input="And?", previous_response_id=made.id)
    assert "whole conversation" in refused.value.message


def test_a_key_reaches_no_response_of_a_model_that_it_may_not_use(gateway, upstream):
    made = gateway.client().responses.create(model="echo", input="Hello")
    key = gateway.key(models=["claude"])
    with pytest.raises(openai.PermissionDeniedError):
        gateway.client(key).responses.retrieve(made.id)
