"""What there is, page by page, in the order that is asked for, on every form of the gateway."""

import uuid

import pytest


def ask(gateway, path, **wanted):
    query = "&".join(f"{name}={value}" for name, value in wanted.items())
    answer = gateway.call(f"{path}?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def make(gateway, path, **fields):
    answer = gateway.call(path, fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def crew(gateway):
    """A team of two users of three; the first administers it. Each has a key, and the team has one."""
    mark = uuid.uuid4().hex[:8]
    users = [f"{mark}-{name}" for name in ("b", "a", "c")]
    for user, address in zip(users, ("z@corp.test", "y@corp.test", "x@corp.test")):
        make(gateway, "/user/new", user_id=user, user_email=address, sso_user_id=f"sso-{user}", auto_create_key=False)
        make(gateway, "/key/generate", user_id=user)
    team = make(gateway, "/team/new", team_id=f"{mark}-team", team_alias=f"{mark} second")["team_id"]
    make(gateway, "/team/new", team_id=f"{mark}-other", team_alias=f"{mark} first")
    for user, role in ((users[0], "admin"), (users[1], "user")):
        make(gateway, "/team/member_add", team_id=team, member={"role": role, "user_id": user})
    make(gateway, "/key/generate", team_id=team)
    return mark, users, team


def test_users_are_listed_in_the_order_that_is_asked_for(gateway, crew):
    mark, users, team = crew
    b, a, c = users

    def listed(**wanted):
        found = ask(gateway, "/user/list", **{"user_ids": ",".join(users)} | wanted)
        assert found["total"] == len(found["users"])
        return [user["user_id"] for user in found["users"]]

    assert listed() == [c, a, b]
    assert listed(sort_order="asc") == [b, a, c]
    assert listed(sort_by="user_id", sort_order="asc") == [a, b, c]
    assert listed(sort_by="user_email", sort_order="asc") == [c, a, b]
    assert len(listed(sort_by="spend")) == 3
    assert sorted(listed(team=team)) == [a, b]
    assert listed(sso_user_ids=f"sso-{c},nobody") == [c]
    assert listed(user_email="y@corp") == [a]
    page = ask(gateway, "/user/list", user_ids=",".join(users), page=2, page_size=2)
    assert ([user["user_id"] for user in page["users"]], page["total_pages"]) == ([b], 2)
    assert page["users"][0]["key_count"] == 1
    wrong = gateway.call("/user/list?sort_by=shoe_size")
    assert wrong.status_code == 422 and "'user_role' or 'spend'" in wrong.text


def test_teams_are_listed_in_the_order_that_is_asked_for(gateway, crew):
    mark, _, team = crew

    def listed(**wanted):
        found = ask(gateway, "/v2/team/list", team_alias=mark, **wanted)
        return [(entry["team_alias"], entry["keys_count"]) for entry in found["teams"]]

    first, second = (f"{mark} first", 0), (f"{mark} second", 1)
    assert listed() == [first, second]
    assert listed(sort_by="team_alias", sort_order="desc") == [second, first]
    assert listed(sort_by="team_id", sort_order="asc") == [first, second]
    assert gateway.call("/v2/team/list?sort_order=sideways").status_code == 422


def test_keys_of_the_teams_that_a_user_administers_are_listed_with_its_own(gateway, crew):
    _, (b, a, _), team = crew

    def listed(user, **wanted):
        found = ask(gateway, "/key/list", user_id=user, return_full_object="true", **wanted)
        return sorted((key["user_id"] or "", key["team_id"] or "") for key in found["keys"])

    assert listed(b) == [(b, "")]
    assert listed(b, include_team_keys="true") == [("", team), (b, "")]
    assert listed(a, include_team_keys="true") == [(a, "")], "it is a member, and no more"
