# Needs nothing but Python 3.11+ and make. `make help` lists the targets.
SHELL := /bin/sh
.DEFAULT_GOAL := help
# Once for each state of the sources; prints nothing when that is done, and says why when it cannot be.
COMPILED = $(BIN)/upswing compile --optional
.PHONY: help install demo init up test check bench fuzz chaos-signals clean lock

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; exit; }; done; echo python3)
BIN := .venv/bin
INSTALLED := .venv/.installed
TESTS ?= tests
PYTEST_ARGS ?=

help: ## Show the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

$(INSTALLED): requirements.lock pyproject.toml deploy/bootstrap.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo \
		"upswing: Python 3.11 or newer is needed and $(PYTHON) is not: install one, or run make PYTHON=<its path>" >&2; exit 1; }
	@$(PYTHON) deploy/bootstrap.py

install: $(INSTALLED) ## Build .venv from the lock.

demo: $(INSTALLED) ## Play a made-up company and watch alerts arrive; HISTORY=<folder> plays real files, KEEP=1 keeps it up.
	@$(COMPILED)
	@$(BIN)/upswing demo $(if $(HISTORY),--history "$(HISTORY)") $(if $(KEEP),--keep)

init: $(INSTALLED) ## Ask for plans, people and channels, start the stack, send a first alert; DATA=<folder> as for `up`.
	@$(COMPILED)
	@exec $(BIN)/upswing init --up $(if $(DATA),--data "$(DATA)")

up: $(INSTALLED) ## Run the stack for real use, supervised; DATA=<folder> names the folder for its data.
	@$(COMPILED)
	@exec $(BIN)/upswing up $(if $(DATA),--data "$(DATA)")

test: $(INSTALLED) ## Run the tests on a real Kafka and PostgreSQL; TESTS=<path> runs some, LONG=1 the long ones too.
	@$(if $(filter tests,$(TESTS)),$(COMPILED))
	@$(BIN)/python -m pytest $(TESTS) $(if $(LONG),,-m "not long") $(if $(filter tests,$(TESTS)),--cov) $(PYTEST_ARGS)

check: $(INSTALLED) ## Lint, format, types, architecture, docs: what CI checks.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/upswing compile --check
	@$(BIN)/python -m tests.lints

bench: $(INSTALLED) ## Measure; ONLY=e2e|signals|whole|million|fold|memory|scaling|ingest|importing|recovery, SECONDS, EVENTS, RUNS; PEERS=<folder of the rival kit>.
	@$(COMPILED)
	@$(BIN)/python -m tests.bench

fuzz: $(INSTALLED) ## Send broken bodies of every dialect to ingest's core and HTTP; EXAMPLES=2000 of each.
	@$(BIN)/python -m tests.fuzz $(EXAMPLES)

chaos-signals: $(INSTALLED) ## Kill, freeze and starve signals, and compare with the log; SEED, KILLS=50, SECONDS, ROWS=2,18b, MUTATE=1.
	@$(BIN)/python -m tests.chaos.signals

lock: $(INSTALLED) ## Write deploy/local/jars.lock anew (requirements.lock: see CONTRIBUTING).
	@$(BIN)/python -m deploy.local.jars

clean: ## Remove what the tools made: .venv, data of demo and `up`, caches. Asks first, unless FORCE=1.
	@[ -n "$(FORCE)" ] || { printf 'Remove .venv, .upswing (all local data), .bench and caches? [y/N] '; read answer; [ "$$answer" = y ]; }
	rm -rf .venv .upswing .bench .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage htmlcov
