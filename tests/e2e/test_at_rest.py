"""Values at rest, from outside: the command line, stored credentials, keys that change under load, users who are deleted."""

import json
import os
import subprocess
import threading

import httpx2
import openai
import pytest
import yaml

from support.gateway import BINARIES, MASTER_KEY, PATIENCE, start_postern
from support.process import ROOT, eventually
from support.upstream import API_KEY

HELLO = [{"role": "user", "content": "one two three"}]
CANARY = "canary-7f3a-said-by-a-user"
# A round of maintenance begins each minute, and one may find another process at it.
ROUNDS_SECONDS = 150
VECTORS = json.loads((ROOT / "core/data/corpus/encryption.json").read_text())["vectors"]


def postern(*arguments, value="", **keys):
    """`postern secret …` with these keys and no others."""
    own = {name: text for name, text in os.environ.items() if not name.startswith(("AWS_", "LITELLM_", "POSTERN_"))}
    command = [BINARIES / "postern", "secret", *arguments]
    return subprocess.run(command, input=value, env=own | keys, capture_output=True, text=True, timeout=60)


def key_file(folder, versions=1):
    path = folder / "keys.txt"
    for version in range(1, versions + 1):
        add_key(path, version)
    return path


def add_key(path, version):
    line = postern("new-key", "--key-version", str(version)).stdout
    with path.open("a") as file:
        file.write(line)


def test_a_value_of_litellm_is_checked_moved_and_checked_again_by_hand(tmp_path):
    keys = str(key_file(tmp_path))
    known = [v for v in VECTORS if v["plaintext"] and v["LITELLM_SALT_KEY"] and "\n" not in v["plaintext"]]
    for vector in known[::4]:
        salt, value = vector["LITELLM_SALT_KEY"], vector["ciphertext"]
        assert postern("open", value=value, LITELLM_SALT_KEY=salt).stdout == vector["plaintext"] + "\n"
        moved = postern("rotate", value=value, POSTERN_KEY_FILE=keys, POSTERN_OLD_SALT_KEY=salt).stdout
        assert moved.startswith("postern:v1:file:main:1:")
        assert postern("open", value=moved, POSTERN_KEY_FILE=keys).stdout == vector["plaintext"] + "\n"
    wrong = postern("open", value=known[0]["ciphertext"], LITELLM_SALT_KEY="another")
    assert wrong.returncode != 0 and wrong.stdout == "" and "POSTERN_OLD_SALT_KEY" in wrong.stderr


def test_a_value_sealed_by_hand_opens_in_its_place_only_and_without_a_key_nothing_is_sealed(tmp_path):
    keys = {"POSTERN_KEY_FILE": str(key_file(tmp_path))}
    place = ["--table", "credentials", "--row", "openai", "--field", "api_key"]
    sealed = postern("seal", *place, value="sk-ünï\n", **keys).stdout
    assert postern("open", *place, value=sealed, **keys).stdout == "sk-ünï\n"
    elsewhere = postern("open", *place[:-1], "api_base", value=sealed, **keys)
    assert elsewhere.returncode != 0 and "sealed for another place" in elsewhere.stderr
    nothing = postern("seal", value="sk-1")
    assert nothing.returncode != 0 and "set POSTERN_KMS_KEY, POSTERN_KEY_FILE or LITELLM_SALT_KEY" in nothing.stderr
    assert "LITELLM_SALT_KEY" in postern("--help").stdout


@pytest.fixture
def sealed(aws, upstream, logs, tmp_path):
    """Starts `postern` on a table, with one model that names a stored credential; with keys as the test says."""
    started = []

    def start(name, table, general=None, **keys):
        model = {"model": "openai/echo", "api_base": upstream.url, "litellm_credential_name": "provider/main"}
        models = [{"model_name": "named", "litellm_params": model}]
        settings = {"master_key": MASTER_KEY, **PATIENCE, **(general or {})}
        config = tmp_path / f"{name}.yaml"
        config.write_text(yaml.safe_dump({"model_list": models, "general_settings": settings}))
        gateway = start_postern(f"{tmp_path.name}-{name}", config, table, logs, aws | keys)
        started.append(gateway)
        return gateway

    yield start
    for gateway in started:
        gateway.process.kill()


def send(gateway, method, path, body=None):
    headers = {"authorization": f"Bearer {MASTER_KEY}"}
    return httpx2.request(method, gateway.url + path, headers=headers, json=body, timeout=60)


def say(gateway, **options):
    return gateway.client().chat.completions.create(model="named", messages=HELLO, **options).choices[0].message.content


