# The whole project from one file: needs make, a Python ≥ 3.11 and a package index, nothing else.

VENV   := .venv
BIN    := $(VENV)/bin
PY     := $(BIN)/python
READY  := $(VENV)/.ready
# Version of the resolver that `make lock` uses; it is not needed to install.
UV     := 0.13.9
# Extra arguments for pytest: make test ARGS="-k withdrawal -n 2"
ARGS   ?=
# Test processes at once: make test WORKERS=0 for one, in this very process
WORKERS ?= 2

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test check format bench bench-json readme lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Target-specific exports keep the recipe one plain command, which make runs without a shell in
# between: signals sent to make reach the supervisor and nothing else.
demo: export TANDEM_PROFILE = demo
demo: $(READY) ## Start Tandem with its demo story on 127.0.0.1:8000 (TANDEM_PORT changes it)
	@$(PY) -m workers up

demo-reset: export TANDEM_PROFILE = demo
demo-reset: $(READY) ## The same, starting afresh: what the demo stored is deleted
	@$(PY) -m workers up --reset

test: $(READY) ## Run every test against servers that the tests start (ARGS="-k name")
	@$(PY) -m pytest -n $(WORKERS) $(ARGS)

check: $(READY) ## Lint, formatting, strict types, who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: $(READY) ## Put the code in the house format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(READY) ## Measure what matters, with the limit of this machine beside it
	@$(PY) -m tests.bench

bench-json: $(READY) ## The same; the last line printed is one JSON object
	@$(PY) -m tests.bench --json

readme: $(READY) ## Write the walk in README.md anew, from requests to a running system
	@$(PY) -m tests.stories.walk

lock: ## Resolve requirements.lock anew from pyproject.toml (all platforms, with hashes)
	@$(MAKE) --no-print-directory $(VENV)/bin/python
	@$(PY) -m venv $(VENV)/lock && $(VENV)/lock/bin/python -m pip install -q uv==$(UV)
	@$(VENV)/lock/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --extra dev --upgrade --no-header --no-emit-index-url pyproject.toml -o requirements.lock
	@! grep -nE '://|^--(index|extra|find)' requirements.lock

clean: ## Delete the environment and every cache (not what the demo stored)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@for candidate in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    $$candidate -m venv $(VENV) && exit 0; \
	    rm -rf $(VENV); \
	    echo "$$candidate cannot create an environment: install its venv module (Debian, Ubuntu: apt install python3-venv)." >&2; \
	    exit 1; \
	  fi; \
	done; \
	echo "Tandem needs Python 3.11 or newer, and none was found." >&2; \
	echo "Install one, or name it: make $(or $(firstword $(MAKECMDGOALS)),test) PYTHON=/path/to/python3" >&2; \
	exit 1

# Wheels only: building from source would fetch build tools that no hash here vouches for.
$(READY): requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing dependencies into $(VENV) (once; about a minute) …" >&2
	@$(PY) -m pip install -q --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r requirements.lock
	@$(PY) -m pip install -q --disable-pip-version-check --no-deps --no-index --no-build-isolation -e .
	@touch $@
