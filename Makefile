# SPDX-License-Identifier: EUPL-1.2
# Two commands for a newcomer: `make demo` and `make test`. Both install what they need into .venv.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
CODE   := $(VENV)/.compiled
TESTS  ?= tests
RUNS   ?= 10000
SEEDS  ?= 200

.PHONY: demo test chaos setup compiled lint types contracts validity truth lock browser script help clean

help: ## Show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

demo: setup ## The municipality, its visitors and the verdict (ARGS=--once stops after the verdict)
	@$(BIN)/klantreis demo $(ARGS)

test: setup browser lint types contracts ## Everything that must hold
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(TESTS)

chaos: setup ## Everything that may happen to the store, under load: nothing acknowledged is lost (WORDS=… picks)
	@$(BIN)/python -m tests.chaos $(WORDS)

setup: $(READY) $(CODE) ## Install into .venv from the hash-pinned lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "klantreis needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) -V 2>&1). Mend it with: make PYTHON=python3.11 ..."; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) from requirements.lock ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --no-index -e .
	@touch $@

# Which sources matter it knows itself, and where none of them changed it is done at once.
$(CODE): $(READY) $(wildcard tracker/*.py)
	@$(BIN)/python -m tracker.compiling
	@test "$(KLANTREIS_COMPILED)" = no || touch $@

compiled: $(READY) ## Compile the collector's modules anew, where there is a C compiler (KLANTREIS_COMPILED=no: none)
	@$(BIN)/python -m tracker.compiling

browser: setup ## Find a Chromium, or install one where that is allowed
	@$(BIN)/python -m tests.chromium

script: setup ## Make the k.js that is served of its source (needs Node)
	@$(BIN)/python -m tracker.script.build

lint: setup
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: setup
	@$(BIN)/mypy

contracts: setup
	@$(BIN)/lint-imports

validity: setup ## How often the estimators err, against what they promise (RUNS=10000; goes on where it was interrupted)
	@$(BIN)/python benchmarks/validity.py --runs $(RUNS)

truth: setup ## How often reports tell what really happened, over whole municipalities (SEEDS=200; goes on too)
	@$(BIN)/python -m benchmarks.end_to_end --seeds $(SEEDS)

lock: ## Renew requirements.lock (needs uv)
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade \
	  --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate -o requirements.lock

clean: ## Remove what was installed and what the demo wrote
	rm -rf $(VENV) var
