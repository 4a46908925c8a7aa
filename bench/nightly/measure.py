"""What the orchestration of a nightly run adds to the work it orchestrates."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg

from ingestion.readers.ndjson import read_lines
from orchestration.automation import NIGHTLY_WHOLE, clock_config, pipeline_job
from orchestration.database import open_warehouse
from orchestration.definitions import defs
from orchestration.demo import prepare_cohort
from orchestration.instance import prepare_dagster
from orchestration.landing import land_events
from orchestration.pipeline import LOG, printing_to
from orchestration.settings import Settings, exported, variable_name
from quality.gx import import_gx

MOST_OVERHEAD_SECONDS = 15.0


@dataclass(frozen=True)
class Night:
    """Seconds of one nightly run: from its launch to its end, and of the work in it.

    `imported` is the import of Great Expectations, which each run's own process pays once: counted
    with the overhead, and not with the checks. `sql` is dbt's time over models and tests as dbt
    gives it (its parsing is not in it), `checks` that of the steps of suites and reconciliation.
    """

    wall: float
    imported: float
    sql: float
    checks: float
    events: int

    @property
    def overhead(self) -> float:
        """What is left: Dagster, its records, imports, dbt's start and parsing, counts of rows."""
        return self.wall - self.sql - self.checks


def measure_night() -> tuple[Night, Night]:
    """Run the demo's cohort through the nightly job twice: the first builds everything.

    In a home of its own. Raises RuntimeError where a run fails.
    """
    start = time.perf_counter()
    import_gx()
    imported = time.perf_counter() - start
    with TemporaryDirectory() as folder:
        home = Path(folder)
        settings = Settings(home=home, postgres_port=0)
        with open_warehouse(settings) as url, printing_to(home / "logs" / LOG):
            cohort = prepare_cohort(home / "demo", now=datetime.now(UTC))
            events = land_events(url, (event for _, event in read_lines(cohort.events)))
            variables = prepare_dagster(settings, url) | {
                variable_name("home"): str(home),
                variable_name("database_url"): url,
            }
            with exported(variables), dg.DagsterInstance.get() as instance:
                count = sum(events.statuses.values())
                first = _run(instance, cohort.end_at, home, count, imported)
                second = _run(instance, cohort.end_at + timedelta(days=1), home, count, imported)
    return first, second


def _run(
    instance: dg.DagsterInstance, as_of: datetime, home: Path, events: int, imported: float
) -> Night:
    start = time.perf_counter()
    result = (
        defs()
        .resolve_job_def(pipeline_job.name)
        .execute_in_process(
            instance=instance,
            run_config=clock_config(as_of, NIGHTLY_WHOLE),
            raise_on_error=False,
        )
    )
    wall = imported + time.perf_counter() - start
    if not result.success:
        raise RuntimeError(f"the nightly run failed: see {home / 'logs' / LOG}")
    results = (home / "dbt" / result.run_id).glob("*/run_results.json")
    sql = sum(json.loads(path.read_text())["elapsed_time"] for path in results)
    return Night(wall, imported, sql, sum(_seconds_of_checks(result)), events)


def _seconds_of_checks(result: dg.ExecuteInProcessResult) -> Iterator[float]:
    for event in result.all_events:
        name = event.step_key or ""
        if event.is_step_success and name.endswith(("_suite", "_reconciliation")):
            yield event.step_success_data.duration_ms / 1000
