"""Callers with tokens of a real issuer in place of keys, through the official client."""

import base64
import json
import uuid

import httpx2
import openai
import pytest

from support.gateway import MASTER_KEY, SMALL_BUDGET, start_postern, write_config
from support.issuer import TOKENS, Issuer
from support.process import eventually
from support.upstream import API_KEY

HELLO = [{"role": "user", "content": "one two three"}]


def start(name, issuer, provider, logs, folder, **fields):
    settings = TOKENS | {"litellm_jwtauth": TOKENS["litellm_jwtauth"] | fields}
    config = write_config(folder / "config.yaml", provider.url, API_KEY, MASTER_KEY, settings)
    return start_postern(name, config, "memory", logs, issuer.environment())


def admin(gateway, path, **body):
    answer = gateway.call(path, body)
    assert answer.status_code == 200, (path, answer.text)
    return answer.json()


@pytest.fixture(scope="module")
def guarded(issuer, provider, logs, tmp_path_factory):
    """The teams: `engineering` calls `echo`, `everybody` calls `priced`, and there is no `research`."""
    gateway = start("identity", issuer, provider, logs, tmp_path_factory.mktemp("identity"))
    admin(gateway, "/team/new", team_id="engineering", models=["echo"])
    admin(gateway, "/team/new", team_id="everybody", models=["priced"])
    yield gateway
    gateway.process.kill()


def say(gateway, token, model="echo"):
    return gateway.client(token).chat.completions.create(model=model, messages=HELLO)


def rows(gateway, **wanted):
    rows = gateway.call("/spend/logs").json()
    return [row for row in rows if all(row.get(name) == value for name, value in wanted.items())]


def test_a_call_is_made_for_the_first_team_that_may_use_the_model(guarded, issuer, upstream):
    token = issuer.token("engineering", scope="models")
    assert say(guarded, token).choices[0].message.content == "You said: one two three"
    assert say(guarded, token, "priced").choices
    named = {"end_user": "end-user-1", "status": "success"}
    for team, model in {"engineering": "echo", "everybody": "priced"}.items():
        eventually(lambda: rows(guarded, team_id=team, model_group=model, **named))
    with pytest.raises(openai.PermissionDeniedError) as refused:
        say(guarded, token, "gated")
    assert "No team has access to the requested model: gated" in refused.value.body["message"]
    assert [model.id for model in guarded.client(token).models.list()] == ["echo"]
    # A team that is not known is passed over; one that is known counts.
    assert say(guarded, issuer.token("research"), "priced").choices
    assert say(guarded, token).choices, "and the token is good for more than one call"


def test_a_teams_token_administers_nothing_and_an_administrators_calls_no_model(guarded, issuer):
    for path in ("/key/generate", "/team/new", "/user/new"):
        refused = guarded.call(path, {}, key=issuer.token("engineering"))
        assert refused.status_code == 403, (path, refused.text)
    root = issuer.token("root", scope="litellm_proxy_admin")
    made = guarded.call("/key/generate", {"models": ["echo"]}, key=root)
    assert made.status_code == 200, made.text
    assert say(guarded, made.json()["key"]).choices
    with pytest.raises(openai.PermissionDeniedError):
        say(guarded, root)


def test_a_token_that_does_not_count_is_refused_and_not_repeated(guarded, issuer):
    whole = issuer.token("engineering")
    header, payload, signature = whole.split(".")
    other = "B" if signature[5] == "A" else "A"
    plain = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    wrong = {
        "aud": (issuer.token("engineering", resource="urn:another"), "`aud`"),
        "iss": (issuer.signed(iss="https://attacker.test"), "`iss`"),
        "end": (issuer.signed(exp=1_600_000_000), "expired"),
        "no end": (issuer.signed(exp=None), "`exp`"),
        "begin": (issuer.signed(nbf=4_000_000_000), "`nbf`"),
        "key": (issuer.signed(header={"kid": "unknown"}), "`kid`"),
        "signature": (f"{header}.{payload}.{signature[:5]}{other}{signature[6:]}", "signature"),
        "none": (f"{plain}.{payload}.AA", "`alg`"),
        "no json": ("abc.def.ghi", "cannot be read"),
        "opaque": (issuer.token("engineering", resource="urn:opaque"), "Virtual Key expected"),
    }
    for name, (token, reason) in wrong.items():
        with pytest.raises(openai.AuthenticationError) as refused:
            say(guarded, token)
        assert reason in refused.value.body["message"], name
        said = json.dumps(refused.value.response.json())
        assert not any(part in said for part in token.split(".") if len(part) > 10), name


