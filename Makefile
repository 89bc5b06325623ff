# Every target sets up what it needs: python3 >= 3.11, make and git are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
EMULATE := tests/emulate/node_modules
# Tests wait for each other's processes and for the loopback: half as many again as there are cores keep all of them busy.
AT_ONCE ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) * 3 // 2)')
SIDE_BY_SIDE = -n $(AT_ONCE) --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help demo test test-sqlite test-postgresql test-emulate lint format bench load promises attacks fidelity fuzz faults schema lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

demo: $(VENV)/.runtime ## watch a plan being executed and closed out, on this machine
	@$(BIN)/stepwise demo $(ARGS)

test: test-sqlite test-postgresql ## run every test, on both databases where PostgreSQL is installed

# All of them together also show that no operation which the bot calls went untried.
test-sqlite: $(VENV)/.dev ## run every test on SQLite
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(or $(ARGS),--fidelity)

test-postgresql: $(VENV)/.dev ## run what touches a database on PostgreSQL, with workers as in production
	@$(BIN)/python -m tests.on_postgresql $(SIDE_BY_SIDE) $(ARGS)

test-emulate: $(VENV)/.dev $(EMULATE)/.installed ## run the story against a GitHub emulator that others wrote (needs npm)
	@$(BIN)/python -m pytest tests/emulate -m emulate $(SIDE_BY_SIDE) $(ARGS)

lint: $(VENV)/.dev ## ruff, mypy --strict, import contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.dev ## let ruff rewrite what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.bench ## measure, also beside Probot: calls, parsing, scope, acknowledge, growth (ARGS=NAME for one)
	@$(BIN)/python -m bench $(ARGS)

load: $(VENV)/.dev ## storms, a thousand pull requests, huge ones, memory; ARGS="storm --deliveries 1000 --pulls 10"
	@$(BIN)/python -m load $(ARGS)

promises: $(VENV)/.dev ## print what the five documents demand and the tests that show it
	@$(BIN)/python -m tests.promises

attacks: $(VENV)/.dev ## try every attack and print the table; ARGS=--undefended takes the defences away
	@$(BIN)/python -m tests.attacks $(SIDE_BY_SIDE) $(ARGS)

fuzz: $(VENV)/.dev $(VENV)/.fuzz ## fuzz every reader of what strangers send; ARGS="--seconds 300 --target reader"
	@$(BIN)/python -m tests.fuzz $(ARGS)

faults: $(VENV)/.dev ## kill it, lose webhooks, fail GitHub, take the database away, at every point; ARGS="--every 10"
	@$(BIN)/python -m tests.faults $(ARGS)

fidelity: $(VENV)/.dev ## hold what the bot and the sandbox say in every test to GitHub's own description; print the table
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) --fidelity tests/fidelity tests/github tests/sandbox tests/e2e $(ARGS)

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

# Atheris has wheels for some machines only. Where there is none, the fuzzer does without coverage and says so.
$(VENV)/.fuzz: requirements-fuzz.lock $(VENV)/.dev
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r requirements-fuzz.lock || echo "no Atheris for this machine: fuzzing without coverage" >&2
	@touch $@

# Exactly what the lock file says, and none of the packages' own scripts is run.
$(EMULATE)/.installed: tests/emulate/package-lock.json
	@command -v npm >/dev/null || { echo "make test-emulate needs npm (Debian: apt-get install npm)" >&2; exit 1; }
	npm ci --prefix tests/emulate --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(VENV)/.bench: requirements-bench.lock $(VENV)/.dev | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-bench.lock
	@touch $@

lock: ## write the lock files anew (needs uv)
	uv pip compile pyproject.toml --extra build --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet -o requirements.lock
	uv pip compile pyproject.toml --extra build --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet -o requirements-dev.lock
	uv pip compile --group fuzz --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet -o requirements-fuzz.lock
	uv pip compile --group bench --constraint requirements-dev.lock --universal --python-version 3.11 --generate-hashes --no-emit-index-url --quiet -o requirements-bench.lock

clean: ## remove what the targets made
	rm -rf $(VENV) $(EMULATE) bench/probot/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
