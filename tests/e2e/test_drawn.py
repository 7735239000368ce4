"""What a model draws in a chat, told to each kind of client in its own dialect, whole and streamed, and brought back by it."""

import json

import httpx2
import pytest

from support.gateway import MASTER_KEY
from support.upstream import GEMINI_DRAWS, GEMINI_SAYS

TEXT = " ".join(GEMINI_SAYS)
DATA = GEMINI_DRAWS["data"]
KINDS = pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
CHAT = {"model": "gemini", "messages": [{"role": "user", "content": "Draw"}]}
MESSAGES = CHAT | {"max_tokens": 20}


def sent_back(upstream):
    """What the model said and drew, as the provider is told it with the next question."""
    return [part for part in upstream.requests[-1]["body"]["contents"][1]["parts"] if "inline_data" in part]


@KINDS
def test_a_chat_has_images(gateway, upstream, streamed):
    made = gateway.client().chat.completions.create(stream=streamed, **CHAT)
    said = [chunk.choices[0].delta for chunk in made if chunk.choices] if streamed else [made.choices[0].message]
    images = [image for piece in said for image in getattr(piece, "images", None) or []]
    assert [image["image_url"]["url"] for image in images] == [f"data:image/png;base64,{DATA}"]
    answered = {"role": "assistant", "content": TEXT, "images": images}
    turns = [*CHAT["messages"], answered, {"role": "user", "content": "And?"}]
    gateway.client().chat.completions.create(**CHAT | {"messages": turns})
    assert sent_back(upstream) == [{"inline_data": {"mime_type": "image/png", "data": DATA}}]


@KINDS
def test_a_message_has_a_block(gateway, upstream, streamed):
    client = gateway.messages().messages
    if streamed:
        with client.stream(**MESSAGES) as stream:
            for _ in stream:
                pass
            made = stream.get_final_message()
    else:
        made = client.create(**MESSAGES)
    text, image = (block.model_dump(exclude_none=True) for block in made.content)
    assert text["text"].strip() == TEXT
    assert image["source"] == {"type": "base64", "media_type": "image/png", "data": DATA}
    turns = [*CHAT["messages"], {"role": "assistant", "content": [text, image]}, {"role": "user", "content": "And?"}]
    client.create(**MESSAGES | {"messages": turns})
    assert sent_back(upstream) == [{"inline_data": {"mime_type": "image/png", "data": DATA}}]


@KINDS
def test_a_response_has_an_item(gateway, upstream, streamed):
    client = gateway.client().responses
    if streamed:
        with client.stream(model="gemini", input="Draw") as stream:
            kinds = [event.type for event in stream]
            made = stream.get_final_response()
        assert kinds.count("response.image_generation_call.completed") == 1
    else:
        made = client.create(model="gemini", input="Draw")
    assert (made.output_text.strip(), [item.type for item in made.output]) == (TEXT, ["message", "image_generation_call"])
    assert (made.output[1].result, made.output[1].status) == (DATA, "completed")
    output = [item.model_dump(exclude_none=True) for item in made.output]
    turns = [{"role": "user", "content": "Draw"}, *output, {"role": "user", "content": "And?"}]
    client.create(model="gemini", input=turns)
    assert sent_back(upstream) == [{"inline_data": {"mime_type": "image/png", "data": DATA}}]


@KINDS
def test_googles_own_clients_get_it_as_it_came(gateway, upstream, streamed):
    method = "streamGenerateContent?alt=sse" if streamed else "generateContent"
    address = f"{gateway.url}/v1beta/models/gemini:{method}"
    body = {"contents": [{"role": "user", "parts": [{"text": "Draw"}]}]}
    answer = httpx2.post(address, json=body, headers={"x-goog-api-key": MASTER_KEY}, timeout=60)
    events = [json.loads(line[5:]) for line in answer.text.splitlines() if line.startswith("data:")]
    last = events[-1] if streamed else answer.json()
    assert {"inlineData": GEMINI_DRAWS} in last["candidates"][0]["content"]["parts"]