def test_a_budget_of_the_team_holds_for_its_tokens(guarded, issuer, upstream):
    team = f"bounded-{uuid.uuid4().hex[:8]}"
    admin(guarded, "/team/new", team_id=team, max_budget=SMALL_BUDGET)
    token = issuer.signed(groups=[team])

    def is_spent():
        try:
            say(guarded, token, "priced")
        except openai.UnprocessableEntityError as refused:
            return "budget" in refused.body["message"].lower()

    eventually(is_spent)
    admin(guarded, "/team/block", team_id=team)
    with pytest.raises(openai.AuthenticationError):
        say(guarded, token, "priced")


def test_users_are_made_and_act_with_their_own_rights(issuer, provider, logs, tmp_path):
    fields = {"user_id_jwt_field": "sub", "user_id_upsert": True, "user_email_jwt_field": "email"}
    gateway = start("identity-users", issuer, provider, logs, tmp_path, **fields, user_allowed_email_domain="corp.test")
    try:
        token = issuer.signed(sub="ada", email="ada@corp.test")
        assert say(gateway, token).choices
        info = gateway.call("/user/info?user_id=ada").json()["user_info"]
        assert info["user_email"] == "ada@corp.test"
        (made,) = gateway.call("/audit?object_id=ada").json()["audit_logs"]
        assert (made["action"], made["changed_by"], made["route"]) == ("created", "ada", "token")
        made = gateway.call("/key/generate", {"user_id": "ada"}, key=token)
        assert made.status_code == 200, made.text
        assert gateway.call("/user/new", {}, key=token).status_code in (401, 403)
        with pytest.raises(openai.PermissionDeniedError):
            say(gateway, issuer.signed(sub="eve", email="eve@corp.test.evil.test"))
        admin(gateway, "/user/update", user_id="ada", blocked=True)
        with pytest.raises(openai.AuthenticationError):
            say(gateway, token)
    finally:
        gateway.process.kill()


def test_a_rotated_key_is_found_and_an_issuer_may_go_away(provider, logs, tmp_path):
    issuer = Issuer()
    gateway = start("identity-rotation", issuer, provider, logs, tmp_path, team_id_upsert=True)
    try:
        assert say(gateway, issuer.token("engineering")).choices
        issuer.rotate()
        assert say(gateway, issuer.token("research")).choices
        late = issuer.token("stranger")
        issuer.close()
        assert say(gateway, late).choices, "its keys are known for a while"
    finally:
        issuer.close()
        gateway.process.kill()


def test_the_issuer_is_asked_about_a_token_that_says_nothing(issuer, provider, logs, tmp_path):
    config = write_config(tmp_path / "config.yaml", provider.url, API_KEY, MASTER_KEY, {"enable_oauth2_auth": True})
    gateway = start_postern("identity-asking", config, "memory", logs, issuer.introspection())
    try:
        admin(gateway, "/team/new", team_id="engineering", models=["echo"])
        admin(gateway, "/team/new", team_id="everybody", models=["priced"])
        token = issuer.token("engineering", resource="urn:opaque")
        assert "." not in token
        assert say(gateway, token).choices and say(gateway, token, "priced").choices
        eventually(lambda: rows(gateway, team_id="engineering", user="engineering", model_group="echo"))
        with pytest.raises(openai.PermissionDeniedError):
            say(gateway, token, "gated")
        assert gateway.call("/key/generate", {}, key=token).status_code == 403
        revoked = issuer.token("engineering", resource="urn:opaque")
        issuer.revoke("engineering", revoked)
        for wrong in (revoked, "never-given"):
            with pytest.raises(openai.AuthenticationError) as refused:
                say(gateway, wrong)
            assert "does not count" in refused.value.body["message"] and wrong not in refused.value.response.text
        assert say(gateway, gateway.key()).choices, "and keys are keys"
    finally:
        gateway.process.kill()


def test_an_issuer_that_does_not_say_is_no_refusal(provider, logs, tmp_path):
    issuer = Issuer()
    config = write_config(tmp_path / "config.yaml", provider.url, API_KEY, MASTER_KEY, {"enable_oauth2_auth": True})
    gateway = start_postern("identity-silent", config, "memory", logs, issuer.introspection())
    try:
        known, late = (issuer.token("engineering", resource="urn:opaque") for _ in range(2))
        admin(gateway, "/team/new", team_id="engineering")
        assert say(gateway, known).choices
        issuer.close()
        assert say(gateway, known).choices
        with pytest.raises(openai.InternalServerError) as refused:
            say(gateway, late)
        assert refused.value.status_code == 503
    finally:
        issuer.close()
        gateway.process.kill()


