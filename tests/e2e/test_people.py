"""What is stored about a person: given out whole, and forgotten when that is asked for."""

import json

import pytest

from support.gateway import running
from support.process import eventually

HELLO = [{"role": "user", "content": "one two three"}]
CONSENT = {"user_consent": "to everything", "consent_date": "2026-01-02"}


def ask(gateway, path, body=None, **other):
    answer = gateway.call(path, body, **other)
    assert answer.status_code == 200, answer.text
    return answer


def person(gateway, user):
    """A user who has made a call."""
    ask(gateway, "/user/new", {"user_id": user, "user_email": f"{user}@corp.test", "user_role": "internal_user"})
    key = gateway.key(user_id=user, key_alias=f"alias-{user}")
    body = {"model": "echo", "messages": HELLO, "user": f"end-{user}", "metadata": CONSENT}
    ask(gateway, "/v1/chat/completions", body, key=key)
    return key


def test_a_person_gets_all_that_is_stored_about_them_as_one_file(gateway, upstream):
    key = person(gateway, "lovelace")
    file = ask(gateway, "/user/lovelace", key=key)
    assert "attachment" in file.headers["content-disposition"]
    about = file.json()
    assert about["user"]["user_email"] == "lovelace@corp.test"
    assert [call["user"] for call in about["calls"]] == ["lovelace"]
    [consent] = about["consents"]
    assert consent.items() >= CONSENT.items()
    assert about["audit_logs"] and about["calls_until"] is None
    assert key not in file.text
    assert "metadata" not in upstream.requests[-1]["body"], "consent is no business of the provider's"
    assert len(ask(gateway, "/customer/export?end_user_id=end-lovelace").json()["calls"]) == 1
    # Nobody else's.
    other = person(gateway, "babbage")
    assert gateway.call("/user/lovelace", key=other).status_code == 403
    assert gateway.call("/user/nobody").status_code == 404
    ask(gateway, "/user/delete", {"user_ids": ["lovelace", "babbage"]})


@pytest.mark.parametrize("anonymize", [True, False])
def test_the_log_forgets_whoever_is_deleted(provider, upstream, logs, tmp_path, anonymize):
    store = str(tmp_path / "postern.db")
    with running(provider, logs, tmp_path, {}, store=store) as gateway:
        for user in ("lovelace", "babbage"):
            person(gateway, user)
        assert ask(gateway, "/user/delete", {"user_ids": ["lovelace"], "anonymize": anonymize}).json() == 1
    # A round of maintenance is made at the start.
    with running(provider, logs, tmp_path, {}, store=store) as gateway:

        def rows():
            return ask(gateway, "/spend/logs").json()

        eventually(lambda: "lovelace" not in json.dumps(rows()))
        assert len(rows()) == (2 if anonymize else 1)
        assert [row["user"] for row in rows() if row["user"]] == ["babbage"]


def test_consent_is_required_where_policy_says_so(provider, upstream, logs, tmp_path):
    general = {"enforced_params": ["metadata.user_consent"]}
    with running(provider, logs, tmp_path, general) as gateway:
        key, body = gateway.key(), {"model": "echo", "messages": HELLO}
        refused = gateway.call("/v1/chat/completions", body, key=key)
        assert refused.status_code == 400 and "user_consent" in refused.text, refused.text
        ask(gateway, "/v1/chat/completions", body | {"metadata": CONSENT}, key=key)
