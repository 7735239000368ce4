"""What administrators do, from outside: every route there is, keys that are replaced, reports on what was just spent."""

import datetime
import re

import httpx2
import openai
import pytest

from support.process import eventually
from support.upstream import API_KEY

HELLO = [{"role": "user", "content": "one two three"}]


def ask(gateway, method, path, body=None):
    headers = {"authorization": "Bearer sk-1234"}
    return httpx2.request(method, gateway.url + path, headers=headers, json=body, timeout=60)


# Of a provider's own API only some paths pass.
PASSED = {
    "/openai/{endpoint}": "/openai/v1/chat/completions",
    "/anthropic/{endpoint}": "/anthropic/v1/messages",
    "/gemini/{endpoint}": "/gemini/v1beta/models/none:generateContent",
    "/cohere/{endpoint}": "/cohere/v2/chat",
    "/mistral/{endpoint}": "/mistral/v1/chat/completions",
}


def test_every_route_that_is_told_of_is_there(gateway):
    routes = gateway.call("/routes").json()["routes"]
    assert len(routes) > 150
    for route in routes:
        path = re.sub(r"\{[^}]*\}", "none", PASSED.get(route["path"], route["path"]))
        # Without a key: a route that is not there is told to anybody.
        answer = httpx2.request(route["methods"][0], gateway.url + path, timeout=60)
        assert answer.status_code not in (404, 405), (route, answer.text)


def test_a_replaced_key_gives_way_to_its_next_secret(gateway, upstream):
    made = gateway.call("/key/generate", {"models": ["echo"]}).json()
    assert gateway.client(made["key"]).chat.completions.create(model="echo", messages=HELLO).choices
    kept = gateway.call("/key/regenerate", {"key": made["key"], "grace_period": "1h"}).json()
    for key in (made["key"], kept["key"]):
        assert gateway.client(key).chat.completions.create(model="echo", messages=HELLO).choices
    last = gateway.call(f"/key/{made['token']}/regenerate", {}).json()
    assert last["token"] == made["token"]
    # The functions remember callers for some seconds.
    assert gateway.client(last["key"]).chat.completions.create(model="echo", messages=HELLO).choices
    if not gateway.is_functions:
        with pytest.raises(openai.AuthenticationError):
            gateway.client(kept["key"]).chat.completions.create(model="echo", messages=HELLO)
    rows = gateway.call(f"/spend/logs?api_key={last['key']}").json()
    assert [row["api_key"] for row in rows] == [made["token"]] * 4


def test_a_report_has_the_call_that_was_just_made(gateway, upstream):
    key = gateway.call("/key/generate", {"models": ["priced"], "tags": ["reported"]}).json()
    gateway.client(key["key"]).chat.completions.create(model="priced", messages=HELLO)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    span = f"start_date={today - datetime.timedelta(days=1)}&end_date={today}&api_key={key['token']}"
    [day] = gateway.call(f"/user/daily/activity?{span}").json()["results"]
    assert day["metrics"]["api_requests"] == 1 and day["metrics"]["spend"] > 0
    assert list(day["breakdown"]["model_groups"]) == ["priced"]
    tags = {tag["individual_request_tag"]: tag["log_count"] for tag in gateway.call(f"/spend/tags?{span}").json()}
    assert tags == {"reported": 1}


def test_a_model_added_to_the_table_is_served_by_every_process(start, upstream, aws):
    table = "dynamodb://postern-models"
    environment = {"store_model_in_db": True}
    one, other = (start(table, **environment) for _ in range(2))
    params = {"model": "openai/echo", "api_base": upstream.url, "api_key": "os.environ/PROVIDER_KEY"}
    made = one.call("/model/new", {"model_name": "added", "litellm_params": params, "model_info": {"id": "added-1"}})
    assert made.status_code == 200, made.text
    assert one.client().chat.completions.create(model="added", messages=HELLO).choices

    def answers(gateway):
        body = {"model": "added", "messages": HELLO}
        return gateway.call("/v1/chat/completions", body).status_code

    eventually(lambda: answers(other) == 200)
    [row] = [row for row in other.call("/model/info").json()["data"] if row["model_info"]["id"] == "added-1"]
    assert row["model_info"]["db_model"] is True
    assert one.call("/model/delete", {"id": "added-1"}).status_code == 200
    assert answers(one) == 404
    eventually(lambda: answers(other) == 404)


def test_a_deployment_is_tried_before_it_is_stored(gateway, upstream):
    params = {"model": "openai/echo", "api_base": upstream.url, "api_key": API_KEY}
    tried = gateway.call("/health/test_connection", {"litellm_params": params, "mode": "chat"})
    assert tried.json() == {"status": "success", "result": {"model": "openai/echo", "api_base": upstream.url}}
    assert "test-connection" not in gateway.call("/model/info").text, "it is not there"
    wrong = {"litellm_params": params | {"api_key": "sk-of-nobody"}, "mode": "chat"}
    answer = gateway.call("/health/test_connection", wrong)
    assert answer.status_code == 200 and answer.json()["status"] == "error", answer.text
    assert "sk-of-nobody" not in answer.text
    for body, status in [({}, 422), ({"litellm_params": {"model": "nobody"}}, 400), ({"litellm_params": params, "mode": "dance"}, 422)]:
        assert gateway.call("/health/test_connection", body).status_code == status, body
    assert gateway.call("/health/test_connection", {"litellm_params": params}, key=gateway.key()).status_code == 401


def test_without_the_setting_models_stay_in_the_file(postern):
    answer = postern.call("/model/new", {"model_name": "a", "litellm_params": {"model": "openai/echo"}})
    assert answer.status_code == 400 and "store_model_in_db" in answer.text
