#!/usr/bin/env python3
"""Plays every recorded stream again and again, cut after each of its pieces. Standard library only.

A client must be able to tell: what was cut short ends with an error, or says all that the whole stream says. A clean
end of half an answer ends the run with status 1.
"""

import argparse
import sys

import compare
from gateway import Postern, call, configuration
from play import read_cases, wanted
from upstream import Upstream, pieces_of


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postern", required=True, help="the binary under test")
    parser.add_argument("--match", help="play only the cases whose id this regular expression finds")
    options = parser.parse_args()
    cases = [case for case in read_cases() if wanted(case, options) and stream_of(case)]
    upstream, played, faults = Upstream(), 0, []
    with Postern(options.postern, configuration(cases, upstream.base), upstream.base) as gateway:
        for case in cases:
            upstream.load(case)
            whole = call(gateway.base, case["client_request"])
            if not ends_cleanly(whole):
                continue
            for pieces in range(pieces_of(stream_of(case))):
                upstream.load(case, cut_after=pieces)
                answer = call(gateway.base, case["client_request"])
                played += 1
                if ends_cleanly(answer) and said(answer) != said(whole):
                    faults.append(f"{case['id']}, cut after {pieces} pieces: a clean end of half an answer")
    print(f"{played} cut streams of {len(cases)} cases played")
    print("\n".join(faults), file=sys.stderr)
    sys.exit(1 if faults or not played else 0)


def stream_of(case):
    """The streamed answer of the case's upstream, if there is one."""
    answers = [exchange["upstream_response"] for exchange in case["exchanges"] if not exchange.get("aux")]
    return answers[0] if len(answers) == 1 and answers[0]["status"] == 200 and pieces_of(answers[0]) else None


def ends_cleanly(answer):
    """Whether a client takes the stream for complete."""
    if answer["status"] != 200 or "sse" not in answer:
        return False
    gist = compare.gist(answer)
    types = set(gist["types"])
    ends, breaks = {"message_stop", "response.completed", "response.incomplete"}, {"error", "response.failed"}
    return not gist["error"] and not breaks & types and bool(gist["done"] or ends & types)


def said(answer):
    """What the client was told, but for the usage: it may come last, and is counted where it is missing."""
    return {name: part for name, part in compare.gist(answer).items() if name not in ("usage", "types")}


if __name__ == "__main__":
    main()
