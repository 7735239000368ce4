"""Several deployments behind one name: what processes know of each other's calls, and of deployments that do not answer."""

import pytest
import yaml

from support.gateway import MASTER_KEY, PATIENCE, start_postern
from support.process import eventually, free_port
from support.upstream import API_KEY

TABLE = "postern-routing"
GONE = f"http://127.0.0.1:{free_port()}/v1"


@pytest.fixture
def begin(aws, logs, upstream, tmp_path):
    """Starts `postern` with these deployments, by id: where each is, and what else is said of it."""
    started = []

    def begin(deployments, store="memory", router=None, general=None, proxy=None):
        entries = [
            {
                "model_name": entry.pop("model_name", "shared"),
                "litellm_params": {"model": "openai/echo", "api_base": upstream.url, "api_key": API_KEY} | entry.pop("params", {}),
                "model_info": {"id": name} | entry,
            }
            for name, entry in ((name, dict(entry)) for name, entry in deployments.items())
        ]
        settings = {"master_key": MASTER_KEY} | ({} if proxy else PATIENCE) | (general or {})
        sections = {"general_settings": settings, "router_settings": {"num_retries": 0} | (router or {})}
        name = f"{tmp_path.name}-{len(started)}"
        config = tmp_path / f"{name}.yaml"
        config.write_text(yaml.safe_dump({"model_list": entries} | sections))
        environment = aws | ({"AWS_ENDPOINT_URL_DYNAMODB": proxy.url} if proxy else {})
        started.append(start_postern(name, config, store, logs, environment))
        return started[-1]

    yield begin
    for gateway in started:
        gateway.process.kill()


def answered_by(gateway, model="shared", **members):
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}]} | members
    answer = gateway.call("/v1/chat/completions", body)
    return answer.headers["x-litellm-model-id"] if answer.status_code == 200 else answer.status_code


def test_processes_on_one_table_know_what_others_have_used(begin):
    two = {"d0": {}, "d1": {}}
    router = {"routing_strategy": "usage-based-routing-v2"}
    one, other = (begin(two, f"dynamodb://{TABLE}", router) for _ in range(2))

    def other_knows():
        # By its id, only one of the two is used. Of itself, the other process would use both in turn.
        assert [answered_by(one, "d0") for _ in range(6)] == ["d0"] * 6
        return [answered_by(other) for _ in range(3)] == ["d1"] * 3

    eventually(other_knows)


def test_a_deployment_that_does_not_answer_is_left_out_by_every_process(begin, upstream):
    probed = {"alive": {"health_check_model": "openai/priced"}, "gone": {"params": {"api_base": GONE}}}
    general = {"background_health_checks": True, "health_check_interval": 3600}
    one = begin(probed, f"dynamodb://{TABLE}-health", general=general)
    checks = lambda: one.call("/health/latest").json()["latest_health_checks"]
    eventually(lambda: {name: check["status"] for name, check in checks().items()} == {"alive": "healthy", "gone": "unhealthy"})
    assert [request["body"]["model"] for request in upstream.requests] == ["priced"]
    other = begin(probed, f"dynamodb://{TABLE}-health", general=general)
    for gateway in (one, other):
        eventually(lambda: [answered_by(gateway) for _ in range(8)] == ["alive"] * 8)
    assert [request["body"]["model"] for request in upstream.requests].count("priced") == 1, "one process asked for all"
    known = other.call("/health")
    assert known.status_code == 200
    assert [entry["model_id"] for entry in known.json()["healthy_endpoints"]] == ["alive"]
    assert [entry["model_id"] for entry in known.json()["unhealthy_endpoints"]] == ["gone"]
    assert API_KEY not in known.text
    # The last one is asked all the same.
    assert answered_by(one, "gone") == 502


def test_who_is_asked_can_be_said_and_what_came_of_it_is_kept_and_charged_to_no_key(begin, upstream):
    modes = {"speaks": "audio_speech", "listens": "audio_transcription", "embeds": "embedding", "chats": "chat"}
    models = {"speaks": "openai/tts-1", "listens": "openai/whisper-1", "embeds": "openai/embed", "chats": "openai/echo"}
    entries = {name: {"mode": mode, "model_name": f"m-{name}", "params": {"model": models[name]}} for name, mode in modes.items()}
    gateway = begin(entries | {"gone": {"params": {"api_base": GONE}}})
    one = gateway.call("/health?model_id=embeds").json()
    assert (one["healthy_count"], one["unhealthy_count"]) == (1, 0)
    everybody = gateway.call("/health").json()
    assert {entry["model_id"] for entry in everybody["healthy_endpoints"]} == set(modes), everybody
    assert [entry["model_id"] for entry in everybody["unhealthy_endpoints"]] == ["gone"]
    assert everybody["unhealthy_endpoints"][0]["error"]
    assert gateway.call("/health?model=shared").status_code == 503
    paths = [request["path"] for request in upstream.requests]
    assert {"/v1/audio/speech", "/v1/audio/transcriptions", "/v1/embeddings", "/v1/chat/completions"} <= set(paths)
    history = gateway.call("/health/history?status_filter=unhealthy&limit=1").json()
    assert (history["total_records"], len(history["health_checks"])) == (2, 1)
    assert history["health_checks"][0]["model_id"] == "gone"
    rows = gateway.call("/spend/logs").json()
    assert {row["metadata"]["user_api_key_alias"] for row in rows} == {"litellm-internal-health-check"}


