# Everything a developer does, as one word. On a bare machine: python3 (3.11 or newer), make and git are enough.
# Tests also want node 18 or newer, and Chromium: as root on Debian it is installed, elsewhere its tests are skipped without it.

PYTHON ?= python3
PORT ?= 8000
ENV ?= dev
F ?=
QUEUE ?= billing-usage
FILE ?=
CLIENT ?=
AGENT ?=
ARGS ?=

BIN := .venv/bin
SAM := .venv/sam/bin/sam
MACHINE := $(shell uname -m)
MAKEFLAGS += --no-print-directory
export UV := $(CURDIR)/.venv/uv/bin/uv

.DEFAULT_GOAL := help
.PHONY: help setup run test pr lint fmt types arrows template properties model fuzz mutants screenshots first-view faults invoke logs
.PHONY: agents drift focus bench cost simulate reconcile redrive replay-usage objectives build preflight deploy cloud-check destroy clean

help: ## say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

setup: ## install all tools into .venv (the others do it by themselves)
	@$(PYTHON) -m local.setup dev emulator sam focus browser

run: ## start the whole platform on this machine; PORT=8000, CORS_ORIGINS=http://localhost:5173 for pages of others, OTLP_ENDPOINT=http://127.0.0.1:4318 for telemetry
	@$(PYTHON) -m local.setup dev emulator
	@$(BIN)/python -m local --clock --port $(PORT) --cors-origins "$(CORS_ORIGINS)" --otlp-endpoint "$(OTLP_ENDPOINT)"

test: setup ## all tests, in a process a core and one more; ARGS="tests/unit -k price" for some, in one
	@$(BIN)/python -m pytest $(or $(ARGS),-n auto)

pr: setup ## all that CI runs: what reads the code side by side, then the tests
	@$(MAKE) -j4 lint types arrows template
	@$(MAKE) test

lint: setup ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

fmt: setup ## put the code into shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: setup ## mypy, strict, tests and functions too
	@$(BIN)/mypy .
	@$(BIN)/mypy functions/*/*/app.py

arrows: setup ## import-linter: who may import whom
	@$(BIN)/lint-imports --no-cache

template: setup ## cfn-lint over the templates, as written and as CloudFormation sees them
	@$(BIN)/python -m local.check_template

properties: setup ## 100,000 random histories of the ledger
	@LEDGER_EXAMPLES=100000 $(BIN)/python -m pytest tests/unit/billing/test_ledger_properties.py $(ARGS)

model: setup ## explore every interleaving of the ledger's protocol, and of limits that keys share
	@$(BIN)/python -m tests.model.ledger_explorer
	@$(BIN)/python -m tests.model.limits_explorer

fuzz: setup ## random HTTP answers, events and signatures, read by us and by others; ARGS="--seconds 3600"
	@$(BIN)/python -m tests.fuzz $(ARGS)

mutants: setup ## faults made in a copy of the code, one by one: the tests notice each; ARGS="markup" for some
	@$(BIN)/python -m tests.mutants $(ARGS)

screenshots: setup ## a picture of each view of the console, into docs/figures
	@$(BIN)/python -m tests.e2e.browser.pictures

first-view: setup ## bytes, requests and milliseconds until the console shows its first number
	@$(BIN)/python -m tests.e2e.browser.first_view

faults: setup ## every fault at every step; writes docs/faults.md
	@FAULTS_DOCUMENT=write $(BIN)/python -m pytest tests/faults $(ARGS)

conformance: setup ## real clients against the embedded stack, writes docs/conformance.md; CLIENT=openai for some
	@$(BIN)/python -m conformance.run $(CLIENT) $(ARGS)

drift: setup ## install today's SDKs from PyPI beside the pinned ones: which fields of requests are new in them
	@$(BIN)/python -m local.drift $(ARGS)

agents: setup ## Claude Code, Codex and opencode against the embedded stack; AGENT=codex for one; a gigabyte from npm
	@$(BIN)/python -m conformance.agents.run "$(AGENT)" $(ARGS)

focus: setup ## whether a bill is of FOCUS 1.2, by the FinOps Foundation's validator; FILE=bill.csv
	@.venv/focus/bin/python local/focus_check.py "$(FILE)"

invoke: setup ## run one function with its sample event in its true runtime; F=billing/get_balance
	@$(BIN)/python -m local.invoke $(F)

logs: setup ## what the functions of the running stack logged
	@$(BIN)/python -m local.logs $(ARGS)

otlp: setup ## an OTLP receiver on this machine, which prints what arrives or what is wrong with it; ARGS="--port 4318"
	@$(BIN)/python -m local.otlp $(ARGS)

trace: setup ## one request through all steps, as their logs tell it; ID=<x-request-id>, ARGS="--stack NAME" in an account
	@$(BIN)/python -m local.trace $(ID) $(ARGS)

bench: setup ## measure against the peers, into bench/results.json; QUICK=1 for a short look, BEFORE=COMMIT, ONLY=warm,start
	@$(BIN)/python -m bench $(if $(QUICK),--quick) $(if $(BEFORE),--before $(BEFORE)) $(if $(ONLY),--only $(ONLY))

cost: setup ## what chats cost in the cloud, from the last bench; ARGS="--upstream-seconds 10"
	@$(BIN)/python -m bench.cost $(ARGS)

simulate: setup ## model of the platform under load; ARGS="--rate 1000 --accounts 1", --limits, --figures
	@$(BIN)/python -m bench.simulation $(ARGS)

reconcile: setup ## recompute the ledger of the running stack; ARGS="--stack NAME" for a deployed one
	@$(BIN)/python -m local.reconcile $(ARGS)

redrive: setup ## move a dead letter queue back into its queue; QUEUE=billing-usage
	@$(BIN)/python -m local.redrive $(QUEUE) $(ARGS)

replay-usage: setup ## settle requests whose event was lost; FILE=log of the chat function
	@$(BIN)/python -m local.replay_usage $(FILE) $(ARGS)

objectives: setup ## what the running stack keeps of its objectives, from its functions' logs
	@$(BIN)/python -m local.observing.measured

build: setup ## build into .aws-sam, for the cloud; ENV=local: for sam local, as this machine is
	@$(SAM) validate --lint
	@AGGREGATOR_ARCHITECTURE=$(if $(filter local,$(ENV)),$(MACHINE),arm64) \
		$(SAM) build --config-env $(if $(filter local,$(ENV)),local-$(MACHINE),$(ENV))

preflight: setup ## what your AWS account must allow before deploy, and what to raise; ENV=dev or prod
	@$(BIN)/python -m local.preflight --env $(ENV)

deploy: build ## deploy into your AWS account; ENV=dev or prod
	@$(SAM) deploy --config-env $(ENV)

cloud-check: setup ## ask a deployment what no emulator tells; ARGS="--stack NAME --down"; without, the embedded run
	@$(BIN)/python -m local.cloud_check $(ARGS)

destroy: setup ## remove what deploy made; ENV=dev
	@$(BIN)/python -m local.empty_answers --stack ai-aggregator-$(ENV)
	@$(SAM) delete --config-env $(ENV)

clean: ## remove all that was installed and built here
	@rm -rf .venv .local .aws-sam .mypy_cache .ruff_cache .hypothesis .schemathesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
