"""The gateway in its two forms, serving one configuration: the binary `postern`, and the functions under watch."""

from contextlib import contextmanager
from dataclasses import dataclass

import anthropic
import httpx2
import openai
import yaml

from . import leaks
from .process import ROOT, Process, eventually, free_port
from .upstream import API_KEY

# The samples in events/ carry this key.
MASTER_KEY = "sk-1234"
TABLE = "postern-e2e"
# What five answers of the model `priced` cost, in dollars.
SMALL_BUDGET = 35e-6
# Of `general_settings`, where a busy machine is not what a test is about.
PATIENCE = {"max_scheduling_delay": 30, "database_connection_timeout": 10}
BINARIES = ROOT / "target" / "debug"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": leaks.plant("key of the process's account"),
    "AWS_REGION": "us-east-1",
}
leaks.plant("master key", MASTER_KEY)
leaks.plant("provider key", API_KEY)


@dataclass(frozen=True)
class Gateway:
    """Where it listens. `is_functions`: behind `cargo lambda watch`."""

    url: str
    is_functions: bool
    process: Process

    def client(self, key=MASTER_KEY, **options):
        """The official client. One try, so that a test sees the first answer."""
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=0, timeout=60, **options)

    def messages(self, key=MASTER_KEY):
        """Anthropic's official client, as `client`."""
        return anthropic.Anthropic(base_url=self.url, api_key=key, max_retries=0, timeout=60)

    def call(self, path, body=None, key=MASTER_KEY, content=None):
        """A plain request, for what the official client has no method for."""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        if body is None and content is None:
            return httpx2.get(self.url + path, headers=headers, timeout=60)
        return httpx2.post(self.url + path, headers=headers, json=body, content=content, timeout=60)

    def key(self, **fields):
        """A new virtual key. Where the store says that it is too busy, it is asked for again, as it says to."""
        made = []

        def is_made():
            answer = self.call("/key/generate", fields)
            assert answer.status_code in (200, 503), answer.text
            made.append(answer.json().get("key"))
            return made[-1]

        eventually(is_made)
        return made[-1]


def write_config(path, upstream_url, api_key, master_key, general=None, litellm=None, identity=None):
    """One deployment for each behaviour of the upstream, one that is dead, one that never leaves the gateway. Given
    `general` settings, it has those and no budgets of its own: nothing is limited but what the test limits. `identity`:
    settings that say who is known beside those with keys."""
    models = {name: f"openai/{name}" for name in ("echo", "gated", "busy", "html", "cut")}
    entries = [{"model_name": name, "litellm_params": {"model": model}} for name, model in models.items()]
    for name in ("embed", "of/embed"):
        embeds = {"model_name": name, "litellm_params": {"model": "openai/embed"}, "model_info": {"mode": "embedding"}}
        entries.append(embeds)
    for entry in entries:
        entry["litellm_params"] |= {"api_base": upstream_url, "api_key": api_key}
    priced = {"model": "openai/priced", "api_base": upstream_url, "api_key": api_key}
    prices = {"input_cost_per_token": 0, "output_cost_per_token": 1e-6}
    entries.append({"model_name": "priced", "litellm_params": priced | prices})
    # Its tools cost what OpenAI takes for them.
    tooled = {"model_name": "tooled", "litellm_params": priced | prices, "model_info": {"base_model": "openai/gpt-4o"}}
    entries.append(tooled)
    claude = {"model": "anthropic/claude-sonnet-4-5", "api_base": upstream_url.removesuffix("/v1"), "api_key": api_key}
    entries.append({"model_name": "claude", "litellm_params": claude})
    gemini = {"model": "gemini/gemini-2.5-flash", "api_base": upstream_url.removesuffix("/v1"), "api_key": api_key}
    entries.append({"model_name": "gemini", "litellm_params": gemini})
    for name in ("echo", "busy", "cut"):
        groq = {"model": f"groq/{name}", "api_base": upstream_url, "api_key": api_key}
        entries.append({"model_name": f"groq-{name}", "litellm_params": groq})
    few = {"model": "openai/priced", "api_base": upstream_url, "api_key": api_key, "rpm": 3}
    entries.append({"model_name": "few", "litellm_params": few})
    # Two ways to one model, of which one takes a single request a minute.
    for limits in ({"rpm": 1}, {}):
        entries.append({"model_name": "two-ways", "litellm_params": {**few, "rpm": None, **limits}})
    bought = {"model": "hosted_vllm/priced", "api_base": upstream_url, "api_key": api_key} | prices
    entries.append({"model_name": "bought", "litellm_params": bought})
    for name, model in {"draws": "gpt-image-1", "speaks": "tts-1", "listens": "whisper-1"}.items():
        media = {"model": f"openai/{model}", "api_base": upstream_url, "api_key": api_key}
        entries.append({"model_name": name, "litellm_params": media})
    judge = {"model": "openai/omni-moderation-latest", "api_base": upstream_url, "api_key": api_key}
    entries.append({"model_name": "omni-moderation-latest", "litellm_params": judge})
    dead = {"model": "openai/dead", "api_base": f"http://127.0.0.1:{free_port()}/v1", "api_key": api_key}
    entries.append({"model_name": "dead", "litellm_params": dead})
    # One that is dead, and another model stands in.
    entries.append({"model_name": "stood-in-for", "litellm_params": dead})
    demo = {"model": "openai/demo", "api_key": "none", "mock_response": "Postern answers."}
    entries.append({"model_name": "demo", "litellm_params": demo})
    settings = {"master_key": master_key, **PATIENCE, **(identity or {}), **(general or {})}
    budgets = {"hosted_vllm": {"budget_limit": SMALL_BUDGET, "time_period": "30d"}}
    router = {"num_retries": 0, "provider_budget_config": budgets, "fallbacks": [{"stood-in-for": ["echo"]}]}
    tags = {"configured": {"budget_limit": SMALL_BUDGET, "time_period": "1mo"}}
    litellm = {"max_end_user_budget": SMALL_BUDGET, "tag_budget_config": tags, "max_budget": 1000} | (litellm or {})
    sections = {"general_settings": settings, "router_settings": router, "litellm_settings": litellm}
    if general is not None:
        sections |= {"router_settings": {"num_retries": 0}, "litellm_settings": {}}
    # What passes to a provider's own API goes to the stand-in.
    own = {"OPENAI": upstream_url, "ANTHROPIC": claude["api_base"], "GEMINI": gemini["api_base"]}
    keys = {f"{name}_API_KEY": API_KEY for name in own}
    sections["environment_variables"] = keys | {f"{name}_API_BASE": base for name, base in own.items()}
    path.write_text(yaml.safe_dump({"model_list": entries, **sections}))
    return path


