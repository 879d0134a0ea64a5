# make demo   set up and run the main job on the bundled locus
# make test   set up and pass all tests
# make docs   build the documentation site into build/site
# make coverage   the tests with the share of lines and branches that they enter (half as slow again)
# make lint   format, lint, types, import contracts, nextflow lint
# make lock   write the requirements files anew from pyproject.toml

PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
UV_VERSION := 0.13.9
UV := $(BIN)/uv
PYTEST_OPTIONS ?=
# what is imported is compiled once, though the shell asks otherwise: a start of a command costs half as much
unexport PYTHONDONTWRITEBYTECODE
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:

.PHONY: help docs demo test test-fast test-discovery coverage lint format lock clean

help:
	@sed -n 's/^# //p' Makefile | head -6

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: Python 3.11 or newer is needed; $$($(PYTHON) --version) is $(PYTHON) here; try make PYTHON=python3.12" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV) || { echo "make: the venv module is missing; on Debian and Ubuntu: apt install python3-venv" >&2; exit 2; }
	$(BIN)/pip install --quiet uv==$(UV_VERSION)

# what applying a model needs (no torch)
$(VENV)/core.stamp: $(UV) requirements/core.txt pyproject.toml
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet -r requirements/core.txt
	VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps --editable .
	touch $@

# training, tests and lint on top
$(VENV)/all.stamp: $(VENV)/core.stamp requirements/all.txt
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet -r requirements/all.txt
	touch $@

# igv.js for the page of the demo, in the locked version, without the notebook's packages
$(VENV)/demo.stamp: $(VENV)/core.stamp requirements/all.txt
	@sed -n '/^igv-notebook==/,/[^\\]$$/p' requirements/all.txt | VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet --no-deps -r -
	touch $@

demo: $(VENV)/demo.stamp
	@PATH="$(BIN):$$PATH" tools/demo.sh demo-results

test: $(VENV)/all.stamp
	@export PATH="$(BIN):$$PATH" OMP_NUM_THREADS=1
	pytest --numprocesses auto --dist worksteal $(PYTEST_OPTIONS)

coverage: $(VENV)/all.stamp
	@export PATH="$(BIN):$$PATH" OMP_NUM_THREADS=1
	pytest --numprocesses auto --dist worksteal --cov --cov-report=term:skip-covered --cov-fail-under=85 $(PYTEST_OPTIONS)

test-fast: $(VENV)/all.stamp
	@export PATH="$(BIN):$$PATH" OMP_NUM_THREADS=1
	pytest --numprocesses auto --dist worksteal -m "not slow" $(PYTEST_OPTIONS)

# TF-MoDISco, whose tests are skipped where it is not installed
$(VENV)/discovery.stamp: $(VENV)/all.stamp requirements/discovery.txt
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet -r requirements/discovery.txt
	touch $@

test-discovery: $(VENV)/discovery.stamp
	@export PATH="$(BIN):$$PATH" OMP_NUM_THREADS=1
	pytest tests/unit/interpret/test_modisco.py tests/unit/interpret/test_tomtom.py $(PYTEST_OPTIONS)

$(VENV)/docs.stamp: $(VENV)/all.stamp requirements/docs.txt
	@VIRTUAL_ENV=$(VENV) $(UV) pip install --quiet -r requirements/docs.txt
	touch $@

# strict: a broken link, a public name without documentation, or a notebook with a failing cell is an error
docs: $(VENV)/docs.stamp
	@export PATH="$(BIN):$$PATH" OMP_NUM_THREADS=1 NO_MKDOCS_2_WARNING=1
	tools/command_reference.py --check
	mkdocs build --strict --quiet
	echo "docs: build/site/index.html"

lint: $(VENV)/all.stamp
	@export PATH="$(BIN):$$PATH"
	ruff format --check .
	ruff check .
	mypy
	lint-imports
	tools/lint-nextflow.sh

format: $(VENV)/all.stamp
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock: $(UV)
	@compile="$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links"
	$$compile pyproject.toml --output-file requirements/core.txt
	$$compile pyproject.toml --extra train --extra parquet --extra report --extra mlflow --group dev --constraint requirements/core.txt --output-file requirements/all.txt
	$$compile pyproject.toml --extra discovery --constraint requirements/all.txt --output-file requirements/discovery.txt
	$$compile --group docs --constraint requirements/all.txt --output-file requirements/docs.txt

clean:
	@rm -rf $(VENV) demo-results work .nextflow .nextflow.log* .pytest_cache .mypy_cache .ruff_cache .hypothesis build/site
