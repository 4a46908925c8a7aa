"""Run the pipeline once in this process, and sum up what it did."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import dagster as dg
import psycopg

from ingestion.store.database import Role, role_url
from orchestration.automation import (
    KIND_TAG,
    MAX_RUNTIME_TAG,
    TRIGGER_TAG,
    backfill_config,
    clock_config,
    pipeline_assets,
    pipeline_job,
)
from orchestration.database import open_warehouse
from orchestration.definitions import defs
from orchestration.defs.dbt.models import LOADS_TAG
from orchestration.instance import prepare_dagster
from orchestration.loads import DateRange
from orchestration.loads.archived import refuse_without_history
from orchestration.loads.lock import refuse_second
from orchestration.loads.record import LoadRecord, read_loads
from orchestration.settings import Settings, exported

LOG = "materialize.log"


class EmptySelectionError(Exception):
    """A selection that names no asset. The message says which."""


@dataclass(frozen=True)
class BuiltAsset:
    """An asset of a run: `schema.table`, and its rows where they were counted."""

    name: str
    rows: int | None


@dataclass(frozen=True)
class CheckOutcome:
    """What a check of a run found."""

    asset: str
    name: str
    passed: bool
    severity: str
    description: str


@dataclass(frozen=True)
class PipelineOutcome:
    """A run of the pipeline."""

    run_id: str
    as_of: datetime
    finished: bool
    errors: Sequence[str]
    assets: Sequence[BuiltAsset]
    checks: Sequence[CheckOutcome]
    loads: Sequence[LoadRecord]

    @property
    def failed_checks(self) -> list[CheckOutcome]:
        """Checks that found an error; warnings are not among them."""
        return [check for check in self.checks if not check.passed and check.severity == "ERROR"]

    @property
    def held(self) -> bool:
        """Whether the run finished and no check found an error."""
        return self.finished and not self.failed_checks


def run_pipeline(
    settings: Settings,
    *,
    as_of: datetime,
    select: str | None = None,
    full_refresh: bool = False,
    backfill: DateRange | None = None,
) -> PipelineOutcome:
    """Run the pipeline, or the selected assets of it with their checks.

    The run is recorded in Dagster's home, where the UI shows it; what Dagster and dbt print goes
    to `materialize.log`. `select` is in Dagster's selection syntax. A failing step or check
    raises nothing: it is in the outcome. Raises EmptySelectionError, LoadRunningError while
    another run is under way, and HistoryArchivedError for a full refresh without all history.
    """
    # Opened again by the run itself; holding it here keeps an embedded one up to the end.
    with open_warehouse(settings) as url:
        refuse_second(url)
        if full_refresh:
            with psycopg.connect(url) as connection:
                refuse_without_history(connection, "a full refresh reads the whole log, and")
        variables = prepare_dagster(settings, url)
        with exported(variables), printing_to(settings.logs / LOG):
            definitions = defs()
            with dg.DagsterInstance.get() as instance:
                result = definitions.resolve_job_def(pipeline_job.name).execute_in_process(
                    run_config=make_config(as_of, full_refresh=full_refresh, backfill=backfill),
                    instance=instance,
                    asset_selection=sorted(select_assets(definitions, select)) if select else None,
                    raise_on_error=False,
                    tags=list_tags(backfill),
                )
                run = instance.get_run_by_id(result.run_id)
        return sum_up(result, as_of, find_loads(url, run.tags if run else {}))


def list_tags(backfill: DateRange | None) -> dict[str, str]:
    """Tags of a run that a command executes: whoever waits for it ends it or starts it again."""
    return {
        KIND_TAG: "backfill" if backfill else "full",
        TRIGGER_TAG: "command",
        MAX_RUNTIME_TAG: "0",
        "dagster/max_retries": "0",
    }


def make_config(
    as_of: datetime, *, full_refresh: bool, backfill: DateRange | None
) -> dict[str, object]:
    """Run configuration: the instant, and how dbt builds."""
    build: dict[str, object] = {"full_refresh": True} if full_refresh else {}
    if backfill:
        build |= backfill_config(backfill.first.isoformat(), backfill.last.isoformat())
    # Only where there is any: a selection without models knows no such step.
    steps: dict[str, object] = {"ops": {"dbt_models": {"config": build}}} if build else {}
    return {**clock_config(as_of), **steps}


def find_loads(url: str, tags: Mapping[str, str]) -> list[LoadRecord]:
    """The loads that a run with these tags was."""
    noted = tags.get(LOADS_TAG)
    if not noted:
        return []
    own = role_url(url, Role.TRANSFORM, application_name="study-summary")
    with psycopg.connect(own) as connection:
        return read_loads(connection, [int(each) for each in noted.split(",")])


def select_assets(definitions: dg.Definitions, select: str) -> Collection[dg.AssetKey]:
    """Assets of the pipeline a selection names. Raises EmptySelectionError where there is none."""
    graph = definitions.resolve_asset_graph()
    try:
        chosen = dg.AssetSelection.from_string(select) & pipeline_assets
        keys = chosen.resolve(graph)
    except dg.DagsterError as error:
        raise EmptySelectionError(f"{select!r} selects no asset") from error
    if not keys:
        raise EmptySelectionError(f"{select!r} selects no asset")
    return keys


def sum_up(
    result: dg.ExecuteInProcessResult, as_of: datetime, loads: Sequence[LoadRecord]
) -> PipelineOutcome:
    """What a run built and found."""
    return PipelineOutcome(
        run_id=result.run_id,
        as_of=as_of,
        finished=result.success,
        errors=list(_errors(result)),
        assets=[
            _built(event.step_materialization_data.materialization)
            for event in result.get_asset_materialization_events()
        ],
        checks=[
            CheckOutcome(
                asset=_name(evaluation.asset_key),
                name=evaluation.check_name,
                passed=evaluation.passed,
                severity=evaluation.severity.value,
                description=evaluation.description or "",
            )
            for evaluation in result.get_asset_check_evaluations()
        ],
        loads=loads,
    )


@contextmanager
def printing_to(log: Path) -> Iterator[None]:
    """Send what this process prints to a log file, for the length of the block."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as sink, redirect_stdout(sink), redirect_stderr(sink):
        yield


def _built(materialization: dg.AssetMaterialization) -> BuiltAsset:
    count = materialization.metadata.get("dagster/row_count")
    rows = count.value if count is not None else None
    return BuiltAsset(_name(materialization.asset_key), rows if isinstance(rows, int) else None)


def _name(key: dg.AssetKey) -> str:
    return ".".join(key.path)


def _errors(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    for event in result.get_step_failure_events():
        failure = event.step_failure_data.error
        # The outermost error says only that the step failed; its cause says why.
        while failure is not None and failure.cause is not None:
            failure = failure.cause
        yield f"{event.step_key}: {failure.message.strip() if failure else 'failed'}"
