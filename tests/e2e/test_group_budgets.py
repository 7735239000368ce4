"""The budget of a model access group is one for all who call its models, whoever they are, and for no other model."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from support.gateway import MASTER_KEY, SMALL_BUDGET, running
from support.process import eventually
from support.upstream import API_KEY

KEPT = {"store_model_in_db": True}
HELLO = [{"role": "user", "content": "one two three"}]
# What an answer of the model `priced` costs, in dollars.
ONE_CALL = 7e-6
AT_ONCE = 20


def send(gateway, method, path, body=None, key=MASTER_KEY):
    headers = {"authorization": f"Bearer {key}"}
    return httpx2.request(method, gateway.url + path, headers=headers, json=body, timeout=60)


def ask(gateway, method, path, body=None):
    answer = send(gateway, method, path, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def entry(provider, name, **info):
    params = {"model": "openai/priced", "api_base": provider.url, "api_key": API_KEY}
    prices = {"input_cost_per_token": 0, "output_cost_per_token": 1e-6}
    return {"model_name": name, "litellm_params": params | prices, "model_info": info}


def group_of(gateway, provider, *names):
    """A group of new models of these names."""
    group = f"g-{uuid.uuid4().hex[:8]}"
    for name in names:
        ask(gateway, "POST", "/model/new", entry(provider, name))
    ask(gateway, "POST", "/access_group/new", {"access_group": group, "model_names": names})
    return group


def asked(gateway, model, key=MASTER_KEY, **body):
    return gateway.call("/v1/chat/completions", {"model": model, "messages": HELLO, "max_tokens": 7, **body}, key)


def status(gateway, model, key=MASTER_KEY, **body):
    return asked(gateway, model, key, **body).status_code


@pytest.fixture(scope="module")
def gateway(provider, logs, tmp_path_factory):
    with running(provider, logs, tmp_path_factory.mktemp("groups"), KEPT) as gateway:
        yield gateway


def test_a_budget_stops_its_models_for_everybody_and_no_others(gateway, provider):
    group = group_of(gateway, provider, "first", "second")
    wanted = {"max_budget": SMALL_BUDGET, "budget_duration": "30d"}
    set_to = ask(gateway, "PUT", f"/access_group/{group}/budget", wanted)
    assert set_to["access_group"] == group and set_to["spend"] == 0
    assert (set_to["budget"]["max_budget"], set_to["budget"]["budget_duration"]) == (SMALL_BUDGET, "30d")
    team = gateway.call("/team/new", {"team_id": group}).json()["team_id"]
    of_group, of_team = gateway.key(models=[group]), gateway.key(team_id=team, models=["first"])
    calls = [(of_group, "first", {}), (of_team, "first", {}), (gateway.key(), "second", {"user": "somebody"})]
    calls += [(gateway.key(max_budget=1), "second", {"tags": ["some"]}), (MASTER_KEY, "first", {})]
    for key, model, body in calls:
        assert status(gateway, model, key, **body) == 200
    for key, model, body in calls:
        refused = asked(gateway, model, key, **body)
        assert refused.status_code == 422, refused.text
        error = refused.json()["error"]
        assert error["type"] == "budget_exceeded" and f"Model access group={group}" in error["message"]
        assert int(refused.headers["retry-after"]) > 0
    assert status(gateway, "priced") == 200
    told = ask(gateway, "GET", f"/access_group/{group}/budget")
    assert told["spend"] == pytest.approx(SMALL_BUDGET) and told["budget"]["budget_reset_at"] > "2025"
    shown = ask(gateway, "GET", f"/access_group/{group}/info")
    assert shown == told | {"model_names": ["first", "second"], "deployment_count": 2}
    assert shown in ask(gateway, "GET", "/access_group/list")["access_groups"]


def test_calls_at_once_do_not_pass_it(gateway, provider, upstream):
    group = group_of(gateway, provider, "at-once")
    ask(gateway, "PUT", f"/access_group/{group}/budget", {"max_budget": SMALL_BUDGET})
    keys = [gateway.key() for _ in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as callers:
        statuses = list(callers.map(lambda key: status(gateway, "at-once", key), keys))
    assert sorted(statuses) == [200] * 5 + [422] * (AT_ONCE - 5)
    assert len(upstream.requests) == 5


def test_it_is_changed_and_taken_away_while_everything_runs(gateway, provider):
    group = group_of(gateway, provider, "third")
    path = f"/access_group/{group}/budget"
    assert ask(gateway, "GET", path) == {"access_group": group, "spend": 0, "budget": None}
    assert ask(gateway, "DELETE", path)["budget_deleted"] is False
    ask(gateway, "PUT", path, {"max_budget": ONE_CALL, "budget_duration": "30d"})
    assert [status(gateway, "third") for _ in range(2)] == [200, 422]
    # What is not named stays, and what is spent counts on.
    raised = ask(gateway, "PUT", path, {"max_budget": 2 * ONE_CALL})
    assert raised["budget"]["budget_duration"] == "30d" and raised["spend"] == pytest.approx(ONE_CALL)
    assert [status(gateway, "third") for _ in range(2)] == [200, 422]
    assert ask(gateway, "DELETE", path)["budget_deleted"] is True
    assert ask(gateway, "GET", path)["budget"] is None
    assert status(gateway, "third") == 200
    [change, *_] = ask(gateway, "GET", "/audit?table_name=LiteLLM_Config")["audit_logs"]
    assert change["action"] in ("created", "updated")


def test_a_group_that_is_deleted_takes_its_budget_along(gateway, provider):
    group = group_of(gateway, provider, "fourth")
    ask(gateway, "PUT", f"/access_group/{group}/budget", {"max_budget": 0})
    assert status(gateway, "fourth") == 422
    ask(gateway, "DELETE", f"/access_group/{group}/delete")
    assert status(gateway, "fourth") == 200
    assert send(gateway, "GET", f"/access_group/{group}/budget").status_code == 404
    ask(gateway, "POST", "/access_group/new", {"access_group": group, "model_names": ["fourth"]})
    assert ask(gateway, "GET", f"/access_group/{group}/info")["budget"] is None
    assert status(gateway, "fourth") == 200


def test_a_model_with_another_deployment_goes_on(gateway, provider):
    group = group_of(gateway, provider, "two-ways-to-it")
    ask(gateway, "PUT", f"/access_group/{group}/budget", {"max_budget": 0})
    assert status(gateway, "two-ways-to-it") == 422
    ask(gateway, "POST", "/model/new", entry(provider, "two-ways-to-it"))
    assert {status(gateway, "two-ways-to-it") for _ in range(8)} == {200}


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({}, 422),
        ({"budget_duration": "1d"}, 422),
        ({"max_budget": "much"}, 422),
        ({"max_budget": -1}, 400),
        ({"max_budget": 1, "budget_duration": "0s"}, 400),
        ({"max_budget": 1, "soft_budget": -1}, 400),
        ({"budget_id": "shared"}, 400),
        ({"max_budget": 1, "rpm_limit": -1}, 422),
    ],
)
def test_what_makes_no_budget_changes_nothing(gateway, provider, body, refused):
    group = group_of(gateway, provider, "fifth")
    answer = send(gateway, "PUT", f"/access_group/{group}/budget", body)
    assert answer.status_code == refused, answer.text
    assert ask(gateway, "GET", f"/access_group/{group}/budget")["budget"] is None


def test_it_is_for_administrators_and_of_groups_that_there_are(gateway, provider):
    group = group_of(gateway, provider, "sixth")
    for method in ("GET", "PUT", "DELETE"):
        body = {"max_budget": 1} if method == "PUT" else None
        assert send(gateway, method, "/access_group/nothing/budget", body).status_code == 404
        assert send(gateway, method, f"/access_group/{group}/budget", body, gateway.key()).status_code == 401


def test_the_file_gives_groups_of_its_models_budgets(provider, logs, tmp_path):
    budgets = {"filed": {"max_budget": ONE_CALL, "budget_duration": "30d"}}
    models = [entry(provider, "of-the-file", access_groups=["filed", "other"])]
    settings = {"litellm_settings": {"access_group_budget_config": budgets}}
    with running(provider, logs, tmp_path, KEPT, models, **settings) as gateway:
        assert [status(gateway, "of-the-file") for _ in range(2)] == [200, 422]
        told = ask(gateway, "GET", "/access_group/filed/budget")
        assert told["spend"] == pytest.approx(ONE_CALL) and told["budget"]["max_budget"] == ONE_CALL
        assert ask(gateway, "GET", "/access_group/other/budget")["budget"] is None
        for method, body in (("PUT", {"max_budget": 1}), ("DELETE", None)):
            answer = send(gateway, method, "/access_group/filed/budget", body)
            assert answer.status_code == 400 and "config file" in answer.text


def test_without_settings_in_the_table_the_file_is_named(provider, logs, tmp_path):
    models = [entry(provider, "of-the-file", access_groups=["filed"])]
    with running(provider, logs, tmp_path, {"store_model_in_db": False}, models) as gateway:
        answer = send(gateway, "PUT", "/access_group/filed/budget", {"max_budget": 1})
        assert answer.status_code == 400 and "store_model_in_db" in answer.text


def test_it_is_one_for_all_processes(start, provider):
    table = "dynamodb://postern-group-budgets"
    one, other = (start(table, **KEPT) for _ in range(2))
    group = group_of(one, provider, "shared")
    eventually(lambda: status(other, "shared") == 200)
    ask(one, "PUT", f"/access_group/{group}/budget", {"max_budget": ONE_CALL})
    eventually(lambda: ask(other, "GET", f"/access_group/{group}/budget")["budget"] is not None)
    assert status(one, "shared") == 200
    assert status(other, "shared") == status(one, "shared") == 422
    assert ask(other, "GET", f"/access_group/{group}/budget")["spend"] == pytest.approx(ONE_CALL)
    ask(other, "DELETE", f"/access_group/{group}/budget")
    eventually(lambda: status(one, "shared") == 200)
