#!/usr/bin/env python3
"""Plays the recorded wire cases against `postern`. Standard library only.

  play.py --postern target/debug/postern            every case, at level loose, and how many of each provider are equal
  play.py --postern … --match '^openai/stream' --failures
  play.py --postern … --update                      writes the cases that differ without a reason into missing.txt

A case that differs is explained by lines of exceptions.tsv, each with the class of the fault that the record has there
(or `choice`, where it has none), or it is work that is left and stands in missing.txt. Any other difference ends the run
with status 1; so does a line of missing.txt whose case is equal by now. Answers that the record itself calls faults are
left out. Cases that call a provider at its own address find the stand-in there, behind a proxy.

The shares are told of all cases, and behind them of those where the record is not at fault.
"""

import argparse
import collections
import fnmatch
import json
import pathlib
import re
import sys
import tarfile

import compare
import missing as missing_cases
from gateway import Postern, call, configuration
from upstream import FILES, Upstream

HERE = pathlib.Path(__file__).resolve().parent
ARCHIVE = HERE.parent / "fixtures" / "corpus.tar.xz"
EXCEPTIONS = HERE / "exceptions.tsv"
MISSING = HERE / "missing.txt"

# Faults of the record, with the codes that it has for some of them itself, and what else is no difference in behaviour.
FAULTS = {
    "another_run": "the record is of another product with another configuration",
    "answer_malformed": "the client's API has no such answer, or its parts stand in the wrong order",
    "credential_to_another_place": "a credential went elsewhere than to the configured address",
    "credentials_in_upstream_body": "a credential stands in a body",
    "error_body_reported_as_success": "an error has the status of a success",
    "field_lost": "something that the client or the provider said is lost unsaid",
    "finish_reason_lost": "an answer that was cut or filtered is told as complete",
    "hidden_client_retries": "a call is made again although retries are off",
    "internal_exception_text": "the gateway failed over a request or an answer that is in order",
    "refused_needlessly": "what the provider does is refused",
    "request_malformed": "the provider refuses or misreads what is sent",
    "setting_ignored": "what the operator configured does not count",
    "stream_error_swallowed": "an error within a stream is told as its end",
    "truncated_stream_reported_complete": "a stream that was cut is told as complete",
    "usage_miscounted": "an estimate leaves out a part of what was said",
    "value_made_up": "a value that nobody said",
    "vendor_stream_usage_ignored": "what the provider says of its usage does not count",
    "wrong_status": "the status blames somebody else",
}
# A difference where the record is not at fault.
CHOICE = "choice"

# Providers that have none; the record falls back to OpenAI's, with the other provider's key.
WITHOUT_ADDRESS = {"azure_ai", "hosted_vllm"}


def main():
    options = read_options()
    cases = [case for case in read_cases() if wanted(case, options)]
    upstream = Upstream(bytewise=options.bytewise)
    results, exceptions = [], read_exceptions()
    for place, proxy in ((DIRECT, None), (OTHERS, upstream.base), (PASSED, upstream.base)):
        part = [case for case in cases if place_of(case) == place]
        if not part and place == PASSED:
            continue
        with Postern(options.postern, configuration(part, upstream.base), proxy) as gateway:
            results += [(case, play(case, upstream, gateway.base, options.level, exceptions)) for case in part]
    left = {case["id"]: left for case, (_, left, _) in results if left}
    print_table(results)
    if options.failures:
        for name, difference in left.items():
            print(f"{name}\n    {difference}")
    if options.json:
        failures = [{"id": name, "difference": difference} for name, difference in left.items()]
        pathlib.Path(options.json).write_text(json.dumps(failures, ensure_ascii=False, indent=1), encoding="utf-8")
    played = {case["id"] for case in cases}
    if options.update:
        missing_cases.write(MISSING, (missing_cases.read(MISSING) - played) | left.keys())
    elif options.level == "loose":
        sys.exit(compare_with_missing(missing_cases.read(MISSING) & played, left))


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postern", required=True, help="the binary under test")
    parser.add_argument("--level", default="loose", choices=["upstream", "loose", "exact"])
    parser.add_argument("--match", help="play only the cases whose id this regular expression finds")
    parser.add_argument("--failures", action="store_true", help="say of each unexplained case where it first differs")
    parser.add_argument("--bytewise", action="store_true", help="send each byte of a stream by itself")
    parser.add_argument("--json", help="write each unexplained case with its difference to this file")
    parser.add_argument("--update", action="store_true", help="write the unexplained cases of this run into missing.txt")
    return parser.parse_args()


def read_cases():
    with tarfile.open(ARCHIVE) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            if member.name.startswith("open/"):
                for line in archive.extractfile(member).read().splitlines():
                    yield json.loads(line)


def wanted(case, options):
    if case.get("defect") or case.get("unstable"):
        return False
    # Postern does not start with a deployment that names no address where the provider has none of its own.
    if case["kind"] == "default_url" and (not case.get("needs_host_override") or case["provider"] in WITHOUT_ADDRESS):
        return False
    return not options.match or bool(re.search(options.match, case["id"]))


