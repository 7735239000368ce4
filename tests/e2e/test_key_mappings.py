"""Virtual keys that stand for whoever shows a token whose claim has a certain value."""

import hashlib

import openai
import pytest

from support.gateway import MASTER_KEY, start_postern, write_config
from support.issuer import TOKENS
from support.process import eventually
from support.upstream import API_KEY

HELLO = [{"role": "user", "content": "one two three"}]
MAPPING = "/jwt/key/mapping"


def start(name, issuer, provider, logs, folder, **fields):
    jwt = TOKENS["litellm_jwtauth"] | {"virtual_key_claim_field": "agent.id"} | fields
    config = write_config(folder / "config.yaml", provider.url, API_KEY, MASTER_KEY, TOKENS | {"litellm_jwtauth": jwt})
    return start_postern(name, config, "memory", logs, issuer.environment())


@pytest.fixture(scope="module")
def mapped(issuer, provider, logs, tmp_path_factory):
    """Bearers without a mapping are who their tokens say: here, of the team `engineering`."""
    gateway = start("mapped", issuer, provider, logs, tmp_path_factory.mktemp("mapped"))
    made = gateway.call("/team/new", {"team_id": "engineering", "models": ["priced"]})
    assert made.status_code == 200, made.text
    yield gateway
    gateway.process.kill()


