"""Runs of the transforms as the project runs them: loads, and dbt inside a warm process."""

import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import perf_counter

import psycopg
from dbt.artifacts.resources.types import NodeType
from dbt.artifacts.schemas.run import RunExecutionResult
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from orchestration.defs.dbt.environment import dbt_environment
from orchestration.loads import open_load
from orchestration.loads.digests import Project, read_project
from orchestration.settings import exported

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
_CHANGED = """
select model, coalesce(rows_removed, 0) + coalesce(rows_added, 0)
from ops.model_states
where load_id = %s
"""
_QUIETLY = ("--log-level", "none", "--log-level-file", "none", "--no-use-colors")
_MODELS = ("--resource-type", "model", "--resource-type", "seed")


@dataclass(frozen=True)
class Run:
    """One run: wall-clock seconds of all of it and of each model that dbt ran.

    `changed` tells the rows that each model removed and added.
    """

    seconds: float
    models: Mapping[str, float]
    events: int | None
    changed: Mapping[str, int]


class Transforms:
    """The dbt project, parsed once, on the database of a URL (dbt binds what it parses to one).

    Every run is timed whole, opening and closing the load included.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        # a copy: what dbt writes stays out of the project, and edits out of a running benchmark
        self._project = folder / "dbt_project"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(PROJECT, self._project, ignore=shutil.ignore_patterns("target", "logs"))
        self._manifest = self._parse()
        self._defined: Project = read_project(self._project / "target" / "manifest.json")

    def run(self, as_of: datetime, *, full_refresh: bool = False) -> Run:
        """Load what is new or, refreshing, build every model whole.

        Raises RuntimeError where dbt fails.
        """
        with exported(dbt_environment(self.url)):  # which dbt reads at each invocation
            start = perf_counter()
            with open_load(
                self.url,
                as_of=as_of,
                models=self._defined.models,
                views=self._defined.views,
                full_refresh=full_refresh,
            ) as load:
                seconds = self._invoke(load.dbt_vars())
            taken = perf_counter() - start
        return Run(taken, seconds, load.event_count, _read_changed(self.url, load.load_id))

    def _invoke(self, given: Mapping[str, object]) -> dict[str, float]:
        arguments = ["build", *_MODELS, *self._places(), "--vars", json.dumps(given)]
        outcome = dbtRunner(manifest=self._manifest).invoke([*_QUIETLY, *arguments])
        results = outcome.result.results if isinstance(outcome.result, RunExecutionResult) else []
        if not outcome.success:
            said = [f"{result.node.name}: {result.message}" for result in results if result.message]
            raise RuntimeError(f"dbt failed: {outcome.exception or '; '.join(said)}")
        return {
            result.node.name: result.execution_time
            for result in results
            if result.node.resource_type == NodeType.Model
        }

    def _parse(self) -> Manifest:
        with exported(dbt_environment(self.url)):
            outcome = dbtRunner().invoke([*_QUIETLY, "parse", *self._places()])
        if not outcome.success:
            raise RuntimeError(f"dbt cannot read the project: {outcome.exception}")
        manifest = outcome.result
        if not isinstance(manifest, Manifest):
            raise TypeError(f"a manifest is needed, not {type(manifest)}")
        return manifest

    def _places(self) -> list[str]:
        folder = str(self._project)
        return [
            *("--project-dir", folder),
            *("--profiles-dir", folder),
            *("--target-path", str(self._project / "target")),
            *("--log-path", str(self._project / "logs")),
        ]


def read_work_mem() -> str:
    """The memory that each sort or hash of a model may take."""
    found = re.search(r"^ +work_mem: (\w+)$", (PROJECT / "dbt_project.yml").read_text(), re.M)
    if found is None:
        raise RuntimeError("dbt_project.yml says nothing of work_mem")
    return found[1]


def _read_changed(url: str, load_id: int) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        return dict(connection.execute(_CHANGED, [load_id]).fetchall())
