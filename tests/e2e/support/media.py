"""What the provider on this machine answers about images and sound: https://platform.openai.com/docs/api-reference"""

import base64
import json
from email.parser import BytesParser

PIXEL = base64.b64encode(b"\x89PNG of one pixel").decode()
# No text in any encoding, so that whoever takes it for one breaks it.
SOUND = bytes(range(256)) * 1000
SAID = "What was said."
SUBTITLES = "1\n00:00:00,000 --> 00:00:02,500\nWhat was said.\n"


def is_form(headers):
    return headers["content-type"].startswith("multipart/form-data")


def form(raw, headers):
    """A form as a dictionary: texts, and of files their name, type and content."""
    parts = BytesParser().parsebytes(b"content-type: " + headers["content-type"].encode() + b"\r\n\r\n" + raw)
    return {part.get_param("name", header="content-disposition"): _value(part) for part in parts.get_payload()}


def _value(part):
    content = part.get_payload(decode=True)
    name = part.get_filename()
    return content.decode() if name is None else (name, part.get_content_type(), content)


def answer(path, body):
    """Type and body of the answer; `None`: the path is about something else."""
    if "/images/" in path:
        usage = {"input_tokens": 10, "output_tokens": 100, "total_tokens": 110}
        return _json({"created": 1, "data": [{"b64_json": PIXEL}], "usage": usage})
    if path.endswith("/audio/speech"):
        return "audio/mpeg", SOUND
    if "/audio/" in path:
        if body.get("response_format") == "srt":
            return "text/plain; charset=utf-8", SUBTITLES.encode()
        return _json({"text": SAID, "usage": {"type": "duration", "seconds": 3}})
    if path.endswith("/moderations"):
        result = {"flagged": True, "categories": {"self-harm": True}, "category_scores": {"self-harm": 0.9}}
        return _json({"id": "modr-1", "model": body["model"], "results": [result]})
    return None


def _json(value):
    return "application/json", json.dumps(value).encode()
