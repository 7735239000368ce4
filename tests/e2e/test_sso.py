"""People sign in with a browser at a real provider, and a command line waits for one of them."""

import base64
import json
import urllib.error
import urllib.request
import uuid
from urllib.parse import parse_qs, urlencode, urlsplit

import openai
import pytest
import yaml

from support import leaks
from support.gateway import MASTER_KEY, start_functions, start_postern, write_config
from support.people import Browser, People
from support.process import free_port
from support.upstream import API_KEY

HELLO = [{"role": "user", "content": "one two three"}]
BEGIN = "/sso/key/generate"


@pytest.fixture(scope="module")
def ports():
    return {name: free_port() for name in ("open", "closed", "several", "table", "functions")}


@pytest.fixture(scope="module")
def people(ports):
    people = People(*(f"http://127.0.0.1:{port}/sso/callback" for port in ports.values()))
    yield people
    people.close()


def start(name, port, variables, provider, logs, folder, general=None, litellm=None, store="memory"):
    config = write_config(folder / f"{name}.yaml", provider.url, API_KEY, MASTER_KEY, general or {})
    text = yaml.safe_load(config.read_text())
    text["litellm_settings"] = {**text["litellm_settings"], **(litellm or {})}
    config.write_text(yaml.safe_dump(text))
    variables = {"PROXY_BASE_URL": f"http://127.0.0.1:{port}", **variables}
    return start_postern(f"sso-{name}", config, store, logs, variables, port)


def described(people):
    return {"OPENID_BASE_URL": people.url, "OPENID_CLIENT_ID": "gateway", "OPENID_CLIENT_SECRET": people.secret}


@pytest.fixture(scope="module")
def gateway(people, ports, provider, logs, tmp_path_factory):
    """By the provider's own description. New users are in the team `staff`, and spend a dollar at most."""
    variables = {
        **described(people),
        "ALLOWED_EMAIL_DOMAINS": "corp.test, Sub.Corp.Test",
        "PROXY_ADMIN_ID": "root",
    }
    defaults = {"user_role": "internal_user", "max_budget": 1, "models": ["echo"], "teams": ["staff"]}
    litellm = {"default_internal_user_params": defaults}
    folder = tmp_path_factory.mktemp("sso")
    gateway = start("open", ports["open"], variables, provider, logs, folder, litellm=litellm)
    assert gateway.call("/team/new", {"team_id": "staff", "team_alias": "Staff"}).status_code == 200
    yield gateway
    gateway.process.end()


@pytest.fixture(scope="module")
def closed(people, ports, provider, logs, tmp_path_factory):
    """By addresses alone, in the file: no keys of the provider are known. Only administrators sign in."""
    file = {"provider": "okta", "client_id": "gateway", "client_secret": "os.environ/SECRET_OF_CLIENT"}
    variables = {
        "SECRET_OF_CLIENT": people.secret,
        "GENERIC_AUTHORIZATION_ENDPOINT": f"{people.url}/auth",
        "GENERIC_TOKEN_ENDPOINT": f"{people.url}/token",
        "GENERIC_USERINFO_ENDPOINT": f"{people.url}/me",
        "GENERIC_USER_ID_ATTRIBUTE": "sub",
    }
    general = {"sso_providers": [file], "ui_access_mode": "admin_only"}
    folder = tmp_path_factory.mktemp("closed")
    gateway = start("closed", ports["closed"], variables, provider, logs, folder, general)
    yield gateway
    gateway.process.end()


def person(people, name=None, **claims):
    name = name or f"u-{uuid.uuid4().hex[:8]}"
    people.next(f"sub-{name}", **{"preferred_username": name, "email": f"{name}@corp.test", "name": name.title(), **claims})
    return name


def user(gateway, name):
    return gateway.call(f"/v2/user/info?user_id={name}").json()


def refused(page):
    return page.status, json.loads(page.text)["error"]["message"]


