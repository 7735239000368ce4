"""Whatever a limit is set on (a team, a user, an end user, a tag, a provider, …), it holds under requests at once."""

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import openai
import pytest

from support.gateway import SMALL_BUDGET
from support.process import eventually

HELLO = [{"role": "user", "content": "one two three"}]
AT_ONCE = 20
# What one answer costs, and is held for: seven tokens at a micro-dollar.
ONE_CALL = 7e-6
PATIENCE_SECONDS = 30


def ask(gateway, path, **body):
    answer = gateway.call(path, body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def name():
    return f"n-{uuid.uuid4()}"


def of_team(gateway, limits):
    team = ask(gateway, "/team/new", team_id=name(), **limits)
    return gateway.key(team_id=team["team_id"]), {}


def of_user(gateway, limits):
    user = ask(gateway, "/user/new", user_id=name(), auto_create_key=False, **limits)
    return gateway.key(user_id=user["user_id"]), {}


def of_member(gateway, limits):
    granted = {
        "max_budget": "team_member_budget",
        "rpm_limit": "team_member_rpm_limit",
        "max_parallel_requests": "team_member_max_parallel_requests",
    }
    team = ask(gateway, "/team/new", team_id=name(), **{granted[field]: value for field, value in limits.items()})
    return gateway.key(team_id=team["team_id"], user_id=name()), {}


def of_added_member(gateway, limits):
    team, user = ask(gateway, "/team/new", team_id=name())["team_id"], name()
    limits = {"max_budget_in_team" if field == "max_budget" else field: value for field, value in limits.items()}
    ask(gateway, "/team/member_add", team_id=team, member={"role": "user", "user_id": user}, **limits)
    return gateway.key(team_id=team, user_id=user), {}


def of_organization(gateway, limits):
    organization = ask(gateway, "/organization/new", organization_alias=name(), **limits)
    return gateway.key(organization_id=organization["organization_id"]), {}


def of_customer(gateway, limits):
    customer = name()
    ask(gateway, "/customer/new", user_id=customer, **limits)
    return gateway.key(), {"user": customer}


def of_shared_budget(gateway, limits):
    budget = ask(gateway, "/budget/new", budget_id=name(), budget_duration="30d", **limits)
    return gateway.key(budget_id=budget["budget_id"]), {}


def of_model(gateway, limits):
    fields = {"max_budget": ("model_max_budget", lambda amount: {"budget_limit": amount, "time_period": "1d"})}
    fields["rpm_limit"] = ("model_rpm_limit", lambda limit: limit)
    fields["max_parallel_requests"] = ("model_max_parallel_requests", lambda limit: limit)
    said = {fields[field][0]: fields[field][1](value) for field, value in limits.items()}
    return gateway.key(**{field: dict.fromkeys(("priced", "gated"), value) for field, value in said.items()}), {}


def of_tag(gateway, limits):
    tag = name()
    ask(gateway, "/tag/new", name=tag, **limits)
    return gateway.key(), {"metadata": {"tags": [tag]}}


SCOPES = [
    of_team,
    of_user,
    of_member,
    of_added_member,
    of_organization,
    of_customer,
    of_shared_budget,
    of_model,
    of_tag,
]


def answered(gateway, key, at_least, **body):
    """How many of many calls at once, asked again until none is let in, are answered. What a call holds that a busy store
    did not answer in time is given back soon after, so that it is asked again where there are fewer than expected."""
    body = {"model": "priced", "messages": HELLO, "max_tokens": 7, **body}
    total, was_busy, patience = 0, False, time.monotonic() + PATIENCE_SECONDS
    while True:
        with ThreadPoolExecutor(AT_ONCE) as callers:
            answers = list(callers.map(lambda _: gateway.call("/v1/chat/completions", body, key=key), range(AT_ONCE)))
        statuses = [answer.status_code for answer in answers]
        # A store that is too busy with one limit says so; such a call is not made.
        assert set(statuses) <= {200, 422, 429, 503}, [answer.text for answer in answers][:3]
        total += statuses.count(200)
        was_busy |= 503 in statuses
        waits = was_busy and total < at_least and time.monotonic() < patience
        if not statuses.count(200) and not waits:
            return total


@pytest.mark.parametrize("scope", SCOPES)
def test_a_budget_holds(gateway, upstream, scope):
    key, body = scope(gateway, {"max_budget": SMALL_BUDGET})
    assert answered(gateway, key, 5, **body) == 5 == len(upstream.requests)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_limit_of_requests_holds(gateway, upstream, scope):
    key, body = scope(gateway, {"rpm_limit": 3})
    assert answered(gateway, key, 3, **body) == 3 == len(upstream.requests)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_limit_of_requests_in_flight_holds_until_one_ends(postern, upstream, scope):
    key, body = scope(postern, {"max_parallel_requests": 1})
    client = postern.client(key).chat.completions
    call = {"model": "gated", "messages": HELLO, "stream": True, "extra_body": body}
    upstream.release()
    first = client.create(**call)
    next(first)
    with pytest.raises(openai.RateLimitError) as refused:
        client.create(**call)
    assert refused.value.response.headers["rate_limit_type"] == "max_parallel_requests"
    for _ in range(AT_ONCE):
        upstream.release()
    assert len(list(first)) == 5
    assert len(list(client.create(**call))) == 6


def test_an_end_user_nobody_made_has_the_default_budget(gateway, upstream):
    assert answered(gateway, gateway.key(), 5, user=name()) == 5


def test_a_provider_and_a_tag_have_the_budgets_of_the_file(gateway, upstream):
    assert answered(gateway, gateway.key(), 5, model="bought") == 5
    assert answered(gateway, gateway.key(), 5, tags=["configured"]) == 5


def test_a_deployment_takes_what_it_can_and_another_takes_the_rest(gateway, upstream):
    key = gateway.key()
    assert answered(gateway, key, 3, model="few") == 3
    calls = {"model": "two-ways", "messages": HELLO}
    assert [gateway.call("/v1/chat/completions", calls, key=key).status_code for _ in range(6)] == [200] * 6


def test_what_a_team_spends_is_shown_with_it_and_its_block_stops_its_keys(gateway, upstream):
    team = ask(gateway, "/team/new", team_id=name())["team_id"]
    user = ask(gateway, "/user/new", user_id=name(), auto_create_key=False)["user_id"]
    key = gateway.key(team_id=team, user_id=user)
    gateway.client(key).chat.completions.create(model="priced", messages=HELLO)
    shown = gateway.call(f"/team/info?team_id={team}").json()["team_info"]["spend"]
    assert shown == pytest.approx(ONE_CALL)
    assert gateway.call(f"/user/info?user_id={user}").json()["user_info"]["spend"] == pytest.approx(ONE_CALL)
    ask(gateway, "/team/block", team_id=team)
    body = {"model": "priced", "messages": HELLO}
    assert gateway.call("/v1/chat/completions", body, key=key).status_code in (401, 403)


def test_a_blocked_customer_is_refused(gateway, upstream):
    customer = name()
    ask(gateway, "/customer/new", user_id=customer)
    ask(gateway, "/customer/block", user_ids=[customer])
    body = {"model": "priced", "messages": HELLO, "user": customer}
    refused = gateway.call("/v1/chat/completions", body, key=gateway.key())
    assert refused.status_code == 400
    assert customer in refused.json()["error"]["message"]
    assert not upstream.requests


def test_a_temporary_increase_counts(gateway, upstream):
    key = gateway.key(max_budget=ONE_CALL)
    assert answered(gateway, key, 1) == 1
    increase = {"temp_budget_increase": 2 * ONE_CALL, "temp_budget_expiry": "2999-01-01T00:00:00Z"}
    ask(gateway, "/key/update", key=key, **increase)
    total, until = 0, time.monotonic() + PATIENCE_SECONDS
    while total < 2 and time.monotonic() < until:
        # Another function's memory of the key may be a few seconds old.
        total += answered(gateway, key, 2 - total)
    assert total == 2


def test_a_soft_budget_refuses_nothing_and_is_told_of_once(gateway, upstream):
    team = ask(gateway, "/team/new", team_id=name(), soft_budget=ONE_CALL * 1.5)["team_id"]
    key = gateway.key(team_id=team)
    for _ in range(4):
        gateway.client(key).chat.completions.create(model="priced", messages=HELLO)

    def told():
        return [line for line in gateway.process.output().splitlines() if "soft budget" in line and team in line]

    eventually(told)
    assert len(told()) == 1
