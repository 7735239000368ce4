"""The operator's own service says who callers are, through the official client."""

from contextlib import ExitStack

import openai
import pytest

from support import leaks
from support.gateway import CREDENTIALS, MASTER_KEY, SMALL_BUDGET, running
from support.process import eventually
from support.who import FUNCTION, Who

HELLO = [{"role": "user", "content": "one two three"}]


@pytest.fixture
def who():
    service = Who(
        {
            leaks.plant("word of jo", "jos-own-word"): {"user_id": "jo", "team_id": "crew", "user_role": "internal_user"},
            "sk-word-of-al": {"user_id": "al", "models": ["priced"], "max_budget": SMALL_BUDGET},
            "of-nobody": {"models": ["echo"]},
            "breaks": "fails",
        }
    )
    yield service
    service.close()


@pytest.fixture
def guarded(provider, logs, tmp_path):
    def start(service, environment=None, **settings):
        general = {"custom_auth": service, **settings}
        return started.enter_context(running(provider, logs, tmp_path, general, environment=environment))

    with ExitStack() as started:
        yield start


def say(gateway, presented, model="echo"):
    return gateway.client(presented).chat.completions.create(model=model, messages=HELLO, max_tokens=7)


def is_logged(gateway, **wanted):
    rows = gateway.call("/spend/logs").json()
    return any(all(row.get(name) == value for name, value in wanted.items()) for row in rows)


def test_a_webhook_says_who_calls_and_virtual_keys_count_no_more(who, guarded, upstream):
    gateway = guarded(f"{who.url}/who")
    assert say(gateway, "jos-own-word").choices[0].message.content == "You said: one two three"
    eventually(lambda: is_logged(gateway, user="jo", team_id="crew", status="success"))
    assert gateway.call("/key/generate", {}, key="jos-own-word").status_code == 200
    # What it says of a caller holds.
    with pytest.raises(openai.PermissionDeniedError):
        say(gateway, "sk-word-of-al")
    for _ in range(5):
        assert say(gateway, "sk-word-of-al", "priced").choices
    with pytest.raises(openai.APIStatusError) as refused:
        say(gateway, "sk-word-of-al", "priced")
    assert refused.value.status_code == 422
    for nobody in (gateway.key(), "of-nobody", "unknown"):
        with pytest.raises(openai.AuthenticationError) as refused:
            say(gateway, nobody)
        assert "custom_auth" in refused.value.body["message"] and nobody not in refused.value.response.text
    assert len([asked for _, _, asked in who.asked if asked == {"api_key": "jos-own-word"}]) == 1, "once in a minute"
    assert say(gateway, MASTER_KEY).choices and upstream.requests


def test_beside_virtual_keys_it_is_asked_about_everybody_else(who, guarded):
    gateway = guarded(f"{who.url}/who", custom_auth_settings={"mode": "auto"})
    key = gateway.key()
    assert say(gateway, key).choices and not who.asked
    assert say(gateway, "jos-own-word").choices and say(gateway, "sk-word-of-al", "priced").choices
    with pytest.raises(openai.AuthenticationError):
        say(gateway, "sk-unknown-to-both")


def test_a_lambda_function_says_who_calls(who, guarded):
    endpoint = {"AWS_ENDPOINT_URL_LAMBDA": who.url}
    gateway = guarded(FUNCTION, CREDENTIALS | endpoint)
    assert say(gateway, "jos-own-word").choices
    path, headers, _ = who.asked[0]
    assert path == f"/2015-03-31/functions/{FUNCTION.replace(':', '%3A')}/invocations"
    assert "/eu-central-1/lambda/aws4_request" in headers["authorization"]
    with pytest.raises(openai.AuthenticationError):
        say(gateway, "unknown")
    with pytest.raises(openai.InternalServerError) as refused:
        say(gateway, "breaks")
    assert refused.value.status_code == 503


def test_nobody_is_let_in_while_it_says_nothing(who, guarded):
    gateway = guarded(f"{who.url}/who")
    assert say(gateway, "jos-own-word").choices
    who.silent.set()
    assert say(gateway, "jos-own-word").choices, "who was known a moment ago still is"
    with pytest.raises(openai.InternalServerError) as refused:
        say(gateway, "sk-word-of-al")
    assert refused.value.status_code == 503
    assert say(gateway, MASTER_KEY).choices


def test_a_python_function_stops_the_start(guarded, who):
    with pytest.raises(AssertionError, match="custom_auth.*a Python function cannot run here"):
        guarded("custom_auth.user_api_key_auth")
    with pytest.raises(AssertionError, match="only one of them"):
        guarded(who.url, {"OAUTH_TOKEN_INFO_ENDPOINT": who.url}, enable_oauth2_auth=True)
