"""LiteLLM's own client of its proxy, and its command, work here as they are."""

import json
import os
import subprocess
import sys
import uuid

import pytest
import requests

# Else its import fetches prices from the network.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

from litellm.proxy.client import Client
from litellm.proxy.client.exceptions import UnauthorizedError
from litellm.proxy.client.users import UsersManagementClient

from support.gateway import MASTER_KEY, running
from support.process import eventually

HELLO = [{"role": "user", "content": "one two three"}]
SAID = "You said: one two three"


@pytest.fixture
def client(gateway):
    return Client(base_url=gateway.url, api_key=MASTER_KEY)


def test_keys(client, gateway, upstream):
    alias = uuid.uuid4().hex
    made = client.keys.generate(models=["echo"], aliases={"mine": "echo"}, duration="1h", key_alias=alias, user_id="ada")
    key = made["key"]
    assert client.keys.info(key)["info"]["key_alias"] == alias
    [listed] = client.keys.list(key_alias=alias, return_full_object=True)["keys"]
    assert (listed["token"], listed["models"]) == (made["token"], ["echo"])
    assert made["token"] in client.keys.list(user_id="ada", page=1, size=50)["keys"]
    own = Client(base_url=gateway.url, api_key=key)
    assert own.chat.completions("mine", HELLO)["choices"][0]["message"]["content"] == SAID
    pieces = own.chat.completions_stream("echo", HELLO)
    assert "".join(piece["choices"][0]["delta"].get("content") or "" for piece in pieces if piece["choices"]).strip() == SAID
    assert [model["id"] for model in own.models.list()] == ["echo"]
    client.keys.delete(keys=[key])

    def is_refused():
        try:
            own.models.list()
        except UnauthorizedError:
            return True

    # A function other than the one that was told may take it for what it was for a few seconds.
    eventually(is_refused)
    with pytest.raises(requests.HTTPError) as refused:
        client.keys.delete(key_aliases=[alias])
    assert refused.value.response.status_code == 404


def test_users_teams_and_credentials(client, gateway):
    mark = uuid.uuid4().hex[:8]
    users = UsersManagementClient(gateway.url, MASTER_KEY)
    users.create_user({"user_id": mark, "user_email": f"{mark}@corp.test"})
    assert users.get_user(mark)["user_info"]["user_email"] == f"{mark}@corp.test"
    assert users.list_users({"user_ids": mark})[0]["user_id"] == mark
    gateway.call("/team/new", {"team_id": f"team-{mark}", "team_alias": mark})
    assert mark in [team["team_alias"] for team in client.teams.list()]
    assert client.teams.list_v2(team_alias=mark)["teams"][0]["team_id"] == f"team-{mark}"
    assert isinstance(client.teams.get_available(), list)
    client.credentials.create(mark, {"custom_llm_provider": "openai"}, {"api_key": "sk-secret-of-it"})
    assert mark in [known["credential_name"] for known in client.credentials.list()["credentials"]]
    assert "secret" not in json.dumps(client.credentials.get(mark)["credential_values"])
    client.credentials.delete(mark)
    assert users.delete_user([mark]) == 1


def test_models(provider, upstream, logs, tmp_path):
    upstream.checks_keys = False
    with running(provider, logs, tmp_path, {"store_model_in_db": True}) as gateway:
        client = Client(base_url=gateway.url, api_key=MASTER_KEY)
        params = {"model": "openai/busy", "api_base": upstream.url, "api_key": "sk-upstream"}
        made = client.models.new("added", params, {"mode": "chat"})
        id = made["model_id"]
        assert client.models.get(model_id=id)["model_name"] == "added"
        assert "added" in [row["model_name"] for row in client.models.info()]
        assert "added" in [group["model_group"] for group in client.model_groups.info()]
        client.models.update(id, params | {"model": "openai/echo"}, {"mode": "chat"})
        assert client.chat.completions("added", HELLO)["choices"][0]["message"]["content"] == SAID
        client.models.delete(id)
        assert "added" not in [model["id"] for model in client.models.list()]


def test_the_command(gateway, tmp_path):
    def run(*arguments):
        command = [os.path.join(os.path.dirname(sys.executable), "litellm-proxy"), *arguments]
        environment = os.environ | {
            "LITELLM_PROXY_URL": gateway.url,
            "LITELLM_PROXY_API_KEY": MASTER_KEY,
            "HOME": str(tmp_path),
        }
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    alias = uuid.uuid4().hex
    made = json.loads(run("keys", "generate", "--models", "echo", "--key-alias", alias))
    assert made["key_alias"] == alias and made["key"].startswith("sk-")
    listed = json.loads(run("keys", "list", "--key-alias", alias, "--format", "json"))
    assert [key["token"] for key in listed["keys"]] == [made["token"]]
    run("keys", "delete", "--keys", made["key"])
    models = json.loads(run("models", "list", "--format", "json"))
    assert "echo" in [model["id"] for model in models]
    assert "alive" in run("http", "request", "GET", "/health/liveliness")
