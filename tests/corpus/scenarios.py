#!/usr/bin/env python3
"""Plays recorded scenarios of routing against `postern`: which deployments are called, and what comes of it. Standard
library only.

  scenarios.py --postern target/debug/postern          every scenario, and how many of each topic hold
  scenarios.py --postern … --match '^fallbacks' --failures
  scenarios.py --postern … --update                    writes those that differ without a reason into scenario_missing.txt

A difference is explained by a line of scenario_exceptions.tsv (the record is wrong there, and why), or it is work that
is left and stands in scenario_missing.txt, which may only shrink. Any other difference ends the run with status 1; so does a line of
scenario_missing.txt whose scenario holds by now. Deployments that differ in nothing but their address stand for each other: chance
picks among them, here and in the record.
"""

import argparse
import collections
import concurrent.futures
import fnmatch
import json
import pathlib
import re
import sys
import tarfile
import time

import missing as missing_cases
import resolution
from compare import MASTER_KEY
from gateway import Postern, call
from scripted import ScriptedUpstream

HERE = pathlib.Path(__file__).resolve().parent
ARCHIVE = HERE.parent / "fixtures" / "corpus.tar.xz"
EXCEPTIONS = HERE / "scenario_exceptions.tsv"
MISSING = HERE / "scenario_missing.txt"

# The share of scenarios that holds, explained ones among them.
_SHARE_MIN = 0.97
_PLAYED_AT_ONCE = 6
# Seconds that a deployment gets which never answers.
_SILENCE_SECONDS = 0.4
_CALLS_AFTER = 8
# What holds now and then, as chance has it, as long as it is missing.
_BY_CHANCE = re.compile("^cooldown/one deployment")
_PROMPT = [{"role": "user", "content": "Please say hello to everybody in the room."}]


def main():
    options = read_options()
    upstream = ScriptedUpstream()
    plays = list(all_plays(options, upstream))
    with concurrent.futures.ThreadPoolExecutor(_PLAYED_AT_ONCE) as pool:
        found = list(pool.map(lambda play: (play[0], play[1]()), plays))
    results = collections.defaultdict(list)
    for differences in (differences for _, differences in found):
        for name, difference in differences:
            results[name] += difference
    exceptions = read_exceptions()
    left = {name: [d for d in found if not reason_of(name, d, exceptions)] for name, found in results.items()}
    print_table(results, left)
    if options.failures:
        for name in sorted(name for name in left if left[name]):
            print("\n    ".join([name, *left[name]]))
    unexplained = {name for name in left if left[name]}
    if options.update:
        missing_cases.write(MISSING, (missing_cases.read(MISSING) - results.keys()) | unexplained)
    else:
        sys.exit(compare_with_missing(missing_cases.read(MISSING) & results.keys(), left, len(results)))


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postern", required=True, help="the binary under test")
    parser.add_argument("--match", default="", help="play only the scenarios whose name this regular expression finds")
    parser.add_argument("--failures", action="store_true", help="say of each unexplained scenario how it differs")
    parser.add_argument("--update", action="store_true", help="write the unexplained scenarios into scenario_missing.txt")
    return parser.parse_args()


def all_plays(options, upstream):
    """Pairs of a name and a function that plays it and gives pairs of a scenario's name and its differences."""
    with tarfile.open(ARCHIVE) as archive:
        facts = {
            name: json.load(archive.extractfile(f"facts/{name}.json"))
            for name in ("router_behaviours", "wildcard_routes", "provider_resolution")
        }
    for number, scenario in enumerate(facts["router_behaviours"]["scenarios"]):
        name = f"{scenario['topic']}/{scenario['name']}"
        if re.search(options.match, name):
            yield name, lambda number=number, name=name, scenario=scenario: [
                (name, played(options.postern, upstream, f"s{number}", scenario))
            ]
    for name, play in resolution.plays(facts, options.postern, upstream):
        if re.search(options.match, name):
            yield name, play


