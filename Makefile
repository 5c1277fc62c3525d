# Two commands for a fresh machine with Python 3.11+, git and make: `make demo` and `make test`.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
UV := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python
XVFB := $(shell command -v xvfb-run 2>/dev/null)
SCREEN := xvfb-run -a -s "-screen 0 1920x1200x24"

.PHONY: help demo test test-fast test-gui test-long fuzz lint types imports check bench clean
help:
	@echo "make demo       install, run the main job on the sample study, print the verdicts"
	@echo "make test       every test but the long ones (below 8 minutes on 2 cores)"
	@echo "make test-long  the long ones: kill -9 rounds, large sweeps, fuzzing"
	@echo "make check      lint, types, import contracts"
	@echo "make bench      side-by-side benchmarks, ratios within one run"
	@echo "make fuzz       release-size fuzzing of the loader (100,000 mutations)"

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or later is needed and was not found"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

.venv/.base: pyproject.toml | .venv/bin/python
	$(UV) -e . editables
	@touch $@

.venv/.all: pyproject.toml | .venv/bin/python
	$(UV) -e '.[all]'
	@touch $@ .venv/.base

# A peer for the long tests, kept out of the environment: it brings a decoder that users do not have.
.venv/dicom2nifti: .venv/.all
	$(UV) --target $@ --no-deps dicom2nifti python-gdcm
	@touch $@

demo: .venv/.base
	$(BIN)/veinvasion demo -o demo_out

test: .venv/.all
	@sh scripts/install_system_libraries.sh || echo "system libraries not installed: tests that need them skip and say why"
	$(MAKE) --no-print-directory test-fast
	$(MAKE) --no-print-directory test-gui

test-fast: .venv/.all
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not long" --ignore=tests/gui

test-gui: .venv/.all
ifeq ($(XVFB),)
	@if command -v xvfb-run >/dev/null; then $(SCREEN) $(BIN)/python -m pytest -q tests/gui; \
	elif [ "$$CI" = true ]; then echo "xvfb-run is missing: the viewer's tests cannot run"; exit 1; \
	else echo "SKIPPED tests/gui: xvfb-run is missing (scripts/install_system_libraries.sh installs it)"; fi
else
	$(SCREEN) $(BIN)/python -m pytest -q tests/gui
endif

test-long: .venv/.all .venv/dicom2nifti
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m long --ignore=tests/gui

fuzz: .venv/.all
	$(BIN)/python -m tests.dicom_mutations 100000

lint: .venv/.all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.all
	$(BIN)/mypy

imports: .venv/.all
	$(BIN)/lint-imports

check: lint types imports

bench: .venv/.all
	for b in benchmarks/*.py; do $(BIN)/python $$b || exit 1; done

clean:
	rm -rf .venv demo_out .pytest_cache .mypy_cache .ruff_cache .hypothesis
