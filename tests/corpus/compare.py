"""Compares what a gateway did with what is on record, at one of three levels.

upstream: what went to the provider. loose: that, and the gist of the client's answer. exact: that, and the whole
answer. Both sides are normalised first: generated ids, times and signatures differ from run to run.
"""

import json
import re
import time

MASTER_KEY = "sk-corpus-" + "0123456789abcdef" * 3

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX32 = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_SIGNING_DATE = re.compile(r"(Credential=[^/]+)/\d{8}/")
_SIGNATURE = re.compile(r"Signature=[0-9a-f]{64}")
_TOOL_CALL = re.compile(r"call_([0-9a-f]{24,28}\b|<hex32>|<uuid>)")
_RESPONSE = re.compile(r"resp_(?:<\w+>|[\w=+/-])+")
_TWO_DAYS = 172_800

# The corpus does not record these: they belong to the connection or to the client's library.
_VOLATILE_HEADERS = {
    "accept", "accept-encoding", "connection", "content-length", "date", "host", "traceparent", "transfer-encoding",
    "user-agent", "via", "x-amz-date",
}


def normalise(value):
    """The value without what differs from run to run."""
    if isinstance(value, dict):
        return {name: normalise(member) for name, member in value.items()}
    if isinstance(value, list):
        return [normalise(member) for member in value]
    if isinstance(value, str):
        return _normalise_text(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value - time.time()) < _TWO_DAYS:
        return "<now>"
    return value


def _normalise_text(text):
    text = _HEX32.sub("<hex32>", _UUID.sub("<uuid>", text))
    text = _SIGNATURE.sub("Signature=<sig>", _SIGNING_DATE.sub(r"\1/<date>/", text))
    text = _TOOL_CALL.sub("call_<gen>", text)
    text = _RESPONSE.sub(lambda found: "resp_<opaque>" if len(found[0]) > 60 else found[0], text)
    return text.replace(MASTER_KEY, "@MASTER@")


def recorded_headers(headers):
    """The headers of an upstream request that the corpus records."""
    names = {name.lower(): value for name, value in headers}
    return {
        name: value
        for name, value in names.items()
        if name not in _VOLATILE_HEADERS and not name.startswith("x-stainless-")
    }


def difference(case, seen, answer, level, explains=lambda text: False):
    """Where the gateway first differs from the record, as a sentence; `None` where it does not. What `explains` knows of
    is passed over."""
    wanted = [exchange["upstream_request"] for exchange in case["exchanges"] if not exchange.get("aux")]
    # The host is the stand-in's for every provider.
    wanted = [{name: part for name, part in request.items() if name != "url"} for request in wanted]
    found = _first(wanted, seen, "upstream", explains)
    if found or level == "upstream" or len(wanted) != len(seen):
        return found
    record = case["client_response"]
    found = _first(record["status"], answer["status"], "status", explains)
    if found or record["status"] != answer["status"]:
        return found
    if level == "loose":
        found = _first(gist(record), gist(answer), "answer", explains) or _provider_message_missing(case, answer)
    else:
        rest = lambda whole: {name: part for name, part in whole.items() if name != "headers"}
        found = _first(rest(record), rest(answer), "answer", explains)
        found = found or _first_header(record["headers"], answer["headers"])
    return None if found and explains(found) else found


def _first_header(wanted, got):
    for name, value in wanted.items():
        # Parameters (`; charset=utf-8`) are the framework's; counters are the process's own.
        if value != "<counter>" and got.get(name, "").split(";")[0] != value.split(";")[0]:
            return f"header {name}: wanted {value!r}, got {got.get(name)!r}"
    return None


def _first(wanted, got, place, explains=lambda text: False):
    """The first place where two values differ and nothing explains it."""
    numbers = (int, float)
    if isinstance(wanted, numbers) and isinstance(got, numbers) and not isinstance(wanted, bool):
        if abs(wanted - got) <= 1e-9 * max(abs(wanted), abs(got)):
            return None
    elif isinstance(wanted, dict) and isinstance(got, dict):
        for name in sorted(wanted.keys() | got.keys()):
            if name not in got:
                found = f"{place}.{name}: missing, wanted {_short(wanted[name])}"
            elif name not in wanted:
                found = f"{place}.{name}: not wanted, got {_short(got[name])}"
            else:
                found = _first(wanted[name], got[name], f"{place}.{name}", explains)
            if found and not explains(found):
                return found
        return None
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        pairs = enumerate(zip(wanted, got))
        return next((found for at, (a, b) in pairs if (found := _first(a, b, f"{place}[{at}]", explains))), None)
    elif wanted == got:
        return None
    found = f"{place}: wanted {_short(wanted)}, got {_short(got)}"
    return None if explains(found) else found


