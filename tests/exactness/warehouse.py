"""A warehouse under test: a database of its own, and dbt kept warm in this process."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypedDict, Unpack
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pandas as pd
import psycopg
from dbt.cli.main import dbtRunner
from dbt_common.events.base_types import EventMsg
from psycopg import sql

from ingestion.store.database import Role, role_url
from orchestration.defs.dbt.environment import dbt_environment
from orchestration.loads import DateRange, Load, open_load
from orchestration.loads.digests import Project as Defined
from orchestration.loads.digests import read_project
from quality.oracle import read_mart
from quality.oracle.comparison import KEYS
from tests.conftest import REPOSITORY

PROJECT = REPOSITORY / "dbt_project"
# What a run makes: tables, views, and the seeds they read. Tests are for other tests.
MODELS = ("--resource-type", "model", "--resource-type", "seed")


class LoadDied(Exception):  # noqa: N818 (what happened, not what is wrong)
    """A load that did not come to its end, with dbt's words."""


class LoadKilled(Exception):  # noqa: N818
    """A load that was not to come to its end."""


class LoadOptions(TypedDict, total=False):
    """What a load may be beside a plain one."""

    full_refresh: bool | set[str]
    backfill: DateRange


@dataclass(frozen=True)
class Project:
    """A parsed dbt project, bound to the name of one database: dbt writes it into every relation.

    `manifest` is dbt's own; `folder` that of the project's files.
    """

    folder: Path
    database: str
    manifest: Any

    @cached_property
    def defined(self) -> Defined:
        """What a load has to know of each model."""
        return read_project(self.folder / "target" / "manifest.json")

    @cached_property
    def order(self) -> list[str]:
        """The names of all models, none before what it is built from."""
        nodes = {
            key: [parent for parent in node.depends_on.nodes if parent.startswith("model.")]
            for key, node in self.manifest.nodes.items()
            if node.resource_type == "model"
        }
        ordered: list[str] = []
        while len(ordered) < len(nodes):
            ordered += sorted(
                key
                for key, parents in nodes.items()
                if key not in ordered and all(parent in ordered for parent in parents)
            )
        return [self.manifest.nodes[key].name for key in ordered]

    @cached_property
    def tables(self) -> list[str]:
        """Those of them that are tables, in the same order."""
        return [name for name in self.order if name in self.defined.models]

    def schema(self, model: str) -> str:
        """The schema a model is built in."""
        return next(str(n.schema) for n in self.manifest.nodes.values() if n.name == model)


def copy_project(folder: Path) -> Path:
    """Copy the dbt project into a new folder, without what dbt writes; returns the folder."""
    shutil.copytree(PROJECT, folder, ignore=shutil.ignore_patterns("target", "logs"))
    return folder


def parse(folder: Path, database: str) -> Project:
    """Parse a project once for all runs on databases of this name; takes seconds."""
    with _environment(dbt_environment(f"postgresql://nobody@localhost/{database}")):
        parsed = dbtRunner().invoke(["--quiet", "parse", "--no-partial-parse", *_options(folder)])
    assert parsed.success, parsed.exception
    return Project(folder, database, parsed.result)


def database_name() -> str:
    """A name for a database that comes and goes under it; no other process has it."""
    return f"study_exact_{uuid4().hex}"


@dataclass(frozen=True)
class Warehouse:
    """A migrated database, and the project that fills it. `url`: that of its owner.

    `callbacks` hear everything that dbt tells while it runs.
    """

    url: str
    project: Project
    callbacks: tuple[Callable[[EventMsg], None], ...] = ()

    @cached_property
    def transform_url(self) -> str:
        return role_url(self.url, Role.TRANSFORM, application_name="exactness")

    def load(
        self, as_of: datetime, *, only: Sequence[str] = (), **options: Unpack[LoadOptions]
    ) -> Load:
        """Run a load to its end; with `only`, kill it when these models have been run.

        Raises LoadDied where dbt fails, LoadKilled after the models of `only`.
        """
        defined = self.project.defined
        with open_load(
            self.url, as_of=as_of, models=defined.models, views=defined.views, **options
        ) as load:
            self.run(load.dbt_vars(), only)
            if only:
                raise LoadKilled(f"after {only[-1]}")
        return load

    def run(self, variables: Mapping[str, object], only: Sequence[str] = ()) -> None:
        """Let dbt run, without a load of ours around it. Raises LoadDied with dbt's words."""
        selection = ["--select", *only, "resource_type:seed"] if only else []
        arguments = [
            "--quiet",
            "build",
            *MODELS,
            "--no-write-json",
            "--vars",
            json.dumps(variables),
        ]
        with _environment(dbt_environment(self.url)):
            ran = dbtRunner(manifest=self.project.manifest, callbacks=[*self.callbacks]).invoke(
                [*arguments, *_options(self.project.folder), *selection]
            )
        if not ran.success:
            results = getattr(ran.result, "results", [])
            failed = [str(r.message) for r in results if r.status not in ("success", "skipped")]
            raise LoadDied("; ".join(failed) or str(ran.exception))

    def read_marts(self) -> dict[str, pd.DataFrame]:
        """Every mart, whole."""
        with psycopg.connect(self.transform_url) as connection:
            return {table: read_mart(connection, table) for table in KEYS}

    def read_live(self, as_of: datetime) -> dict[str, pd.DataFrame]:
        """Every live view, whole, evaluated at an instant."""
        with psycopg.connect(self.transform_url) as connection:
            connection.execute("select set_config('study.as_of', %s, false)", [as_of.isoformat()])
            views = connection.execute(
                "select viewname from pg_views where schemaname = 'live'"
            ).fetchall()
            names = [name for (name,) in views if name in KEYS]
            return {name: _read_live(connection, name) for name in names}


@contextmanager
def fresh_warehouse(server_url: str, template: str, project: Project) -> Iterator[Warehouse]:
    """An empty warehouse under the name its project is bound to; dropped after the block."""
    name, source = sql.Identifier(project.database), sql.Identifier(template)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create database {} template {}").format(name, source))
    try:
        yield Warehouse(
            urlunsplit(urlsplit(server_url)._replace(path=f"/{project.database}")), project
        )
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(name))


def _read_live(connection: psycopg.Connection, name: str) -> pd.DataFrame:
    cursor = connection.execute(sql.SQL("select * from live.{}").format(sql.Identifier(name)))
    columns = [column.name for column in cursor.description or ()]
    return pd.DataFrame(cursor.fetchall(), columns=columns, dtype=object)


def _options(folder: Path) -> list[str]:
    return [
        *("--project-dir", str(folder), "--profiles-dir", str(folder)),
        *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        # a second run in one process drops the first one's log file without closing it
        *("--log-level-file", "none"),
    ]


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
