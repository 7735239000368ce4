"""Claude, asked by the official OpenAI client and spoken to in Anthropic's dialect."""

import openai
import pytest

from support.upstream import CLAUDE_SAYS

MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is it?"}]
TEXT = " ".join(CLAUDE_SAYS)


def test_an_answer_arrives_whole(gateway, upstream):
    answer = gateway.client().chat.completions.create(model="claude", messages=MESSAGES, max_tokens=20)
    assert answer.choices[0].message.content == TEXT
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (9, 4)
    asked = upstream.requests[-1]
    assert asked["path"] == "/v1/messages"
    assert asked["body"]["messages"][0]["role"] == "user"
    assert "Be brief." in str(asked["body"]["system"])
    assert asked["body"]["max_tokens"] == 20


def test_a_stream_arrives_with_its_usage_and_is_charged(gateway, upstream):
    with gateway.client().chat.completions.with_streaming_response.create(
        model="claude", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    ) as response:
        text = response.read().decode()
    assert text.rstrip().endswith("data: [DONE]")
    stream = gateway.client().chat.completions.create(
        model="claude", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices) == TEXT
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason] == ["stop"]
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[-1].usage.total_tokens == 13
    rows = gateway.call("/spend/logs").json()
    # 9 tokens at $3 and 4 at $15 a million.
    assert any(row["spend"] == pytest.approx(87e-6) for row in rows if row["model_group"] == "claude")


def test_an_overloaded_provider_is_told_with_its_wait(gateway, upstream):
    with pytest.raises(openai.APIStatusError) as refused:
        gateway.client().chat.completions.create(model="claude", messages=[{"role": "user", "content": "too much"}])
    assert refused.value.status_code >= 500
    assert "Overloaded" in refused.value.message
    assert refused.value.response.headers["retry-after"] == "3"