def test_somebody_signs_in_and_calls_with_the_sessions_key(gateway, people, upstream):
    name = person(people)
    browser = Browser()
    page = browser.open(gateway.url + BEGIN)
    assert page.status == 200, page.text
    assert f"You are signed in as <b>{name}</b> ({name}@corp.test), internal_user." in page.text
    assert page.headers["cache-control"] == "no-store" and "default-src 'none'" in page.headers["content-security-policy"]
    made = user(gateway, name)
    assert (made["user_role"], made["max_budget"], made["models"], made["teams"]) == ("internal_user", 1, ["echo"], ["staff"])
    key = page.key
    assert gateway.client(key).chat.completions.create(model="echo", messages=HELLO).choices
    with pytest.raises(openai.PermissionDeniedError):
        gateway.client(key).chat.completions.create(model="priced", messages=HELLO)
    info = gateway.call("/key/info", key=key).json()["info"]
    assert (info["user_id"], info["max_budget"], info["metadata"]) == (name, 10, {"session": "sso"})
    assert info["expires"] and gateway.call("/user/new", {}, key=key).status_code == 401
    # As LiteLLM's dashboard reads it.
    token = next(cookie.value for cookie in browser.cookies if cookie.name == "token")
    leaks.plant("token of a session", token.rsplit(".", 1)[-1])
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    told = {"user_id": name, "user_email": f"{name}@corp.test", "user_role": "internal_user", "login_method": "sso"}
    assert claims["key"] == key and told.items() <= claims.items()
    assert [cookie.name for cookie in browser.cookies if cookie.name.startswith("postern_sso_")] == []
    # Who did that is in the log of changes.
    by = gateway.call(f"/audit?object_id={name}").json()["audit_logs"]
    assert by and {entry["changed_by"] for entry in by} == {name}, by


def test_the_same_person_is_the_same_user_and_has_the_role_that_the_provider_says(gateway, people):
    name = person(people)
    assert Browser().open(gateway.url + BEGIN).status == 200
    person(people, name, role="proxy_admin_viewer", email=f"{name}@sub.corp.test")
    page = Browser().open(gateway.url + BEGIN)
    assert user(gateway, name)["user_role"] == "proxy_admin_viewer"
    assert gateway.call("/user/list", key=page.key).status_code == 200
    assert gateway.call("/key/generate", {}, key=page.key).status_code == 403
    # Under another name it is the same person, as the provider's `sub` says.
    people.next(f"sub-{name}", preferred_username=f"{name}-married", email=f"{name}@corp.test")
    assert f"<b>{name}</b>" in Browser().open(gateway.url + BEGIN).text
    # Another person under the same name is not.
    people.next("sub-another", preferred_username=name, email="another@corp.test")
    status, message = refused(Browser("application/json").open(gateway.url + BEGIN))
    assert status == 403 and "bound to another account" in message


def test_who_is_known_by_its_mail_alone_is_that_user(gateway, people):
    known = f"known-{uuid.uuid4().hex[:8]}"
    made = gateway.call("/user/new", {"user_id": known, "user_email": f"{known.upper()}@corp.test", "auto_create_key": False})
    assert made.status_code == 200, made.text
    person(people, email=f"{known}@corp.test", email_verified=False)
    assert Browser().open(gateway.url + BEGIN).status == 403, "an address that nobody has confirmed"
    person(people, email=f"{known}@corp.test", email_verified=True)
    assert f"<b>{known}</b>" in Browser().open(gateway.url + BEGIN).text
    assert gateway.call("/user/block", {"user_id": known}).status_code == 200
    status, message = refused(Browser("application/json").open(gateway.url + BEGIN))
    assert (status, message) == (403, f"the user `{known}` is blocked")


def test_the_one_who_administers_is_named_and_mail_of_elsewhere_stays_out(gateway, people):
    person(people, "root")
    page = Browser().open(gateway.url + BEGIN)
    assert gateway.call("/user/new", {"auto_create_key": False}, key=page.key).status_code == 200
    name = person(people, email="somebody@evil.test")
    page = Browser().open(gateway.url + BEGIN)
    assert page.status == 403 and "corp.test, sub.corp.test" in page.text and "Not signed in" in page.text
    assert gateway.call(f"/v2/user/info?user_id={name}").status_code == 404


