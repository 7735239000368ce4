"""A stream with a thought, words and a call, of a provider with a format of its own and of one that speaks OpenAI's, read by
the official clients for Python and Node.js in each dialect: all of them are told the same."""

import json
import subprocess

import pytest

from support.gateway import MASTER_KEY
from support.process import ROOT
from support.upstream import THINK, THOUGHT, TOOL_CALL, WORDS

CALLED = {"name": TOOL_CALL["function"]["name"], "arguments": json.loads(TOOL_CALL["function"]["arguments"])}
TOLD = {"thought": "".join(THOUGHT), "words": "".join(WORDS), "called": CALLED, "counted": True}
ASKED = [{"role": "user", "content": THINK}]


def by_chat(gateway, model):
    thought, words, arguments, name, counted = "", "", "", None, False
    usage = {"include_usage": True}
    for chunk in gateway.client().chat.completions.create(model=model, messages=ASKED, stream=True, stream_options=usage):
        counted = counted or bool(chunk.usage and chunk.usage.completion_tokens)
        for delta in (choice.delta for choice in chunk.choices):
            thought += getattr(delta, "reasoning_content", None) or ""
            words += delta.content or ""
            for call in delta.tool_calls or []:
                name = name or call.function.name
                arguments += call.function.arguments or ""
    return {"thought": thought, "words": words, "called": called(name, arguments), "counted": counted}


def by_responses(gateway, model):
    thought, words = "", ""
    with gateway.client().responses.stream(model=model, input=ASKED) as stream:
        for event in stream:
            thought += event.delta if event.type == "response.reasoning_summary_text.delta" else ""
            words += event.delta if event.type == "response.output_text.delta" else ""
        final = stream.get_final_response()
    reasoning, message, call = final.output
    # What came piece by piece is what stands in the whole.
    assert (reasoning.summary[0].text, message.content[0].text) == (thought, words)
    counted = final.usage.output_tokens > 0
    return {"thought": thought, "words": words, "called": called(call.name, call.arguments), "counted": counted}


def by_messages(gateway, model):
    with gateway.messages().messages.stream(model=model, max_tokens=20, messages=ASKED) as stream:
        words = "".join(stream.text_stream)
        final = stream.get_final_message()
    thinking, text, call = final.content
    assert (text.text, final.stop_reason) == (words, "tool_use")
    called = {"name": call.name, "arguments": call.input}
    return {"thought": thinking.thinking, "words": words, "called": called, "counted": final.usage.output_tokens > 0}


def called(name, arguments):
    return {"name": name, "arguments": json.loads(arguments)}


@pytest.mark.parametrize("model", ["claude", "groq-echo"])
@pytest.mark.parametrize("read", [by_chat, by_responses, by_messages])
def test_pythons_clients_read_every_kind(gateway, upstream, read, model):
    assert read(gateway, model) == TOLD


@pytest.mark.parametrize("model", ["claude", "groq-echo"])
def test_nodes_clients_read_every_kind(gateway, upstream, model):
    command = ["node", ROOT / "tests/node/kinds.mjs", f"{gateway.url}/v1", MASTER_KEY, model, THINK]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"chat": TOLD, "responses": TOLD, "messages": TOLD}
