#!/usr/bin/env python3
"""Writes the recorded cases that a transform answers by itself, one line of JSON each: for tests that have no process to
call. Bytes of a stream are written as characters of the same number. Standard library only."""

import base64
import json
import sys

from gateway import SERVICE_ACCOUNT
from play import read_cases

PATHS = {
    "/v1/chat/completions": "chat",
    "/v1/completions": "completion",
    "/v1/embeddings": "embedding",
    "/v1/rerank": "rerank",
    "/v1/messages": "messages",
    "/v1/responses": "responses",
}


def main():
    account = json.dumps(SERVICE_ACCOUNT.read_text(encoding="utf-8"))
    for case in read_cases():
        request, exchanges = case["client_request"], [part for part in case["exchanges"] if not part.get("aux")]
        if case.get("defect") or not exchanges or request["path"] not in PATHS or "body" not in request:
            continue
        if not isinstance(request["body"], dict):
            continue
        sent, answer = exchanges[0]["upstream_request"], exchanges[-1]["upstream_response"]
        line = {
            "id": case["id"],
            "kind": case["kind"],
            "operation": PATHS[request["path"]],
            "params": json.loads(json.dumps(case["litellm_params"]).replace('"@SERVICE_ACCOUNT@"', account)),
            "asked": request["body"],
            "path": sent["path"],
            "sent": sent.get("body"),
            "stream": stream_of(answer) if answer["status"] == 200 else None,
        }
        json.dump(line, sys.stdout)
        sys.stdout.write("\n")


def stream_of(answer):
    if "chunks_b64" in answer:
        return [base64.b64decode(piece).decode("latin-1") for piece in answer["chunks_b64"]]
    pieces = answer.get("sse") or answer.get("lines")
    return pieces and [piece.encode().decode("latin-1") for piece in pieces]


if __name__ == "__main__":
    main()
