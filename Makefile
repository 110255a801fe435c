# Each target makes its own virtual environment, so that a fresh machine needs only Python.
PYTHON ?= python3
DEMO := .venv-demo
TEST := .venv-test
DOCS := .venv-docs
PACKAGE := .venv-package
BENCH := .venv-bench
SEED ?= 0

.PHONY: demo test lint docs package browser bench bench-quick trust trust-quick clean

demo: $(DEMO)/ready
	$(DEMO)/bin/python examples/worked_problems.py
	$(DEMO)/bin/python examples/logistic_regression.py
	$(DEMO)/bin/python examples/matrix_factorisation.py
	$(DEMO)/bin/python examples/gaussian_process.py
	$(DEMO)/bin/python examples/bundle_adjustment.py
	$(DEMO)/bin/python examples/attention.py
	$(DEMO)/bin/python examples/ising.py

test: $(TEST)/ready browser
	$(TEST)/bin/python -m pytest -n 2

# The page is tested in the system's Chromium; where there is none and it cannot be
# installed, these tests are skipped.
browser:
	@command -v chromium > /dev/null || command -v chromium-browser > /dev/null \
	|| command -v google-chrome > /dev/null \
	|| { [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null \
	     && apt-get update -qq && apt-get install -y -qq --no-install-recommends \
	        chromium fonts-lmodern fonts-dejavu-core > /dev/null; } \
	|| echo "no Chromium here: the tests of the page in a browser are skipped"

lint: $(TEST)/ready
	$(TEST)/bin/ruff check .
	$(TEST)/bin/ruff format --check .
	$(TEST)/bin/mypy

# The site, every example in it run; what it warns of is an error.
docs: $(DOCS)/ready
	$(DOCS)/bin/python -m sphinx -q -W --keep-going -j 2 -b html -d build/doctrees docs build/docs

# Built, looked into, installed and tried in new environments, with PYTHONS one after
# the other.
package: $(PACKAGE)/ready
	$(PACKAGE)/bin/python -m tests.package $(foreach p,$(PYTHONS),--python $(p))

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
	$(DEMO)/bin/python -m pip install --quiet --editable ".[examples]"
	touch $@

$(TEST)/ready: pyproject.toml
	$(PYTHON) -m venv $(TEST)
	$(TEST)/bin/python -m pip install --quiet --editable ".[test,lint]"
	touch $@

$(DOCS)/ready: pyproject.toml
	$(PYTHON) -m venv $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --editable ".[docs]"
	touch $@

$(PACKAGE)/ready: pyproject.toml
	$(PYTHON) -m venv $(PACKAGE)
	$(PACKAGE)/bin/python -m pip install --quiet "build>=1.2" "twine>=6.1"
	touch $@

$(BENCH)/ready: pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --quiet --editable ".[bench]"
	touch $@

clean:
	rm -rf $(DEMO) $(TEST) $(DOCS) $(PACKAGE) $(BENCH) dist build