def credential(key):
    return {"credential_name": "provider/main", "credential_values": {"api_key": key}, "credential_info": {"team": "a"}}


def test_a_model_is_called_with_the_credential_that_it_names_whatever_becomes_of_it(sealed, upstream, tmp_path):
    gateway = sealed("one", str(tmp_path / "state.db"), LITELLM_SALT_KEY="salt")
    with pytest.raises(openai.InternalServerError, match="POST /credentials"):
        say(gateway)
    made = send(gateway, "POST", "/credentials", credential("sk-that-the-provider-refuses"))
    assert made.json() == {"success": True, "message": "Credential created successfully"}
    assert send(gateway, "POST", "/credentials", credential("x")).status_code == 409
    with pytest.raises(openai.AuthenticationError):
        say(gateway)
    # Changed here, it is used at the next call.
    assert send(gateway, "PATCH", "/credentials/provider/main", credential(API_KEY)).status_code == 200
    assert say(gateway) == "You said: one two three"
    assert upstream.requests[-1]["headers"]["authorization"] == f"Bearer {API_KEY}"
    listed = send(gateway, "GET", "/credentials").json()["credentials"]
    assert [(c["credential_name"], c["credential_info"]) for c in listed] == [("provider/main", {"team": "a"})]
    shown = send(gateway, "GET", "/credentials/by_name/provider/main").json()
    assert shown["credential_values"] == {"api_key": f"{API_KEY[:2]}****{API_KEY[-2:]}"}
    assert send(gateway, "GET", "/credentials/by_name/none").status_code == 404
    virtual = gateway.key()
    assert gateway.call("/credentials", key=virtual).status_code in (401, 403)
    gateway.process.kill()
    # It outlives the process, and another salt key does not open it.
    assert all(API_KEY.encode() not in path.read_bytes() for path in tmp_path.glob("state.db*"))
    wrong = sealed("wrong", str(tmp_path / "state.db"), LITELLM_SALT_KEY="other")
    with pytest.raises(openai.InternalServerError, match="cannot be opened"):
        say(wrong)
    wrong.process.kill()
    again = sealed("again", str(tmp_path / "state.db"), LITELLM_SALT_KEY="next", POSTERN_OLD_SALT_KEY="salt")
    assert say(again) == "You said: one two three"
    assert send(again, "DELETE", "/credentials/provider/main").json()["success"]
    with pytest.raises(openai.InternalServerError, match="POST /credentials"):
        say(again)


def test_keys_change_under_load_without_a_failed_request(sealed, state_of, upstream, tmp_path):
    """From LiteLLM's salt key to a key file, and from one of its keys to the next."""
    table, keys = "postern-resealed", key_file(tmp_path)
    old = {"LITELLM_SALT_KEY": "salt", "POSTERN_KEY_FILE": str(keys)}
    first = sealed("first", f"dynamodb://{table}", POSTERN_SEAL_WITH="salt_key", **old)
    assert send(first, "POST", "/credentials", credential(API_KEY)).status_code == 200
    for number in range(40):
        body = {"credential_name": f"other-{number}", "credential_values": {"api_key": f"sk-{number}"}}
        assert send(first, "POST", "/credentials", body).status_code == 200
    said, failed, over = [], [], threading.Event()

    def load(gateway):
        while not over.is_set():
            try:
                said.append(say(gateway))
            except openai.OpenAIError as error:
                failed.append(str(error))

    def stored():
        return [item["values"]["S"] for item in state_of(table)._with("CREDENTIALS")]

    assert len(stored()) == 41 and not any("postern:v1" in values for values in stored())
    threads = [threading.Thread(target=load, args=(first,)) for _ in range(2)]
    [thread.start() for thread in threads]
    try:
        second = sealed("second", f"dynamodb://{table}", **old)
        eventually(lambda: all("postern:v1:file:main:1:" in values for values in stored()), ROUNDS_SECONDS)
        assert say(second) == say(first) == "You said: one two three"
        add_key(keys, 2)
        third = sealed("third", f"dynamodb://{table}", **old)
        eventually(lambda: all("postern:v1:file:main:2:" in values for values in stored()), ROUNDS_SECONDS)
        before = len(said)
        # Beyond the bound within which a change is noticed.
        eventually(lambda: say(third) and say(second) and len(said) > before + 20, 60)
    finally:
        over.set()
        [thread.join() for thread in threads]
    assert failed == [] and set(said) == {"You said: one two three"}
    # The report of the job says what it did.
    eventually(lambda: '"job":"resealing","status":"finished","examined":41,"done":41' in plain(third), 20)


