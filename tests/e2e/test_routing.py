"""Several deployments behind one name: what processes know of each other's calls, and of deployments that do not answer."""

import pytest
import yaml

from support.gateway import MASTER_KEY, start_postern
from support.process import eventually, free_port
from support.upstream import API_KEY

TABLE = "postern-routing"
GONE = f"http://127.0.0.1:{free_port()}/v1"


@pytest.fixture
def begin(aws, logs, upstream, tmp_path):
    """Starts `postern` with these deployments, by id: where each is, and what else is said of it."""
    started = []

    def begin(deployments, store="memory", router=None, general=None):
        entries = [
            {
                "model_name": entry.pop("model_name", "shared"),
                "litellm_params": {"model": "openai/echo", "api_base": upstream.url, "api_key": API_KEY} | entry.pop("params", {}),
                "model_info": {"id": name} | entry,
            }
            for name, entry in ((name, dict(entry)) for name, entry in deployments.items())
        ]
        settings = {"master_key": MASTER_KEY} | (general or {})
        sections = {"general_settings": settings, "router_settings": {"num_retries": 0} | (router or {})}
        name = f"{tmp_path.name}-{len(started)}"
        config = tmp_path / f"{name}.yaml"
        config.write_text(yaml.safe_dump({"model_list": entries} | sections))
        started.append(start_postern(name, config, store, logs, aws))
        return started[-1]

    yield begin
    for gateway in started:
        gateway.process.kill()


def answered_by(gateway, model="shared"):
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
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
