# Each target makes its own virtual environment, so that a fresh machine needs only Python.
PYTHON ?= python3
DEMO := .venv-demo
TEST := .venv-test

.PHONY: demo test lint bench random clean

demo: $(DEMO)/ready
	$(DEMO)/bin/python examples/worked_problems.py

test: $(TEST)/ready
	$(TEST)/bin/python -m pytest -n 2

lint: $(TEST)/ready
	$(TEST)/bin/ruff check .
	$(TEST)/bin/ruff format --check .
	$(TEST)/bin/mypy

bench: $(TEST)/ready
	$(TEST)/bin/python -m benchmarks.symbolic
	$(TEST)/bin/python -m benchmarks.scale

random: $(TEST)/ready
	$(TEST)/bin/python -m tests.random_expressions --count 2000 --seed 0

$(DEMO)/ready: pyproject.toml
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/python -m pip install --quiet --editable .
	touch $@

$(TEST)/ready: pyproject.toml
	$(PYTHON) -m venv $(TEST)
	$(TEST)/bin/python -m pip install --quiet --editable ".[test,lint]"
	touch $@

clean:
	rm -rf $(DEMO) $(TEST) dist build
