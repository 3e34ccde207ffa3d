# Needs Python 3.12, 3.13 or 3.14, make and git. Everything else goes into .venv, from the lock files.

PYTHON ?= python3
BIN := .venv/bin
UV ?= $(firstword $(wildcard $(BIN)/uv) uv)
LOCKED := --quiet --universal --python-version 3.12 --generate-hashes --no-strip-extras --only-binary :all: --no-header --no-annotate
COMPILE_LOCK := pip compile pyproject.toml $(LOCKED)

CONCLUDED := baseline takedown vendor-arrests postal-interdiction education naloxone treatment-capacity
.DEFAULT_GOAL := help
FOR ?= 60
.PHONY: help setup setup-dev app demo validate conclusions validate-quick validate-rivals calibrate calibrate-small calibrate-proof test test-slow fuzz lint format bench throughput roofline peers dock screen collinear deciding reference replications page-answers docs baseline-numbers lock clean distclean FORCE

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s%s\n", $$1, $$2 }' Makefile

setup: .venv/.runtime ## make .venv with the odm command in it
setup-dev: .venv/.dev ## the same, with what tests, linting and notebooks need

app: setup ## the page: put interventions together and compare them in a browser
	@$(BIN)/odm app

demo: setup ## compare three interventions with the baseline, into results/demo
	@$(BIN)/odm compare baseline takedown education harm-reduction --runs 8 --out results/demo --resume

validate: setup ## hold the model against published facts, and keep the answer for docs/validity.md (half an hour)
	@$(BIN)/odm validate --runs 8 --out results/validation --resume
	@mkdir -p results/reference/validation
	@cp results/validation/answer/validation.json results/reference/validation/

conclusions: setup ## which conclusions hold across the ensemble that ships, for docs/validity.md (ten minutes)
	@$(BIN)/odm compare $(CONCLUDED) --consumers 10000 --days 548 --burn-in 180 --runs 100 --members 50 --ensemble default --out results/ensemble --resume
	@mkdir -p results/reference/ensemble
	@cp results/ensemble/answer/conclusions.csv results/reference/ensemble/

validate-quick: setup ## the same with small worlds, one run of each (under three minutes)
	@$(BIN)/odm validate --consumers 1000 --runs 1

validate-rivals: setup ## the same for rivals of contested rules, one run of each world, and keep how many facts each meets (ten minutes)
	@$(BIN)/python -m experiments.rivals

calibrate: setup-dev ## fit parameters to published facts, into results/calibration; goes on where it was stopped (a night or more)
	@$(BIN)/python -m experiments.calibration

calibrate-small: setup-dev ## a small one around the defaults: 30 parameters, 834 runs of 50,000 people, into results/calibration-small (an hour and a half)
	@$(BIN)/python -m experiments.calibration --out results/calibration-small experiments/calibration_small.yaml

calibrate-proof: setup-dev ## the small one, with 20,000 people, for 24 truths that are known, which must be found again, into results/calibration-proof (half an hour)
	@$(BIN)/python -m experiments.calibration --proof --points 180 --truths 24 --consumers 20000 experiments/calibration_small.yaml

test: lint ## linting, types and tests
	@echo "== the model"
	@$(BIN)/odm doctor --prepare
	@echo "== pytest"
	@$(BIN)/python -m pytest -m "not slow" -n auto --dist worksteal

test-slow: setup-dev ## the slow tests only
	@$(BIN)/python -m pytest -m slow

fuzz: setup-dev ## throw broken files at everything that reads files, for a minute (FOR=600: ten)
	@$(BIN)/python -m tests.fuzz --seconds $(FOR)

lint: setup-dev ## linting, formatting and types
	@echo "== ruff check"
	@$(BIN)/ruff check
	@echo "== ruff format"
	@$(BIN)/ruff format --check
	@echo "== pyright"
	@$(BIN)/pyright

format: setup-dev ## rewrite the code in the project's format
	@$(BIN)/ruff check --fix --exit-zero
	@$(BIN)/ruff format

bench: setup ## speed and memory, against plain Mesa
	@$(BIN)/python -m benchmarks.bench

throughput: setup ## a thousand runs of a study against single runs, twenty minutes
	@$(BIN)/python -m benchmarks.throughput

roofline: setup ## how near each phase of the day comes to what this machine can do
	@$(BIN)/python -m benchmarks.roofline