def test_what_goes_to_the_provider_is_bound_to_the_browser(gateway, people):
    begun = Browser().open(gateway.url + BEGIN, follows=False)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.headers["location"]).query).items()}
    assert begun.status == 303 and asked["response_type"] == "code" and asked["scope"] == "openid email profile"
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
    cookie = begun.headers["set-cookie"]
    assert cookie.startswith(f"postern_sso_{asked['state'][:12]}=") and asked["nonce"] not in cookie
    assert all(part in cookie for part in ("; Path=/sso;", "Max-Age=600", "HttpOnly", "SameSite=Lax"))
    # Somebody else's answer, in a browser that has begun nothing.
    person(people)
    mine, other = Browser(), Browser("application/json")
    back = mine.goes_back(gateway.url + BEGIN)
    assert refused(other.open(back))[0] == 400
    # In one that has begun another one, with the cookie renamed.
    theirs = other.goes_back(gateway.url + BEGIN)
    state, code = (parse_qs(urlsplit(back).query)[name][0] for name in ("state", "code"))
    swapped = theirs.split("?")[0] + "?" + urlencode({"state": parse_qs(urlsplit(theirs).query)["state"][0], "code": code})
    status, message = refused(other.open(swapped))
    assert status == 401 and "the code of this sign-in" in message, "PKCE: the code is of another browser"
    for forged in (f"{state[:-1]}A", state[:12], "", "x" * 43):
        page = Browser("application/json").open(f"{gateway.url}/sso/callback?" + urlencode({"state": forged, "code": code}))
        assert refused(page)[0] == 400, forged


def test_an_answer_counts_once(gateway, people):
    person(people)
    browser = Browser("application/json")
    back = browser.goes_back(gateway.url + BEGIN)
    kept = [cookie for cookie in browser.cookies if cookie.name.startswith("postern_sso_")]
    assert browser.open(back).status == 200
    assert refused(browser.open(back)) == (400, "this sign-in was not begun in this browser, or its answer was changed on the way. Begin again.")
    for cookie in kept:
        browser.cookies.set_cookie(cookie)
    assert refused(browser.open(back))[0] == 401, "the provider takes no code twice"


def test_what_goes_wrong_at_the_provider_is_told_and_nothing_more(gateway, people):
    people.next_says_no()
    page = Browser().open(gateway.url + BEGIN)
    assert page.status == 403 and "`access_denied`" in page.text and "<b>no" not in page.text
    person(people)
    wanted = {"html": (502, "answer to the code"), "broken": (503, "cannot be reached"), "slow": (503, "cannot be reached")}
    for how, (status, part) in wanted.items():
        people.answers_codes(how)
        page = Browser("application/json").open(gateway.url + BEGIN)
        people.answers_codes("ok")
        assert refused(page)[0] == status and part in page.text and "secret of the provider" not in page.text, how
    assert Browser().open(gateway.url + BEGIN).status == 200


def test_administrators_alone_sign_in_where_it_says_so(closed, people):
    person(people)
    page = Browser("application/json").open(closed.url + BEGIN)
    status, message = refused(page)
    assert status == 403 and "ui_access_mode" in message and "internal_user_viewer" in message
    person(people, role="proxy_admin")
    page = Browser().open(closed.url + BEGIN)
    assert page.status == 200 and closed.call("/user/list", key=page.key).status_code == 200


def test_administrators_see_how_it_is_set_up_and_no_secrets(gateway, closed, people):
    shown = closed.call("/get/sso_settings")
    values = shown.json()["values"]
    assert values["generic_client_id"] == "gateway" and values["generic_token_endpoint"] == f"{people.url}/token"
    assert values["generic_client_secret"] == "********" and people.secret not in shown.text
    assert values["google_client_id"] is None and values["ui_access_mode"] == "admin_only"
    assert gateway.call("/get/sso_settings", key=gateway.key()).status_code == 401
    told = gateway.call("/sso/get/ui_settings", key=gateway.key()).json()
    assert told["SSO_ENABLED"] is True and told["PROXY_BASE_URL"].startswith(gateway.url)
    assert gateway.call("/sso/get/ui_settings", key=None).status_code == 401


def test_where_there_are_several_providers_people_choose(people, ports, provider, logs, tmp_path):
    """Below a path of its own, as behind a proxy: that is where its cookies go."""
    google = {"provider": "google", "client_id": "g", "client_secret": leaks.plant("secret of Google's client")}
    base = f"http://127.0.0.1:{ports['several']}/llm"
    variables = described(people) | {"PROXY_BASE_URL": base + "/", "GENERIC_SCOPE": "openid"}
    gateway = start("several", ports["several"], variables, provider, logs, tmp_path, {"sso_providers": [google]})
    try:
        page = Browser().open(f"{gateway.url}{BEGIN}?source=litellm-cli&key=cli-x")
        assert page.status == 200 and "Google" in page.text and "your organization" in page.text
        assert 'href="?provider=generic&source=litellm-cli&key=cli-x"' in page.text
        begun = Browser().open(f"{gateway.url}{BEGIN}?provider=generic", follows=False)
        asked = parse_qs(urlsplit(begun.headers["location"]).query)
        assert asked["redirect_uri"] == [f"{base}/sso/callback"] and asked["scope"] == ["openid"]
        assert "; Path=/llm/sso;" in begun.headers["set-cookie"]
        status, message = refused(Browser("application/json").open(f"{gateway.url}{BEGIN}?provider=microsoft"))
        assert status == 404 and message.endswith("there are: google, generic")
    finally:
        gateway.process.end()


