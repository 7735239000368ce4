"""Who changed what: each change of an administrator is in the log with what it was before, on every form of the gateway, and
a record that is gone or altered shows."""

import concurrent.futures
import contextlib
import sqlite3
import uuid

import pytest


def entries(gateway, **wanted):
    query = "&".join(f"{name}={value}" for name, value in wanted.items())
    answer = gateway.call(f"/audit?page_size=1000&{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()["audit_logs"]


def test_a_key_is_followed_from_its_making_to_its_end(gateway):
    made = gateway.call("/key/generate", {"key_alias": f"audited-{uuid.uuid4()}", "metadata": {"api_key": "sk-hidden"}}).json()
    key, token = made["key"], made["token"]
    assert gateway.call("/key/update", {"key": key, "max_budget": 7.5}).status_code == 200
    assert gateway.call("/key/block", {"key": key}).status_code == 200
    assert gateway.call("/key/delete", {"keys": [key]}).status_code == 200
    found = entries(gateway, object_id=token)
    assert [entry["action"] for entry in found] == ["deleted", "updated", "updated", "created"]
    assert {entry["table_name"] for entry in found} == {"LiteLLM_VerificationToken"}
    assert [entry["route"] for entry in found] == ["POST /key/delete", "POST /key/block", "POST /key/update", "POST /key/generate"]
    deleted, blocked, updated, created = found
    assert (blocked["before_value"].get("blocked"), blocked["updated_values"]["blocked"]) == (None, True)
    assert "max_budget" not in updated["before_value"] and updated["updated_values"]["max_budget"] == 7_500_000_000
    assert created["before_value"] == {} and created["updated_values"]["metadata"] == {"api_key": "****"}
    assert deleted["before_value"]["max_budget"] == 7_500_000_000
    assert all(entry["changed_by"] == "default_user_id" and entry["changed_by_api_key"] for entry in found)
    assert "sk-hidden" not in str(found) and key not in str(found)
    (one,) = [gateway.call(f"/audit/{updated['id']}").json()]
    assert one == updated
    assert gateway.call("/audit/verify").json()["intact"] is True


def test_a_record_that_does_not_exist_is_not_found(gateway):
    assert gateway.call("/audit/0").status_code == 404
    assert gateway.call("/audit/nonsense").status_code == 404


def test_changes_at_once_make_one_chain(gateway):
    team = gateway.call("/team/new", {"team_alias": "audited"}).json()["team_id"]
    before = gateway.call("/audit/verify").json()["records"]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: gateway.call("/key/generate", {"team_id": team}).status_code, range(16)))
    assert made == [200] * 16
    verdict = gateway.call("/audit/verify").json()
    assert verdict["intact"] and verdict["records"] >= before + 16


@pytest.mark.parametrize("number, fault", [(2, "it is missing"), (3, "it is missing"), (2, "it was altered")])
def test_what_was_taken_out_or_altered_shows(start, tmp_path, number, fault):
    store = tmp_path / "postern.db"
    gateway = start(str(store))
    for _ in range(3):
        assert gateway.call("/key/generate", {}).status_code == 200
    assert gateway.call("/audit/verify").json() == {"intact": True, "records": 3}
    gateway.process.kill()
    place = (b"AUDIT", f"E#{number:016}".encode())
    with contextlib.closing(sqlite3.connect(store)) as table, table:
        if fault == "it is missing":
            table.execute("DELETE FROM items WHERE pk = ? AND sk = ?", place)
        else:
            (attributes,) = table.execute("SELECT attributes FROM items WHERE pk = ? AND sk = ?", place).fetchone()
            altered = attributes.replace(b"created", b"updated")
            assert altered != attributes
            table.execute("UPDATE items SET attributes = ? WHERE pk = ? AND sk = ?", (altered, *place))
    verdict = start(str(store)).call("/audit/verify").json()
    assert verdict == {"intact": False, "id": str(number), "fault": fault}
