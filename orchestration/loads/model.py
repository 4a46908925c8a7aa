"""What a load is told of: models, how far each is, and the days of a backfill."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from graphlib import TopologicalSorter
from typing import Any

import psycopg

LOGS = "changes"
"""Schema of the logs: a table for each model, named like it."""

WHOLE_DUE = ""
"""The digest of a model that has to be built whole; no definition has it."""


class Kind(StrEnum):
    """What a load takes."""

    LOAD = "load"
    BACKFILL = "backfill"
    FULL_REFRESH = "full_refresh"


@dataclass(frozen=True)
class DateRange:
    """Local dates, both included. Raises ValueError where the last lies before the first."""

    first: date
    last: date

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"{self.last} lies before {self.first}: give the earlier date first")


@dataclass(frozen=True)
class Model:
    """A model that is stored as a table.

    `upstream` are the tables it reads, be it through views. One that is not incremental is built
    whole by every run and keeps no log, so that its readers cannot know what changed in it.
    `log_digest` is that of the staging by which it reads the log; None where it reads none of it.
    """

    schema: str
    digest: str
    upstream: frozenset[str] = frozenset()
    is_incremental: bool = True
    log_digest: str | None = None


@dataclass(frozen=True)
class View:
    """A model that is a view: `relation` is its schema and name, `upstream` the tables it reads.

    Its digest counts its words, too: they are written with it only.
    """

    relation: str
    digest: str
    upstream: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ModelState:
    """How far a model has been loaded: it has seen the logs up to `step`, and the events of the
    transactions before `to_xid`.
    """

    step: int
    load_id: int
    to_xid: int
    as_of: datetime
    digest: str
    rows_removed: int | None
    rows_added: int | None


def order_models(models: Mapping[str, Model]) -> list[str]:
    """Names of models, each after those it reads. Raises graphlib.CycleError."""
    graph = {name: model.upstream & models.keys() for name, model in models.items()}
    return list(TopologicalSorter(graph).static_order())


def list_incremental(models: Mapping[str, Model]) -> list[str]:
    """The models that have a state and a log, by name."""
    return sorted(name for name, model in models.items() if model.is_incremental)


def read_states(connection: psycopg.Connection[Any]) -> dict[str, ModelState]:
    """The states in the database, by model."""
    rows: Iterable[tuple[Any, ...]] = connection.execute(
        "select model, step, load_id, to_xid::text, as_of, digest, rows_removed, rows_added"
        " from ops.model_states"
    )
    return {
        name: ModelState(step, load_id, int(to_xid), as_of.astimezone(UTC), digest, removed, added)
        for name, step, load_id, to_xid, as_of, digest, removed, added in rows
    }