def start_postern(name, config, store, logs, environment=None, port=0):
    # By itself it finds a free port and says which: one that is looked for beforehand may be gone when many start at once.
    arguments = [BINARIES / "postern", "--config", config, "--host", "127.0.0.1", "--port", port, "--store", store]
    talkative = {"RUST_LOG": leaks.FILTER, "PROVIDER_KEY": API_KEY}
    process = Process(name, arguments, logs, {**talkative, **(environment or {})})
    leaks.watch_log(process.log)
    url = process.wait_until_says(r"Postern listens on (http://\S+)")
    process.wait_until_answers(f"{url}/health/liveliness")
    return Gateway(url, False, process)


@contextmanager
def running(provider, logs, folder, general=None, models=(), store="memory", environment=None, **sections):
    """`postern` with the usual configuration, further models, and settings section by section. `general` as for
    `write_config`."""
    name = f"{folder.name}-{free_port()}"
    path = write_config(folder / f"{name}.yaml", provider.url, "os.environ/PROVIDER_KEY", MASTER_KEY, general)
    config = yaml.safe_load(path.read_text())
    config["model_list"] += models
    for section, settings in sections.items():
        config[section] = {**config.get(section, {}), **settings}
    path.write_text(yaml.safe_dump(config))
    gateway = start_postern(name, path, store, logs, environment)
    try:
        yield gateway
    finally:
        gateway.process.end()


def start_functions(config, logs, environment, name="functions", port=None):
    port = port or free_port()
    arguments = ["cargo", "lambda", "watch", "--ignore-changes", "--disable-cors", "-A", "127.0.0.1", "-P", port]
    own = {
        "POSTERN_STORE": f"dynamodb://{TABLE}",
        "CONFIG_FILE_PATH": str(config),
        "LITELLM_MASTER_KEY": "aws_secret/postern/master-key#master_key",
        "AWS_LAMBDA_HTTP_IGNORE_STAGE_IN_PATH": "true",
    }
    # Two instances each, so that a request can be answered while another one's stream is open.
    # The filter is for them alone: the emulator would log the events that it hands on.
    talkative = config.with_suffix(".env")
    talkative.write_text(f'RUST_LOG="{leaks.FILTER}"\n')
    process = Process(name, [*arguments, "--concurrency", 2, "--env-file", talkative], logs, {**environment, **own})
    leaks.watch_log(process.log)
    url = f"http://127.0.0.1:{port}"
    process.wait_until_answers(f"{url}/health/liveliness")
    return Gateway(url, True, process)
