"""Every sample in events/, sent to its function as AWS would send it."""

import json
import subprocess

import pytest

from support.process import ROOT

FUNCTION_OF = {
    "chat": "chat",
    "chat-stream": "chat",
    "function-url-chat": "chat",
    "models": "chat",
    "embeddings": "embeddings",
    "key-generate": "admin",
    "maintenance-scheduler": "maintenance",
    "maintenance-rule": "maintenance",
    "maintenance-manual": "maintenance",
}


def invoke(functions, sample):
    """What the function answers. Streamed answers come as their body alone."""
    port = functions.url.rsplit(":", 1)[1]
    command = ["cargo", "lambda", "invoke", FUNCTION_OF[sample], "-A", "127.0.0.1", "-P", port]
    done = subprocess.run(
        [*command, "--data-file", ROOT / f"events/{sample}.json"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_sample_has_a_test():
    assert {path.stem for path in (ROOT / "events").glob("*.json")} == set(FUNCTION_OF)


@pytest.mark.parametrize("sample", ["chat", "function-url-chat"])
def test_a_chat_request_is_answered(functions, sample):
    answer = json.loads(invoke(functions, sample))
    assert answer["choices"][0]["message"]["content"] == "Postern answers."


def test_a_streaming_request_is_answered_with_events(functions):
    lines = [line for line in invoke(functions, "chat-stream").splitlines() if line]
    assert lines[-1] == "data: [DONE]"
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    assert "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks if c["choices"]) == "Postern answers."


def test_the_models_are_listed(functions):
    assert "demo" in {model["id"] for model in json.loads(invoke(functions, "models"))["data"]}


def test_an_embeddings_request_is_answered(functions, upstream):
    assert json.loads(invoke(functions, "embeddings"))["data"][0]["embedding"]


def test_a_key_is_generated(functions):
    assert json.loads(invoke(functions, "key-generate"))["key"].startswith("sk-")


@pytest.mark.parametrize("sample", ["maintenance-scheduler", "maintenance-rule", "maintenance-manual"])
def test_maintenance_reports_what_it_did(functions, sample):
    assert isinstance(json.loads(invoke(functions, sample)), dict)
