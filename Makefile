# Everything sets itself up: Python 3.11 with pip and make is all that a machine needs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
INSTALL := $(PYTHON) -m pip --disable-pip-version-check --python

.PHONY: demo test lint types contracts tests peers bench soak lock clean

demo: .venv/ready
	$(BIN)/tidegate demo --folder build/demo

test: lint types contracts tests

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/deptry src

types: .venv/ready
	$(BIN)/mypy

contracts: .venv/ready
	$(BIN)/lint-imports

tests: .venv/ready peers
	$(BIN)/pytest -n 2 --dist loadgroup

bench: .venv/ready peers
	for benchmark in benchmarks/bench_*.py; do $(BIN)/python $$benchmark || exit 1; done

soak: .venv/ready peers
	$(BIN)/pytest -m soak --timeout 3600

# Third-party clients, each in an environment of its own, for tests to talk to.
peers:
	$(PYTHON) tests/peers/make.py

# The lock names no index: any mirror serves it.
lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-header --no-emit-index-url -o requirements-dev.txt

# `--without-pip`: a Debian Python without ensurepip makes environments too.
.venv/ready: requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv --without-pip .venv
	$(INSTALL) $(BIN)/python install --quiet --require-hashes -r requirements-dev.txt
	$(INSTALL) $(BIN)/python install --quiet --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf .venv .peers build dist
