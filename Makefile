# Everything is made from the registry and uv.lock: all it needs is python3 (3.11 or later) and make.
PYTHON ?= python3
UV_VERSION := 0.13.9
POSTGRES_15 ?= /usr/lib/postgresql/15/bin
PYTEST_WORKERS ?= 2

export UV_PROJECT_ENVIRONMENT := .venv
UV := .uv/bin/uv
RUN := .venv/bin/
PACKAGES := ingestion quality orchestration bench tests

.DEFAULT_GOAL := help
.PHONY: help demo test check lint types up install lock format test-pg15 test-exactness test-slow test-duckdb test-mastery test-faults test-operation test-custody test-fuzz bench-ingest bench-archive bench-transform bench-middleware bench-mastery bench-nightly bench-quality generate golden clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: install ## Land a simulated cohort over HTTP, run the pipeline, show the marts
	$(RUN)study demo

test: lint types ## Lint, types and all tests, on a real PostgreSQL
	$(RUN)pytest -n $(PYTEST_WORKERS)

check: test ## What CI runs

up: install ## Ingestion :8000, Dagster :3000, PostgreSQL :5433; Ctrl-C stops all
	$(RUN)study up

lint: install ## Lint Python and SQL; see that generated files are current
	$(UV) lock --check --quiet
	$(RUN)ruff check .
	$(RUN)ruff format --check .
	$(RUN)python -m ingestion.events.generate --check
	$(RUN)sqlfluff lint --disable-progress-bar dbt_project

types: install ## Check types, strictly
	$(RUN)mypy

format: install ## Format the code, fix what linters can fix
	$(RUN)ruff check --fix .
	$(RUN)ruff format .
	$(RUN)sqlfluff fix --disable-progress-bar dbt_project

bench-nightly: install ## What Dagster adds to the work of a nightly run
	$(RUN)python -m bench.nightly

generate: install ## Write again what is generated from the tracking plan
	$(RUN)python -m ingestion.events.generate

golden: install ## Write the golden asset graph and column lineage again, to be read in the diff
	$(RUN)python -m tests.architecture.column_lineage
	$(RUN)python -m tests.architecture.test_asset_graph

test-pg15: install ## All tests again on Debian's PostgreSQL 15 (package postgresql-15)
	STUDY_POSTGRES_BIN=$(POSTGRES_15) $(RUN)pytest -n $(PYTEST_WORKERS)

test-exactness: install ## 2,000 and more cases: any order, lateness, cut and death give the same marts
	$(RUN)pytest tests/exactness -m exactness -n $(PYTEST_WORKERS)

test-slow: install ## What takes a minute each: benchmarks in small, a second demo, DuckDB
	$(RUN)pytest -m slow -n $(PYTEST_WORKERS)

test-duckdb: install ## Models and tests of the dbt project on DuckDB; its marts against PostgreSQL's
	$(RUN)pytest tests/dbt_project -m slow -n 0

test-mastery: install ## Mastery against the hidden abilities of simulated learners
	$(RUN)pytest tests/dbt_project/test_mastery_truth.py -m slow -n 0 -s

test-faults: install ## Kills, restarts, cuts and full disks under a million events: 0 lost, 0 doubled
	$(RUN)pytest tests/faults -m faults -n 0

test-operation: install ## Thirty days of runs, late events, kills and alerts; every process killed
	$(RUN)pytest tests/operation -m operation -n 0

test-custody: install ## Three years under kills, every kind of store, backups, a forgotten learner
	$(RUN)pytest tests -m custody -n 0

test-fuzz: install ## Thousands of requests by schemathesis and Hypothesis: no 5xx, no hang, no growth
	$(RUN)pytest tests/ingestion/api -m fuzz -n $(PYTEST_WORKERS)

bench-ingest: install ## Events in over HTTP and by replay, against COPY and dlt, as ratios
	$(RUN)python -m bench.ingest

bench-transform: install ## Refreshes, loads and live reads of 5,000,000 events, as ratios
	$(RUN)python -m bench.transform

bench-quality: install ## What the checks take of a full refresh of 5,000,000 events
	$(RUN)python -m bench.quality

bench-middleware: install ## What tracking by middleware adds to a request, in ms
	$(RUN)python -m bench.middleware

bench-archive: install ## A month of 1,000,000 events into the archive and back, against COPY
	$(RUN)python -m bench.archive

LKT ?= ../shared/data/lkt/attempts.csv.gz

bench-mastery: install ## How well mastery foretells answers (LKT), beside knowledge tracing and others
	$(RUN)python -m bench.mastery --data $(LKT) --format lkt

install: .venv/.installed ## Make .venv from the lock

.venv/.installed: pyproject.toml uv.lock | $(UV)
	$(UV) sync --locked --quiet --python $(PYTHON)
	@touch $@

$(UV):
	$(PYTHON) -m venv .uv
	.uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

lock: | $(UV) ## Resolve the dependencies anew
	$(UV) lock --upgrade

clean: ## Remove what was built; data under .study stays
	rm -rf .venv .uv dbt_project/target dbt_project/logs .mypy_cache .ruff_cache .pytest_cache
