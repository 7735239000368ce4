"""Settings of the file that change what calls are answered, as those who wrote them for LiteLLM expect."""

import json
import re
import subprocess
from contextlib import ExitStack

import jsonschema
import pytest
import yaml

from support.gateway import BINARIES, MASTER_KEY, running, write_config
from support.process import ROOT

HELLO = [{"role": "user", "content": "one two three"}]
SAID = "You said: one two three"


@pytest.fixture
def begin(provider, logs, tmp_path):
    """Starts `postern` with further settings, section by section."""
    with ExitStack() as started:
        yield lambda **sections: started.enter_context(running(provider, logs, tmp_path, {}, **sections))


def say(gateway, path="/v1/chat/completions", key=MASTER_KEY, **body):
    return gateway.call(path, {"messages": HELLO} | body, key=key)


def test_a_call_that_names_no_model_gets_the_usual_one(begin, upstream):
    gateway = begin(general_settings={"completion_model": "echo"})
    answer = say(gateway)
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"] == SAID
    assert say(gateway, "/v1/messages", max_tokens=9).status_code == 200
    assert say(gateway, model="busy").status_code == 429, "what is named counts"
    # A key's list of models counts for it as for any other.
    key = gateway.key(models=["busy"])
    assert say(gateway, key=key).status_code == 403


def test_embeddings_are_of_the_one_model_that_is_said(begin, upstream):
    gateway = begin(general_settings={"embedding_model": "embed"})
    vectors = gateway.client().embeddings.create(model="whatever", input="text", encoding_format="float")
    assert vectors.data[0].embedding
    assert upstream.requests[-1]["body"]["model"] == "embed"


def test_an_answer_that_is_too_large_is_charged_and_not_returned(begin, upstream):
    gateway = begin(general_settings={"max_response_size_mb": 0.0001})
    key = gateway.key()
    refused = say(gateway, key=key, model="priced", max_tokens=7)
    assert refused.status_code == 400, refused.text
    assert "max_response_size_mb" in refused.json()["error"]["message"]
    assert len(upstream.requests) == 1
    assert gateway.call(f"/key/info?key={key}").json()["info"]["spend"] == pytest.approx(7e-6)
    # A stream is not held back until its size is known.
    stream = gateway.client(key).chat.completions.create(model="echo", messages=HELLO, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices).strip() == SAID


@pytest.mark.parametrize("forwards", [True, False])
def test_a_clients_organization_goes_to_openai_where_that_is_asked_for(begin, upstream, forwards):
    gateway = begin(general_settings={"forward_openai_org_id": forwards})
    client = gateway.client(organization="org-of-the-client")
    for model, goes in {"echo": forwards, "groq-echo": False}.items():
        client.chat.completions.create(model=model, messages=HELLO)
        headers = {name.lower(): value for name, value in upstream.requests[-1]["headers"].items()}
        assert headers.get("openai-organization") == ("org-of-the-client" if goes else None), model


@pytest.mark.parametrize(("limit", "served"), [({"rpm_limit": 2}, 2), ({"tpm_limit": 1}, 1)])
def test_rates_of_the_router_are_the_whole_proxys(begin, upstream, limit, served):
    gateway = begin(router_settings=limit)
    # A minute's first call is larger than all the tokens of it: it has them to itself.
    statuses = [say(gateway, key=gateway.key(), model="echo").status_code for _ in range(3)]
    assert statuses == [200] * served + [429] * (3 - served)


@pytest.mark.parametrize("tracked", [True, False])
def test_end_users_have_no_totals_where_none_are_wanted(begin, upstream, tracked):
    gateway = begin(litellm_settings={"disable_end_user_cost_tracking": not tracked})
    key = gateway.key()
    assert gateway.call("/customer/new", {"user_id": "jo", "max_budget": 1e-6}).status_code == 200
    body = {"model": "priced", "max_tokens": 7, "user": "jo"}
    # The first has the small budget to itself.
    assert [say(gateway, key=key, **body).status_code for _ in range(2)] == [200, 422 if tracked else 200]
    if not tracked:
        rows = gateway.call(f"/spend/logs?api_key={key}").json()
        assert [row["end_user"] or None for row in rows] == [None, None]
        # Who is blocked is blocked.
        assert gateway.call("/customer/block", {"user_ids": ["jo"]}).status_code == 200
        assert say(gateway, key=key, **body).status_code == 400


def test_a_wrong_value_names_its_setting(begin):
    with pytest.raises(AssertionError, match="max_response_size_mb"):
        begin(general_settings={"max_response_size_mb": "much"})


@pytest.fixture(scope="module")
def schema():
    printed = subprocess.run([BINARIES / "postern", "schema"], capture_output=True, check=True, timeout=60).stdout
    assert printed == (ROOT / "docs/config.schema.json").read_bytes()
    validator = jsonschema.Draft202012Validator(json.loads(printed))
    validator.check_schema(validator.schema)
    return validator


def test_the_schema_takes_what_the_gateway_takes(schema, tmp_path):
    """The configuration of these tests, and every one that a document shows whole."""
    path = write_config(tmp_path / "config.yaml", "http://127.0.0.1:1", "os.environ/PROVIDER_KEY", MASTER_KEY)
    configs = [path.read_text(), (ROOT / "infra/bundle/config.yaml").read_text()]
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        blocks = re.findall(r"```yaml\n(.*?)```", document.read_text(), re.S)
        configs += [block for block in blocks if re.match(r"(model_list|\w+_settings):", block)]
    assert len(configs) > 8
    for config in configs:
        assert [error.message for error in schema.iter_errors(yaml.safe_load(config))] == [], config


@pytest.mark.parametrize(
    "wrong",
    [
        {"model_list": {"model_name": "a"}},
        {"model_list": [{"model_name": ["a"]}]},
        {"router_settings": {"num_retires": 3}},
        {"general_settings": {"allowed_ips": 3}},
    ],
)
def test_the_schema_finds_what_cannot_be_right(schema, wrong):
    assert not schema.is_valid(wrong)