def make(gateway, value, **fields):
    answer = gateway.call(f"{MAPPING}/new", {"jwt_claim_name": "agent.id", "jwt_claim_value": value} | fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def change(gateway, what, **fields):
    answer = gateway.call(f"{MAPPING}/{what}", fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def say(gateway, token, model="echo"):
    return gateway.client(token).chat.completions.create(model=model, messages=HELLO)


def token_of(issuer, value, **claims):
    return issuer.signed(agent={"id": value}, groups=["engineering"], customer="customer-7", **claims)


def test_a_key_stands_for_a_claim_with_its_models_limits_and_spend(mapped, issuer, upstream):
    key = mapped.key(key_alias="agent-1", models=["echo"], rpm_limit=2)
    token = token_of(issuer, "one")
    # Until it is mapped, its bearer is of the team.
    assert say(mapped, token, "priced").choices
    with pytest.raises(openai.PermissionDeniedError):
        say(mapped, token)
    made = make(mapped, "one", key=key, description="the first")
    assert (made["is_active"], made["description"], made["jwt_issuer"]) == (True, "the first", None)
    assert "token" not in made and key not in str(made)
    # From then on it is the key: at once here, for a token that was seen before too.
    assert say(mapped, token).choices[0].message.content == "You said: one two three"
    with pytest.raises(openai.PermissionDeniedError):
        say(mapped, token, "priced")
    assert say(mapped, token_of(issuer, "one", iat=1)).choices
    with pytest.raises(openai.RateLimitError):
        say(mapped, token)
    rows = lambda: [row for row in mapped.call("/spend/logs").json() if row["model_group"] == "echo" and row["status"] == "success"]
    eventually(lambda: len(rows()) == 2)
    hashed = hashlib.sha256(key.encode()).hexdigest()
    assert {(row["api_key"], row["end_user"], row["team_id"] or None) for row in rows()} == {(hashed, "customer-7", None)}


def test_a_block_of_the_key_and_a_change_of_the_mapping_count_at_once(mapped, issuer):
    first, second = mapped.key(models=["echo"]), mapped.key(models=["gated", "embed"])
    mapping, token = make(mapped, "two", key=first)["id"], token_of(issuer, "two")
    assert say(mapped, token).choices
    mapped.call("/key/block", {"key": first})
    with pytest.raises(openai.AuthenticationError, match="blocked"):
        say(mapped, token)
    changed = change(mapped, "update", id=mapping, key=second, description="another")
    assert changed["description"] == "another"
    assert sorted(model.id for model in mapped.client(token).models.list()) == ["embed", "gated"]
    assert change(mapped, "update", id=mapping, is_active=False)["is_active"] is False
    assert [model.id for model in mapped.client(token).models.list()] == ["priced"], "its bearer is of the team again"
    change(mapped, "update", id=mapping, is_active=True)
    # A key that gets another secret stays the same key.
    mapped.call("/key/regenerate", {"key": second})
    assert len(list(mapped.client(token).models.list())) == 2
    assert change(mapped, "delete", id=mapping) == {"status": "success"}
    assert [model.id for model in mapped.client(token).models.list()] == ["priced"]
    # What was done is recorded.
    actions = [entry["action"] for entry in mapped.call(f"/audit?object_id={mapping}").json()["audit_logs"]]
    assert sorted(set(actions)) == ["created", "deleted", "updated"]


def test_a_mapping_of_an_issuer_goes_before_that_of_every_issuer(mapped, issuer):
    every, own = mapped.key(models=["echo"]), mapped.key(models=["embed"])
    make(mapped, "three", key=every)
    token = token_of(issuer, "three")
    assert [model.id for model in mapped.client(token).models.list()] == ["echo"]
    made = make(mapped, "three", key=own, jwt_issuer=issuer.url)
    assert [model.id for model in mapped.client(token).models.list()] == ["embed"]
    assert make(mapped, "three", key=own, jwt_issuer="https://another.test")["jwt_issuer"] == "https://another.test"
    mapped.call("/key/delete", {"keys": [own]})
    assert [model.id for model in mapped.client(token).models.list()] == ["priced"], "a key that is gone stands for nobody"
    assert mapped.call(f"{MAPPING}/info?id={made['id']}").json()["jwt_claim_value"] == "three"


def test_what_cannot_be_mapped_is_refused(mapped):
    key = mapped.key()
    for status, path, body in [
        (400, "new", {"jwt_claim_name": "agent.id", "jwt_claim_value": "x"}),
        (400, "new", {"jwt_claim_name": "agent.id", "jwt_claim_value": "x", "key": key, "token": "0" * 64}),
        (400, "new", {"jwt_claim_name": "agent.id", "jwt_claim_value": "x", "token": key}),
        (400, "new", {"jwt_claim_name": "agent.id", "jwt_claim_value": "x", "key": "sk-nowhere-to-be-found"}),
        (422, "new", {"jwt_claim_name": "agent.id", "key": key}),
        (404, "update", {"id": "none", "description": "x"}),
        (404, "delete", {"id": "none"}),
    ]:
        answer = mapped.call(f"{MAPPING}/{path}", body)
        assert answer.status_code == status, (path, body, answer.text)
    made = make(mapped, "four", key=key)
    assert mapped.call(f"{MAPPING}/new", {"jwt_claim_name": "agent.id", "jwt_claim_value": "four", "key": key}).status_code == 409
    moved = mapped.call(f"{MAPPING}/update", {"id": made["id"], "jwt_issuer": "https://another.test"})
    assert moved.status_code == 400 and "make another" in moved.text
    assert mapped.call(f"{MAPPING}/new", {}, key=key).status_code in (401, 403)
    listed = mapped.call(f"{MAPPING}/list?size=1").json()
    assert len(listed["mappings"]) == 1 and listed["total_count"] == listed["total_pages"] > 1


def test_who_is_not_mapped_is_turned_away_where_that_is_asked_for(issuer, provider, logs, tmp_path):
    # Its tokens would not be let in for a team.
    fields = {"unregistered_jwt_client_behavior": "reject", "team_id_jwt_field": "team"}
    gateway = start("rejecting", issuer, provider, logs, tmp_path, **fields)
    try:
        for token, why in [(token_of(issuer, "five"), "No registered mapping"), (issuer.signed(), "missing from the JWT")]:
            with pytest.raises(openai.PermissionDeniedError, match=why):
                say(gateway, token)
        make(gateway, "five", key=gateway.key(models=["echo"]))
        assert say(gateway, token_of(issuer, "five")).choices
    finally:
        gateway.process.kill()
