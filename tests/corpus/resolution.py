"""Plays recorded look-ups against `postern`: which deployment and which upstream model a requested name leads to, and
which provider a model's name means."""

import json
import pathlib
import subprocess
import tempfile

from compare import MASTER_KEY
from gateway import Postern, call

# Credentials that open nothing, for providers that want more than a key.
_ACCOUNT = {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret", "aws_region_name": "us-east-1"}
# Nobody listens there: whoever is called is out of reach.
_NOWHERE = "http://127.0.0.1:1"


def plays(facts, postern, upstream):
    """Pairs of a name and a function that plays it and gives pairs of a look-up's name and its differences."""
    wildcards = facts["wildcard_routes"]
    for name, group in wildcards["sets"].items():
        vectors = [vector for vector in wildcards["vectors"] if vector["set"] == name]
        yield (
            f"wildcards/{name}",
            lambda name=name, group=group, vectors=vectors: wildcard_set(postern, upstream, name, group, vectors),
        )
    vectors = facts["provider_resolution"]["vectors"]
    yield "providers/found", lambda: found_providers(postern, [v for v in vectors if "error" not in v])
    for vector in vectors:
        if "error" in vector:
            yield f"providers/{label_of(vector)}", lambda vector=vector: [no_provider(postern, vector)]


def wildcard_set(postern, upstream, name, group, vectors):
    play = f"w-{name}"
    upstream.load(play, {str(number): 400 for number in range(len(group["deployments"]))})
    models = [
        {
            "model_name": public,
            "litellm_params": {"model": model, "api_key": "sk", "api_base": upstream.address(play, number) + "/v1"}
            | (_ACCOUNT if model.startswith("bedrock/") else {"api_version": "v1"} if model.startswith("azure/") else {}),
            "model_info": {"id": str(number)},
        }
        for number, (public, model) in enumerate(group["deployments"])
    ]
    differences = []
    with Postern(postern, configuration(models)) as gateway:
        for vector in vectors:
            body = {"model": vector["request"], "messages": [{"role": "user", "content": "hello"}]}
            answer = call(gateway.base, {"method": "POST", "path": "/v1/chat/completions", "body": body})
            hits = upstream.take_hits(play)
            differences.append((f"wildcards/{name}: {vector['request']}", list(matched(vector, answer, hits))))
    return differences


def matched(vector, answer, hits):
    """How one look-up differs from its record."""
    wanted = {entry["id"]: entry["resolved_model"] for entry in vector["matched"] or []}
    if not wanted:
        if hits or answer["status"] < 400:
            yield f"wanted no deployment, got {hits} and {answer['status']}"
        return
    if len(hits) != 1:
        yield f"wanted a call of one of {wanted}, got {hits} and {answer['status']} {str(answer.get('body'))[:200]}"
        return
    [(deployment, _, model)] = hits
    resolved = wanted.get(deployment)
    if resolved is None or model not in (resolved, resolved.split("/", 1)[-1]):
        yield f"wanted one of {wanted}, got {model!r} of deployment {deployment}"


def label_of(vector):
    return vector["model"] + (f" at {vector['api_base']}" if vector["api_base"] else "")


def found_providers(postern, vectors):
    """Every model is called once, nowhere; the row in the spend log says who it was taken for."""
    models = []
    for number, vector in enumerate(vectors):
        params = {"model": vector["model"], "api_key": "sk", **more_of(vector)}
        if vector["api_base"]:
            params["api_base"] = vector["api_base"]
        models.append({"model_name": f"v{number}", "litellm_params": params, "model_info": {"id": f"v{number}"}})
    config = configuration(models) | {"router_settings": {"num_retries": 0}}
    with Postern(postern, config, proxy=_NOWHERE) as gateway:
        for model in models:
            body = {"model": model["model_name"], "messages": [{"role": "user", "content": "hello"}]}
            call(gateway.base, {"method": "POST", "path": "/v1/chat/completions", "body": body})
        rows = call(gateway.base, {"method": "GET", "path": "/spend/logs"})["body"]
    logged = {row["model_group"]: (row["custom_llm_provider"], row["model"]) for row in rows}
    return [
        (f"providers/{label_of(vector)}", list(taken_for(vector, logged.get(f"v{number}"))))
        for number, vector in enumerate(vectors)
    ]


def taken_for(vector, got):
    wanted = vector["provider"], f"{vector['provider']}/{vector['resolved_model']}"
    if wanted != got:
        yield f"wanted {wanted}, got {got}"


def more_of(vector):
    """What a provider wants beside a key before it can be called."""
    provider = vector["provider"]
    if provider in ("bedrock", "sagemaker"):
        return _ACCOUNT
    if provider in ("azure", "huggingface", "lm_studio", "cloudflare") and not vector["api_base"]:
        return {"api_base": "http://provider.test"} | ({"api_version": "v1"} if provider == "azure" else {})
    if provider == "vertex_ai":
        return {"vertex_project": "p", "vertex_location": "us-central1"}
    return {}


def no_provider(postern, vector):
    params = {"model": vector["model"], "api_key": "sk"} | ({"api_base": vector["api_base"]} if vector["api_base"] else {})
    config = configuration([{"model_name": "v", "litellm_params": params}])
    refused = refuses(postern, config, vector["model"])
    return f"providers/{label_of(vector)}", [] if refused else ["wanted a refusal at the start"]


def refuses(postern, config, named):
    """Whether `postern` does not start with this configuration and says a certain name while it refuses."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "config.yaml"
        path.write_text(json.dumps(config), encoding="utf-8")
        command = [postern, "--config", str(path), "--store", "memory", "--check"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, env={}, check=False)
        return done.returncode != 0 and named in done.stdout + done.stderr


def configuration(models):
    return {"model_list": models, "general_settings": {"master_key": MASTER_KEY}}
