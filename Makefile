# Two commands matter: `make demo` and `make test`. Both set up everything they need in .venv.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
# What the reference documents, and what the suite and the type checkers see besides.
DOCS_EXTRAS := all,otel,django,flask,celery
DEV_EXTRAS := $(DOCS_EXTRAS),collector-tls,parquet,spark,sql,kafka
# $(call install,WHAT): into .venv, or else what to do about it.
install = $(BIN)/python -m pip install --quiet --disable-pip-version-check $(1) || { echo \
  "pip could not install what is needed. If it speaks of connections above, the package index" \
  "cannot be reached: check the network, or name a mirror in PIP_INDEX_URL, and run make again." \
  >&2; exit 1; }
SOURCES := $(shell find src -name '*.py' -o -name '*.[ch]' -o -name 'py.typed') pyproject.toml build_core.py README.md

# A .venv that was interrupted half-way has no pip; one for another interpreter than the one that is
# asked for tests the wrong thing. Both are made anew.
ifneq ($(wildcard $(VENV)),)
ifneq ($(shell $(BIN)/python -m pip --version >/dev/null 2>&1 && echo usable),usable)
$(info $(VENV) has no pip and is set up anew)
$(shell rm -rf $(VENV))
else ifneq ($(origin PYTHON),file)
ifneq ($(shell $(BIN)/python -V),$(shell $(PYTHON) -V))
$(info $(VENV) is for $(shell $(BIN)/python -V) and is set up anew)
$(shell rm -rf $(VENV))
endif
endif
endif

.PHONY: demo test checks lint types docs screenshots suite test-legacy pythons environments chaos chaos-kafka core-asan core-fuzz core-leaks collector-fuzz bench bench-peers losses clean

demo: $(VENV)/wheel
	$(BIN)/growingio demo

test: $(VENV)/tools
	@$(MAKE) checks
	@$(MAKE) suite

# All but the suite: three at a time, as those of the 1.x line mostly wait, each with its lines together,
# and all of them although one fails. What those that fail said is repeated at the end.
CHECKS ?= test-legacy types lint docs
checks: $(VENV)/tools
	@rm -f $(VENV)/failed-*
	@$(MAKE) -k -j3 --no-print-directory $(CHECKS:%=said-%) || { for log in $(VENV)/failed-*; \
		do echo "== $${log##*/failed-} failed:"; tail -n 20 $$log; done >&2; exit 1; }

said-%:
	@$(MAKE) $* > $(VENV)/$@ 2>&1; failed=$$?; cat $(VENV)/$@; \
		[ $$failed = 0 ] || { mv $(VENV)/$@ $(VENV)/failed-$*; exit 1; }

lint: $(VENV)/tools
	$(BIN)/ruff format --check src tests benchmarks examples docs/_site
	$(BIN)/ruff check src tests benchmarks examples docs/_site
	$(BIN)/lint-imports
	$(BIN)/zizmor --offline --quiet .github
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-issue-forms .github/ISSUE_TEMPLATE/[!c]*.yml

types: $(VENV)/tools
	$(BIN)/mypy
	$(BIN)/basedpyright

# The site, in English and Chinese, into site/. The first warning ends it.
docs: $(VENV)/site
	@echo "the site is in site/: open site/index.html"

# The pictures of the collector's pages, into docs/images.
screenshots: $(VENV)/tools
	GROWINGIO_SCREENSHOTS=docs/images $(BIN)/python -m pytest tests/browser/test_screenshots.py

# The suite imports the built wheel: src is on nobody's path. Processes take a file at a time. The unit
# tests run beside them in one process, and in an order that is drawn anew each time: no test leans on
# another, or on what another left behind. They are printed last; the seed repeats their order.
suite: $(VENV)/tools $(VENV)/site
	@$(BIN)/python -m pytest tests/unit -p no:xdist -p randomly $(PYTEST_ARGS) > $(VENV)/units.log 2>&1 & \
	GROWINGIO_SITE=site $(BIN)/python -m pytest --ignore=tests/unit -n auto --dist loadfile \
		--no-loadscope-reorder --max-worker-restart=0 $(PYTEST_ARGS); failed=$$?; \
	wait $$! || failed=1; cat $(VENV)/units.log; exit $$failed

# The 1.x line in legacy/: its own wheel, and its own tests on every Python 2.7 and 3.5 to 3.9 that
# is found. In CI 2.7 and 3.6 must be there.
test-legacy: $(VENV)/tools
	$(BIN)/python legacy/run_tests.py

# The suite on every CPython 3.10 and newer that is found; `make test` has done its own already.
pythons: $(VENV)/tools
	$(BIN)/python tests/run_on_pythons.py

# The environments that it runs in, which need the network.
environments: $(VENV)/wheel
	$(BIN)/python tests/run_on_pythons.py --set-up

# A million events for each background strategy, and more than two hundred faults. It puts its
# figures into docs/promises.md; CHAOS_ARGS="--seed N" repeats a run.
chaos: $(VENV)/tools
	$(BIN)/python tests/chaos_run.py --tls --write $(CHAOS_ARGS)

# A million events through Kafka, and two hundred faults of relays, broker, group and server. It puts
# its figures into docs/kafka.md; CHAOS_ARGS="--seed N" repeats a run.
chaos-kafka: $(VENV)/tools
	$(BIN)/python tests/chaos_kafka_run.py --write $(CHAOS_ARGS)

# The compiled core under gcc's sanitizers, then random things for CORE_SECONDS.
CORE_SECONDS ?= 60
core-asan: $(VENV)/tools
	$(BIN)/python tests/core_asan.py --seconds $(CORE_SECONDS)

# Random things for both cores, which have to make the same of them.
core-fuzz: $(VENV)/tools
	$(BIN)/python tests/core_fuzz.py --seconds $(CORE_SECONDS)

# Random requests and damaged rows for the collector, for FUZZ_SECONDS.
FUZZ_SECONDS ?= 3600
collector-fuzz: $(VENV)/tools
	$(BIN)/python tests/collector_fuzz.py --seconds $(FUZZ_SECONDS)

# What the compiled core keeps of references after very many rounds.
CORE_ROUNDS ?= 100000
core-leaks: $(VENV)/tools
	CORE_ROUNDS=$(CORE_ROUNDS) $(BIN)/python -m pytest -q tests/unit/tracker/core/test_references.py

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
	@$(call install,"pip>=25.1" build)
	@rm -rf dist
	@$(BIN)/python -m build --wheel --outdir dist . > $(VENV)/build.log 2>&1 || { cat $(VENV)/build.log; exit 1; }
	@$(call install,"$$(echo dist/*.whl)[all]")
	@$(call install,--force-reinstall --no-deps dist/*.whl)
	@touch $@

$(VENV)/tools: $(VENV)/wheel
	@$(call install,"$$(echo dist/*.whl)[$(DEV_EXTRAS)]" --group dev)
	@touch $@ $(VENV)/docs

$(VENV)/docs: $(VENV)/wheel
	@$(call install,"$$(echo dist/*.whl)[$(DOCS_EXTRAS)]" --group docs)
	@touch $@

$(VENV)/site: $(VENV)/docs $(wildcard docs/*.* docs/_site/* docs/images/*) CHANGELOG.md README.zh-CN.md
	@rm -rf site
	$(BIN)/python docs/_site/build.py
	@touch $@
