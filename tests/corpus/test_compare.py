"""The comparison can fail: each kind of difference is found and named. Run by `python3 -m unittest`."""

import unittest

from compare import difference, gist, normalise
from gateway import parse_events

REQUEST = {"method": "POST", "url": "http://u/v1", "path": "/v1", "query": {}, "headers": {}, "body": {"a": 1}}
SENT = {name: part for name, part in REQUEST.items() if name != "url"}
ERROR = {"error": {"message": "no such model", "type": "invalid_request_error", "param": None, "code": "404"}}


def case(answer, upstream_answer=None):
    exchange = {"upstream_request": REQUEST, "upstream_response": upstream_answer or {"status": 200, "body": {}}}
    return {"exchanges": [exchange], "client_response": answer}


def stream(*events):
    return {"status": 200, "headers": {}, "sse": [{"data": event} for event in events]}


class TheComparison(unittest.TestCase):
    def test_finds_nothing_where_both_agree(self):
        answer = {"status": 200, "headers": {"content-type": "application/json"}, "body": {"n": 1.0}}
        got = {"status": 200, "headers": {"content-type": "application/json; charset=utf-8"}, "body": {"n": 1}}
        for level in ("upstream", "loose", "exact"):
            self.assertIsNone(difference(case(answer), [SENT], got, level))

    def test_finds_another_upstream_request_at_every_level(self):
        answer = {"status": 200, "headers": {}, "body": {}}
        for seen in ([], [SENT, SENT], [SENT | {"body": {"a": 2}}], [SENT | {"body": {"a": 1, "b": 1}}]):
            for level in ("upstream", "loose", "exact"):
                self.assertIsNotNone(difference(case(answer), seen, answer, level))

    def test_finds_another_status_or_error_type(self):
        answer = {"status": 404, "headers": {}, "body": ERROR}
        self.assertIn("status", difference(case(answer), [SENT], answer | {"status": 400}, "loose"))
        other = {"error": ERROR["error"] | {"type": "server_error"}}
        self.assertIn("error", difference(case(answer), [SENT], answer | {"body": other}, "loose"))

    def test_finds_that_the_provider_s_words_are_lost(self):
        answer = {"status": 404, "headers": {}, "body": ERROR}
        said = case(answer, {"status": 404, "body": {"error": {"message": "no such"}}})
        other = {"error": ERROR["error"] | {"message": "upstream failed"}}
        self.assertIsNone(difference(said, [SENT], answer, "loose"))
        self.assertIn("no such", difference(said, [SENT], answer | {"body": other}, "loose"))

    def test_finds_a_missing_end_of_stream_and_reads_text_over_chunks(self):
        chunks = [{"choices": [{"index": 0, "delta": {"content": text}}]} for text in ("Hel", "lo")]
        whole = stream({"choices": [{"index": 0, "delta": {"content": "Hello"}}]}, "[DONE]")
        self.assertIsNone(difference(case(whole), [SENT], stream(*chunks, "[DONE]"), "loose"))
        self.assertIn("done", difference(case(whole), [SENT], stream(*chunks), "loose"))
        self.assertIsNotNone(difference(case(whole), [SENT], stream(*chunks, "[DONE]"), "exact"))

    def test_joins_the_arguments_of_one_tool_call(self):
        part = lambda **function: {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": function}]}}]}
        joined = gist(stream(part(name="f", arguments="{\"a\""), part(arguments=":1}")))
        self.assertEqual(joined["tools"], {"0": ["f", '{"a":1}']})


class Reading(unittest.TestCase):
    def test_leaves_out_what_differs_from_run_to_run(self):
        text = "chatcmpl-123e4567-e89b-42d3-a456-426614174000 call_0123456789abcdef01234567"
        self.assertEqual(normalise({"id": text}), {"id": "chatcmpl-<uuid> call_<gen>"})

    def test_reads_events_with_names_comments_and_several_lines(self):
        text = ": hi\n\nevent: ping\ndata: {\"a\":\ndata: 1}\n\ndata: [DONE]\n\n"
        self.assertEqual(parse_events(text), [{"comment": "hi"}, {"event": "ping", "data": {"a": 1}}, {"data": "[DONE]"}])


if __name__ == "__main__":
    unittest.main()
