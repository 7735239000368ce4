"""OpenAI's responses, as the provider on this machine makes and keeps them."""

import itertools
import json

SAYS = ["A", " kept", " answer."]
USAGE = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 4,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 13,
}
# What tells that a tool of the provider ran, by the tool: two searches in files, code twice in one container, and a
# picture with what it used.
RAN = {
    "file_search": [{"type": "file_search_call", "queries": ["q"], "results": None}] * 2,
    "code_interpreter": [{"type": "code_interpreter_call", "container_id": "cntr_1", "code": "1", "outputs": None}] * 2,
    "image_generation": [{"type": "image_generation_call", "result": "AA==", "size": "1024x1024", "quality": "low"}],
}
DRAWN = {
    "input_tokens": 10,
    "input_tokens_details": {"text_tokens": 10, "image_tokens": 0},
    "output_tokens": 272,
    "output_tokens_details": {"image_tokens": 272, "text_tokens": 0},
    "total_tokens": 282,
}
_numbers = itertools.count(1)


class Kept:
    """What has been made and not deleted."""

    def __init__(self):
        self.responses = {}

    def make(self, body):
        """The response to a request."""
        part = {"type": "output_text", "text": "".join(SAYS), "annotations": []}
        item = {"type": "message", "id": "msg_up", "status": "completed", "role": "assistant", "content": [part]}
        calls = [call for tool in body.get("tools", []) for call in RAN.get(tool["type"], [])]
        ran = [call | {"id": f"call_{at}", "status": "completed"} for at, call in enumerate(calls)]
        response = _response(f"resp_up{next(_numbers)}", body, "completed", [item, *ran], USAGE)
        if any(call["type"] == "image_generation_call" for call in ran):
            response["tool_usage"] = {"image_gen": DRAWN}
        self.responses[response["id"]] = (response, body)
        return response

    def events(self, body):
        """The same, event by event."""
        whole = self.make(body)
        begun = whole | {"status": "in_progress", "output": [], "usage": None}
        place = {"item_id": "msg_up", "output_index": 0, "content_index": 0}
        item = whole["output"][0]
        yield {"type": "response.created", "response": begun}
        yield {"type": "response.output_item.added", "output_index": 0, "item": item | {"content": []}}
        part = item["content"][0]
        yield {"type": "response.content_part.added", **place, "part": part | {"text": ""}}
        for word in SAYS:
            yield {"type": "response.output_text.delta", **place, "delta": word, "logprobs": []}
        yield {"type": "response.output_text.done", **place, "text": part["text"], "logprobs": []}
        yield {"type": "response.content_part.done", **place, "part": part}
        yield {"type": "response.output_item.done", "output_index": 0, "item": item}
        yield {"type": "response.completed", "response": whole}

    def about(self, method, path):
        """The status and the answer to a question about a response."""
        name, _, what = path.partition("/responses/")[2].partition("?")[0].partition("/")
        if name not in self.responses:
            return 404, {"error": {"message": f"Response with id '{name}' not found.", "type": "invalid_request_error"}}
        response, body = self.responses[name]
        if method == "DELETE":
            del self.responses[name]
            return 200, {"id": name, "object": "response", "deleted": True}
        if what == "input_items":
            item = {"id": "msg_in", "type": "message", "role": "user", "content": body["input"]}
            return 200, {"object": "list", "data": [item], "first_id": "msg_in", "last_id": "msg_in", "has_more": False}
        return 200, response


def _response(name, body, status, output, usage):
    return {
        "id": name,
        "object": "response",
        "created_at": 1_700_000_000,
        "status": status,
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "model": body["model"],
        "output": output,
        "parallel_tool_calls": True,
        "previous_response_id": body.get("previous_response_id"),
        "tool_choice": "auto",
        "tools": body.get("tools", []),
        "usage": usage,
    }


def numbered(events):
    """Events as bytes, in order."""
    for number, event in enumerate(events):
        yield f"event: {event['type']}\ndata: {json.dumps(event | {'sequence_number': number})}\n\n".encode()
