"""Paths of the operator's own: what comes there goes to a service of the test's, and what that answers comes back."""

import hashlib
import subprocess
from contextlib import ExitStack

import httpx2
import pytest
import yaml

from support import leaks
from support.gateway import BINARIES, MASTER_KEY, running
from support.process import eventually, free_port
from support.service import BYTES, EVENTS, Service

TOKEN, STORED = leaks.plant("token of a service"), leaks.plant("stored token of a service")
COST = 0.25
ROUTE = "/config/pass_through_endpoint"


@pytest.fixture
def service():
    service = Service()
    yield service
    service.close()


@pytest.fixture
def serving(provider, logs, tmp_path):
    """Starts a gateway with these endpoints; `None`: with none in its file, which keeps settings in its table."""

    def start(*endpoints, **general):
        general |= {"pass_through_endpoints": list(endpoints)} if endpoints else {"store_model_in_db": True}
        environment = {"SERVICE_TOKEN": TOKEN}
        return started.enter_context(running(provider, logs, tmp_path, general, environment=environment))

    with ExitStack() as started:
        yield start


def ask(gateway, path, method="POST", key=MASTER_KEY, headers=None, **options):
    known = {"authorization": f"Bearer {key}"} if key else {}
    return httpx2.request(method, gateway.url + path, headers=known | (headers or {}), timeout=60, **options)


def spent(gateway, key):
    return gateway.call(f"/key/info?key={key}").json()["info"]["spend"]


def rows(gateway, key):
    hashed = hashlib.sha256(key.encode()).hexdigest()
    return [row for row in gateway.call("/spend/logs").json() if row["api_key"] == hashed]


def test_bytes_go_there_and_come_back_as_they_are(service, serving):
    token = {"Authorization": "Bearer os.environ/SERVICE_TOKEN"}
    below = {"path": "/svc", "target": f"{service.url}/?fixed=1", "include_subpath": True, "headers": token}
    alone = {"path": "/alone", "target": service.url, "methods": ["GET", "HEAD"]}
    alone["default_query_params"] = {"version": 3}
    gateway = serving(below, alone)
    key = gateway.key()
    body = b"\x00\xff{not json"
    given = {"content-type": "x/y", "x-mine": "m"}
    answer = ask(gateway, "/svc/a%20b/c?x=1&fixed=2", "PATCH", key, given, content=body)
    [sent] = service.requests
    assert (sent.method, sent.path, sent.body) == ("PATCH", "/api/a%20b/c?fixed=1&x=1", body)
    assert (sent.headers["authorization"], sent.headers["content-type"]) == (f"Bearer {TOKEN}", "x/y")
    assert "x-mine" not in sent.headers and key not in str(sent)
    assert (answer.status_code, answer.content) == (200, BYTES)
    assert (answer.headers["content-type"], answer.headers["etag"]) == ("application/x-bytes", '"e"')
    assert "set-cookie" not in answer.headers and answer.headers["x-litellm-call-id"]
    # What follows the path is nobody's where nobody asked for it.
    assert ask(gateway, "/alone", "GET", key).content == BYTES
    assert service.requests[-1].path == "/api?version=3"
    assert (ask(gateway, "/alone", "HEAD", key).status_code, service.requests[-1].method) == (200, "HEAD")
    wrong = [("/alone", "POST"), ("/alone/x", "GET")]
    assert [ask(gateway, path, method, key).status_code for path, method in wrong] == [405, 404]
    assert ask(gateway, "/svc/%2e%2e/secret", "GET", key).status_code == 400
    assert len(service.requests) == 3


def test_answers_that_are_no_success_pass_too_and_cost_nothing(service, serving):
    gateway = serving({"path": "/svc", "target": service.url, "include_subpath": True, "cost_per_request": COST})
    key = gateway.key()
    for status in (404, 418, 429, 500):
        answer = ask(gateway, f"/svc/status/{status}", key=key)
        assert (answer.status_code, answer.json()) == (status, {"said": "by the service"})
        assert answer.headers["retry-after"] == "7"
    moved = ask(gateway, "/svc/moved", "GET", key)
    assert (moved.status_code, moved.headers["location"]) == (302, "/elsewhere")
    eventually(lambda: len(rows(gateway, key)) == 5)
    assert spent(gateway, key) == pytest.approx(COST), "the redirect alone is no error"


