"""Reports on calls that were just made: two users in two teams of two organizations, tags, and one call that fails."""

import datetime

import httpx2
import pytest

from support.gateway import SMALL_BUDGET, running

HELLO = [{"role": "user", "content": "one two three"}]
# What one answer of the upstream costs, in dollars.
ONE_CALL = 7e-6


class World:
    """Who called, and what they were answered."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.keys, self.tokens, self.ids = {}, {}, {}
        for user in ("ann", "bob"):
            self.make("/organization/new", {"organization_id": f"org-{user}", "organization_alias": user})
            self.make("/team/new", {"team_id": f"team-{user}", "organization_id": f"org-{user}"})
            person = {"user_id": user, "user_email": f"{user}@example.com", "user_role": "internal_user"}
            self.make("/user/new", {**person, "auto_create_key": False})
            self.make("/team/member_add", {"team_id": f"team-{user}", "member": {"user_id": user, "role": "user"}})
            made = self.make("/key/generate", {"user_id": user, "team_id": f"team-{user}"})
            self.keys[user], self.tokens[user] = made["key"], made["token"]
        self.call("ann", "priced", ["red", "blue"])
        self.call("ann", "bought", ["red"])
        self.call("bob", "priced", ["red"])
        self.call("bob", "busy", ["blue"], 429)
        # A stream, which has a first token before its last.
        body = {"model": "echo", "messages": HELLO, "stream": True}
        assert "DONE" in gateway.call("/v1/chat/completions", body, key=self.keys["ann"]).text

    def make(self, path, body):
        answer = self.gateway.call(path, body)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    def call(self, user, model, tags, status=200):
        body = {"model": model, "messages": HELLO, "tags": tags}
        answer = self.gateway.call("/v1/chat/completions", body, key=self.keys[user])
        assert answer.status_code == status, answer.text
        self.ids[user, model] = answer.headers["x-litellm-call-id"]

    def ask(self, path, user=None, status=200, **query):
        key = self.keys[user] if user else "sk-1234"
        headers = {"authorization": f"Bearer {key}"}
        answer = httpx2.get(self.gateway.url + path, params=query, headers=headers, timeout=60)
        assert answer.status_code == status, (path, answer.text)
        return answer.json()


@pytest.fixture(scope="module")
def world(provider, logs, tmp_path_factory):
    provider.forget()
    general = {"store_prompts_in_spend_logs": True}
    environment = {"LITELLM_SALT_KEY": "salt"}
    folder = tmp_path_factory.mktemp("reports")
    with running(provider, logs, folder, general_settings=general, environment=environment) as gateway:
        yield World(gateway)


@pytest.fixture(scope="module")
def span():
    # Midnight may pass while the test runs.
    today = datetime.datetime.now(datetime.timezone.utc).date()
    day = datetime.timedelta(days=1)
    return {"start_date": str(today - day), "end_date": str(today + day)}


def test_what_each_owner_spent_is_told_to_who_may_know(world, span):
    for path, own in {
        "/key/spend/report": {"api_key": world.tokens["ann"]},
        "/user/spend/report": {"internal_user_id": "ann"},
        "/team/spend/report": {"team_id": "team-ann"},
        "/organization/spend/report": {"organization_id": "org-ann"},
    }.items():
        [told] = world.ask(path, **span, **own)
        assert told["api_key"] == world.tokens["ann"] and told["total_cost"] == pytest.approx(2 * ONE_CALL)
        models = {part["model"]: part["total_cost"] for part in told["model_details"]}
        assert models["hosted_vllm/priced"] == pytest.approx(ONE_CALL) and len(models) == 3
        # By itself it is the caller's own, and nobody else's.
        assert world.ask(path, "ann", **span) == [told]
        assert world.ask(path, "bob", **span, **own) == []
        assert world.ask(path, "ann", 400, start_date="soon", end_date="later")
        assert "start_date" in str(world.ask(path, "ann", 400))


def test_an_organizations_days_are_told(world, span):
    days = world.ask("/organization/daily/activity", **span, organization_ids="org-bob")
    entities = [day["breakdown"]["entities"]["org-bob"]["metrics"] for day in days["results"]]
    assert sum(metrics["api_requests"] for metrics in entities) == 2
    assert sum(metrics["failed_requests"] for metrics in entities) == 1
    assert days["metadata"]["total_spend"] == pytest.approx(ONE_CALL)
    assert world.ask("/organization/daily/activity", "ann", **span, organization_ids="org-bob")["results"] == []


def test_a_session_shows_its_call_and_what_was_said(world):
    call = world.ids["ann", "priced"]
    page = world.ask("/spend/logs/session/ui", "ann", session_id=call)
    assert page["total"] == 1 and page["data"][0]["organization_id"] == "org-ann"
    assert world.ask("/spend/logs/session/ui", "bob", session_id=call)["data"] == []
    world.ask("/spend/logs/session/ui", status=422)
    for user in ("ann", None):
        kept = world.ask(f"/spend/logs/ui/{call}", user)
        assert kept["messages"] == HELLO and "one two three" in str(kept["response"])
        assert kept["proxy_server_request"]["model"] == "priced"
    assert world.ask(f"/spend/logs/ui/{call}", "bob") is None


def test_the_budgets_of_providers_are_told(world):
    budgets = world.ask("/provider/budgets")["providers"]
    assert list(budgets) == ["hosted_vllm"]
    budget = budgets["hosted_vllm"]
    assert budget["spend"] == pytest.approx(ONE_CALL) and budget["budget_limit"] == SMALL_BUDGET
    assert budget["time_period"] == "30d" and budget["budget_reset_at"] > str(datetime.date.today())
    world.ask("/provider/budgets", "ann", 401)


def test_tags_are_told_with_who_used_them(world, span):
    assert [entry["tag"] for entry in world.ask("/tag/distinct")["results"]] == ["red", "blue"]
    red, blue = world.ask("/tag/summary", **span)["results"]
    assert (red["unique_users"], red["total_requests"], red["failed_requests"]) == (2, 3, 0)
    assert (blue["unique_users"], blue["total_requests"], blue["failed_requests"]) == (2, 2, 1)
    assert red["total_spend"] == pytest.approx(3 * ONE_CALL)
    for path in ("/tag/dau", "/tag/wau", "/tag/mau"):
        told = world.ask(path, tag_filter="RE")["results"]
        assert {entry["tag"] for entry in told} == {"red"} and max(entry["active_users"] for entry in told) == 2
        [own] = world.ask(path, "bob", tag_filters="red")["results"]
        assert own["active_users"] == 1
    users = world.ask("/tag/user-agent/per-user-analytics")
    assert users["total_count"] == 2
    ann, bob = users["results"]
    assert (ann["user_id"], ann["user_email"], ann["user_agent"]) == ("ann", "ann@example.com", "red")
    assert (bob["successful_requests"], bob["failed_requests"]) == (1, 1)
    [own] = world.ask("/tag/user-agent/per-user-analytics", "bob")["results"]
    assert own["user_id"] == "bob"


def test_deployments_are_told_with_their_latencies_and_failures(world, span, provider):
    limited = world.ask("/global/activity/exceptions", model_group="busy", **span)
    assert limited["sum_num_rate_limit_exceptions"] == 1 and len(limited["daily_data"]) == 1
    assert world.ask("/global/activity/exceptions", model_group="priced", **span)["daily_data"] == []
    [deployment] = world.ask("/global/activity/exceptions/deployment", model_group="busy", **span)
    assert deployment["api_base"] == provider.url and deployment["sum_num_rate_limit_exceptions"] == 1
    failures = world.ask("/model/metrics/exceptions", _selected_model_group="busy")
    [entry] = failures["data"]
    assert entry["total_exceptions"] == 1 == entry[failures["exception_types"][0]]
    metrics = world.ask("/model/metrics", _selected_model_group="priced")
    assert metrics["all_api_bases"] == [provider.url] and not metrics["is_capped"]
    assert all(day[provider.url] > 0 for day in metrics["data"])
    [slow] = world.ask("/model/metrics/slow_responses", _selected_model_group="priced")
    assert (slow["total_count"], slow["slow_count"]) == (2, 0)
    streams = world.ask("/model/streaming_metrics", _selected_model_group="echo")
    assert all(day[provider.url] >= 0 for day in streams["data"])
    for path in ("/model/metrics", "/model/streaming_metrics", "/global/predict/spend/logs"):
        world.ask(path, "ann", 401)


def test_the_rest_of_the_month_is_predicted(world):
    told = world.ask("/global/predict/spend/logs")
    # There is no day before today to go by, unless midnight has just passed.
    assert told["predicted_spend"].startswith("Predicted spend for ") and len(told["response"]) <= 31