def test_the_functions_take_tokens_too(functions, issuer, upstream):
    team = f"functions-{uuid.uuid4().hex[:8]}"
    admin(functions, "/team/new", team_id=team, models=["echo"])
    token = issuer.signed(groups=[team])
    assert say(functions, token).choices
    with pytest.raises(openai.AuthenticationError):
        say(functions, issuer.signed(groups=[team], aud="urn:another"))
    root = issuer.token("root", scope="litellm_proxy_admin")
    assert functions.call("/key/generate", {}, key=root).status_code == 200


@pytest.fixture(scope="module")
def proxied(start_for_module):
    """Behind a proxy that signs people in, which calls from this machine."""
    mappings = {"user_id": "X-Auth-User", "team_id": "X-Auth-Team", "user_role": "X-Auth-Role", "max_budget": "X-Auth-Budget"}
    settings = {"enable_oauth2_proxy_auth": True, "oauth2_config_mappings": mappings}
    passes = {"forward_client_headers_to_llm_api": True}
    return {
        here: start_for_module("memory", **settings, **passes, oauth2_proxy_trusted_ips=[network])
        for here, network in {True: "127.0.0.0/8", False: "10.0.0.0/8"}.items()
    }


def say_as(gateway, user, model="echo", **headers):
    headers = {"X-Auth-User": user, "X-Other": "passes"} | headers
    client = gateway.client("none", default_headers=headers)
    return client.chat.completions.create(model=model, messages=HELLO, max_tokens=7)


def test_whom_a_proxy_in_front_names_needs_no_key(proxied, upstream):
    gateway = proxied[True]
    assert say_as(gateway, "jo").choices[0].message.content == "You said: one two three"
    # Who calls is not the provider's to know.
    sent = {name.lower(): value for name, value in upstream.requests[-1]["headers"].items()}
    assert sent["x-other"] == "passes" and "x-auth-user" not in sent
    eventually(lambda: rows(gateway, user="jo", status="success"))
    # What a record says of the user holds, and what the proxy says of the caller.
    admin(gateway, "/user/new", user_id="al", models=["priced"])
    with pytest.raises(openai.PermissionDeniedError):
        say_as(gateway, "al")
    spent = {"X-Auth-Budget": str(SMALL_BUDGET)}
    assert [say_as(gateway, "mo", "priced", **spent).choices[0].finish_reason for _ in range(5)]
    with pytest.raises(openai.APIStatusError) as refused:
        say_as(gateway, "mo", "priced", **spent)
    assert refused.value.status_code == 422


def test_a_role_that_the_proxy_gives_counts(proxied):
    gateway = proxied[True]
    for role, status in {"proxy_admin": 200, "internal_user_viewer": 403, "owner": 401}.items():
        headers = {"X-Auth-User": f"of-{role}", "X-Auth-Role": role}
        answer = httpx2.post(f"{gateway.url}/team/new", headers=headers, json={})
        assert answer.status_code == status, answer.text


def test_nobody_else_can_say_who_calls(proxied, upstream):
    gateway = proxied[False]
    with pytest.raises(openai.AuthenticationError):
        say_as(gateway, "jo")
    forged = {"X-Auth-User": "jo", "X-Auth-Role": "proxy_admin", "X-Forwarded-For": "10.0.0.1"}
    assert httpx2.post(f"{gateway.url}/key/generate", headers=forged, json={}).status_code == 401
    # Keys are known as ever.
    assert gateway.client(gateway.key()).chat.completions.create(model="echo", messages=HELLO).choices
    assert upstream.requests


def test_a_proxy_that_could_be_anybody_stops_the_start(start):
    with pytest.raises(AssertionError, match="oauth2_proxy_trusted_ips"):
        start("memory", enable_oauth2_proxy_auth=True, oauth2_config_mappings={"user_id": "X-Auth-User"})
    with pytest.raises(AssertionError, match="oauth2_config_mappings"):
        start("memory", enable_oauth2_proxy_auth=True, oauth2_proxy_trusted_ips=["10.0.0.1"])
