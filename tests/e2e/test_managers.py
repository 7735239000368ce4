"""Secrets of a manager: keys of providers come from it and rotate while the gateway runs; virtual keys go to it; one that
is down at start is told. Vault is played by `support/vault.py`, AWS by moto."""

import json
from datetime import datetime, timezone

import pytest
import yaml

from conftest import aws_client
from support import leaks
from support import vault as played
from support.gateway import BINARIES, MASTER_KEY, start_postern
from support.process import Process, eventually

# Each is looked for in logs and answers when all tests are done.
KEYS = [leaks.plant("managed key", f"sk-managed-{number}-0123456789") for number in range(9)]
(
    SK_FIRST,
    SK_SECOND,
    SK_THIRD,
    SK_THE_NEW_MASTER,
    SK_ENVIRONMENT,
    SK_AWS_1,
    SK_AWS_2,
    SK_FILE_1,
    SK_FILE_2,
) = KEYS
HELLO = [{"role": "user", "content": "one two three"}]


@pytest.fixture
def vault():
    server = played.Vault()
    yield server
    server.close()


@pytest.fixture
def started(logs, tmp_path):
    """Starts `postern` with a manager; it dies in the end."""
    gateways = []

    def start(upstream, system, settings, environment, key="os.environ/HIDDEN_KEY", store="memory"):
        config = configured(tmp_path, upstream, system, settings, key)
        gateway = start_postern(f"{tmp_path.name}-{len(gateways)}", config, store, logs, environment)
        gateways.append(gateway)
        return gateway

    yield start
    for gateway in gateways:
        gateway.process.kill()


def configured(folder, upstream, system, settings, key="os.environ/HIDDEN_KEY"):
    params = {"model": "openai/echo", "api_base": upstream.url, "api_key": key}
    general = {"master_key": "os.environ/OUR_MASTER", "key_management_system": system, "key_management_settings": settings}
    config = folder / "managed.yaml"
    config.write_text(yaml.safe_dump({"model_list": [{"model_name": "echo", "litellm_params": params}], "general_settings": general}))
    return config


def key_shown(gateway, upstream):
    """The key that the upstream sees in a call."""
    upstream.checks_keys = False
    gateway.client().chat.completions.create(model="echo", messages=HELLO)
    headers = {name.lower(): value for name, value in upstream.requests[-1]["headers"].items()}
    return headers["authorization"].removeprefix("Bearer ")


def of(vault, **more):
    return {"HCP_VAULT_ADDR": vault.url, "HCP_VAULT_APPROLE_ROLE_ID": vault.role, "HCP_VAULT_APPROLE_SECRET_ID": vault.secret, **more}


def test_a_providers_key_comes_from_vault_and_rotates_while_the_gateway_runs(upstream, vault, started):
    vault.secrets |= {"team/HIDDEN_KEY": SK_FIRST, "team/OUR_MASTER": MASTER_KEY}
    environment = of(vault, HCP_VAULT_PATH_PREFIX="team", HCP_VAULT_REFRESH_INTERVAL="1", HCP_VAULT_NAMESPACE="admin")
    gateway = started(upstream, "hashicorp_vault", {}, environment)
    assert key_shown(gateway, upstream) == SK_FIRST
    vault.secrets["team/HIDDEN_KEY"] = SK_SECOND
    eventually(lambda: key_shown(gateway, upstream) == SK_SECOND)
    # An outage changes nothing, and a revoked token is replaced.
    vault.is_down = True
    seen = len(vault.asked)
    eventually(lambda: len(vault.asked) > seen)
    assert key_shown(gateway, upstream) == SK_SECOND
    vault.is_down = False
    vault.revoke()
    vault.secrets["team/HIDDEN_KEY"] = SK_THIRD
    eventually(lambda: key_shown(gateway, upstream) == SK_THIRD)
    assert vault.namespaces == {"admin"}


def test_a_rotated_master_key_counts_and_the_old_one_does_not(upstream, vault, started):
    vault.secrets |= {"HIDDEN_KEY": SK_FIRST, "OUR_MASTER": MASTER_KEY}
    gateway = started(upstream, "hashicorp_vault", {"refresh_interval": 1}, of(vault))
    assert gateway.call("/key/list").status_code == 200
    vault.secrets["OUR_MASTER"] = SK_THE_NEW_MASTER
    eventually(lambda: gateway.call("/key/list", key=SK_THE_NEW_MASTER).status_code == 200)
    assert gateway.call("/key/list").status_code == 401