peers: setup-dev .peers/.installed ## a reduced market in Mesa, agentpy, NumPy and Numba, into results/reference/peers.csv (about five minutes)
	@PYTHONPATH=.peers $(BIN)/python -m pytest -q tests/test_peers.py
	@PYTHONPATH=.peers $(BIN)/python -m benchmarks.peers

dock: setup ## statistics, against plain Mesa
	@$(BIN)/python -m benchmarks.dock

screen: setup ## every parameter over its plausible range, into results/reference/screening.csv (about ten minutes)
	@$(BIN)/python -m experiments.screen

collinear: setup ## pairs of parameters that no outcome can tell apart, into results/reference/collinear.csv (half an hour)
	@$(BIN)/python -m experiments.collinear

deciding: setup-dev ## which assumed values decide most of what interventions change, for docs/validity.md (half an hour on slow cores)
	@$(BIN)/python -m experiments.deciding

reference: setup-dev ## the studies that ship, small enough for a laptop, into results/reference (about two hours)
	@$(BIN)/python -m experiments.reference

replications: setup-dev ## published results looked for in the model, into results/reference/replications (about twenty minutes of one core)
	@$(BIN)/python -m experiments.replications

page-answers: setup ## the answers that the page shows at once, into sim/app/stored.json.gz (half an hour on slow cores)
	@$(BIN)/python -m experiments.page_answers

docs: setup-dev ## write the generated pages of docs/ again
	@$(BIN)/python docs/make_tables.py

baseline-numbers: setup-dev ## write tests/baseline_numbers.json again, when results are meant to move
	@$(BIN)/python -m tests.baseline_numbers

lock: ## resolve the lock files again (needs uv; UPGRADE=--upgrade for newer versions)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: name it with UV=/path/to/uv" >&2; exit 1; }
	$(UV) $(COMPILE_LOCK) $(UPGRADE) --extra build --extra app -o requirements.lock
	$(UV) $(COMPILE_LOCK) $(UPGRADE) --extra build --extra app --extra dev --extra studies --extra cluster -c requirements.lock -o requirements-dev.lock
	sed -n 's/^peers = \["\(.*\)"\]$$/\1/p' pyproject.toml | $(UV) pip compile - $(LOCKED) $(UPGRADE) --no-deps -o requirements-peers.lock

clean: ## remove caches (compiled kernels too) and built packages
	@find . -path ./.venv -prune -o -path ./.git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
	@rm -rf .pytest_cache .ruff_cache .hypothesis build dist

distclean: clean ## remove .venv as well
	@rm -rf .venv .peers

# --- the environment ---------------------------------------------------------------------------------------------
# Bring .venv to what the lock file $(1) names, by the first usable of: the Python in it, $(PYTHON) (pyenv's .python-version
# applies to it), python3.14, python3.13, python3.12.
define INSTALL
	@set -e; found=; seen=; \
	for python in $(BIN)/python "$(PYTHON)" python3.14 python3.13 python3.12; do \
	  version=$$("$$python" -c 'import platform; print(platform.python_version())' 2>/dev/null) || continue; \
	  seen="$$seen $$python is $$version;"; \
	  "$$python" -c 'import sys; sys.exit(not (3, 12) <= sys.version_info[:2] <= (3, 14))' || continue; \
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null || { \
	    seen="$$seen $$python lacks the venv module (package python3-venv on Debian and Ubuntu);"; continue; }; \
	  found=$$python; break; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "No usable Python 3.12 to 3.14 was found:$${seen:- no python3 on the path;}" >&2; \
	  echo "install one, or name one: make setup PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	"$$found" make_venv.py $(1)
endef

# An environment that was copied or moved here would start the programs of the other place: it is made again.
PLACE := $(or $(shell cat .venv/.place 2>/dev/null),$(CURDIR))
ifneq ($(PLACE),$(CURDIR))
MOVED := FORCE
endif

.venv/.runtime: requirements.lock pyproject.toml $(MOVED)
	$(call INSTALL,requirements.lock)
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml $(MOVED)
	$(call INSTALL,requirements-dev.lock)
	@touch .venv/.runtime $@

# Only `make peers` looks into this folder, so that no library of a peer comes into the way of the model or of its tests.
.peers/.installed: requirements-peers.lock .venv/.dev
	@rm -rf .peers
	@$(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet --no-deps --only-binary :all: --require-hashes \
	  --target .peers -r requirements-peers.lock
	@touch $@
