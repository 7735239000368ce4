"""Everything that is sealed in the table, counted and sealed anew on request; and what each provider can be asked for."""

import httpx2
import pytest

from support.gateway import MASTER_KEY, running
from test_at_rest import add_key, key_file

MIGRATE, CHECK = "/credentials/migrate-encryption", "/credentials/migrate-encryption/check"


@pytest.fixture
def start(upstream, logs, tmp_path):
    """Starts `postern` on one table with the keys of a file, which it reads again when they change."""

    def start(keys):
        environment = {"POSTERN_KEY_FILE": str(keys)}
        general, store = {"store_model_in_db": True}, str(tmp_path / "state.db")
        return running(upstream, logs, tmp_path, general=general, store=store, environment=environment)

    return start


@pytest.fixture
def sealed(start, tmp_path):
    """`postern` with a model and credentials that are sealed under the first key of its file."""
    keys = key_file(tmp_path)
    with start(keys) as gateway:
        for name in ("a", "b", "c"):
            body = {"credential_name": name, "credential_values": {"api_key": f"sk-of-the-provider-{name}"}}
            assert gateway.call("/credentials", body).status_code == 200
        model = {"model_name": "stored", "litellm_params": {"model": "openai/echo", "api_key": "sk-stored"}}
        assert gateway.call("/model/new", model).status_code == 200
        yield gateway, keys


def report(answer):
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "success"
    return answer.json()["report"]


def counts(report, field):
    return {name: location[field] for name, location in report["locations"].items() if location[field]}


def migrate(gateway, key=MASTER_KEY, **wanted):
    headers = {"authorization": f"Bearer {key}"}
    return httpx2.post(gateway.url + MIGRATE, headers=headers, params=wanted, json={}, timeout=60)


def test_what_is_sealed_under_an_old_key_is_counted_and_then_sealed_anew(sealed, start):
    gateway, keys = sealed
    assert gateway.call("/config/update", {"litellm_settings": {"drop_params": True}}).status_code == 200
    before = report(gateway.call(CHECK))
    assert (before["residual_legacy"], before["total_undecryptable"], before["next"]) == (0, 0, None)
    all_of_it = {"credentials": 3, "model_table": 1, "config": 1}
    assert counts(before, "already_v2") == counts(before, "scanned") == all_of_it
    # From here on another key seals.
    add_key(keys, 2)
    assert counts(report(gateway.call(CHECK)), "legacy") == all_of_it
    asked = migrate(gateway, dry_run="true")
    assert asked.json()["dry_run"] is True and report(asked)["residual_legacy"] == 5
    assert counts(report(gateway.call(CHECK)), "legacy") == all_of_it
    done = migrate(gateway)
    assert done.json()["dry_run"] is False and counts(report(done), "migrated") == all_of_it
    after = report(gateway.call(CHECK))
    assert after["residual_legacy"] == 0 and after["is_complete"] and counts(after, "already_v2") == all_of_it
    recorded = gateway.call("/audit?object_id=migrate_encryption").json()["audit_logs"]
    assert [(entry["action"], entry["route"]) for entry in recorded] == [("created", f"POST {MIGRATE}")]
    # The first key is not needed any more.
    gateway.process.end()
    keys.write_text(keys.read_text().splitlines()[-1] + "\n")
    with start(keys) as again:
        assert report(again.call(CHECK))["total_undecryptable"] == 0
        shown = again.call("/credentials/by_name/a").json()["credential_values"]
        assert shown == {"api_key": "sk****-a"}


def test_what_no_key_opens_is_told_and_left_alone(sealed, start):
    gateway, keys = sealed
    gateway.process.end()
    keys.write_text("")
    add_key(keys, 2)
    with start(keys) as lost:
        for answer in (lost.call(CHECK), migrate(lost)):
            told = report(answer)
            assert (told["residual_legacy"], told["total_undecryptable"]) == (0, 4)
            assert counts(told, "undecryptable") == {"credentials": 3, "model_table": 1}


def test_a_walk_goes_on_where_it_is_asked_to_and_vouches_for_its_part_alone(sealed):
    gateway, _ = sealed
    part = report(gateway.call(f"{CHECK}?after=0/b"))
    assert part["residual_legacy"] is None and part["is_complete"]
    assert counts(part, "scanned") == {"credentials": 1, "model_table": 1}
    assert gateway.call(f"{CHECK}?after=nowhere").status_code == 422
    assert migrate(gateway, dry_run="perhaps").status_code == 422
    assert migrate(gateway, key=gateway.key()).status_code in (401, 403)


def test_who_has_no_key_is_told_what_can_be_asked_for_and_of_whom(gateway):
    answer = gateway.call("/public/endpoints", key=None)
    assert answer.status_code == 200, answer.text
    endpoints = {endpoint["key"]: endpoint for endpoint in answer.json()["endpoints"]}
    assert endpoints["chat_completions"]["endpoint"] == "/chat/completions"
    able = {key: {provider["slug"] for provider in entry["providers"]} for key, entry in endpoints.items()}
    known = set(gateway.call("/public/providers", key=None).json())
    assert all(able[key] <= known for key in able) and able["count_tokens"] == known
    assert "anthropic" in able["chat_completions"] & able["messages"] and "anthropic" not in able["embeddings"]
    assert "openai" in able["audio_transcriptions"] & able["image_edits"] & able["moderations"]
