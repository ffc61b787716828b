# Every target makes the virtual environment it needs; nothing but Python 3.11+ and make has to be there.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
LOCK   := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header

.PHONY: help setup demo run test test-all check format schema bench screenshots env lock clean
help:          ## show this list
	@grep -hE '^[a-z-]+:.* ##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## make .venv with everything in it, servers included

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("storesync needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@echo "Making $(VENV): downloading and unpacking the packages takes a minute or two, once."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --progress-bar on --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)
	@echo "$(VENV) is ready."

demo: $(READY)  ## the whole product on this machine; make demo ARGS=--once ends by itself
	@$(BIN)/storesync demo $(ARGS)

run: $(READY)   ## workers, beat, web and Flower on what is configured
	@$(BIN)/storesync up $(ARGS)

test: $(READY)  ## all but what takes long, on real PostgreSQL and Redis; make test ARGS=tests/rules runs all of those
	$(BIN)/pytest -n 4 $(if $(findstring tests,$(ARGS)),,-m "not (flow or long)") $(ARGS)

test-all: $(READY) ## every test: real workers that are killed, the demo, a browser, orders by the thousand
	$(BIN)/pytest -n 6

check: $(READY) ## ruff, ruff format, mypy strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## put the code in form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schema: $(READY) ## write connectors/postgres/schema.sql anew, behind a new migration
	$(BIN)/python -m tests.connectors.postgres.schema_sql

bench: $(READY) ## measure what orders cost, half an hour, into docs/performance.md
	$(BIN)/python -m bench.import_orders $(ARGS)
	$(BIN)/python -m bench.fairness
	$(BIN)/python -m bench.webhooks
	$(BIN)/python -m bench.workers
	$(BIN)/python -m bench.pictures

screenshots: $(READY) ## take the console's pictures of the demo anew, into docs/pictures
	$(BIN)/python -m bench.screenshots $(ARGS)

env:            ## write .env for docker compose, with random secrets
	@test ! -e .env || { echo ".env is there already"; exit 1; }
	@umask 077; $(PYTHON) -c 'from secrets import token_urlsafe as t; print("POSTGRES_PASSWORD=" + t(24)); print("REDIS_PASSWORD=" + t(24)); from base64 import urlsafe_b64encode as b; from os import urandom as r; print("STORESYNC_SECRET_KEY=" + b(r(32)).decode()); print("FLOWER_LOGIN=admin:" + t(12)); print("METRICS_TOKEN=" + t(24)); print("GRAFANA_PASSWORD=" + t(12))' > .env
	@echo "Wrote .env. Keep STORESYNC_SECRET_KEY safe: without it the stored credentials cannot be read."

lock:           ## pin all dependencies anew (needs uv)
	$(LOCK) pyproject.toml -o requirements.lock
	$(LOCK) --group dev --constraint requirements.lock pyproject.toml -o requirements-dev.lock

clean:          ## remove the virtual environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info