def test_a_wrong_strategy_and_its_right_names_are_said_at_the_start(begin):
    with pytest.raises(Exception, match="routing_strategy"):
        begin({"d0": {}}, router={"routing_strategy": "nope"})


def test_a_deployment_that_one_process_leaves_alone_is_left_alone_by_all(begin, upstream, store):
    two = {"busy": {"params": {"model": "openai/busy"}}, "fine": {}}
    table = f"dynamodb://{TABLE}-cooldowns"
    one = begin(two, table, {"cooldown_time": 600})
    assert answered_by(one, "busy") == 429, "alone, it is no reason to cool down"
    eventually(lambda: answered_by(one) == 429)
    assert [answered_by(one) for _ in range(12)] == ["fine"] * 12
    other = begin(two, table, {"cooldown_time": 600}, proxy=store)
    store.wait_until_quiet()
    store.calls.clear()
    assert answered_by(other, "fine") == "fine"
    eventually(lambda: any(call.operation == "Query" for call in store.calls))
    store.wait_until_quiet()
    assert [answered_by(other) for _ in range(12)] == ["fine"] * 12
    assert [request["body"]["model"] for request in upstream.requests].count("busy") == 2, "the other never asked it"


def test_the_lowest_order_goes_first_and_the_next_where_it_fails(begin, upstream):
    deployments = {"last": {}, "second": {"params": {"order": 2}}, "first": {"params": {"order": 1, "api_base": GONE}}}
    gateway = begin(deployments, router={"num_retries": 1, "retry_after": 0})
    assert {answered_by(gateway) for _ in range(4)} == {"second"}


def test_a_deployment_of_a_team_answers_its_team_alone(begin, upstream):
    gateway = begin({"theirs": {"team_id": "team-t"}})
    assert gateway.call("/team/new", {"team_id": "team-t"}).status_code == 200
    keys = {True: gateway.key(team_id="team-t"), False: gateway.key()}
    body = {"model": "shared", "messages": [{"role": "user", "content": "hello"}]}
    answers = {is_theirs: gateway.call("/v1/chat/completions", body, key=key) for is_theirs, key in keys.items()}
    assert (answers[True].status_code, answers[False].status_code) == (200, 400), answers[False].text


def test_a_deployment_that_cannot_take_a_requests_parameters_is_left_out_where_that_is_looked_at(begin):
    two = {"narrow": {"params": {"model": "mistral/mistral-large-latest"}}, "wide": {}}
    gateway = begin(two, router={"enable_pre_call_checks": True})
    assert [answered_by(gateway, n=2) for _ in range(10)] == ["wide"] * 10
    assert {answered_by(gateway) for _ in range(30)} == {"narrow", "wide"}
    refused = gateway.call("/v1/chat/completions", {"model": "narrow", "messages": [{"role": "user", "content": "hi"}], "n": 2})
    assert refused.status_code == 400
    assert "1 does not take its parameters" in refused.json()["error"]["message"]


def test_an_end_user_is_answered_from_where_its_record_says(begin):
    here = {"region_name": "eu-central-1"}
    gateway = begin({"here": {"params": here}, "there": {"params": {"region_name": "us-east-1"}}})
    made = gateway.call("/customer/new", {"user_id": "european", "allowed_model_region": "eu"})
    assert made.status_code == 200, made.text
    assert [answered_by(gateway, user="european") for _ in range(10)] == ["here"] * 10
    assert {answered_by(gateway, user="anybody") for _ in range(30)} == {"here", "there"}
    # The record holds, whatever the request says.
    assert answered_by(gateway, user="european", allowed_model_region="us") == "here"
    body = {"model": "there", "messages": [{"role": "user", "content": "hello"}], "user": "european"}
    refused = gateway.call("/v1/chat/completions", body)
    assert refused.status_code == 400
    assert "is not in the allowed region" in refused.json()["error"]["message"]


def test_a_model_has_other_names_and_lists_show_those_that_are_not_hidden(begin):
    aliases = {"gpt": "shared", "secret": {"model": "shared", "hidden": True}, "old-*": "new-*"}
    gateway = begin({"d0": {}, "d1": {"model_name": "new-one"}}, router={"model_group_alias": aliases})
    assert [answered_by(gateway, name) for name in ("gpt", "secret", "old-one")] == ["d0", "d0", "d1"]
    listed = [model["id"] for model in gateway.call("/v1/models").json()["data"]]
    assert listed == ["shared", "new-one", "gpt"]
    key = gateway.key(models=["shared"])
    for name, status in [("gpt", 200), ("old-one", 403)]:
        body = {"model": name, "messages": [{"role": "user", "content": "hello"}]}
        assert gateway.call("/v1/chat/completions", body, key=key).status_code == status
