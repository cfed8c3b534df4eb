# Two commands matter: `make demo` and `make test`. Both set up everything they need in .venv.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
SOURCES := $(shell find src -name '*.py' -o -name 'py.typed') pyproject.toml README.md

.PHONY: demo test lint types docs screenshots suite test-legacy pythons chaos bench bench-peers losses clean

demo: $(VENV)/wheel
	$(BIN)/growingio demo

test: lint types docs suite test-legacy

lint: $(VENV)/tools
	$(BIN)/ruff format --check src tests benchmarks examples docs/_site
	$(BIN)/ruff check src tests benchmarks examples docs/_site
	$(BIN)/lint-imports

types: $(VENV)/tools
	$(BIN)/mypy
	$(BIN)/basedpyright

# The site, in English and Chinese, into site/. The first warning ends it.
docs: $(VENV)/tools
	$(BIN)/python docs/_site/build.py

# The pictures of the collector's pages, into docs/images.
screenshots: $(VENV)/tools
	GROWINGIO_SCREENSHOTS=docs/images $(BIN)/python -m pytest tests/browser/test_screenshots.py

# The suite imports the built wheel: src is on nobody's path. Each core takes a file at a time.
suite: $(VENV)/tools
	$(BIN)/python -m pytest -n auto --dist loadfile $(PYTEST_ARGS)

# The 1.x line in legacy/: its own wheel, and its own tests on every Python 2.7 and 3.5 to 3.9 that
# is found. In CI 2.7 and 3.6 must be there.
test-legacy: $(VENV)/tools
	$(BIN)/python legacy/run_tests.py

# The suite on every CPython 3.10 and newer that is found; `make test` has done its own already.
pythons: $(VENV)/tools
	$(BIN)/python tests/run_on_pythons.py

# A million events for each background strategy, and more than two hundred faults. It puts its
# figures into docs/promises.md; CHAOS_ARGS="--seed N" repeats a run.
chaos: $(VENV)/tools
	$(BIN)/python tests/chaos_run.py --tls --write $(CHAOS_ARGS)

# This SDK beside release 1.0.5, what it aims for, and a guard that fails when a call does more.
bench: $(VENV)/wheel
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

# The same beside other SDKs, into docs/speed.md. Takes some minutes.
bench-peers: $(VENV)/wheel
	$(BIN)/python -m benchmarks --peers $(BENCH_ARGS)

# What this and other SDKs lose under faults, into docs/losses.md. Takes some minutes.
losses: $(VENV)/wheel
	$(BIN)/python -m benchmarks.losses

clean:
	rm -rf $(VENV) .venv-* dist build site legacy/dist legacy/build

$(VENV)/wheel: $(SOURCES)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed; name one with make PYTHON=...")'
	@echo "setting up $(VENV); the first time takes a minute"
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@$(PIP) build
	@rm -rf dist
	@$(BIN)/python -m build --wheel --outdir dist . > $(VENV)/build.log 2>&1 || { cat $(VENV)/build.log; exit 1; }
	@$(PIP) "$$(echo dist/*.whl)[all]"
	@$(PIP) --force-reinstall --no-deps dist/*.whl
	@touch $@

$(VENV)/tools: $(VENV)/wheel
	@$(PIP) "$$(echo dist/*.whl)[dev]"
	@touch $@
