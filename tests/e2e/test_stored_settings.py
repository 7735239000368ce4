"""Settings that are changed while the gateway runs: stored as versions, and picked up by every process."""

import json
import threading

from support.crowd import post
from support.gateway import running
from support.process import eventually

HELLO = [{"role": "user", "content": "one two three"}]
KEPT = {"store_model_in_db": True}


def change(gateway, path="/config/update", **body):
    answer = gateway.call(path, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def status(gateway, **body):
    """What a call gets that names no model."""
    return gateway.call("/v1/chat/completions", {"messages": HELLO} | body).status_code


def test_a_change_is_picked_up_by_every_process_and_outlives_them(start):
    table = "dynamodb://postern-settings"
    one, other = (start(table, **KEPT) for _ in range(2))
    assert status(one) == 404
    made = change(one, general_settings={"completion_model": "demo"})
    assert status(one) == 200, "the process that was told serves it at once"
    eventually(lambda: status(other) == 200)
    late = start(table, **KEPT)
    assert status(late) == 200, "who starts later goes by it too"
    assert status(start(table)) == 404, "without the setting the table's settings do not count"
    # One change more, and back again.
    body = {"config_type": "general_settings", "field_name": "completion_model"}
    change(other, "/config/field/update", **body, field_value="busy")
    assert status(other) == 429
    eventually(lambda: status(one) == 429)
    change(one, "/config/rollback", version=made["version"])
    assert status(one) == 200
    eventually(lambda: status(other) == 200)
    versions = other.call("/config/history").json()["versions"]
    assert [version["version"] for version in versions] == [3, 2, 1]


def test_functions_pick_it_up_as_well(functions):
    assert status(functions) == 404
    change(functions, general_settings={"completion_model": "demo"})
    try:
        eventually(lambda: status(functions) == 200)
    finally:
        body = {"config_type": "general_settings", "field_name": "completion_model"}
        change(functions, "/config/field/delete", **body)
    eventually(lambda: status(functions) == 404)


def test_calls_under_way_end_as_they_began(provider, upstream, logs, tmp_path):
    with running(provider, logs, tmp_path, KEPT) as gateway:
        key = gateway.key(max_budget=1)
        begun, answers = threading.Event(), []
        body = {"model": "gated", "stream": True}
        call = threading.Thread(
            target=lambda: answers.append(post(gateway, key, body, on_bytes=lambda _: begun.set()))
        )
        call.start()
        upstream.release()
        assert begun.wait(20)
        change(gateway, general_settings={"completion_model": "demo"}, router_settings={"timeout": 50})
        assert status(gateway) == 200
        while call.is_alive():
            upstream.release()
            call.join(0.01)
        [answer] = answers
        assert answer.status == 200 and answer.is_complete, answer
        eventually(lambda: len(gateway.call(f"/spend/logs?api_key={key}").json()) == 1)


def test_many_changes_at_once_are_all_made_under_load(provider, upstream, logs, tmp_path):
    with running(provider, logs, tmp_path, KEPT) as gateway:
        key, stop, statuses = gateway.key(), threading.Event(), []

        def call():
            while not stop.is_set():
                statuses.append(post(gateway, key, {"model": "echo"}).status)

        names = {"timeout": 40, "cooldown_time": 2, "allowed_fails": 9, "retry_after": 1, "max_fallbacks": 3}
        callers = [threading.Thread(target=call) for _ in range(4)]
        admins = [
            threading.Thread(target=change, args=(gateway,), kwargs={"router_settings": {name: value}})
            for name, value in names.items()
        ]
        for thread in callers + admins:
            thread.start()
        for thread in admins:
            thread.join()
        stop.set()
        for thread in callers:
            thread.join()
        assert gateway.call("/config/get").json()["settings"]["router_settings"] == names
        assert set(statuses) == {200}, "no call notices"


def test_addresses_are_let_in_while_it_runs(provider, logs, tmp_path):
    store = str(tmp_path / "postern.db")
    with running(provider, logs, tmp_path, KEPT, store=store) as gateway:
        change(gateway, "/add/allowed_ip", ip="127.0.0.1")
        change(gateway, "/add/allowed_ip", ip="203.0.113.0/24")
        assert status(gateway, model="demo") == 200
        assert gateway.call("/get/allowed_ips").json() == {"data": ["127.0.0.1", "203.0.113.0/24"]}
        change(gateway, "/delete/allowed_ip", ip="127.0.0.1")
        refused = gateway.call("/v1/chat/completions", {"model": "demo", "messages": HELLO})
        assert refused.status_code == 403, refused.text
    with running(provider, logs, tmp_path, KEPT, store=store) as gateway:
        assert status(gateway, model="demo") == 403, "from the first call on"
    with running(provider, logs, tmp_path, {"store_model_in_db": False}, store=store) as gateway:
        assert status(gateway, model="demo") == 200, "the way back for whoever has shut themselves out"


def test_a_variable_is_kept_sealed_and_used(provider, upstream, logs, tmp_path):
    store = tmp_path / "postern.db"
    upstream.checks_keys = False
    model = {"model": "openai/echo", "api_base": upstream.url}
    with running(provider, logs, tmp_path, KEPT, store=str(store)) as gateway:
        change(gateway, environment_variables={"ANOTHER_KEY": "sk-canary-of-settings"})
        params = model | {"api_key": "os.environ/ANOTHER_KEY"}
        change(gateway, "/model/new", model_name="keyed", litellm_params=params)
        assert status(gateway, model="keyed") == 200
        headers = {name.lower(): value for name, value in upstream.requests[-1]["headers"].items()}
        assert headers["authorization"] == "Bearer sk-canary-of-settings"
        for path in ("/config/get", "/config/history", "/audit?table_name=LiteLLM_Config"):
            assert "canary-of-settings" not in gateway.call(path).text
    for file in tmp_path.glob("postern.db*"):
        assert b"canary-of-settings" not in file.read_bytes()


def test_what_cannot_be_is_refused_by_name(provider, postern, logs, tmp_path):
    off = postern.call("/config/update", {"general_settings": {"completion_model": "demo"}})
    assert off.status_code == 400 and "store_model_in_db" in off.text
    with running(provider, logs, tmp_path, KEPT) as gateway:
        for section, settings, why in [
            ("general_settings", {"completion_modle": "demo"}, "Did you mean `completion_model`?"),
            ("general_settings", {"allowed_ips": ["nowhere"]}, "general_settings.allowed_ips"),
            ("general_settings", {"key_management_system": "local"}, "read at the start"),
            ("general_settings", {"use_x_forwarded_for": "perhaps"}, "use_x_forwarded_for: must be"),
            ("litellm_settings", {"ssl_verify": "/no/such/file.pem"}, "/no/such/file.pem"),
            ("environment_variables", {"LITELLM_SALT_KEY": "s"}, "read at the start"),
        ]:
            answer = gateway.call("/config/update", {section: settings})
            assert answer.status_code == 400 and why in answer.text, (settings, answer.text)
        told = change(gateway, litellm_settings={"success_callback": ["langfuse"]})
        assert "success_callback" in json.dumps(told["warnings"]), "what has no effect is said"
        assert gateway.call("/config/update", {}, key=gateway.key()).status_code == 401
