# Every target sets up what it needs: python3 >= 3.11, make and git are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench promises schema lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: $(VENV)/.runtime ## watch a plan being executed and closed out, on this machine
	@$(BIN)/stepwise demo $(ARGS)

test: $(VENV)/.dev ## run every test
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

lint: $(VENV)/.dev ## ruff, mypy --strict, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.dev ## let ruff rewrite what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.dev ## measure: calls, acknowledgements, parsing, scope
	@$(BIN)/python -m bench $(ARGS)

promises: $(VENV)/.dev ## print what the five documents demand and the tests that show it
	@$(BIN)/python -m tests.promises

schema: $(VENV)/.runtime ## write the JSON Schemas of policy and lint output anew
	@$(BIN)/stepwise schema policy > docs/schema/policy.json
	@$(BIN)/stepwise schema lint > docs/schema/lint.json

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Stepwise needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

lock: ## write both lock files anew (needs uv)
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet -o requirements.lock
	uv pip compile pyproject.toml --extra build --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet -o requirements-dev.lock

clean: ## remove what the targets made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
