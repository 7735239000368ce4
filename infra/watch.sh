#!/usr/bin/env bash
# Runs the functions on this machine behind one address, and what they need where the environment names nothing better:
# a DynamoDB of dynoxide's in memory, with the table in it, and a master key for this run. PORT and TABLE_PORT say where;
# arguments go to `cargo lambda watch`.
set -euo pipefail
cd "$(dirname "$0")/.."

port=${PORT:-9000}
table_port=${TABLE_PORT:-9001}

# What is started here ends with the script, however it ends.
trap 'trap - EXIT INT TERM; kill $(jobs -p) 2>/dev/null || true' EXIT INT TERM

if [ -z "${POSTERN_STORE:-}" ]; then
    export POSTERN_STORE=dynamodb://postern AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:$table_port
    export AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_REGION=${AWS_REGION:-us-east-1}
    dynoxide --port "$table_port" --log quiet &
    until curl --silent --output /dev/null "$AWS_ENDPOINT_URL_DYNAMODB"; do
        kill -0 $! # ends the script where dynoxide has ended
        sleep 0.1
    done
    # The functions make no table, `postern` does: it has as soon as it listens.
    cargo build --locked --package postern
    coproc GATEWAY { exec "${CARGO_TARGET_DIR:-target}/debug/postern" --port 0; }
    gateway=$GATEWAY_PID
    read -r -u "${GATEWAY[0]}" _
    kill "$gateway"
    wait "$gateway" || true
fi

if [ -z "${LITELLM_MASTER_KEY:-}" ]; then
    LITELLM_MASTER_KEY=sk-$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')
    export LITELLM_MASTER_KEY
    echo "No master key is set, so one was made for this run: $LITELLM_MASTER_KEY"
fi
cat <<TEXT
The functions are built, and then answer at http://127.0.0.1:$port (base_url http://127.0.0.1:$port/v1). Try it:

  curl -N http://127.0.0.1:$port/v1/chat/completions -H "Authorization: Bearer $LITELLM_MASTER_KEY" -H 'Content-Type: application/json' -d '{"model": "demo", "stream": true, "messages": [{"role": "user", "content": "Hello"}]}'

TEXT
# Several at once of each function: one alone would answer one request at a time.
cargo lambda watch --concurrency 4 --invoke-address 127.0.0.1 --invoke-port "$port" "$@" &
wait $!