def test_processes_that_share_a_table_sign_in_together(people, ports, aws, provider, logs, tmp_path):
    """Begun at one, come back to another, fetched from the first."""
    variables = aws | described(people) | {"PROXY_BASE_URL": f"http://127.0.0.1:{ports['table']}"}
    gateways = []
    try:
        for name, port in {"table": ports["table"], "beside": 0}.items():
            gateways.append(start(name, port, variables, provider, logs, tmp_path, store="dynamodb://postern-sso"))
        back, beside = gateways
        name = person(people)
        page = Browser().open(beside.url + BEGIN)
        assert page.url.startswith(back.url) and f"<b>{name}</b>" in page.text
        assert beside.call("/key/info", key=page.key).json()["info"]["user_id"] == name
        line, browser = CommandLine(beside), Browser()
        action, fields = browser.open(line.page).form()
        assert action.startswith(back.url) and browser.open(action, {**fields, "user_code": line.code}).status == 200
        status, told = line.polls()
        leaks.plant("key of a command line", told["key"])
        assert (status, told["user_id"], told["team_id"]) == (200, name, None)
        assert line.polls()[0] == 400
    finally:
        for gateway in gateways:
            gateway.process.end()


def test_functions_sign_people_in(people, ports, aws, table, provider, logs, tmp_path):
    """Set up by the file, which is how they get variables; the key counts beside them."""
    config = write_config(tmp_path / "config.yaml", provider.url, API_KEY, "os.environ/LITELLM_MASTER_KEY", {})
    text = yaml.safe_load(config.read_text())
    base = {"PROXY_BASE_URL": f"http://127.0.0.1:{ports['functions']}"}
    text["environment_variables"] |= described(people) | base
    config.write_text(yaml.safe_dump(text))
    gateway = start_functions(config, logs, aws, "sso-functions", ports["functions"])
    try:
        name, browser = person(people), Browser()
        page = browser.open(gateway.url + BEGIN)
        assert f"<b>{name}</b>" in page.text and "token" in {cookie.name for cookie in browser.cookies}
        assert table.call("/key/info", key=page.key).json()["info"]["user_id"] == name
        line, browser = CommandLine(gateway), Browser()
        action, fields = browser.open(line.page).form()
        assert browser.open(action, {**fields, "user_code": line.code}).status == 200
        status, told = line.polls()
        leaks.plant("key of a command line", told["key"])
        assert (status, told["user_id"]) == (200, name)
    finally:
        gateway.process.end()


@pytest.mark.parametrize(
    ("variables", "part"),
    [
        ({"GOOGLE_CLIENT_ID": "g"}, "GOOGLE_CLIENT_SECRET is missing"),
        ({"GOOGLE_CLIENT_ID": "g", "GOOGLE_CLIENT_SECRET": "s"}, "PROXY_BASE_URL is missing"),
        ({"MICROSOFT_CLIENT_ID": "m", "MICROSOFT_CLIENT_SECRET": "s", "PROXY_BASE_URL": "https://a.test"}, "MICROSOFT_TENANT must be"),
        ({"GENERIC_CLIENT_ID": "c", "GENERIC_CLIENT_SECRET": "s", "PROXY_BASE_URL": "https://a.test"}, "GENERIC_AUTHORIZATION_ENDPOINT is missing"),
        (
            {"OPENID_CLIENT_ID": "c", "OPENID_CLIENT_SECRET": "s", "OPENID_BASE_URL": "http://a.test", "PROXY_BASE_URL": "https://a.test"},
            "OPENID_BASE_URL must begin with `https://`",
        ),
    ],
)
def test_what_is_missing_stops_the_start_with_its_name(variables, part, provider, logs, tmp_path):
    config = write_config(tmp_path / "config.yaml", provider.url, API_KEY, MASTER_KEY, {})
    with pytest.raises(AssertionError) as stopped:
        start_postern(f"sso-wrong-{uuid.uuid4().hex[:8]}", config, "memory", logs, variables)
    assert f"single sign-on: {part}" in str(stopped.value)


