"""The dbt models as assets, their tests as asset checks."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets
from pydantic import Field

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
        target = make_target(read_settings().home / "dbt", context.run_id)
        with exported(dbt_environment(warehouse.url)):
            build = dbt.cli(arguments, context=context, target_path=target)
            yield from build.stream().fetch_row_counts()

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
