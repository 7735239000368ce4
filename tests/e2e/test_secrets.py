"""No key shows itself: not in the log at its most talkative, not in an answer."""

import openai
import pytest

from support.gateway import MASTER_KEY, Gateway, write_config
from support.process import Process, free_port
from support.upstream import API_KEY
from support.gateway import BINARIES

HELLO = [{"role": "user", "content": "one two three"}]


@pytest.fixture
def talkative(upstream, logs, tmp_path):
    config = write_config(tmp_path / "config.yaml", upstream.url, "os.environ/PROVIDER_KEY", MASTER_KEY)
    port = free_port()
    arguments = [BINARIES / "postern", "--config", config, "--port", port, "--store", "memory", "--detailed-debug"]
    process = Process("talkative", arguments, logs, {"PROVIDER_KEY": API_KEY, "RUST_LOG": "trace"})
    url = f"http://127.0.0.1:{port}"
    process.wait_until_answers(f"{url}/health/liveliness")
    yield Gateway(url, False, process)
    process.end()


def test_no_key_is_logged_at_any_level_or_told_in_an_error(talkative):
    virtual_key = talkative.call("/key/generate", {}).json()["key"]
    unknown = "sk-unknown-but-secret-000000"
    told = []
    for key in (MASTER_KEY, virtual_key, unknown):
        client = talkative.client(key)
        for model in ("echo", "busy", "html", "dead", "cut", "no-such-model"):
            for stream in (False, True):
                try:
                    answer = client.chat.completions.create(model=model, messages=HELLO, stream=stream)
                    told += [str(piece) for piece in answer] if stream else [str(answer)]
                except openai.OpenAIError as error:
                    told.append(str(error))
    for path in ("/key/info", "/key/list?return_full_object=true", "/spend/logs", "/model/info", "/health"):
        told.append(talkative.call(path).text)
    log = talkative.process.output()
    assert "TRACE" in log and "a call failed" in log, "the log was to be talkative"
    for name, secret in {"master": MASTER_KEY, "virtual": virtual_key, "unknown": unknown, "provider": API_KEY}.items():
        assert secret not in log, f"the {name} key is in the log"
        assert not any(secret in text for text in told), f"the {name} key is in an answer"
