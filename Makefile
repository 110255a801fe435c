# Each target makes its own virtual environment, so that a fresh machine needs only Python.
PYTHON ?= python3
DEMO := .venv-demo
TEST := .venv-test
BENCH := .venv-bench
SEED ?= 0

.PHONY: demo test lint bench bench-quick trust trust-quick clean

demo: $(DEMO)/ready
	$(DEMO)/bin/python examples/worked_problems.py
	$(DEMO)/bin/python examples/newton.py

test: $(TEST)/ready
	$(TEST)/bin/python -m pytest -n 2

lint: $(TEST)/ready
	$(TEST)/bin/ruff check .
	$(TEST)/bin/ruff format --check .
	$(TEST)/bin/mypy

# The last of the five takes an hour or so; PyTorch and tensorgrad are beside the others
# where they are installed in .venv-bench.
bench: $(BENCH)/ready
	$(BENCH)/bin/python -m benchmarks.symbolic
	$(BENCH)/bin/python -m benchmarks.scale
	$(BENCH)/bin/python -m benchmarks.planning
	$(BENCH)/bin/python -m benchmarks.drawing
	$(BENCH)/bin/python -m benchmarks.speed

# That everybody computes the same: no times are looked at.
bench-quick: $(TEST)/ready
	$(TEST)/bin/python -m benchmarks.planning --quick
	$(TEST)/bin/python -m benchmarks.speed --quick

# What is promised, tried again: some hours, or a sample of some minutes.
trust: $(TEST)/ready
	$(TEST)/bin/python -m tests.trust --seed $(SEED)

trust-quick: $(TEST)/ready
	$(TEST)/bin/python -m tests.trust --quick --seed $(SEED)

$(DEMO)/ready: pyproject.toml
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/python -m pip install --quiet --editable ".[scipy]"
	touch $@

$(TEST)/ready: pyproject.toml
	$(PYTHON) -m venv $(TEST)
	$(TEST)/bin/python -m pip install --quiet --editable ".[test,lint]"
	touch $@

$(BENCH)/ready: pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --editable ".[bench]"
	touch $@

clean:
	rm -rf $(DEMO) $(TEST) $(BENCH) dist build