def plain(gateway):
    return gateway.process.output().replace('\\"', '"')


def test_what_a_deleted_user_said_cannot_be_read_any_more(sealed, upstream, tmp_path):
    general = {"store_prompts_in_spend_logs": True}
    gateway = sealed("kept", str(tmp_path / "kept.db"), general, LITELLM_SALT_KEY="salt")
    send(gateway, "POST", "/credentials", credential(API_KEY))
    send(gateway, "POST", "/user/new", {"user_id": "anna", "auto_create_key": False})
    keys = {name: gateway.key(user_id=name) for name in ("anna", "ben")}
    said = [{"role": "user", "content": f"{CANARY} one"}]
    ids = {}
    for name, key in keys.items():
        for stream in (False, True):
            answer = gateway.client(key).chat.completions.with_raw_response.create(
                model="named", messages=said, stream=stream, user="customer"
            )
            answer.text if not stream else list(answer.parse())
            ids[name, stream] = answer.headers["x-litellm-call-id"]

    def kept(call):
        return gateway.call(f"/spend/logs?request_id={ids[call]}").json()[0]

    for call in ids:
        eventually(lambda: gateway.call(f"/spend/logs?request_id={ids[call]}").json())
        assert kept(call)["messages"] == said and CANARY in json.dumps(kept(call)["response"])
    assert send(gateway, "POST", "/user/delete", {"user_ids": ["anna"]}).status_code == 200
    assert kept(("anna", False))["messages"] == {} == kept(("anna", True))["response"]
    assert kept(("ben", False))["messages"] == said
    # An end user needs no record to be forgotten.
    assert send(gateway, "POST", "/customer/delete", {"user_ids": ["customer"]}).status_code == 200
    assert all(kept(call)["messages"] == {} for call in ids)
    gateway.process.kill()
    assert all(CANARY.encode() not in path.read_bytes() for path in tmp_path.glob("kept.db*"))


def test_a_kept_answer_goes_with_whoever_it_was_given_to_first(aws, upstream, logs, tmp_path):
    config, folder = tmp_path / "config.yaml", tmp_path / "kept"
    cache = {"type": "disk", "disk_cache_dir": str(folder), "sealed": True, "scope": "all"}
    model = {"model": "openai/echo", "api_base": upstream.url, "api_key": API_KEY}
    sections = {"litellm_settings": {"cache": True, "cache_params": cache}, "general_settings": {"master_key": MASTER_KEY, **PATIENCE}}
    config.write_text(yaml.safe_dump({"model_list": [{"model_name": "echo", "litellm_params": model}], **sections}))
    gateway = start_postern("sealed-answers", config, "memory", logs, aws | {"LITELLM_SALT_KEY": "salt"})
    for name in ("carol", "dave"):
        assert send(gateway, "POST", "/user/new", {"user_id": name}).status_code == 200
    keys = {name: gateway.key(user_id=name) for name in ("carol", "dave")}

    def is_hit(name, **options):
        body = {"model": "echo", "messages": [{"role": "user", "content": CANARY}], **options}
        answer = gateway.call("/v1/chat/completions", body, key=keys[name])
        assert answer.status_code == 200 and CANARY in answer.text
        return answer.headers["x-litellm-cache-hit"] == "True"

    for options in ({}, {"stream": True}):
        assert not is_hit("carol", **options)
        eventually(lambda: is_hit("dave", **options))
    assert send(gateway, "POST", "/user/delete", {"user_ids": ["carol"]}).status_code == 200
    for options in ({}, {"stream": True}):
        assert not is_hit("dave", **options)
        eventually(lambda: is_hit("dave", **options))
    gateway.process.kill()
    files = list(folder.glob("answers.db*"))
    assert files and all(CANARY.encode() not in path.read_bytes() for path in files)


@pytest.mark.parametrize("asks", ["general_settings: {store_prompts_in_spend_logs: true}", "litellm_settings: {cache: true, cache_params: {sealed: true}}"])
def test_nothing_is_kept_sealed_without_a_key(tmp_path, asks):
    config = tmp_path / "config.yaml"
    config.write_text(f"{asks}\nmodel_list: []\n")
    own = {name: text for name, text in os.environ.items() if not name.startswith(("LITELLM_", "POSTERN_"))}
    command = [BINARIES / "postern", "--config", config, "--check"]
    checked = subprocess.run(command, env=own, capture_output=True, text=True, timeout=60)
    assert checked.returncode != 0 and "POSTERN_KEY_FILE or LITELLM_SALT_KEY" in checked.stderr
