#!/usr/bin/env bash
# Measures a build of Postern against a direct call and a plain relay, and prints the table.
# Arguments go to the bench: --rounds, --seconds, --json FILE, …  PROFILE names the build, `release` unless told.
set -euo pipefail
cd "$(dirname "$0")/../.."

profile=${PROFILE:-release}
# One build each: built together, they would share features that the product does not have.
cargo build --locked --profile "$profile" --package postern
cargo build --locked --profile "$profile" --package postern-bench
# Cargo's own name for the folder of `dev`.
built=${CARGO_TARGET_DIR:-target}/$([ "$profile" = dev ] && echo debug || echo "$profile")

bench=("$built/postern-bench" --postern "$built/postern" --reference "$built/reference-relay")
# With two CPUs, the peers get the first one to themselves.
if command -v taskset >/dev/null && [ "$(nproc)" -ge 2 ]; then
    bench=(taskset -c 1 "${bench[@]}" --peer-cpu 0)
fi
# A session of its own is a scheduling group of its own; where it may be raised, other work disturbs less.
if command -v setsid >/dev/null; then
    raise='echo -10 2>/dev/null >/proc/self/autogroup || true; exec "$@"'
    exec setsid --wait sh -c "$raise" sh "${bench[@]}" "$@"
fi
exec "${bench[@]}" "$@"
