"""Forgetting what everybody has seen of the logs."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from orchestration.loads.model import LOGS, Model, ModelState
from orchestration.loads.refresh import find_tables


def prune_logs(
    connection: psycopg.Connection[Any],
    models: Mapping[str, Model],
    states: Mapping[str, ModelState],
) -> None:
    """Delete from each model's log the steps that all of its readers have seen.

    A reader without a state will be built whole and needs no log. A log nobody reads is emptied.
    """
    existing = find_tables(connection, models)
    for name, model in models.items():
        if model.is_incremental and f"{LOGS}.{name}" in existing:
            seen = find_seen_step(name, models, states)
            log = sql.Identifier(LOGS, name)
            query = sql.SQL("delete from {} where %(seen)s::bigint is null or step <= %(seen)s")
            connection.execute(query.format(log), {"seen": seen})


def find_seen_step(
    name: str, models: Mapping[str, Model], states: Mapping[str, ModelState]
) -> int | None:
    """The step up to which every reader of a model has seen its log; None without a reader."""
    readers = (each for each, model in models.items() if name in model.upstream)
    return min((states[each].step for each in readers if each in states), default=None)
