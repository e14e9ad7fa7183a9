# Every target sets up what it needs; the two that matter are `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
MEASURE := build/measure

.PHONY: install demo test packages crawl browse pictures bench coverage mutation lock clean help

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP)  ## virtual environment with the pinned dependencies

$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Cleancopy needs Python 3.11 or newer; name one: make PYTHON=python3.12 install" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "no venv could be made (the lines above say why); where python3-venv is missing: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $(STAMP)

lock:  ## pin the dependencies anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --extra dev --generate-hashes --no-emit-index-url --custom-compile-command "make lock" pyproject.toml -o requirements.lock

demo: install  ## a crawl of the embedded newsstand, from feed to clean copy
	@$(BIN)/python -m tests.demo

packages:  # of Debian: chromium, in which the tests look at the pages, and faketime; without them those tests are left out and say so
	@command -v chromium >/dev/null && command -v faketime >/dev/null && exit 0; sudo=$$(test $$(id -u) = 0 || echo "sudo -n"); \
	{ timeout 120 $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive timeout 180 $$sudo apt-get install -y -qq --no-install-recommends chromium faketime; } >/dev/null 2>&1 \
	|| echo "missing: apt-get install chromium faketime (the tests in a browser, or with a clock that is off, are left out)" >&2

test: install packages  ## every check: tests, style, types, the arrows between the rooms
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	TMPDIR=$$(test -w /dev/shm && echo /dev/shm || echo /tmp) $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder  # in memory: fsync on a disk takes minutes

crawl: install  ## the live outlet: make crawl [OUTLET=menafn] [ARGS="-a limit=10"]
	@$(BIN)/scrapy crawl $(or $(OUTLET),menafn) $(ARGS)

browse: install  ## the archive as a web site on this machine: make browse [ARGS="--port 8002"]
	@$(BIN)/scrapy browse $(ARGS)

pictures: install packages  ## take the pictures in docs/pictures anew, of the newsstand's stories
	@$(BIN)/python -m tests.pictures

clean:  ## remove what the demo and the checks made (never ./archive)
	rm -rf demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

coverage: $(MEASURE)/.installed packages  ## lines and branches that the tests run, by room (some ten minutes)
	TMPDIR=$$(test -w /dev/shm && echo /dev/shm || echo /tmp) $(MEASURE)/bin/python -m benchmarks.covered --keep build/coverage

mutation: $(MEASURE)/.installed  ## changes in five modules that no test notices (half an hour): make mutation [ARGS="ledger"]
	TMPDIR=$$(test -w /dev/shm && echo /dev/shm || echo /tmp) $(MEASURE)/bin/python -m benchmarks.mutation $(ARGS)

$(MEASURE)/.installed: requirements.lock pyproject.toml  # beside .venv, which stays as it was pinned
	$(PYTHON) -m venv $(MEASURE)
	$(MEASURE)/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	$(MEASURE)/bin/python -m pip install -qq --disable-pip-version-check -e '.[coverage,mutation]'
	@touch $@

bench: install  ## run the benchmarks (some forty minutes) and write docs/figures.md
	$(BIN)/python -m benchmarks.figures