def test_headers_go_along_where_that_is_asked_for_but_for_credentials(service, serving):
    gateway = serving({"path": "/svc", "target": service.url, "forward_headers": True, "headers": {"X-Tenant": "ours"}})
    key = gateway.key()
    given = {"x-trace": "t", "x-tenant": "theirs", "cookie": "c=1", "x-api-key": key, "x-pass-x-api-key": "passed"}
    assert ask(gateway, "/svc", key=key, headers=given).status_code == 200
    [sent] = service.requests
    assert [sent.headers[name] for name in ("x-trace", "x-tenant", "x-api-key")] == ["t", "ours", "passed"]
    assert "authorization" not in sent.headers and "cookie" not in sent.headers and key not in str(sent)


def test_events_pass_one_by_one(service, serving):
    gateway = serving({"path": "/svc", "target": service.url, "include_subpath": True, "cost_per_request": COST})
    key = gateway.key()
    request = {"headers": {"authorization": f"Bearer {key}"}, "timeout": 60}
    with httpx2.stream("GET", f"{gateway.url}/svc/events", **request) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        pieces = answer.iter_raw()
        for event in EVENTS:
            service.release()
            assert next(pieces) == event, "each comes before the next may go"
        assert b"".join(pieces) == b""
    assert spent(gateway, key) == pytest.approx(COST)
    # One that breaks off does so here too, and is charged, as the service has worked.
    with pytest.raises(httpx2.RemoteProtocolError):
        ask(gateway, "/svc/cut", "GET", key)
    eventually(lambda: len(rows(gateway, key)) == 2)
    assert spent(gateway, key) == pytest.approx(2 * COST)


def test_a_call_is_charged_and_held_to_the_limits_of_its_key(service, serving):
    gateway = serving(
        {"path": "/svc", "target": service.url, "include_subpath": True, "cost_per_request": COST, "id": "mine"},
        {"path": "/free", "target": service.url},
    )
    key = gateway.key(max_budget=2 * COST)
    assert [ask(gateway, "/svc", key=key).status_code for _ in range(3)] == [200, 200, 422]
    assert len(service.requests) == 2 and spent(gateway, key) == pytest.approx(2 * COST)
    [row, _] = rows(gateway, key)
    told = ("call_type", "model", "model_group", "custom_llm_provider", "spend", "total_tokens", "model_id", "status")
    wanted = ("pass_through_endpoint", "/svc", "/svc", "pass_through", COST, 0, "mine", "success")
    assert tuple(row[name] for name in told) == wanted
    assert row["api_base"] == service.url
    free = gateway.key(rpm_limit=1)
    assert [ask(gateway, "/free", key=free).status_code for _ in range(2)] == [200, 429]
    eventually(lambda: [row["spend"] for row in rows(gateway, free)] == [0])
    # The list of a key narrows it; groups of models' routes do not open what is none.
    for routes, wanted in ((["/svc/v1/*"], [403, 200]), (["llm_api_routes"], [403, 403])):
        narrow = gateway.key(allowed_routes=routes)
        assert [ask(gateway, path, key=narrow).status_code for path in ("/svc", "/svc/v1/x")] == wanted


def test_a_key_is_needed_unless_it_is_said_that_none_is(service, serving):
    gateway = serving(
        {"path": "/closed", "target": service.url},
        {"path": "/open", "target": service.url, "auth": False, "cost_per_request": COST},
    )
    assert [ask(gateway, "/closed", key=key).status_code for key in (None, "sk-unknown-to-everybody")] == [401, 401]
    assert not service.requests
    assert [ask(gateway, "/open", key=key).status_code for key in (None, "sk-unknown-to-everybody")] == [200, 200]
    eventually(lambda: len([row for row in gateway.call("/spend/logs").json() if row["model"] == "/open"]) == 2)


def test_a_dead_service_is_told_as_other_upstreams_are(service, serving):
    dead = f"http://127.0.0.1:{free_port()}"
    gateway = serving({"path": "/dead", "target": dead, "cost_per_request": COST}, max_request_size_mb=1)
    key = gateway.key(max_budget=COST)
    answer = ask(gateway, "/dead", key=key)
    assert answer.status_code in (502, 503) and answer.json()["error"]["type"] == "internal_server_error"
    assert dead.removeprefix("http://") not in answer.text
    eventually(lambda: [row["status"] for row in rows(gateway, key)] == ["failure"])
    assert spent(gateway, key) == 0
    assert ask(gateway, "/dead", key=key, content=b"x" * (2 << 20)).status_code == 413


