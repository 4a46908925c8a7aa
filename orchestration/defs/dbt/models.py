"""The dbt models as assets, their tests as asset checks."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import date
from functools import partial
from typing import Any

import dagster as dg
import psycopg
from dagster_dbt import DbtCliInvocation, DbtCliResource, dbt_assets
from psycopg import sql
from pydantic import Field

from ingestion.store.database import Role, role_url
from orchestration.defs.dbt.environment import dbt_environment
from orchestration.defs.dbt.invocation import (
    BUILD,
    InstalledDbt,
    make_load_folder,
    make_target,
    run_variables,
)
from orchestration.defs.dbt.lag import read_received
from orchestration.defs.dbt.lineage import column_lineage
from orchestration.defs.dbt.manifest import dbt_executable, dbt_project
from orchestration.loads import DateRange, Load, open_load
from orchestration.loads.digests import read_project
from orchestration.mastery.versions import read_model
from orchestration.resources import Clock, Warehouse
from orchestration.settings import exported, read_settings
from orchestration.translator import LINEAGE_ENTRY, WarehouseTranslator
from quality.docs import docs_page

# On a run of Dagster's: the loads it was, with commas between.
LOADS_TAG = "study/loads"
# The transactions the last of them took.
WINDOW_TAG = "study/window"


class BuildConfig(dg.Config):
    """How dbt builds."""

    full_refresh: bool = Field(
        default=False, description="Rebuild every table from the whole history."
    )
    whole: list[str] = Field(
        default=[], description="Models to rebuild so, with all who read them, by name."
    )
    backfill_from: str | None = Field(
        default=None,
        description="First local date (ISO 8601) whose events are gone through again.",
    )
    backfill_to: str | None = Field(
        default=None, description="Last local date of the backfill, included."
    )

    @property
    def backfill(self) -> DateRange | None:
        """The days to go through again. Raises ValueError where they are none."""
        if self.backfill_from is None and self.backfill_to is None:
            return None
        if self.backfill_from is None or self.backfill_to is None:
            raise ValueError("a backfill has a first and a last day: one of them is missing")
        return DateRange(
            date.fromisoformat(self.backfill_from), date.fromisoformat(self.backfill_to)
        )


@dg.definitions
def dbt_defs() -> dg.Definitions:
    """The project's models, and the dbt that builds them."""
    project = dbt_project()

    @dbt_assets(
        manifest=project.manifest_path,
        project=project,
        dagster_dbt_translator=WarehouseTranslator(),
        name="dbt_models",
    )
    def dbt_models(
        context: dg.AssetExecutionContext,
        dbt: DbtCliResource,
        warehouse: Warehouse,
        clock: Clock,
        config: BuildConfig,
    ) -> Iterator[Any]:
        target = make_target(read_settings().home / "dbt", context.run.run_id)

        def build(given: Mapping[str, object], load: Load) -> Iterator[Any]:
            note_load(context, load)
            folder = make_load_folder(target, load, project.manifest_path)
            with exported(run_variables(load, given)):
                call = dbt.cli(BUILD, context=context, target_path=folder)
            yield from with_measures(call, warehouse.url, load)

        with warehouse.retrying(context), exported(dbt_environment(warehouse.url)):
            given = read_given(warehouse.url)
            defined = read_project(project.manifest_path, given)
            whole = config.full_refresh or config.whole
            open_next = partial(
                open_load,
                warehouse.lock,
                as_of=clock.instant,
                models=defined.models,
                views=defined.views,
                backfill=config.backfill,
            )
            yield from build_until_current(open_next, partial(build, given), full_refresh=whole)

    return dg.Definitions(
        assets=[dbt_models],
        resources={
            "dbt": InstalledDbt(
                project_dir=str(project.project_dir),
                profiles_dir=str(project.profiles_dir),
                dbt_executable=dbt_executable(),
            )
        },
    )


