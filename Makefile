# The two commands of the README. Each sets up its own environment with Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
READY := $(VENV)/.ready

.PHONY: demo test lint docs linkcheck lock wheelhouse clean

demo: $(READY)
	$(BIN)/psgpipe demo

test: $(READY)
	$(BIN)/python -m pytest -n auto --dist worksteal

lint: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The documentation site. A warning is an error: a dead link, a page that no index lists.
docs: $(READY)
	$(BIN)/python -m sphinx -q -W --keep-going -b html docs build/site
	@echo build/site/index.html

# Asks the network for every external link. CI does not.
linkcheck: $(READY)
	$(BIN)/python -m sphinx -q -b linkcheck docs build/linkcheck

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'psgpipe needs Python 3.11 or newer; set PYTHON=...')"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -c "import pathlib; pathlib.Path('$(READY)').touch()"

# The lock has only versions and hashes. The user chooses the package index.
COMPILE := uv pip compile pyproject.toml --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header
lock:
	$(COMPILE) --extra dev -o requirements.lock
	$(COMPILE) -c requirements.lock -o requirements-runtime.lock
	$(COMPILE) --extra luna -c requirements.lock -o requirements-luna.lock

# All wheels for a machine without network: docs/how-to/offline.md
wheelhouse: $(READY)
	$(BIN)/python tools/wheelhouse.py wheelhouse \
	  $(if $(NODE_PYTHON),--python $(NODE_PYTHON)) $(if $(NODE_PLATFORM),--platform $(NODE_PLATFORM))

clean:
	$(PYTHON) -c "import shutil; shutil.rmtree('$(VENV)', ignore_errors=True)"
