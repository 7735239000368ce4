"""Keys that may be used from some addresses alone (`allowed_ips`)."""

import openai
import pytest

HERE = ["127.0.0.1", "::1"]
ELSEWHERE = ["203.0.113.0/24", "2001:db8::/32"]
HELLO = [{"role": "user", "content": "one two three"}]


@pytest.fixture(scope="module")
def gateway(start_for_module):
    return start_for_module("memory")


def say(gateway, key):
    return gateway.client(key).chat.completions.create(model="echo", messages=HELLO).choices[0].message.content


def test_a_key_works_from_its_addresses_and_from_no_other(gateway, upstream):
    assert say(gateway, gateway.key(allowed_ips=HERE)) == "You said: one two three"
    assert say(gateway, gateway.key(allowed_ips=[])) == "You said: one two three"
    key = gateway.key(allowed_ips=ELSEWHERE)
    upstream.forget()
    with pytest.raises(openai.PermissionDeniedError) as refused:
        say(gateway, key)
    assert "127.0.0.1 not allowed" in str(refused.value)
    assert gateway.call("/v1/models", key=key).status_code == 403
    assert gateway.call(f"/key/info?key={key}", key=key).status_code == 403
    assert upstream.requests == []


def test_what_changes_counts_with_the_next_call(gateway, upstream):
    key = gateway.key(metadata={"allowed_ips": ELSEWHERE})
    with pytest.raises(openai.PermissionDeniedError):
        say(gateway, key)
    assert gateway.call("/key/update", {"key": key, "allowed_ips": HERE}).status_code == 200
    assert say(gateway, key)
    shown = gateway.call(f"/key/info?key={key}").json()["info"]["metadata"]["allowed_ips"]
    assert shown == HERE
    assert gateway.call("/key/update", {"key": key, "allowed_ips": None}).status_code == 200
    assert say(gateway, key)


@pytest.mark.parametrize("wrong", [["10.0.0.0/40"], ["localhost"], "10.0.0.1", [1]])
def test_what_is_no_address_is_refused(gateway, wrong):
    for body in ({"allowed_ips": wrong}, {"metadata": {"allowed_ips": wrong}}):
        refused = gateway.call("/key/generate", body)
        assert refused.status_code == 422, refused.text
        assert "allowed_ips" in refused.text


def test_who_may_use_a_key_is_for_administrators_to_say(gateway):
    user = gateway.call("/user/new", {"user_role": "internal_user"}).json()
    key = gateway.key(user_id=user["user_id"], allowed_ips=HERE)
    changed = gateway.call("/key/update", {"key": key, "allowed_ips": ["0.0.0.0/0"]}, key=user["key"])
    assert changed.status_code == 403, changed.text