def test_virtual_keys_are_stored_in_vault_and_deleted_there(upstream, vault, started):
    settings = {"store_virtual_keys": True, "access_mode": "read_and_write", "prefix_for_stored_virtual_keys": "ours"}
    vault.secrets |= {"HIDDEN_KEY": SK_FIRST, "OUR_MASTER": MASTER_KEY}
    gateway = started(upstream, "hashicorp_vault", settings, of(vault))
    made = gateway.call("/key/generate", {"key_alias": "nightly"}).json()
    assert vault.secrets["ours/nightly"] == made["key"]
    gateway.call("/key/delete", {"key_aliases": ["nightly"]})
    assert "ours/nightly" not in vault.secrets
    vault.is_down = True
    refused = gateway.call("/key/generate", {"key_alias": "unstored"})
    assert refused.status_code == 503 and "secret manager" in refused.text
    vault.is_down = False
    assert gateway.call("/key/generate", {"key_alias": "unstored"}).status_code == 200


def test_a_key_whose_turn_has_come_is_replaced_in_vault(upstream, vault, started, tmp_path):
    settings = {"store_virtual_keys": True, "access_mode": "read_and_write", "prefix_for_stored_virtual_keys": "ours"}
    vault.secrets |= {"HIDDEN_KEY": SK_FIRST, "OUR_MASTER": MASTER_KEY}
    store = str(tmp_path / "state.db")
    gateway = started(upstream, "hashicorp_vault", settings, of(vault), store=store)
    body = {"key_alias": "turning", "auto_rotate": True, "rotation_interval": "1s"}
    first = gateway.call("/key/generate", body).json()["key"]
    turn = datetime.fromisoformat(gateway.call("/key/info", key=first).json()["info"]["key_rotation_at"])
    eventually(lambda: datetime.now(timezone.utc) > turn)
    gateway.process.kill()
    # A round of maintenance is made at the start of a process.
    vault.secrets["ours/turning"] = first
    again = started(upstream, "hashicorp_vault", settings, of(vault), store=store)
    eventually(lambda: vault.secrets["ours/turning"] != first)
    info = again.call("/key/info", key=vault.secrets["ours/turning"]).json()["info"]
    assert info["key_alias"] == "turning" and info["rotation_count"] >= 1
    refused = started(upstream, "hashicorp_vault", {}, of(vault)).call("/key/generate", body)
    assert refused.status_code == 400 and "store_virtual_keys" in refused.text


def test_a_manager_that_is_down_at_start_is_told_or_bridged_by_the_environment(upstream, vault, started, logs, tmp_path):
    vault.is_down = True
    config = configured(tmp_path, upstream, "hashicorp_vault", {})
    arguments = [BINARIES / "postern", "--config", config, "--host", "127.0.0.1", "--port", 0, "--store", "memory"]
    process = Process("manager-down", arguments, logs, of(vault))
    process.ended()
    assert "`HIDDEN_KEY` could not be read from the secret manager, and the environment has none either" in process.output()
    bridged = started(upstream, "hashicorp_vault", {}, of(vault, HIDDEN_KEY=SK_ENVIRONMENT, OUR_MASTER=MASTER_KEY))
    assert key_shown(bridged, upstream) == SK_ENVIRONMENT
    assert "HIDDEN_KEY is read from the environment" in bridged.process.output()


def test_aws_secrets_manager_gives_fields_of_one_secret_and_takes_virtual_keys(upstream, aws, started):
    manager = aws_client("secretsmanager", aws["AWS_ENDPOINT_URL_SECRETS_MANAGER"])
    manager.create_secret(Name="all", SecretString=json.dumps({"HIDDEN_KEY": SK_AWS_1, "OUR_MASTER": MASTER_KEY}))
    settings = {
        "primary_secret_name": "all",
        "access_mode": "read_and_write",
        "store_virtual_keys": True,
        "description": "made by the gateway",
        "tags": {"Team": "ai"},
        "refresh_interval": 1,
    }
    gateway = started(upstream, "aws_secret_manager", settings, aws)
    assert key_shown(gateway, upstream) == SK_AWS_1
    manager.put_secret_value(SecretId="all", SecretString=json.dumps({"HIDDEN_KEY": SK_AWS_2, "OUR_MASTER": MASTER_KEY}))
    eventually(lambda: key_shown(gateway, upstream) == SK_AWS_2)
    made = gateway.call("/key/generate", {"key_alias": "aws-nightly"}).json()
    assert manager.get_secret_value(SecretId="litellm/aws-nightly")["SecretString"] == made["key"]
    described = manager.describe_secret(SecretId="litellm/aws-nightly")
    assert (described["Description"], described["Tags"]) == ("made by the gateway", [{"Key": "Team", "Value": "ai"}])


def test_a_local_file_is_read_again_when_it_changes(upstream, started, tmp_path):
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps({"HIDDEN_KEY": SK_FILE_1, "OUR_MASTER": MASTER_KEY}))
    gateway = started(upstream, "local", {"path": str(secrets), "refresh_interval": 1}, {})
    assert key_shown(gateway, upstream) == SK_FILE_1
    secrets.write_text(json.dumps({"HIDDEN_KEY": SK_FILE_2, "OUR_MASTER": MASTER_KEY}))
    eventually(lambda: key_shown(gateway, upstream) == SK_FILE_2)
