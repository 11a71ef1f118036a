# Two commands do it all on a fresh machine: make demo, make test.
# PYTHON names the interpreter to start from (3.10 or newer).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test bench bench-gpu bench-tiers build prove claims kills fuzz threats-nbgrader lint clean

demo: $(VENV)/.base
	$(BIN)/autograder demo demo --assignment 01 --assignment 06

test: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/autograder build --check
	$(BIN)/autograder prove --quick
	$(BIN)/python -m pytest -q --numprocesses 2

prove: $(VENV)/.base
	$(BIN)/autograder prove

claims: $(VENV)/.base
	$(BIN)/autograder claims

bench: $(VENV)/.test
	$(BIN)/python benchmarks/grading.py

bench-gpu: $(VENV)/.test
	$(BIN)/python benchmarks/devices.py

bench-tiers: $(VENV)/.test
	$(BIN)/python benchmarks/tiers.py

kills: $(VENV)/.test
	$(BIN)/python benchmarks/kills.py

fuzz: $(VENV)/.test
	HYPOTHESIS_PROFILE=nightly $(BIN)/python -m pytest -q tests/fuzz

threats-nbgrader: $(VENV)/.test
	$(BIN)/python benchmarks/threats_nbgrader.py

build: $(VENV)/.base
	$(BIN)/autograder build

lint: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) demo

# torch comes first and pinned: asked for by a range, pip takes the newest build, with gigabytes
# of CUDA libraries.
$(VENV)/.base: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/.test: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[test]"
	touch $@
