"""Virtual keys and what they spend, through the management API and the official client."""

import openai
import pytest

HELLO = [{"role": "user", "content": "one two three"}]


@pytest.fixture
def key(gateway):
    answer = gateway.call("/key/generate", {"models": ["echo", "demo"], "metadata": {"team": "tests"}})
    assert answer.status_code == 200, answer.text
    return answer.json()["key"]


def test_a_key_opens_its_models_and_no_other(gateway, upstream, key):
    client = gateway.client(key)
    assert client.chat.completions.create(model="echo", messages=HELLO).choices
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(model="busy", messages=HELLO)
    assert refused.value.status_code in (401, 403)


def test_a_blocked_key_is_refused_until_it_is_unblocked(gateway, upstream, key):
    client = gateway.client(key)
    assert gateway.call("/key/block", {"key": key}).status_code == 200
    with pytest.raises(openai.APIStatusError) as refused:
        client.chat.completions.create(model="echo", messages=HELLO)
    assert refused.value.status_code in (401, 403)
    assert gateway.call("/key/unblock", {"key": key}).status_code == 200
    assert client.chat.completions.create(model="echo", messages=HELLO).choices


def test_a_deleted_key_is_refused(gateway, upstream, key):
    assert gateway.call("/key/delete", {"keys": [key]}).status_code == 200
    with pytest.raises(openai.AuthenticationError):
        gateway.client(key).chat.completions.create(model="echo", messages=HELLO)


def test_a_key_may_not_make_keys(gateway, key):
    assert gateway.call("/key/generate", {}, key=key).status_code in (401, 403)


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_leaves_a_spend_row_before_its_answer_ends(gateway, upstream, key, stream):
    answer = gateway.client(key).chat.completions.with_raw_response.create(model="echo", messages=HELLO, stream=stream)
    call = answer.headers["x-litellm-call-id"]
    if stream:
        list(answer.parse())
    rows = gateway.call(f"/spend/logs?api_key={key}").json()
    assert [(row["request_id"], row["total_tokens"]) for row in rows] == [(call, 12)]


def test_a_row_says_where_the_connection_came_from_and_not_what_a_header_claims(gateway, upstream, key):
    client = gateway.client(key, default_headers={"x-forwarded-for": "198.51.100.1"})
    client.chat.completions.create(model="echo", messages=HELLO)
    [row] = gateway.call(f"/spend/logs?api_key={key}").json()
    assert row["requester_ip_address"] == "127.0.0.1"


def test_a_health_check_leaves_a_row_of_who_asked(gateway, upstream):
    health = gateway.call("/health?model=echo").json()
    assert (health["healthy_count"], health["unhealthy_count"]) == (1, 0)
    row = gateway.call("/spend/logs").json()[0]
    assert (row["model_group"], row["request_tags"]) == ("echo", ["litellm-internal-health-check"])
    assert row["total_tokens"] == 12


def test_postern_and_the_functions_share_their_state(functions, table, upstream):
    key = functions.key(models=["echo"])
    assert table.client(key).chat.completions.create(model="echo", messages=HELLO).choices
