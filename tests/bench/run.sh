#!/usr/bin/env bash
# Measures the release build of Postern against a direct call and a plain relay, and prints the table.
# Arguments go to the bench: --rounds, --seconds, --json FILE, …
set -euo pipefail
cd "$(dirname "$0")/../.."

# One build each: built together, they would share features that the product does not have.
cargo build --release --package postern
cargo build --release --package postern-bench
release=${CARGO_TARGET_DIR:-target}/release

bench=("$release/postern-bench" --postern "$release/postern" --reference "$release/reference-relay")
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
