# Every target works on a fresh clone; the first one makes .venv and installs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: all install check test test-fast serve eval bench crash

all: check test

install: $(STAMP)

# torch comes first and by its exact version: a range would let pip take a build for graphics cards.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt torch
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $(STAMP)

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports

test: $(STAMP)
	$(BIN)/python -m pytest

# Without what is slow or needs Chromium or PostgreSQL: for the minute between two edits.
test-fast: $(STAMP)
	$(BIN)/python -m pytest -m "not slow and not browser and not postgres"

serve: $(STAMP)
	$(BIN)/binhdan index build --if-needed
	$(BIN)/binhdan serve

eval: $(STAMP)
	$(BIN)/python -m evals.retrieval

bench: $(STAMP)
	$(BIN)/python -m evals.bench

crash: $(STAMP)
	$(BIN)/python -m evals.crash
