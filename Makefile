# Two commands do it all on a fresh machine: make demo, make test. 'make help' lists the others.
# PYTHON names the interpreter to start from (3.11 or newer, for the pinned versions).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test bench bench-gpu bench-pools bench-regrade bench-tiers bench-watch build prove claims kills fuzz threats-nbgrader try-handout lint clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -e 's/:.*## /\t/' | awk -F '\t' '{ printf "  make %-18s %s\n", $$1, $$2 }'

demo: $(VENV)/.base  ## make, grade and compare a class whose right marks are known
	$(BIN)/autograder demo demo --assignment 01 --assignment 06

test: $(VENV)/.test  ## everything that is checked: lint, types, contracts, stale notebooks, proof, suite
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/autograder build --check
	$(BIN)/autograder prove --quick
	$(BIN)/python -m pytest -q --numprocesses 2 --cov --cov-report=term:skip-covered

prove: $(VENV)/.base  ## the proof of all tests, on twenty seeds
	$(BIN)/autograder prove

claims: $(VENV)/.base  ## what the experiments claim, on twenty seeds
	$(BIN)/autograder claims

bench: $(VENV)/.test  ## stock nbgrader, autograder and the floor, in one run
	$(BIN)/python benchmarks/grading.py

bench-gpu: $(VENV)/.test  ## the notebooks on CPU and GPU
	$(BIN)/python benchmarks/devices.py

bench-pools: $(VENV)/.test  ## 3,000 submissions through each pool
	$(BIN)/python benchmarks/pools.py

bench-regrade: $(VENV)/.test  ## what a change to one hidden test costs a graded class
	$(BIN)/python benchmarks/regrade.py

bench-tiers: $(VENV)/.test  ## what each tier of isolation adds
	$(BIN)/python benchmarks/tiers.py

bench-watch: $(VENV)/.test  ## from save to verdict with check --watch
	$(BIN)/python benchmarks/watching.py

kills: $(VENV)/.test  ## kill random processes of the grader, two hundred times
	$(BIN)/python benchmarks/kills.py

fuzz: $(VENV)/.test  ## made-up bytes, 10,000 cases a test
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -q tests/fuzz

threats-nbgrader: $(VENV)/.test  ## the threats beside stock nbgrader
	$(BIN)/python benchmarks/threats_nbgrader.py

try-handout: $(VENV)/.test  ## install a hand-out in empty environments, open it, check it; takes minutes
	HANDOUT=whole $(BIN)/python -m pytest -q --capture=no tests/test_begin_from_handout.py

build: $(VENV)/.base  ## make source/ and release/ from the lessons
	$(BIN)/autograder build

lint: $(VENV)/.test  ## format, and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove the environment and the demo
	rm -rf $(VENV) demo

# torch comes first and pinned: asked for by a range, pip takes the newest build, with gigabytes
# of CUDA libraries.
$(VENV)/.base: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[class,dask]"
	touch $@

$(VENV)/.test: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[test]"
	touch $@
