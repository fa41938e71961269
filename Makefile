# `make demo` and `make test` work by themselves on a machine with Python 3.11 and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SLOW_READY := $(VENV)/.slow-ready

.PHONY: demo test test-all check bench train docs pictures pins clean

$(READY): requirements/dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "dudao needs Python 3.11 or later: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q src
	touch $@

# What only the slow tests and the documentation need (Spark, a browser's driver, the site): large, so apart.
$(SLOW_READY): $(READY) requirements/slow.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/slow.txt
	touch $@

demo: $(READY)  ## tag a sample report
	$(BIN)/dudao tag examples/sample-report.txt --to terminal

test: $(READY)  ## the quick tests
	$(BIN)/python -m pytest

test-all: $(SLOW_READY)  ## all tests, the slow ones too
	$(BIN)/python -m pytest -m "slow or not slow"

check: $(READY)  ## style, types, corpus, quality floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/dudao corpus check > /dev/null || $(BIN)/dudao corpus check
	$(BIN)/python scripts/quality_gate.py

bench: $(READY)  ## speed, memory and accuracy beside a plain peer
	$(BIN)/python scripts/benchmark.py

train: $(READY)  ## a new model version from the corpus
	$(BIN)/python scripts/train.py $(if $(VERSION),--version $(VERSION))

pictures: $(READY)  ## the README's pictures, from the sample report and the corpus
	$(BIN)/python scripts/pictures.py

docs: $(SLOW_READY) pictures  ## the documentation site, into site/, with the README's pictures
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --clean --quiet
	@echo "site/index.html"

pins: $(READY)  ## compile requirements/*.txt anew
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --no-header --extra dev -o requirements/dev.txt pyproject.toml requirements/dev.in
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-find-links \
	  --no-emit-trusted-host --no-header --extra dev --extra spark --extra docs --extra browser -c requirements/dev.txt \
	  -o requirements/slow.txt pyproject.toml requirements/dev.in

clean:
	rm -rf $(VENV) build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
