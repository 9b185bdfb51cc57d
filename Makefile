# Everything a developer or a newcomer runs. `make help` lists it. Needs Python >= 3.11, make and git; nothing else.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$p && break; done)
UV ?= $(shell command -v uv 2>/dev/null)
BIN := .venv/bin
STAMP := .venv/.installed
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup check test demo bench lock docs

help: ## This list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 14

setup: $(STAMP) ## Install everything into .venv, from the locks
	@echo "Ready: $(BIN)/ledgerbus"

check: $(STAMP) ## Format, lint, types, arrows, lock drift, fast tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest tests/unit tests/architecture

test: $(STAMP) ## All tests; what was skipped, and why, comes last
	$(BIN)/python -m pytest -rs $(ARGS)

demo: $(STAMP) ## A month of a company, from approval to voucher: make demo ARGS="--home DIR"
	$(BIN)/ledgerbus demo $(ARGS)

bench: $(STAMP) ## The bus against a hand-written Celery pipeline: make bench ARGS="--broker rabbitmq --events 10000"
	$(BIN)/python -m benchmarks.run $(ARGS)

lock: $(STAMP) ## Resolve the dependencies of pyproject.toml anew into the locks
	$(BIN)/python -m tests.architecture.locks

docs: $(STAMP) ## Write the pages that are made from the code
	$(BIN)/python -m tests.architecture.error_page
	$(BIN)/python -m tests.architecture.asyncapi

$(STAMP): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Ledgerbus needs Python 3.11 or later on PATH; none was found."; exit 1; }
ifneq ($(UV),)
	@$(BIN)/python -c '' 2>/dev/null || $(UV) venv --quiet --clear --python "$(PYTHON)" .venv
	VIRTUAL_ENV=.venv $(UV) pip install --quiet --require-hashes -r requirements-dev.lock
	VIRTUAL_ENV=.venv $(UV) pip install --quiet --no-deps --no-build-isolation -e .
else
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { "$(PYTHON)" -c 'import sys; print("The venv module is missing.\
	 On Debian and Ubuntu: apt-get install python3.%d-venv" % sys.version_info[1])'; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endif
	@touch $(STAMP)