def played(postern, upstream, play, scenario):
    """How the scenario differs from its record."""
    config = configuration(scenario, upstream, play)
    if "router_error" in scenario:
        return [] if resolution.refuses(postern, config, "routing_strategy") else ["start: wanted a refusal"]
    upstream.load(play, scenario["upstream_script"])
    differences, labels = [], labels_of(scenario)
    try:
        with Postern(postern, config) as gateway:
            for number, recorded in enumerate(scenario["calls"], 1):
                answer = call(gateway.base, request_of(scenario))
                hits = [(name, outcome) for name, outcome, _ in upstream.take_hits(play)]
                differences += [f"call {number} {what}" for what in compared(recorded, answer, hits, labels)]
                # A cooldown so short is over before the record looks at it.
                cooldown = scenario["router"].get("cooldown_time", 60)
                time.sleep(cooldown if cooldown < 1 else 0)
            differences += cooling(scenario, upstream, play, gateway)
    except SystemExit as refused:
        differences.append(f"start: {refused}")
    return differences


def configuration(scenario, upstream, play):
    models = []
    for model in scenario["models"]:
        deployment = model["model_info"]["id"]
        params = model["litellm_params"] | {"api_base": upstream.address(play, deployment) + "/v1"}
        if scenario.get("upstream_script", {}).get(deployment) == "timeout" and "timeout" not in scenario["router"]:
            params["timeout"] = _SILENCE_SECONDS
        models.append(model | {"litellm_params": params})
    return {
        "model_list": models,
        "router_settings": scenario["router"],
        "general_settings": {"master_key": MASTER_KEY},
    }


def request_of(scenario, **more):
    body = {"model": scenario["request_model"], "messages": _PROMPT, "stream": scenario["stream"]}
    extra = dict(scenario.get("request_extra") or {})
    if "metadata" in extra:
        # The recorder wrote down what the record's router had added by then, too; only the first tags are the client's.
        wanted = re.search(r"request tags (.*)", scenario["name"])
        tags = extra["metadata"]["tags"]
        extra["metadata"] = {"tags": json.loads(wanted.group(1).replace("'", '"')) if wanted else tags}
        if extra["metadata"]["tags"] is None:
            del extra["metadata"]
    return {"method": "POST", "path": "/v1/chat/completions", "body": body | extra | more}


def labels_of(scenario):
    """One name for all deployments that chance may swap: those of a model that differ in nothing but their address, and
    those among which the record itself chose now this one, now that."""
    kinds, labels = {}, {}
    ignored = {"api_base", "api_key"} | (set() if scenario["router"].get("enable_tag_filtering") else {"tags"})
    for model in scenario["models"]:
        deployment = model["model_info"]["id"]
        params = {name: value for name, value in model["litellm_params"].items() if name not in ignored}
        info = {name: value for name, value in model["model_info"].items() if name != "id"}
        script = scenario.get("upstream_script", {}).get(deployment)
        kind = json.dumps([model["model_name"], params, info, script], sort_keys=True)
        labels[deployment] = kinds.setdefault(kind, deployment)
    hit = {name for recorded in scenario["calls"] for name, _ in recorded["upstream_hits"]}
    groups = collections.defaultdict(set)
    for model in scenario["models"]:
        if model["model_info"]["id"] in hit:
            groups[model["model_name"]].add(labels[model["model_info"]["id"]])
    merged = {label: min(group) for group in groups.values() for label in group}
    return {deployment: merged.get(label, label) for deployment, label in labels.items()}


def compared(recorded, answer, hits, labels):
    """How one call differs from its record."""
    wanted = [(labels.get(name, name), outcome) for name, outcome in recorded["upstream_hits"]]
    got = [(labels.get(name, name), outcome) for name, outcome in hits]
    if wanted != got:
        yield f"hits: wanted {wanted}, got {got}"
    result, status = recorded["result"], answer["status"]
    if "ok" not in result:
        is_as_wanted = status == result["status"] if result["status"] else 400 <= status < 600
        if not is_as_wanted:
            yield f"status: wanted {result['status'] or 'an error'}, got {status}"
        return
    if status != 200:
        yield f"status: wanted 200, got {status} {str(answer.get('body'))[:300]}"
        return
    if said(answer) != result["ok"]:
        yield f"text: wanted {result['ok']!r}, got {said(answer)!r}"
    for name in ("attempted_retries", "attempted_fallbacks"):
        header = answer["headers"].get("x-litellm-" + name.replace("_", "-"))
        if name in result and header != str(result[name]):
            yield f"{name}: wanted {result[name]}, got {header}"
    model_id = answer["headers"].get("x-litellm-model-id")
    if "model_id" in result and labels.get(model_id) != labels[result["model_id"]]:
        yield f"model_id: wanted {result['model_id']}, got {model_id}"


