"""Google's clients, as they speak over HTTP: answered by Gemini in its own dialect and by others over a bridge. And clients
that call a provider's own API through the gateway."""

import json

import httpx2
import pytest
import yaml

from support.gateway import MASTER_KEY, PATIENCE, start_postern
from support.upstream import API_KEY, CLAUDE_SAYS, GEMINI_SAYS

ASKED = {
    "contents": [{"role": "user", "parts": [{"text": "Hello there"}]}],
    "generationConfig": {"maxOutputTokens": 20},
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
}
SAID = {
    "gemini": " ".join(GEMINI_SAYS),
    "claude": " ".join(CLAUDE_SAYS),
    "groq-echo": "You said: Hello there",
    "demo": "Postern answers.",
}
WEATHER = {"name": "weather", "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}}}


def ask(gateway, model, method, body=ASKED, headers=None, **query):
    headers = {"x-goog-api-key": MASTER_KEY} if headers is None else headers
    address = f"{gateway.url}/v1beta/models/{model}:{method}"
    return httpx2.post(address, json=body, headers=headers, params=query, timeout=60)


def cost_of(response):
    return float(response.headers["x-litellm-response-cost"].removeprefix("$"))


def text_of(pieces):
    parts = [part for piece in pieces for candidate in piece["candidates"] for part in candidate["content"]["parts"]]
    return "".join(part["text"] for part in parts).strip()


@pytest.mark.parametrize("model", SAID)
def test_an_answer_arrives_whole(gateway, upstream, model):
    response = ask(gateway, model, "generateContent")
    answer = response.json()
    assert (response.status_code, text_of([answer])) == (200, SAID[model])
    assert answer["candidates"][0]["finishReason"] == "STOP"
    usage = answer["usageMetadata"]
    assert usage["totalTokenCount"] == usage["promptTokenCount"] + usage["candidatesTokenCount"] > 0


@pytest.mark.parametrize("model", SAID)
def test_a_stream_is_events_or_one_list_as_it_is_asked_for(gateway, upstream, model):
    events = ask(gateway, model, "streamGenerateContent", alt="sse")
    assert events.headers["content-type"].startswith("text/event-stream")
    pieces = [json.loads(line[5:]) for line in events.text.splitlines() if line.startswith("data:")]
    listed = ask(gateway, model, "streamGenerateContent")
    assert listed.headers["content-type"].startswith("application/json")
    for told in (pieces, listed.json()):
        assert text_of(told) == SAID[model]
        assert told[-1]["candidates"][0]["finishReason"] == "STOP"
        assert told[-1]["usageMetadata"]["candidatesTokenCount"] > 0


def test_what_gemini_is_told_passes_as_it_is_and_is_charged(gateway, upstream):
    body = ASKED | {"safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]}
    response = ask(gateway, "gemini", "generateContent", body)
    sent = upstream.requests[-1]
    assert (sent["path"], sent["body"]) == ("/v1beta/models/gemini-2.5-flash:generateContent", body)
    # 9 tokens at $0.3 and 4 at $2.5 a million.
    assert cost_of(response) == pytest.approx(12.7e-6)


def test_a_function_is_called_whole_and_streamed(gateway, upstream):
    tools = {"tools": [{"functionDeclarations": [WEATHER]}], "toolConfig": {"functionCallingConfig": {"mode": "ANY"}}}
    whole = ask(gateway, "groq-echo", "generateContent", ASKED | tools).json()
    assert upstream.requests[-1]["body"]["tool_choice"] == "required"
    streamed = ask(gateway, "groq-echo", "streamGenerateContent", ASKED | tools, alt="sse").text
    first = json.loads(streamed.splitlines()[0][5:])
    for answer in (whole, first):
        calls = [part["functionCall"] for part in answer["candidates"][0]["content"]["parts"]]
        assert calls == [{"id": "call_1", "name": "weather", "args": {"city": "Oslo"}}]


def test_tokens_are_counted_by_the_provider_or_here(gateway, upstream):
    count = lambda model: ask(gateway, model, "countTokens", {"contents": ASKED["contents"]}).json()["totalTokens"]
    assert (count("gemini"), count("claude")) == (9, 9)
    assert [request["path"] for request in upstream.requests[-2:]] == [
        "/v1beta/models/gemini-2.5-flash:countTokens",
        "/v1/messages/count_tokens",
    ]
    upstream.forget()
    assert 0 < count("groq-echo") < 20
    assert upstream.requests == []


def test_a_key_counts_wherever_googles_clients_show_it_and_errors_are_theirs(gateway, upstream):
    assert ask(gateway, "demo", "generateContent", headers={}, key=MASTER_KEY).status_code == 200
    assert ask(gateway, "demo", "generateContent", headers={"authorization": f"Bearer {MASTER_KEY}"}).status_code == 200
    refused = lambda response: (response.status_code, response.json()["error"]["code"], response.json()["error"]["status"])
    assert refused(ask(gateway, "demo", "generateContent", headers={})) == (401, 401, "UNAUTHENTICATED")
    assert refused(ask(gateway, "nobody", "generateContent")) == (404, 404, "NOT_FOUND")
    assert refused(ask(gateway, "groq-echo", "generateContent", {})) == (400, 400, "INVALID_ARGUMENT")
    busy = ask(gateway, "groq-busy", "generateContent")
    assert refused(busy) == (429, 429, "RESOURCE_EXHAUSTED")
    assert (busy.headers["retry-after"], "Slow down" in busy.json()["error"]["message"]) == ("7", True)


def test_a_providers_own_api_is_called_with_the_gateways_key_and_charged(gateway, upstream):
    said = {"max_tokens": 20, "messages": [{"role": "user", "content": "Hi"}], "model": "claude-sonnet-4-5", "x": 1}
    raw = json.dumps(said, indent=3)
    headers = {"x-api-key": MASTER_KEY, "anthropic-version": "2023-06-01", "content-type": "application/json"}
    answer = httpx2.post(f"{gateway.url}/anthropic/v1/messages", content=raw, headers=headers, timeout=60)
    sent = upstream.requests[-1]
    sent_headers = {name.lower(): value for name, value in sent["headers"].items()}
    assert (sent["path"], sent["body"], answer.json()["type"]) == ("/v1/messages", said, "message")
    assert (sent_headers["x-api-key"], sent_headers["content-length"]) == (API_KEY, str(len(raw)))
    assert (sent_headers["anthropic-version"], MASTER_KEY in str(sent_headers)) == ("2023-06-01", False)
    # 9 tokens at $3 and 4 at $15 a million.
    assert cost_of(answer) == pytest.approx(87e-6)
    stream = httpx2.post(
        f"{gateway.url}/anthropic/v1/messages", json=said | {"stream": True}, headers={"x-api-key": MASTER_KEY}, timeout=60
    )
    assert stream.text.rstrip().endswith('data: {"type": "message_stop"}')
    contents = httpx2.post(
        f"{gateway.url}/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent",
        params={"alt": "sse", "key": MASTER_KEY},
        json=ASKED,
        timeout=60,
    )
    assert contents.text.count("data: ") == len(GEMINI_SAYS)
    assert upstream.requests[-1]["path"] == "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"


def test_what_passes_is_guarded_as_every_call(postern, upstream):
    key = postern.key(models=["gpt-other"], max_budget=1)
    asked = {"model": "echo", "messages": [{"role": "user", "content": "Hi"}]}
    assert postern.call("/openai/v1/chat/completions", asked, key=key).status_code == 403
    assert postern.call("/openai/v1/chat/completions", asked, key=None).status_code == 401
    assert postern.call("/openai/v1/chat/completions", asked | {"model": "gpt-other"}, key=key).status_code == 200
    busy = postern.call("/openai/chat/completions", asked | {"model": "busy"})
    assert (busy.status_code, busy.json()) == (429, {"error": {"message": "Slow down", "type": "rate_limit_error"}})
    assert busy.headers["retry-after"] == "7"
    upstream.forget()
    for path in ("/openai/v1/files", "/anthropic/v1/messages/batches", "/gemini/v1beta/models/../x:generateContent"):
        assert postern.call(path, asked).status_code == 404
    unnamed = postern.call("/mistral/v1/chat/completions", asked)
    assert (unnamed.status_code, "mistral" in unnamed.json()["error"]["message"]) == (500, True)
    assert upstream.requests == []


def test_what_passes_goes_nowhere_else_where_a_budget_or_a_region_stands_in_its_way(upstream, logs, tmp_path):
    own = {"ANTHROPIC_API_KEY": API_KEY, "ANTHROPIC_API_BASE": upstream.url.removesuffix("/v1"), "OPENAI_API_KEY": API_KEY}
    budgets = {"anthropic": {"budget_limit": 2e-5, "time_period": "30d"}}
    sections = {"general_settings": {"master_key": MASTER_KEY, **PATIENCE}, "router_settings": {"provider_budget_config": budgets}}
    config = tmp_path / "passing.yaml"
    environment = {"environment_variables": own | {"OPENAI_API_BASE": upstream.url}}
    config.write_text(yaml.safe_dump({"model_list": [], **sections, **environment}))
    gateway = start_postern("passing", config, "memory", logs)
    try:
        asked = {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
        # An untouched budget is worth a call, however small it is.
        assert gateway.call("/anthropic/v1/messages", asked).status_code == 200
        spent = gateway.call("/anthropic/v1/messages", asked)
        assert spent.status_code == 422 and "Provider=anthropic" in spent.json()["error"]["message"]
        assert gateway.call("/customer/new", {"user_id": "european", "allowed_model_region": "eu"}).status_code == 200
        far = gateway.call("/openai/v1/chat/completions", asked | {"model": "gpt-4o", "user": "european"})
        assert far.status_code == 400 and "`eu`" in far.json()["error"]["message"]
        assert len(upstream.requests) == 1
    finally:
        gateway.process.end()