DIRECT, OTHERS, PASSED = "direct", "others", "passed"


def place_of(case):
    """Which gateway answers the case: providers' own APIs are called with keys that the others must not have."""
    if case["kind"] == "passthrough":
        return PASSED
    return OTHERS if calls_others(case) else DIRECT


def calls_others(case):
    """Whether a host is called that is not the stand-in by its own name: a provider's own, or one that has a file."""
    return bool(case.get("needs_host_override")) or any(host in json.dumps(case["client_request"]) for host in FILES)


def play(case, upstream, base, level, exceptions):
    """Where the case first differs, where it first differs without a reason (`None` where it does not), and the classes of
    the reasons on each side."""
    upstream.load(case)
    answer = call(base, case["client_request"])
    as_recorded = lambda value: json.loads(json.dumps(value).replace(upstream.base, "http://upstream.test"))
    seen, answer = as_recorded(upstream.seen), as_recorded(answer)
    classes = {"upstream": set(), "answer": set()}

    def explains(difference):
        found = class_of(case["id"], difference, exceptions)
        if found:
            classes[side_of(difference)].add(found)
        return found is not None

    first = compare.difference(case, seen, answer, level)
    return first, first and compare.difference(case, seen, answer, level, explains), classes


def side_of(difference):
    """Which side differs: what went to the provider, or what the client got."""
    return "upstream" if difference.startswith("upstream") else "answer"


def read_exceptions():
    """Lines of `pattern of ids <tab> side <tab> place <tab> class <tab> reason`; the place is a part of the difference."""
    lines = EXCEPTIONS.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    for row in rows:
        if len(row) != 5 or row[1] not in ("upstream", "answer") or not row[4].strip():
            raise SystemExit(f"exceptions.tsv: not `pattern, upstream|answer, place, class, reason`: {row}")
        if row[3] not in FAULTS and row[3] != CHOICE:
            raise SystemExit(f"exceptions.tsv: `{row[3]}` is none of {CHOICE}, {', '.join(FAULTS)}: {row}")
    return rows


def class_of(name, difference, exceptions):
    """Of which class the difference is; `None` where nothing explains it."""
    for pattern, side, place, kind, _ in exceptions:
        if side == side_of(difference) and fnmatch.fnmatchcase(name, pattern) and place in difference:
            return kind
    return None


def is_at_fault(left, classes):
    """Whether everything that differs does so because the record is wrong."""
    return not left and bool(classes) and CHOICE not in classes


def print_table(results):
    """Of each provider: cases, and of these those with equal upstream requests, and with equal answers too; both shares
    again without the cases where the record is at fault; cases that differ by choice, and those that are left."""
    counts = collections.defaultdict(collections.Counter)
    for case, (difference, left, classes) in results:
        is_upstreams = bool(difference) and side_of(difference) == "upstream"
        both = classes["upstream"] | classes["answer"]
        for row in (counts[case["provider"]], counts["all"]):
            row["cases"] += 1
            row["upstream"] += not is_upstreams
            row["equal"] += not difference
            row["upstream_faults"] += is_upstreams and is_at_fault(left, classes["upstream"])
            row["faults"] += bool(difference) and is_at_fault(left, both)
            row["choices"] += bool(difference) and not left and CHOICE in both
    heads = ("cases", "upstream equal", "answer equal", "faults", "upstream", "answer", "choices", "left")
    print(f"{'':<26} {'':>6} {'of all cases':>31} {'':>7} {'without its faults':>19}")
    widths = (6, 15, 15, 7, 9, 9, 8, 5)
    print(f"{'provider':<26} " + " ".join(f"{head:>{width}}" for head, width in zip(heads, widths)))
    for provider in sorted(counts.keys() - {"all"}) + ["all"] * bool(results):
        print(line_of(provider, counts[provider]))


def line_of(provider, row):
    percent = lambda part, whole: f"{100 * part / whole if whole else 100:.1f} %"
    share = lambda name: f"{row[name]} {percent(row[name], row['cases']):>8}"
    upstream = percent(row["upstream"], row["cases"] - row["upstream_faults"])
    answer = percent(row["equal"], row["cases"] - row["faults"])
    left = row["cases"] - row["equal"] - row["faults"] - row["choices"]
    columns = f"{row['cases']:>6} {share('upstream'):>15} {share('equal'):>15} {row['faults']:>7}"
    return f"{provider:<26} {columns} {upstream:>9} {answer:>9} {row['choices']:>8} {left:>5}"


def compare_with_missing(missing, left):
    for name in sorted(left.keys() - missing):
        print(f"{name} differs without a reason:\n    {left[name]}", file=sys.stderr)
    for name in sorted(missing - left.keys()):
        print(f"{name} is equal, or explained: take it out of missing.txt with --update", file=sys.stderr)
    return 1 if left.keys() ^ missing else 0


if __name__ == "__main__":
    main()
