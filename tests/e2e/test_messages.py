"""Anthropic's official client, answered by Claude in its own dialect and by others over a bridge."""

import anthropic
import pytest

from support.upstream import CLAUDE_SAYS

ASKED = {"max_tokens": 20, "messages": [{"role": "user", "content": "Hello there"}]}
SAID = {"claude": " ".join(CLAUDE_SAYS), "groq-echo": "You said: Hello there", "demo": "Postern answers."}
WEATHER = {
    "name": "weather",
    "description": "Tells the weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


@pytest.mark.parametrize("model", SAID)
def test_an_answer_arrives_whole(gateway, upstream, model):
    message = gateway.messages().messages.create(model=model, **ASKED)
    assert (message.type, message.role, message.model, message.stop_reason) == ("message", "assistant", model, "end_turn")
    assert [(block.type, block.text) for block in message.content] == [("text", SAID[model])]
    assert message.usage.output_tokens > 0


@pytest.mark.parametrize("model", SAID)
def test_a_stream_arrives_with_its_usage(gateway, upstream, model):
    with gateway.messages().messages.stream(model=model, **ASKED) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()
    assert text.strip() == SAID[model] == message.content[0].text.strip()
    assert (message.model, message.stop_reason) == (model, "end_turn")
    assert message.usage.output_tokens > 0


def test_a_tool_is_called_whole_and_streamed(gateway, upstream):
    asked = {"model": "groq-echo", "tools": [WEATHER], "tool_choice": {"type": "any"}, **ASKED}
    whole = gateway.messages().messages.create(**asked)
    sent = upstream.requests[-1]
    assert (sent["path"], sent["body"]["tool_choice"]) == ("/v1/chat/completions", "required")
    assert sent["body"]["tools"][0]["function"]["parameters"] == WEATHER["input_schema"]
    with gateway.messages().messages.stream(**asked) as stream:
        streamed = stream.get_final_message()
    for message in (whole, streamed):
        assert [(block.type, block.id, block.name, block.input) for block in message.content] == [
            ("tool_use", "call_1", "weather", {"city": "Oslo"})
        ]
    assert (whole.stop_reason, streamed.stop_reason) == ("tool_use", "tool_use")


def test_what_a_tool_answered_goes_back_to_it(gateway, upstream):
    turns = [
        {"role": "user", "content": "How is it in Oslo?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Oslo"}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "Rain"}]},
    ]
    gateway.messages().messages.create(model="groq-echo", max_tokens=20, messages=turns, system="Be brief.")
    sent = upstream.requests[-1]["body"]["messages"]
    assert [message["role"] for message in sent] == ["system", "user", "assistant", "tool"]
    assert (sent[3]["tool_call_id"], sent[3]["content"]) == ("t1", "Rain")


def test_what_claude_is_told_passes_as_it_is(gateway, upstream):
    beta = {"anthropic-beta": "one-2025-01-01,two-2025-02-02"}
    asked = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "metadata": {"user_id": "somebody"}}
    gateway.messages().messages.create(model="claude", extra_headers=beta, **asked, **ASKED | {"max_tokens": 2000})
    sent = upstream.requests[-1]
    headers = {name.lower(): value for name, value in sent["headers"].items()}
    assert headers["anthropic-beta"] == beta["anthropic-beta"]
    assert {name: sent["body"][name] for name in asked} == asked
    assert sent["body"]["messages"] == ASKED["messages"]


def test_tokens_are_counted_by_the_provider_or_here(gateway, upstream):
    asked = {"messages": ASKED["messages"], "system": "Be brief.", "tools": [WEATHER]}
    assert gateway.messages().messages.count_tokens(model="claude", **asked).input_tokens == 9
    assert upstream.requests[-1]["path"] == "/v1/messages/count_tokens"
    upstream.forget()
    assert gateway.messages().messages.count_tokens(model="groq-echo", **asked).input_tokens > 30
    assert upstream.requests == []


def test_errors_are_those_that_the_client_knows(gateway, upstream):
    def refused(error, model, key=None):
        with pytest.raises(error) as raised:
            (gateway.messages(key) if key else gateway.messages()).messages.create(model=model, **ASKED)
        assert raised.value.body["type"] == "error"
        return raised.value

    limited = refused(anthropic.RateLimitError, "groq-busy")
    assert limited.response.headers["retry-after"] == "7"
    assert limited.body["error"] == {"type": "rate_limit_error", "message": "Slow down"}
    refused(anthropic.NotFoundError, "nobody")
    refused(anthropic.AuthenticationError, "groq-echo", key="sk-nobody")


def test_a_stream_that_breaks_is_an_error_in_the_stream(gateway, upstream):
    with pytest.raises(anthropic.APIStatusError) as broken:
        with gateway.messages().messages.stream(model="groq-cut", **ASKED) as stream:
            list(stream)
    assert broken.value.body["type"] == "error"


def test_a_message_is_charged_to_its_key(gateway, upstream):
    key = gateway.key(max_budget=1)
    with gateway.messages(key).messages.stream(model="claude", **ASKED) as stream:
        stream.until_done()
    rows = [row for row in gateway.call("/spend/logs").json() if row["call_type"] == "anthropic_messages"]
    # 9 tokens at $3 and 4 at $15 a million.
    assert any(row["spend"] == pytest.approx(87e-6) for row in rows if row["model_group"] == "claude")
    assert gateway.call(f"/key/info?key={key}").json()["info"]["spend"] == pytest.approx(87e-6)
