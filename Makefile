# Everything a developer runs. `make` alone lists it. Nothing here needs root or a cloud account.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
PROFILE ?= release
DYNOXIDE_VERSION := 3.2.0
CARGO_DENY_VERSION := 0.20.2

export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/.venv/bin:$(PATH)
# sam and cfn-lint want a region; neither may call home.
export AWS_DEFAULT_REGION ?= us-east-1
export SAM_CLI_TELEMETRY := 0

.PHONY: help
help: ## List what there is
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

# --- Setting up ----------------------------------------------------------------------------------------------------

.PHONY: setup installed
setup: ## Install what the tests need, inside this folder
	$(MAKE) --no-print-directory --jobs=2 installed
installed: .venv/.stamp tests/node/node_modules/.stamp .tools/bin/dynoxide .tools/bin/cargo-deny

.venv/.stamp: tests/requirements.txt
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-compile --requirement tests/requirements.txt
	touch $@

tests/node/node_modules/.stamp: tests/node/package-lock.json
	cd tests/node && npm ci --silent --no-audit --no-fund
	touch $@

# Unoptimised builds: they are used for minutes, not for speed. Nobody debugs them.
.tools/bin/dynoxide: export CARGO_PROFILE_DEV_DEBUG := 0
.tools/bin/dynoxide:
	cargo install dynoxide-rs --version $(DYNOXIDE_VERSION) --locked --debug --quiet --root .tools \
	  --no-default-features --features native-sqlite,http-server,cli

.tools/bin/cargo-deny: export CARGO_PROFILE_DEV_DEBUG := 0
.tools/bin/cargo-deny:
	cargo install cargo-deny --version $(CARGO_DENY_VERSION) --locked --debug --quiet --root .tools

# --- Daily work ----------------------------------------------------------------------------------------------------

.PHONY: run
run: ## Start the gateway on this machine (ARGS="--config config.yaml")
	cargo run --locked --profile $(PROFILE) --package postern -- $(ARGS)

.PHONY: build
build: ## Build the gateway, optimised
	cargo build --release --package postern

.PHONY: watch
watch: .venv/.stamp .tools/bin/dynoxide ## Run the functions on this machine, behind one address, rebuilt as they change (PORT=9000)
	infra/watch.sh $(ARGS)

LAMBDA_BUILD := cargo lambda build --profile lambda --locked --output-format zip

.PHONY: lambda lambda-arm64 lambda-x86-64
lambda: lambda-arm64 lambda-x86-64 ## Build the functions for both processors, smallest archives, in target/lambda-*
lambda-arm64: .venv/.stamp ## Build the functions for Graviton
	$(LAMBDA_BUILD) --arm64 --lambda-dir target/lambda-arm64
lambda-x86-64: .venv/.stamp ## Build the functions for x86-64
	$(LAMBDA_BUILD) --x86-64 --lambda-dir target/lambda-x86-64

# As a user builds them, but unoptimised: whether they build and link for both processors does not depend on that.
.PHONY: lambda-check
lambda-check: export CARGO_PROFILE_RELEASE_LTO := off
lambda-check: export CARGO_PROFILE_RELEASE_OPT_LEVEL := 0
lambda-check: export CARGO_PROFILE_RELEASE_CODEGEN_UNITS := 16
lambda-check: .venv/.stamp ## See that the functions build for both processors
	for processor in --arm64 --x86-64; do \
	  cargo lambda build --release --quiet --locked $$processor \
	    --lambda-dir target/lambda-check/$${processor#--}; done

# --- Tests ---------------------------------------------------------------------------------------------------------

.PHONY: test
test: setup lint deny lambda-check unit e2e ## Everything that must pass

.PHONY: lint
lint: .venv/.stamp ## Format, lints, the template
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	cfn-lint template.yaml
	sam validate --lint

.PHONY: deny
deny: .tools/bin/cargo-deny ## Licences, forbidden crates, sources
	cargo deny --log-level error check --hide-inclusion-graph bans licenses sources

.PHONY: advisories
advisories: .tools/bin/cargo-deny ## Known vulnerabilities. Needs the network, and an old commit may fail: not part of `test`
	cargo deny check advisories

# nextest runs each test in a process of its own; plain `cargo test` does where it is not installed.
.PHONY: unit
unit: .tools/bin/dynoxide ## Tests of the code
	if cargo nextest --version >/dev/null 2>&1; \
	  then cargo nextest run --workspace --all-features --locked && cargo test --workspace --all-features --locked --doc; \
	  else cargo test --workspace --all-features --locked; fi

.PHONY: docs
docs: export POSTERN_WRITE_DOCUMENTS := 1
docs: ## Write the documents anew that say what the code does
	cargo test --quiet --package postern-tests --test documents

.PHONY: corpus
corpus: ## The recorded wire cases against postern: how many of each provider are equal
	cargo build -p postern
	python3 tests/corpus/play.py --postern target/debug/postern

.PHONY: simulate
simulate: export SEEDS ?= 10000
simulate: export FROM ?= 1000
simulate: ## Budgets and rate limits in as many simulated worlds as asked (SEEDS=10000 FROM=1000)
	cargo test --profile profiling --locked --package postern-tests --test simulation -- \
	  --exact --nocapture seeds::limits_hold_in_as_many_worlds_as_asked

.PHONY: e2e
e2e: setup ## The real binaries, called by the official clients
	cargo build --locked --package postern
	cargo build --locked
	.venv/bin/pytest tests/e2e

.PHONY: bench
bench: ## Added latency and throughput against the same upstream called directly (ARGS="--rounds 1 --seconds 2")
	PROFILE=$(PROFILE) tests/bench/run.sh $(ARGS)

.PHONY: clean
clean: ## Remove what was built; what was installed stays
	cargo clean