def read_given(url: str) -> dict[str, object]:
    """What dbt is told beside the load: the model of mastery, where it is not the project's own."""
    own = role_url(url, Role.TRANSFORM, application_name="study-mastery")
    with psycopg.connect(own, autocommit=True) as connection:
        model = read_model(connection, read_settings().mastery_version)
    return {} if model is None else {"mastery_model": model}


def build_until_current(
    open_next: Callable[..., AbstractContextManager[Load]],
    build: Callable[[Load], Iterator[Any]],
    *,
    full_refresh: bool | Collection[str],
) -> Iterator[Any]:
    """Build by one load, or by two where a died one has to be ended first; yield Dagster's events.

    In one step, so that whoever starts a run (the schedule, a command, a button) finds the marts
    current after it, and none can forget the second half. Dagster takes one result an asset: those
    of the died load are told only where it fails again, as it is then the last.
    """
    with open_next(full_refresh=full_refresh) as load:
        yield from hold_back(build(load)) if load.resumed else build(load)
    if load.resumed:
        # What was asked to be built whole has been, up to the end of the old window.
        with open_next(full_refresh=False) as following:
            yield from build(following)


def hold_back(events: Iterator[Any]) -> Iterator[Any]:
    """Exhaust events, and give them only where that fails."""
    seen = []
    try:
        for event in events:
            seen.append(event)
    except Exception:
        yield from seen
        raise


def note_load(context: dg.AssetExecutionContext, load: Load) -> None:
    """Tag the run with the load, and log what it takes."""
    past = context.instance.get_run_by_id(context.run.run_id)
    before = past.tags.get(LOADS_TAG) if past else None
    tag = f"{before},{load.load_id}" if before else str(load.load_id)
    window = f"{load.from_xid or 'first'} to before {load.to_xid}"
    context.instance.add_run_tags(context.run.run_id, {LOADS_TAG: tag, WINDOW_TAG: window})
    context.log.info(
        "Load %s (%s%s): %s events of transactions [%s, %s); built whole: %s",
        load.load_id,
        load.kind,
        ", resumed" if load.resumed else "",
        load.event_count,
        load.from_xid or "first",
        load.to_xid,
        ", ".join(load.reasons) or "nothing",
    )


def with_measures(build: DbtCliInvocation, url: str, load: Load) -> Iterator[Any]:
    """Give dbt's events to Dagster, each table with its rows and how late its events are in it.

    dagster-dbt's own `fetch_row_counts` asks for the table in the database named in the manifest,
    which was parsed without one: it would count nothing on any but the embedded server. Its
    `fetch_column_metadata` reads the lineage off the SQL at each run, for seconds a model.
    """
    own = role_url(url, Role.TRANSFORM, application_name="study-row-counts")
    with psycopg.connect(own, autocommit=True) as connection:
        received = read_received(connection, load)
        for event in build.stream():
            if not isinstance(event, dg.Output):
                yield event
                continue
            node = build.manifest["nodes"][event.metadata["unique_id"].value]
            yield event.with_metadata(
                {**event.metadata, **measure_model(connection, node), **received.tell()}
            )


def measure_model(connection: psycopg.Connection, node: Mapping[str, Any]) -> dict[str, Any]:
    """What is shown of a model that has been built: its rows, and where its columns come from."""
    lineage = column_lineage(dg.AssetKey([node["schema"], node["alias"]]))
    shown: dict[str, Any] = {LINEAGE_ENTRY: lineage} if lineage else {}
    if node["schema"] == "marts":
        shown["data_docs"] = dg.MetadataValue.path(docs_page(read_settings().data_docs))
    # To count a view is to compute it, a live one for every learner there is.
    if node["config"]["materialized"] == "incremental":
        shown["dagster/row_count"] = count_rows(connection, node["schema"], node["alias"])
    return shown


def count_rows(connection: psycopg.Connection, schema: str, table: str) -> int:
    """Rows of a table, exactly."""
    query = sql.SQL("select count(*) from {}").format(sql.Identifier(schema, table))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
