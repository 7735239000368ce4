"""The OpenAPI document: it names every route, and no request whatever is answered with what it does not say."""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx2
import pytest

from support.gateway import MASTER_KEY, running

SCHEMATHESIS = Path(sys.executable).with_name("schemathesis")
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance"
)
# What changes the gateway's own settings: a request that shuts everybody out would make the others easy.
SETTINGS = "^/(config/|add/allowed_ip|delete/allowed_ip)"


def document(gateway):
    return gateway.call("/openapi.json").json()


def test_every_route_is_documented_and_answers_who_has_no_key(gateway):
    answer = httpx2.get(f"{gateway.url}/openapi.json")
    assert answer.status_code == 200 and answer.json()["openapi"].startswith("3.1")
    paths = answer.json()["paths"]
    for route in gateway.call("/routes").json()["routes"]:
        path = route["path"].replace("{*", "{")
        shapes = {part.split("{")[0] for part in paths}
        assert path in paths or path.split("{")[0] in shapes, path


def test_people_get_a_page_and_probes_a_word(gateway):
    page = httpx2.get(gateway.url + "/", headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"] and "<script" not in page.text
    assert "/v1/chat/completions" in page.text and "/key/generate" in page.text
    assert httpx2.get(gateway.url + "/").json() == "Postern: RUNNING"


def furnish(gateway):
    """Makes what requests can then name, and says under which names of fields."""
    for path, body in {
        "/team/new": {"team_id": "team-a", "team_alias": "A"},
        "/user/new": {"user_id": "user-a"},
        "/customer/new": {"user_id": "user-a"},
        "/budget/new": {"budget_id": "budget-a", "max_budget": 10},
        "/organization/new": {"organization_id": "organization-a", "organization_alias": "A"},
        "/tag/new": {"name": "tag-a"},
        "/credentials": {"credential_name": "credential-a", "credential_values": {"api_key": "x"}},
        "/model/new": {"model_name": "model-a", "litellm_params": {"model": "openai/a", "mock_response": "a"}},
        "/access_group/new": {"access_group": "group-a", "model_names": ["model-a"]},
    }.items():
        assert gateway.call(path, body).status_code == 200, path
    key = gateway.key(key_alias="alias-a")
    assert gateway.call("/v1/chat/completions", CHAT).status_code == 200
    return {
        "key": key,
        "api_key": key,
        "key_alias": "alias-a",
        "team_id": "team-a",
        "user_id": "user-a",
        "end_user_id": "user-a",
        "budget_id": "budget-a",
        "organization_id": "organization-a",
        "credential_name": "credential-a",
        "access_group": "group-a",
        "model": "demo",
        "model_name": "demo",
        "start_date": "2026-01-01",
        "end_date": "2026-02-01",
    }


CHAT = {"model": "demo", "messages": [{"role": "user", "content": "hello"}]}
# Fields whose schema cannot say what makes sense in them.
SENSIBLE = {"messages": [CHAT["messages"]], "input": ["hello"], "prompt": ["hello"]}


def with_names(schema, known):
    """The same document, in which fields are asked for by names that there are."""
    if isinstance(schema, list):
        return [with_names(part, known) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {name: with_names(part, known) for name, part in schema.items()}
    for name, part in (schema.get("properties") or {}).items():
        if name in known:
            part["enum"] = [known[name]]
        if name in SENSIBLE:
            part["enum"] = SENSIBLE[name]
    if schema.get("in") in ("query", "path") and schema.get("name") in known:
        schema["schema"]["enum"] = [known[schema["name"]]]
    return schema


def requests_only(document, known):
    """What is asked is narrowed, what is answered is not."""
    for path in document["paths"].values():
        for operation in path.values():
            for part in ("parameters", "requestBody"):
                if part in operation:
                    operation[part] = with_names(operation[part], known)
    return document


@pytest.mark.parametrize("part", [f"--exclude-path-regex={SETTINGS}", f"--include-path-regex={SETTINGS}"])
def test_no_request_is_answered_with_what_the_document_does_not_say(part, provider, logs, tmp_path):
    general = {"store_model_in_db": True}
    caching = {"cache": True, "cache_params": {"type": "local"}}
    with running(provider, logs, tmp_path, general, litellm_settings=caching) as gateway:
        whole = document(gateway)
        narrowed = tmp_path / "openapi.json"
        narrowed.write_text(json.dumps(requests_only(whole, furnish(gateway))))
        arguments = [
            SCHEMATHESIS,
            "run",
            str(narrowed),
            f"--url={gateway.url}",
            f"--header=Authorization: Bearer {MASTER_KEY}",
            f"--checks={CHECKS}",
            part,
            "--phases=coverage,fuzzing",
            "--max-examples=5",
            "--seed=1",
            "--generation-deterministic",
            "--suppress-health-check=all",
            "--continue-on-failure",
            "--no-color",
            "--warnings=off",
        ]
        # Those that only read beside those that change: it takes half the time.
        with ThreadPoolExecutor() as pool:
            halves = [["--include-method=GET"], ["--exclude-method=GET"]] if "exclude" in part else [[]]
            for done in pool.map(partial(asked, tmp_path), [arguments + half for half in halves]):
                assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
                assert re.search(r"\b[1-9]\d* generated", done.stdout), done.stdout


def asked(folder, arguments):
    return subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=600)
