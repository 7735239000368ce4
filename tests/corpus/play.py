#!/usr/bin/env python3
"""Plays the recorded wire cases against `postern`. Standard library only.

  play.py --postern target/debug/postern            every case, at level loose, and how many of each provider are equal
  play.py --postern … --match '^openai/stream' --failures
  play.py --postern … --update                      writes the cases that differ without a reason into missing.txt

A case that differs is explained by a line of exceptions.tsv (the recorded gateway is wrong there, and why), or it is
work that is left and stands in missing.txt. Any other difference ends the run with status 1; so does a line of
missing.txt whose case is equal by now. Answers that the record itself calls faults are left out. Cases that call a provider at its own
address find the stand-in there, behind a proxy.
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
from upstream import Upstream

HERE = pathlib.Path(__file__).resolve().parent
ARCHIVE = HERE.parent / "fixtures" / "corpus.tar.xz"
EXCEPTIONS = HERE / "exceptions.tsv"
MISSING = HERE / "missing.txt"

# Providers that have none; the record falls back to OpenAI's, with the other provider's key.
WITHOUT_ADDRESS = {"azure_ai", "hosted_vllm"}


def main():
    options = read_options()
    cases = [case for case in read_cases() if wanted(case, options)]
    upstream = Upstream(bytewise=options.bytewise)
    results, exceptions = [], read_exceptions()
    for is_direct, proxy in ((True, None), (False, upstream.base)):
        part = [case for case in cases if is_direct != bool(case.get("needs_host_override"))]
        with Postern(options.postern, configuration(part, upstream.base), proxy) as gateway:
            results += [(case, play(case, upstream, gateway.base, options.level, exceptions)) for case in part]
    left = {case["id"]: left for case, (_, left) in results if left}
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


def play(case, upstream, base, level, exceptions):
    """Where the case first differs, and where it first differs without a reason; `None` where it does not."""
    upstream.load(case)
    answer = call(base, case["client_request"])
    as_recorded = lambda value: json.loads(json.dumps(value).replace(upstream.base, "http://upstream.test"))
    seen, answer = as_recorded(upstream.seen), as_recorded(answer)
    explains = lambda difference: reason_of(case["id"], difference, exceptions) is not None
    first = compare.difference(case, seen, answer, level)
    return first, first and compare.difference(case, seen, answer, level, explains)


def side_of(difference):
    """Which side differs: what went to the provider, or what the client got."""
    return "upstream" if difference.startswith("upstream") else "answer"


def read_exceptions():
    """Lines of `pattern of ids <tab> side <tab> place <tab> reason`; the place is how the difference begins."""
    lines = EXCEPTIONS.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    for row in rows:
        if len(row) != 4 or row[1] not in ("upstream", "answer") or not row[3].strip():
            raise SystemExit(f"exceptions.tsv: not `pattern, upstream|answer, place, reason`: {row}")
    return rows


def reason_of(name, difference, exceptions):
    """Why this difference is right."""
    for pattern, side, place, reason in exceptions:
        if side == side_of(difference) and fnmatch.fnmatchcase(name, pattern) and place in difference:
            return reason
    return None


def print_table(results):
    """Of each provider: cases, those with equal upstream requests, those with equal answers too, those explained."""
    counts = collections.defaultdict(collections.Counter)
    for case, (difference, left) in results:
        for row in (counts[case["provider"]], counts["all"]):
            row["cases"] += 1
            row["upstream"] += not difference or side_of(difference) == "answer"
            row["equal"] += not difference
            row["explained"] += bool(difference and not left)
    print(f"{'provider':<26} {'cases':>6} {'upstream equal':>15} {'answer equal':>15} {'explained':>10} {'left':>6}")
    for provider in sorted(counts.keys() - {"all"}) + ["all"] * bool(results):
        row = counts[provider]
        share = lambda name: f"{row[name]} {100 * row[name] / row['cases']:6.1f} %"
        left = row["cases"] - row["equal"] - row["explained"]
        columns = f"{row['cases']:>6} {share('upstream'):>15} {share('equal'):>15} {row['explained']:>10} {left:>6}"
        print(f"{provider:<26} {columns}")


def compare_with_missing(missing, left):
    for name in sorted(left.keys() - missing):
        print(f"{name} differs without a reason:\n    {left[name]}", file=sys.stderr)
    for name in sorted(missing - left.keys()):
        print(f"{name} is equal, or explained: take it out of missing.txt with --update", file=sys.stderr)
    return 1 if left.keys() ^ missing else 0


if __name__ == "__main__":
    main()
