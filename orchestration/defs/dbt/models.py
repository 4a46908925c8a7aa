"""The dbt models as assets, their tests as asset checks."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
from dagster_dbt import DbtCliInvocation, DbtCliResource, dbt_assets
from psycopg import sql
from pydantic import Field

from ingestion.store.database import Role, role_url
from orchestration.defs.dbt.environment import dbt_environment
from orchestration.defs.dbt.manifest import dbt_executable, dbt_project
from orchestration.resources import Clock, Warehouse
from orchestration.settings import exported, read_settings
from orchestration.translator import WarehouseTranslator

# dbt's log and results of so many runs are kept, to be looked into when one has failed.
KEPT_TARGETS = 20


class BuildConfig(dg.Config):
    """How dbt builds."""

    full_refresh: bool = Field(
        default=False, description="Rebuild every table from the whole history."
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
        arguments = build_arguments(clock.instant.isoformat(), config)
        target = make_target(read_settings().home / "dbt", context.run.run_id)
        with exported(dbt_environment(warehouse.url)):
            build = dbt.cli(arguments, context=context, target_path=target)
            yield from with_row_counts(build, warehouse.url)

    return dg.Definitions(
        assets=[dbt_models],
        resources={"dbt": DbtCliResource(project_dir=project, dbt_executable=dbt_executable())},
    )


def build_arguments(as_of: str, config: BuildConfig) -> list[str]:
    """Arguments of `dbt build`. Unit tests are left to the test suite: they judge the code, which
    does not change between two nights, and not the data, which does.
    """
    arguments = ["build", "--vars", json.dumps({"as_of": as_of})]
    arguments += ["--exclude-resource-type", "unit_test"]
    return [*arguments, "--full-refresh"] if config.full_refresh else arguments


def make_target(folder: Path, run_id: str) -> Path:
    """Make the folder of what dbt writes in a run, and drop those of long past runs."""
    target = folder / run_id
    target.mkdir(parents=True, exist_ok=True)
    by_age = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
    for past in by_age[KEPT_TARGETS:]:
        shutil.rmtree(past)
    return target


def with_row_counts(build: DbtCliInvocation, url: str) -> Iterator[Any]:
    """Give dbt's events to Dagster, each table with its rows.

    dagster-dbt's own `fetch_row_counts` asks for the table in the database named in the manifest,
    which was parsed without one: it would count nothing on any but the embedded server.
    """
    own = role_url(url, Role.TRANSFORM, application_name="study-row-counts")
    with psycopg.connect(own, autocommit=True) as connection:
        for event in build.stream():
            if not isinstance(event, dg.Output):
                yield event
                continue
            node = build.manifest["nodes"][event.metadata["unique_id"].value]
            if node["config"]["materialized"] == "view":
                yield event
                continue
            rows = count_rows(connection, node["schema"], node["alias"])
            yield event.with_metadata({**event.metadata, "dagster/row_count": rows})


def count_rows(connection: psycopg.Connection, schema: str, table: str) -> int:
    """Rows of a table, exactly."""
    query = sql.SQL("select count(*) from {}").format(sql.Identifier(schema, table))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