@pytest.mark.parametrize(
    "endpoint, said",
    [
        ({"path": "/key/info", "target": "http://a.test"}, "`/key/info` (line"),
        ({"path": "mine", "target": "http://a.test"}, "[0].path: must be an absolute path"),
        ({"path": "/mine", "target": "my.module"}, "[0].target: must be the address"),
        ({"path": "/mine", "target": "http://a.test", "guardrails": {"a": None}}, "[0].guardrails: is not supported"),
    ],
)
def test_what_cannot_be_served_stops_the_start(tmp_path, endpoint, said):
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"general_settings": {"pass_through_endpoints": [endpoint]}}))
    started = [BINARIES / "postern", "--config", path, "--port", "0", "--store", "memory"]
    ended = subprocess.run(started, capture_output=True, text=True, timeout=60)
    assert ended.returncode != 0 and "pass_through_endpoints" in ended.stderr and said in ended.stderr, ended.stderr


def test_endpoints_are_added_changed_and_removed_while_it_runs(service, serving):
    gateway = serving()
    made = ask(gateway, ROUTE, json={"path": "/svc", "target": service.url, "headers": {"Authorization": STORED}})
    assert made.status_code == 200, made.text
    [endpoint] = made.json()["endpoints"]
    assert endpoint["headers"] == {"Authorization": "****"} and not endpoint["is_from_config"] and endpoint["auth"]
    assert ask(gateway, "/svc").status_code == 200 and service.requests[-1].headers["authorization"] == STORED
    # What was shown is sent back, and one thing of it changed.
    change = {**endpoint, "include_subpath": True, "cost_per_request": COST}
    changed = ask(gateway, f"{ROUTE}/{endpoint['id']}", json=change)
    assert changed.json()["endpoints"][0] == change, changed.text
    key = gateway.key()
    assert ask(gateway, "/svc/below", key=key).status_code == 200
    assert (service.requests[-1].path, service.requests[-1].headers["authorization"]) == ("/api/below", STORED)
    eventually(lambda: spent(gateway, key) == pytest.approx(COST))
    refused = ask(gateway, ROUTE, json={"path": "/svc", "target": "http://a.test"})
    assert refused.status_code == 400 and "another endpoint's already" in refused.text
    assert ask(gateway, ROUTE, json={"path": "/key/info", "target": "http://a.test"}).status_code == 400
    assert ask(gateway, ROUTE, json={"target": "http://a.test"}).status_code == 422
    assert ask(gateway, ROUTE, key=key, json={"path": "/x", "target": "http://a.test"}).status_code == 401
    shown = [gateway.call(path).text for path in (ROUTE, "/config/get", "/config/history", "/audit")]
    assert all("/svc" in text and STORED not in text for text in shown)
    assert ask(gateway, f"{ROUTE}?endpoint_id={endpoint['id']}", "GET").json()["endpoints"] == [change]
    gone = ask(gateway, f"{ROUTE}?endpoint_id={endpoint['id']}", "DELETE")
    assert gone.json()["endpoints"] == [change]
    assert ask(gateway, "/svc").status_code == 404 and gateway.call(ROUTE).json() == {"endpoints": []}
    nowhere = f"{ROUTE}?endpoint_id=none"
    for method, path in (("DELETE", nowhere), ("POST", f"{ROUTE}/none"), ("GET", nowhere)):
        assert ask(gateway, path, method, json={} if method == "POST" else None).status_code == 404


def test_the_files_endpoints_are_shown_and_stay(service, serving):
    token = {"Authorization": "Bearer os.environ/SERVICE_TOKEN", "X-Id": "os.environ/SERVICE_TOKEN"}
    gateway = serving({"path": "/svc", "target": service.url, "headers": token}, store_model_in_db=True)
    [endpoint] = gateway.call(ROUTE).json()["endpoints"]
    assert (endpoint["id"], endpoint["is_from_config"]) == ("/svc", True)
    assert endpoint["headers"] == {"Authorization": "****", "X-Id": "os.environ/SERVICE_TOKEN"}
    for method, path in (("POST", ROUTE), ("POST", f"{ROUTE}//svc"), ("DELETE", f"{ROUTE}?endpoint_id=/svc")):
        body = {"path": "/other", "target": "http://a.test"} if method == "POST" else None
        refused = ask(gateway, path, method, json=body)
        assert refused.status_code == 400 and "is set in the config file" in refused.text, refused.text
    fields = gateway.call("/config/pass_through_endpoints/settings").json()
    assert {"path", "target", "headers", "auth"} <= {field["field_name"] for field in fields}
    schema = gateway.call("/config/yaml").json()
    assert "pass_through_endpoints" in schema["properties"]["general_settings"]["properties"]


def test_every_process_of_a_table_serves_what_is_stored(service, start):
    one, other = (start("dynamodb://postern-endpoints", store_model_in_db=True) for _ in range(2))
    assert ask(one, ROUTE, json={"path": "/svc", "target": service.url}).status_code == 200
    assert ask(one, "/svc").status_code == 200, "the process that was told serves it at once"
    eventually(lambda: ask(other, "/svc").status_code == 200)
