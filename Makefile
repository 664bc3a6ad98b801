# Every target makes what it needs, .venv included, and only once.
#
#   make lab LAB="--no-browser"                                   options for JupyterLab
#   make test TORCH_INDEX=https://download.pytorch.org/whl/cpu    the small CPU build of PyTorch (Linux)
#   make test PYTHON=/opt/python3.12/bin/python3                  another Python, 3.11 or later

LAB ?=
TORCH_INDEX ?=
PYTHON ?=

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
TORCH := torch==$(shell sed -n 's/^torch==//p' constraints.txt)
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadscope

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help lab test quick lint build check-built demo bench experiments mutation clean system

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "make %-12s %s\n", $$1, $$2 }'

lab: $(INSTALLED) ## open the course in JupyterLab
	cd course && JUPYTER_CONFIG_PATH="$(CURDIR)/.jupyter:$$JUPYTER_CONFIG_PATH" ../$(BIN)/python -m jupyterlab $(LAB)

test: $(INSTALLED) system lint check-built ## run every check that CI runs
	$(PYTEST)

quick: $(INSTALLED) lint ## run the checks that take under two minutes together
	$(PYTEST) -m "not slow"

lint: $(INSTALLED) ## check style, format and types
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

build: $(INSTALLED) ## build the notebooks in solutions/ and course/ from their sources
	$(BIN)/autograder build

check-built: $(INSTALLED) ## fail if a built notebook is stale
	$(BIN)/autograder build --check

demo: $(INSTALLED) system ## grade a class made by code, from perfect to hostile, and keep it in classroom-demo/
	$(BIN)/python -m autograder.demo

bench: $(INSTALLED) system ## measure what grading costs, beside nbgrader's own way, and record it
	$(BIN)/python benchmarks/grading.py

mutation: $(INSTALLED) system ## grade small edits of every solution, list what is not noticed and why
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.mutation.run

experiments: $(INSTALLED) ## run the long experiments again and record their results
	set -e; for program in benchmarks/experiments/*.py; do $(BIN)/python "$$program"; done

clean: ## remove caches and build products; .venv, classroom and notebooks stay
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist *.egg-info
	find . -name $(VENV) -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -type d -prune -exec rm -rf {} +

# The environment. A .venv that was interrupted half-way or whose Python has gone has no working pip and is made anew.
# PyTorch goes first and alone, so that TORCH_INDEX is asked for nothing else.
$(INSTALLED): pyproject.toml constraints.txt
	@if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
	    found=; \
	    for python in $(or $(PYTHON),python3.11 python3 python3.12 python3.13 python3.14); do \
	        if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	            found=$$python; break; \
	        fi; \
	    done; \
	    if [ -z "$$found" ]; then \
	        echo "make: the course needs Python 3.11 or later: install it, or name it: make PYTHON=/path/to/python3" >&2; \
	        exit 1; \
	    fi; \
	    if ! $$found -c 'import ensurepip, venv' >/dev/null 2>&1; then \
	        echo "make: $$found cannot make virtual environments: sudo apt install python3-venv" >&2; \
	        exit 1; \
	    fi; \
	    echo "$$found -m venv $(VENV)"; \
	    $$found -m venv --clear $(VENV); \
	fi
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps \
	    $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) $(TORCH)
	$(BIN)/python -m pip install --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@

# What grading and the browser tests need of a Linux system. Elsewhere learning works and grading says what it needs.
system:
ifeq ($(shell uname -s),Linux)
	@missing=; \
	command -v bwrap >/dev/null || missing=bubblewrap; \
	command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	    missing="$$missing $$(. /etc/os-release; if [ "$$ID" = ubuntu ]; then echo chromium-browser; else echo chromium; fi)"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then \
	    echo "make: the tests need these system packages, please install them:" $$missing >&2; exit 1; \
	elif [ "$$(id -u)" = 0 ]; then as_root="env"; \
	elif sudo -n true 2>/dev/null; then as_root="sudo -n env"; \
	else \
	    echo "make: the tests need system packages; run once: sudo apt-get install" $$missing >&2; exit 1; \
	fi; \
	set -ex; \
	$$as_root apt-get update; \
	$$as_root DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends $$missing
endif