def test_without_a_provider_nobody_signs_in(postern):
    status, message = refused(Browser("application/json").open(postern.url + BEGIN))
    assert status == 400 and "GOOGLE_CLIENT_ID" in message
    assert postern.call("/sso/cli/start", {}, key=None).status_code == 400


class CommandLine:
    """What LiteLLM's `lite login` asks for, step by step."""

    def __init__(self, gateway):
        self._url = gateway.url
        with urllib.request.urlopen(urllib.request.Request(f"{self._url}/sso/cli/start", method="POST")) as answer:
            begun = json.load(answer)
        self.login, self.secret, self.code = (begun[name] for name in ("login_id", "poll_secret", "user_code"))
        leaks.plant("polling secret", self.secret)
        self.page = f"{self._url}{BEGIN}?" + urlencode({"source": "litellm-cli", "key": self.login})

    def polls(self, team=None, **headers):
        headers = headers or {"x-litellm-cli-poll-secret": self.secret}
        query = f"?team_id={team}" if team else ""
        request = urllib.request.Request(f"{self._url}/sso/cli/poll/{self.login}{query}", headers=headers)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.status, json.load(refused)


def test_a_command_line_fetches_its_key_once(gateway, people, upstream):
    name = person(people)
    line, browser = CommandLine(gateway), Browser()
    assert line.polls() == (200, {"status": "pending"})
    page = browser.open(line.page)
    assert page.status == 200 and line.code not in page.text and "sk-" not in page.text
    action, fields = page.form()
    assert line.polls() == (200, {"status": "pending"}), "somebody who was sent here has confirmed nothing"
    assert browser.open(action, {**fields, "user_code": "WRNG-CODE"}).status == 400
    assert browser.open(action, {"user_code": line.code}).status == 400, "who has not signed in confirms nothing"
    assert browser.open(action, {**fields, "user_code": line.code.lower().replace("-", " ")}).status == 200
    assert line.polls(**{"x-litellm-cli-poll-secret": "guessed"})[0] == 403 and line.polls(accept="*/*")[0] == 403
    status, told = line.polls()
    key = leaks.plant("key of a command line", told.pop("key"))
    assert len(key) > 40, "LiteLLM's command line shows twenty characters of it"
    team = {"team_id": "staff", "team_alias": "Staff"}
    assert (status, told) == (200, {"status": "ready", "user_id": name, "team_id": "staff", "teams": ["staff"], "team_details": [team]})
    assert gateway.client(key).chat.completions.create(model="echo", messages=HELLO).choices
    assert line.polls()[0] == 400, "once"
    assert browser.open(action, {**fields, "user_code": line.code}).status == 400, "and it is not done again"


def test_a_command_line_asks_which_team(gateway, people):
    name = person(people)
    assert Browser().open(gateway.url + BEGIN).status == 200
    for team in ("blue", "green"):
        gateway.call("/team/new", {"team_id": team})
        assert gateway.call("/team/member_add", {"team_id": team, "member": {"user_id": name, "role": "user"}}).status_code == 200
    line, browser = CommandLine(gateway), Browser()
    action, fields = browser.open(line.page).form()
    assert browser.open(action, {**fields, "user_code": line.code}).status == 200
    status, told = line.polls()
    assert status == 200 and told["requires_team_selection"] and set(told["teams"]) == {"staff", "blue", "green"}
    assert line.polls(team="red")[0] == 403
    status, told = line.polls(team="green")
    key = leaks.plant("key of a command line", told["key"])
    assert gateway.call("/key/info", key=key).json()["info"]["team_id"] == "green"


def test_a_login_that_nobody_began_leads_nowhere(gateway):
    for login, part in {"cli-guessed": "not known", "sk-of-my-own-0123456789": "Upgrade"}.items():
        page = Browser("application/json").open(f"{gateway.url}{BEGIN}?source=litellm-cli&key={login}")
        assert refused(page)[0] == 400 and part in page.text
        assert gateway.call(f"/sso/cli/poll/{login}", key=None).status_code == 400
