# Everything a person needs, one word each: `make help`.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)
BIN := .venv/bin
FLASK := $(BIN)/flask --app app
LOCK := uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-emit-index-url
.DEFAULT_GOAL := help
.PHONY: help run demo test lint lock bench backup restore migrate migration worker python environment dev-environment

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: environment ## Start Draagvlak on http://127.0.0.1:8000 (HOST, PORT, DATABASE_URL, … from the environment)
	@exec $(FLASK) serve

demo: environment ## Load a demo organisation of any size: make demo ARGS="--supporters 10000 --seed 1"
	@$(FLASK) demo load $(ARGS)

worker: environment ## Run jobs in a process of their own (start the server with WORKER=no)
	@exec $(FLASK) worker

test: dev-environment ## Run every test, on SQLite or PostgreSQL in turns; COMPLETE=1 all on both; PYTEST_ARGS="tests/grants -x"
	@$(BIN)/python -m pytest $(if $(COMPLETE),--database both --complete,--database turns) -n 2 $(PYTEST_ARGS)

lint: dev-environment ## Check style, types, templates and dependencies
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/deptry --no-ansi .

lock: ## Pin requirements.in and requirements-dev.in with hashes (needs uv)
	$(LOCK) requirements.in -o requirements.txt
	$(LOCK) requirements-dev.in -o requirements-dev.txt

bench: dev-environment ## Measure speed: make bench JOB=donation for one group
	@$(BIN)/python -m tests.benchmarks $(JOB)

backup: environment ## Write a backup to BACKUP_DIR (var/backups)
	@$(FLASK) backup make

restore: environment ## Put a backup back: make restore FILE=var/backups/… [FORCE=1]
	@test -n "$(FILE)" || { echo "Say which backup: make restore FILE=var/backups/…" >&2; exit 2; }
	@$(FLASK) backup restore "$(FILE)" $(if $(FORCE),--force)

migrate: environment ## Bring the database to this version (make run does it by itself)
	@$(FLASK) db upgrade

migration: dev-environment ## Write a migration from the models: make migration name="Add campaigns"
	@test -n "$(name)" || { echo 'Say what it does: make migration name="Add campaigns"' >&2; exit 2; }
	@$(FLASK) db migrate -m "$(name)"

python:
	@test -n "$(PYTHON)" || { echo "Draagvlak needs Python 3.11 or newer, and there is none on this PATH." >&2; exit 2; }

environment: python
	@$(PYTHON) scripts/environment.py requirements.txt

dev-environment: python
	@$(PYTHON) scripts/environment.py requirements-dev.txt