def said(answer):
    if "sse" not in answer:
        return answer["body"]["choices"][0]["message"]["content"]
    events = [event["data"] for event in answer["sse"] if isinstance(event.get("data"), dict)]
    return "".join(event["choices"][0]["delta"].get("content") or "" for event in events if event.get("choices"))


def cooling(scenario, upstream, play, gateway):
    """Whether as many deployments cool down after the last call as on record: those are not called though they would answer."""
    upstream.load(play, {})
    asked = {model["model_info"]["id"] for model in scenario["models"] if model["model_name"] == scenario["request_model"]}
    cooling = set(scenario["calls"][-1]["cooling_down_after"]) & asked
    if not asked or scenario["topic"] in ("tags", "fallbacks", "alias"):
        return
    answers = [call(gateway.base, request_of(scenario, disable_fallbacks=True)) for _ in range(_CALLS_AFTER)]
    hit = {name for name, _, _ in upstream.take_hits(play)}
    if len(hit) > len(asked) - len(cooling):
        yield f"cooling: wanted {len(cooling)} of {len(asked)}, yet {sorted(hit)} were called"
    failed = {answer["status"] for answer in answers} - {200}
    if failed and len(cooling) < len(asked):
        yield f"cooling: wanted {len(cooling)} of {len(asked)}, yet calls after it failed with {sorted(failed)}"


def read_exceptions():
    """Lines of `pattern of names <tab> what the difference says <tab> reason`."""
    lines = EXCEPTIONS.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    for row in rows:
        if len(row) != 3 or not all(column.strip() for column in row):
            raise SystemExit(f"scenario_exceptions.tsv: not `pattern, difference, reason`: {row}")
    return rows


def reason_of(name, difference, exceptions):
    """Why this difference is right."""
    for pattern, place, reason in exceptions:
        if fnmatch.fnmatchcase(name, pattern) and fnmatch.fnmatchcase(difference, f"*{place}*"):
            return reason
    return None


def print_table(results, left):
    topics = collections.defaultdict(collections.Counter)
    for name, differences in results.items():
        for row in (topics[name.split("/", 1)[0]], topics["all"]):
            row["played"] += 1
            row["equal"] += not differences
            row["explained"] += bool(differences and not left[name])
            row["left"] += bool(left[name])
    print(f"{'topic':<22} {'played':>7} {'equal':>7} {'explained':>10} {'left':>6}")
    for topic in sorted(topics.keys() - {"all"}) + ["all"] * bool(results):
        row = topics[topic]
        print(f"{topic:<22} {row['played']:>7} {row['equal']:>7} {row['explained']:>10} {row['left']:>6}")


def compare_with_missing(missing, left, played):
    unexplained = {name for name in left if left[name]}
    for name in sorted(unexplained - missing):
        print("\n    ".join([f"{name} differs without a reason:", *left[name]]), file=sys.stderr)
    holds_now = {name for name in missing - unexplained if not _BY_CHANCE.match(name)}
    for name in sorted(holds_now):
        print(f"{name} holds, or is explained: take it out of scenario_missing.txt with --update", file=sys.stderr)
    holds = 1 - len(unexplained) / max(played, 1)
    if not missing and holds < _SHARE_MIN:
        print(f"only {holds:.1%} hold", file=sys.stderr)
    return 1 if unexplained - missing or holds_now or not played else 0


if __name__ == "__main__":
    main()