def _short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else text[:160] + "…"


def gist(answer):
    """What most clients read of an answer."""
    if "sse" in answer:
        return _gist_of_stream(answer["sse"])
    body = answer.get("body")
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        error = body["error"]
        return {"error": [error.get("type"), str(error.get("code")), error.get("param")]}
    if isinstance(body, dict) and "choices" in body:
        return {"choices": [_gist_of_choice(choice) for choice in body["choices"]], "usage": _usage(body.get("usage"))}
    return {"body": body, "text": answer.get("text")}


def _gist_of_choice(choice):
    message = choice.get("message") or {}
    return {
        "text": message.get("content") if "message" in choice else choice.get("text"),
        "reasoning": message.get("reasoning_content"),
        "tools": [tool.get("function") or {} for tool in message.get("tool_calls") or []],
        "finish": choice.get("finish_reason"),
    }


def _usage(usage):
    usage = usage or {}
    read = lambda chat, messages: usage.get(chat, usage.get(messages))
    return [read("prompt_tokens", "input_tokens"), read("completion_tokens", "output_tokens")]


def _gist_of_stream(events):
    gist = {"text": "", "reasoning": "", "tools": {}, "finish": {}, "usage": None, "error": None, "done": False}
    gist["types"] = []
    for event in events:
        data = event.get("data")
        if data == "[DONE]":
            gist["done"] = True
        elif isinstance(data, dict):
            _read_event(gist, data)
    return gist


def _read_event(gist, data):
    if isinstance(data.get("error"), dict):
        gist["error"] = str(data["error"].get("type"))
    if data.get("type") and gist["types"][-1:] != [data["type"]]:
        gist["types"].append(data["type"])
    if data.get("usage"):
        gist["usage"] = _usage(data["usage"])
    delta = data.get("delta")
    gist["text"] += str((delta.get("text") if isinstance(delta, dict) else delta) or "")
    for choice in data.get("choices") or []:
        delta, index = choice.get("delta") or {}, str(choice.get("index"))
        gist["text"] += str(delta.get("content") or choice.get("text") or "")
        gist["reasoning"] += str(delta.get("reasoning_content") or "")
        if choice.get("finish_reason"):
            gist["finish"][index] = choice["finish_reason"]
        for call in delta.get("tool_calls") or []:
            tool, function = gist["tools"].setdefault(str(call.get("index")), ["", ""]), call.get("function") or {}
            tool[0] += function.get("name") or ""
            tool[1] += function.get("arguments") or ""
    for candidate in data.get("candidates") or []:
        _read_candidate(gist, candidate)


def _read_candidate(gist, candidate):
    """A piece of an answer as Google streams it: its end is a piece with a reason."""
    if candidate.get("finishReason"):
        gist["finish"][str(candidate.get("index", 0))] = candidate["finishReason"]
        gist["done"] = True
    for part in (candidate.get("content") or {}).get("parts") or []:
        gist["reasoning" if part.get("thought") else "text"] += part.get("text") or ""
        if call := part.get("functionCall"):
            gist["tools"][str(len(gist["tools"]))] = [call.get("name"), call.get("args")]


def _provider_message_missing(case, answer):
    """The provider's own words must reach the client wherever they did on record."""
    recorded, got = _error_message(case["client_response"]), _error_message(answer)
    for exchange in case["exchanges"]:
        words = _error_message(exchange["upstream_response"])
        if words and words in (recorded or "") and words not in (got or ""):
            return f"answer.error.message: wanted {_short(words)} in it, got {_short(got)}"
    return None


def _error_message(answer):
    body = answer.get("body")
    error = body.get("error") if isinstance(body, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return message if isinstance(message, str) else None
