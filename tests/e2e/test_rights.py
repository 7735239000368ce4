"""Who may what, on the real binary: people with keys of their own administer what is theirs, and nothing else."""

import uuid

import openai
import pytest

HELLO = [{"role": "user", "content": "one two three"}]


class Crew:
    """An organization with a team in it and another beside it, and people with a key each."""

    def __init__(self, gateway):
        self.gateway = gateway
        unique = uuid.uuid4().hex[:8]
        self.organization, self.team, self.other = (f"{kind}-{unique}" for kind in ("org", "team", "other"))
        self.admin("/organization/new", organization_id=self.organization, organization_alias=self.organization)
        self.admin("/team/new", team_id=self.team, organization_id=self.organization, max_budget=5)
        self.admin("/team/new", team_id=self.other)
        self.users, self.keys = {}, {}
        for role in ("proxy_admin", "proxy_admin_viewer", "internal_user", "internal_user_viewer"):
            self.hire(role, f"{role}-{unique}", user_role=role)
        for place in ("team_admin", "org_admin"):
            self.hire(place, f"{place}-{unique}", user_role="internal_user")
        member = {"user_id": self.users["team_admin"], "role": "admin"}
        self.admin("/team/member_add", team_id=self.team, member=member)
        member = {"user_id": self.users["org_admin"], "role": "org_admin"}
        self.admin("/organization/member_add", organization_id=self.organization, member=member)

    def hire(self, name, user_id, **fields):
        made = self.admin("/user/new", user_id=user_id, **fields)
        self.users[name], self.keys[name] = user_id, made["key"]

    def admin(self, path, **body):
        answer = self.gateway.call(path, body)
        assert answer.status_code == 200, (path, answer.text)
        return answer.json()

    def ask(self, who, path, **body):
        return self.gateway.call(path, body or None, key=self.keys[who])


@pytest.fixture
def crew(postern, upstream):
    return Crew(postern)


def test_a_team_admin_runs_its_team_and_no_other(crew):
    newcomer = {"user_id": f"new-{crew.team}", "role": "user"}
    assert crew.ask("team_admin", "/team/member_add", team_id=crew.team, member=newcomer).status_code == 200
    refused = crew.ask("team_admin", "/team/member_add", team_id=crew.other, member=newcomer)
    assert refused.status_code == 403
    assert "User not proxy admin OR team admin" in refused.json()["detail"]["error"]
    made = crew.ask("team_admin", "/key/generate", team_id=crew.team, user_id=newcomer["user_id"])
    assert made.status_code == 200, made.text
    answer = crew.gateway.client(made.json()["key"]).chat.completions.create(model="echo", messages=HELLO)
    assert answer.choices
    for field in ({"team_id": crew.other}, {"user_id": crew.users["internal_user"]}):
        assert crew.ask("team_admin", "/key/generate", **field).status_code == 403, field
    # The team's limits are not its administrator's to set.
    assert crew.ask("team_admin", "/team/update", team_id=crew.team, max_budget=50).status_code == 403
    assert crew.ask("team_admin", "/team/update", team_id=crew.team, team_alias="ours").status_code == 200


def test_an_organization_admin_has_teams_and_users_in_its_organization_alone(crew):
    assert crew.ask("org_admin", "/team/new", team_alias="x", organization_id=crew.organization).status_code == 200
    assert crew.ask("org_admin", "/team/new", team_alias="x").status_code == 403
    person = {"user_id": f"hired-{crew.team}", "organization_id": crew.organization}
    assert crew.ask("org_admin", "/user/new", **person).status_code == 200
    promoted = crew.ask("org_admin", "/user/update", user_id=person["user_id"], user_role="proxy_admin")
    assert promoted.status_code == 403
    teams = crew.ask("org_admin", "/team/list").json()
    assert crew.team in [team["team_id"] for team in teams]
    assert crew.other not in [team["team_id"] for team in teams]


def test_an_internal_user_has_keys_of_its_own_and_sees_what_they_spent(crew):
    made = crew.ask("internal_user", "/key/generate", key_alias=f"mine-{crew.team}")
    assert made.status_code == 200, made.text
    key = made.json()["key"]
    crew.gateway.client(key).chat.completions.create(model="echo", messages=HELLO)
    crew.gateway.client(crew.keys["team_admin"]).chat.completions.create(model="echo", messages=HELLO)
    rows = crew.ask("internal_user", "/spend/logs").json()
    assert {row["user"] for row in rows} == {crew.users["internal_user"]}
    listed = crew.ask("internal_user", "/key/list?return_full_object=true").json()
    assert {entry["user_id"] for entry in listed["keys"]} == {crew.users["internal_user"]}
    assert listed["total_count"] == 2
    foreign = crew.keys["team_admin"]
    assert crew.ask("internal_user", f"/key/info?key={foreign}").status_code == 403
    assert crew.ask("internal_user", "/key/delete", keys=[foreign]).status_code == 403
    assert crew.ask("internal_user", "/key/delete", keys=[key]).status_code == 200
    with pytest.raises(openai.AuthenticationError):
        crew.gateway.client(key).chat.completions.create(model="echo", messages=HELLO)


def test_a_viewer_reads_and_does_not_write(crew):
    teams = crew.ask("proxy_admin_viewer", "/team/list").json()
    assert {crew.team, crew.other} <= {team["team_id"] for team in teams}
    for path, body in (("/key/generate", {"models": []}), ("/team/delete", {"team_ids": [crew.team]})):
        refused = crew.ask("proxy_admin_viewer", path, **body)
        assert refused.status_code == 403
        told = f"user not allowed to access this route, role= proxy_admin_viewer. Trying to access: {path}"
        assert refused.json()["detail"] == told
    own = crew.ask("internal_user_viewer", "/key/list").json()
    assert own["total_count"] == 1
    assert crew.ask("internal_user_viewer", "/key/generate", models=[]).status_code == 403


def test_who_is_demoted_has_lost_its_rights_with_the_next_request(crew):
    user = crew.users["proxy_admin"]
    assert crew.ask("proxy_admin", "/user/list").status_code == 200
    crew.admin("/user/update", user_id=user, user_role="internal_user")
    refused = crew.ask("proxy_admin", "/user/list")
    assert refused.status_code == 401
    assert "Your role=internal_user" in refused.json()["error"]["message"]
    assert crew.ask("team_admin", f"/team/info?team_id={crew.team}").status_code == 200
    crew.admin("/team/member_delete", team_id=crew.team, user_id=crew.users["team_admin"])
    assert crew.ask("team_admin", f"/team/info?team_id={crew.team}").status_code == 403
