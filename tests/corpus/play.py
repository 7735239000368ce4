#!/usr/bin/env python3
"""Plays the recorded wire cases against `postern` and holds how many of each group pass. Standard library only.

  play.py --postern target/debug/postern            every group of expected.txt, at level loose
  play.py --postern … --match '^openai/stream' --failures
  play.py --postern … --update                      writes what passes now into expected.txt

A group is `provider/kind`. expected.txt holds one a line with the number of cases that pass; a number that falls ends
the run with status 1. Cases that need other hosts, and answers that are known faults of the recorded gateway, are
left out.
"""

import argparse
import collections
import json
import pathlib
import re
import sys
import tarfile

import compare
from gateway import Postern, call, configuration
from upstream import Upstream

HERE = pathlib.Path(__file__).resolve().parent
ARCHIVE = HERE.parent / "fixtures" / "corpus.tar.xz"
EXPECTED = HERE / "expected.txt"

# Postern does not start with a deployment of a provider it cannot speak to. A name leaves this list when it can.
NOT_SPOKEN_YET = {
    "azure_ai", "cloudflare", "cohere", "cohere_chat", "gemini", "huggingface", "infinity", "jina_ai",
    "ollama", "ollama_chat", "text-completion-codestral",
    "vertex_ai", "voyage", "watsonx",
}
# Nor does it start with a deployment that names no address where the provider has none of its own.
WITHOUT_ADDRESS = {
    "azure/default_url/chat", "azure/default_url/stream", "databricks/default_url/stream",
    "hosted_vllm/default_url/embeddings", "snowflake/default_url/stream",
}


def main():
    options = read_options()
    expected = read_expected()
    cases = [case for case in read_cases() if wanted(case, expected, options)]
    upstream = Upstream()
    config = configuration(cases, upstream.base)
    with Postern(options.postern, config) as gateway:
        results = [(case, play(case, upstream, gateway.base, options.level)) for case in cases]
    passed, total = count(results)
    for group in sorted(total):
        print(f"{group:<40} {passed[group]:>4} / {total[group]}")
    print(f"{'all':<40} {sum(passed.values()):>4} / {sum(total.values())}")
    if options.failures:
        print_failures(results)
    if options.json:
        write_json(options.json, results)
    if options.update:
        # A group that nothing of passes yet is not worth playing.
        write_expected(expected | {group: number for group, number in passed.items() if number})
    elif not options.match and options.level == "loose":
        sys.exit(compare_with_expected(expected, passed))


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postern", required=True, help="the binary under test")
    parser.add_argument("--level", default="loose", choices=["upstream", "loose", "exact"])
    parser.add_argument("--match", help="play the cases whose id this regular expression finds, of any group")
    parser.add_argument("--failures", action="store_true", help="say of each failing case where it first differs")
    parser.add_argument("--json", help="write each failing case with its difference to this file")
    parser.add_argument("--update", action="store_true", help="write the numbers of this run into expected.txt")
    return parser.parse_args()


def read_cases():
    with tarfile.open(ARCHIVE) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            if member.name.startswith("open/"):
                for line in archive.extractfile(member).read().splitlines():
                    yield json.loads(line)


def group_of(case):
    return f"{case['provider']}/{case['kind']}"


def wanted(case, expected, options):
    if case.get("needs_host_override") or case.get("defect") or case.get("unstable") or case["id"] in WITHOUT_ADDRESS:
        return False
    parameters = case.get("litellm_params", {})
    if {parameters.get("model", "").split("/")[0], parameters.get("custom_llm_provider")} & NOT_SPOKEN_YET:
        return False
    return bool(re.search(options.match, case["id"])) if options.match else group_of(case) in expected


def play(case, upstream, base, level):
    """Where the case first differs; `None` where it passes."""
    upstream.load(case)
    answer = call(base, case["client_request"])
    as_recorded = lambda value: json.loads(json.dumps(value).replace(upstream.base, "http://upstream.test"))
    return compare.difference(case, as_recorded(upstream.seen), as_recorded(answer), level)


def count(results):
    passed, total = collections.Counter(), collections.Counter()
    for case, difference in results:
        total[group_of(case)] += 1
        passed[group_of(case)] += difference is None
    return passed, total


def print_failures(results):
    for case, difference in results:
        if difference:
            print(f"{case['id']}\n    {difference}")


def write_json(path, results):
    failures = [{"id": case["id"], "difference": difference} for case, difference in results if difference]
    pathlib.Path(path).write_text(json.dumps(failures, ensure_ascii=False, indent=1), encoding="utf-8")


def read_expected():
    lines = EXPECTED.read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return {group: int(number) for group, number in rows}


def write_expected(numbers):
    comments = [line for line in EXPECTED.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
    rows = [f"{group:<40} {number:>4}" for group, number in sorted(numbers.items())]
    EXPECTED.write_text("\n".join(comments + rows) + "\n", encoding="utf-8")


def compare_with_expected(expected, passed):
    fallen = {group: number for group, number in expected.items() if passed[group] < number}
    risen = [group for group, number in expected.items() if passed[group] > number]
    for group, number in fallen.items():
        print(f"{group}: {passed[group]} pass, {number} did; see --match '^{group}/' --failures", file=sys.stderr)
    if risen:
        print(f"more pass than expected.txt says ({', '.join(risen)}): hold them with --update")
    return 1 if fallen else 0


if __name__ == "__main__":
    main()
