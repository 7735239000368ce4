"""No secret shows itself: what is planted all over the suite is in no log at its most talkative, in no answer but the one
that hands it out, and in nothing that is stored. `conftest.py` puts this file last, so that everything was done before."""

import base64
import json
import re

import openai
import pytest
import yaml

from support import leaks
from support.gateway import MASTER_KEY, PATIENCE, start_postern
from support.upstream import API_KEY

HELLO = [{"role": "user", "content": "one two three"}]
KEY_FILES = ("*.pem", "*.key")


@pytest.fixture(params=["file", "table"])
def holding(request, upstream, aws, logs, tmp_path):
    """A gateway that holds one secret of each kind that a deployment can have."""
    at = {"api_base": upstream.url}
    google = {"type": "service_account", "project_id": "p", "client_email": "a@b", "private_key": leaks.plant("google key")}
    models = {
        "key": {"model": "openai/echo", "api_key": leaks.plant("provider key"), **at},
        "variable": {"model": "groq/echo", "api_key": "os.environ/HELD", **at},
        "header": {"model": "openai/echo", "api_key": API_KEY, "extra_headers": {"X-Token": leaks.plant("header")}, **at},
        "body": {"model": "openai/echo", "api_key": API_KEY, "extra_body": {"token": leaks.plant("body")}, **at},
        "claude": {"model": "anthropic/claude-x", "api_key": leaks.plant("claude key"), "api_base": upstream.url.removesuffix("/v1")},
        "azure": {"model": "azure/x", "api_version": "2024-10-21", "tenant_id": "t", "client_id": "c", "client_secret": leaks.plant("client secret"), **at},
        "bedrock": {"model": "bedrock/anthropic.claude-x", "aws_region_name": "us-east-1", "aws_access_key_id": "AKIA", "aws_secret_access_key": leaks.plant("aws key"), "aws_session_token": leaks.plant("aws token"), "api_base": upstream.url},
        "vertex": {"model": "vertex_ai/gemini-x", "vertex_project": "p", "vertex_location": "l", "vertex_credentials": json.dumps(google), **at},
        "watsonx": {"model": "watsonx/x", "api_key": leaks.plant("watsonx key"), **at},
        "shared": {"model": "openai/echo", "litellm_credential_name": "shared", **at},
    }
    entries = [{"model_name": name, "litellm_params": params} for name, params in models.items()]
    shared = {"credential_name": "shared", "credential_values": {"api_key": leaks.plant("shared credential")}}
    sections = {"model_list": entries, "credential_list": [shared], "general_settings": {"master_key": leaks.plant("own master key"), **PATIENCE}}
    config = tmp_path / "holding.yaml"
    config.write_text(yaml.safe_dump(sections))
    environment = {
        "HELD": leaks.plant("variable"),
        "LITELLM_SALT_KEY": leaks.plant("salt key"),
        "WATSONX_IAM_URL": f"{upstream.url}/token",
        "AZURE_AUTHORITY_HOST": upstream.url,
        **aws,
    }
    store = {"file": tmp_path / "holding.db", "table": "dynamodb://postern-leaks"}[request.param]
    gateway = start_postern(f"holding-{request.param}", config, store, logs, environment)
    yield gateway, sections["general_settings"]["master_key"], list(models)
    gateway.process.end()


def test_a_gateway_with_every_kind_of_secret_keeps_them(holding):
    gateway, master, models = holding
    virtual = gateway.call("/key/generate", {"key_alias": "ours"}, key=master).json()["key"]
    unknown = leaks.plant("unknown key", "sk-unknown-but-secret-000000")
    calls = [(virtual, model, stream) for model in models for stream in (False, True)]
    for key, model, stream in [*calls, (master, "key", False), (unknown, "key", False), (unknown, "no-such-model", True)]:
        try:
            answer = gateway.client(key).chat.completions.create(model=model, messages=HELLO, stream=stream)
            list(answer) if stream else answer
        except openai.OpenAIError:
            pass
    for path in ("/key/info", "/key/list?return_full_object=true", "/spend/logs", "/model/info", "/v1/model/info", "/health"):
        for key in (master, virtual):
            gateway.call(path, key=key)
    for wrong in (b"{", b'{"model": "key"', b'{"model": 7, "messages": "x"}'):
        gateway.call("/v1/chat/completions", content=wrong, key=virtual)


def secrets_everywhere(folder):
    """What was planted, and the text of every private key that lies in a file."""
    names = leaks.planted()
    for file in (file for kind in KEY_FILES for file in folder.rglob(kind)):
        text = file.read_bytes() if file.is_file() else b""
        for key in re.findall(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\s+(.+?)-----END", text, re.S):
            lines = [line for line in key.split() if len(line) >= 40]
            names |= {lines[len(lines) // 2]: "private key"} if lines else {}
    return names


def rows_of(aws):
    """Everything in every table of the emulator."""
    from conftest import aws_client

    tables = aws_client("dynamodb", aws["AWS_ENDPOINT_URL_DYNAMODB"])
    for name in tables.list_tables()["TableNames"]:
        for page in tables.get_paginator("scan").paginate(TableName=name, ConsistentRead=True):
            yield from (json.dumps(item, default=str).encode() for item in page["Items"])


def test_what_is_looked_for_is_found():
    wanted = leaks.Wanted({b"sk-1234": "short", b"canary-1": "long", b"sk-1234-5": "longer", b"canary": "part"})
    assert wanted.named(b'{"a": "sk-1234", "b": "canary-12"}') == ["part", "short"]
    assert wanted.named(b"Bearer canary-1\n sk-12345") == ["long", "part"]
    assert wanted.named(b"sk-1234-5") == ["longer", "short"]
    assert wanted.named(b"task-1234 canary_ sk-123") == []


def test_no_secret_is_in_a_log_an_answer_or_the_store(request, aws, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp()
    names = secrets_everywhere(folder)
    assert {"master key", "provider key", "salt key", "virtual key"} <= set(names.values())
    told, wanted, is_talkative = [], leaks.Wanted(names), False
    for log in leaks.logs():
        text = log.read_bytes()
        is_talkative |= b"TRACE" in text
        told += [f"log {log.name}: {name}" for name in wanted.named(text)]
    assert is_talkative, "logs were to be talkative"
    told += [f"answer to {asked}: {name}" for asked, name in leaks.leaking_answers(names)]
    # What is stored may be encoded; a key that lies there in Base64 is no better.
    wanted = leaks.Wanted(names | {base64.b64encode(value).rstrip(b"="): f"{name} in Base64" for value, name in names.items()})
    rows = list(rows_of(aws))
    files = [file for file in folder.rglob("*") if file.is_file() and re.search(r"\.db(-wal|-shm)?$", file.name)]
    assert leaks.answers() and rows and files
    stored = [("a table", row) for row in rows] + [(file.name, file.read_bytes()) for file in files]
    told += [f"{place}: {name}" for place, text in stored for name in wanted.named(text)]
    assert not told, "\n".join(sorted(set(told)))
