# Three commands are the developer's interface: make check, make test, make demo. Each does its own set-up.
#   make demo [DATA=folder]   train a small network, segment an unseen case, show the comparison
#   make test                 all tests, offscreen, then one smoke run on a virtual screen where Xvfb is present
#   make check                format, lint, types, architecture
#   make run [CASE=folder]    the window
#   make fuzz [MINUTES=30]    every reader of a foreign file, fuzzed
#   make soak [MINUTES=60]    one window used at random, with memory, handles and threads watched
#   make faults               every fault at every step of every write, as the table of FAULTS.md

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO_ARGUMENTS := $(if $(DATA),--data "$(DATA)")

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test check run format screenshots faults fuzz soak clean

demo: $(READY)
	$(BIN)/workstation demo --out demo $(DEMO_ARGUMENTS)

test: $(READY)
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -q -m "not xvfb" -n auto --maxprocesses 4 --dist loadfile
	$(BIN)/python -m pytest -q --engine -n auto --maxprocesses 4 --dist loadfile
	@if command -v xvfb-run >/dev/null; then \
	    QT_QPA_PLATFORM=xcb xvfb-run -a $(BIN)/python -m pytest -q -m xvfb; \
	else \
	    echo "xvfb-run is not installed: the smoke run on a virtual screen was left out"; \
	fi

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

run: $(READY)
	$(BIN)/workstation $(if $(CASE),"$(CASE)")

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

screenshots: $(READY)
	QT_QPA_PLATFORM=offscreen $(BIN)/python packaging/screenshots.py

fuzz: $(READY)
	QT_QPA_PLATFORM=offscreen $(BIN)/python tests/fuzz.py --minutes $(or $(MINUTES),30)

soak: $(READY)
	xvfb-run -a $(BIN)/python tests/soak.py --minutes $(or $(MINUTES),60)

faults: $(READY)
	$(BIN)/python tests/fault_table.py --out FAULTS.md

clean:
	rm -rf $(VENV) demo build dist

# The environment is made anew when what it is made from changes.
$(READY): pyproject.toml packaging/prepare-system
	PYTHON="$(PYTHON)" sh packaging/prepare-system
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	@touch $@
