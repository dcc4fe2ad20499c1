.DEFAULT_GOAL := help
.PHONY: help setup demo test browser spark lint audit lock bench clean

PYTHON ?= python3
BIN := .venv/bin

help:  ## list what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: .venv/installed  ## make .venv and install what the lock names

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

demo: setup  ## see the whole product work on real purchases
	$(BIN)/querencia demo

test: lint  ## check style, types and layers, and run the tests
	$(BIN)/python -m pytest -q --numprocesses auto --dist loadfile

browser: setup  ## test the console in a real browser (installs the extra; needs Chromium)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[browser]'
	$(BIN)/python -m pytest -q -k browser tests/serving

spark: setup  ## test on a Spark cluster of this machine (installs the extra; needs Java 17)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[spark]'
	$(BIN)/python -m pytest -q tests/features/test_spark.py tests/training/test_spark.py tests/querencia/test_spark.py

lint: setup  ## check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit: setup  ## look for known vulnerabilities in what the lock names
	$(BIN)/pip-audit --require-hashes --disable-pip -r requirements.lock

lock: setup  ## write requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --quiet --output-file requirements.lock

bench: setup  ## run the benchmarks, each beside its peer
	for file in benchmarks/*.py; do $(BIN)/python $$file --quick || exit 1; done

clean:  ## remove the environment and everything made by jobs
	rm -rf .venv data mlruns/*.db* mlruns/artifacts
