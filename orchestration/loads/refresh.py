"""Which models a load has to build whole, and why."""

from collections.abc import Collection, Mapping
from typing import Any

import psycopg

from orchestration.loads.model import LOGS, WHOLE_DUE, Model, ModelState, order_models

_EXISTING = """
select schemaname || '.' || tablename from pg_tables where schemaname = any(%s)
"""


def find_tables(connection: psycopg.Connection[Any], models: Mapping[str, Model]) -> set[str]:
    """The tables there are in the schemas of the models and of the logs, as `schema.table`."""
    schemas = sorted({LOGS, *(model.schema for model in models.values())})
    return {name for (name,) in connection.execute(_EXISTING, (schemas,))}


def explain_refresh(
    models: Mapping[str, Model],
    states: Mapping[str, ModelState],
    tables: Collection[str],
    *,
    asked: Mapping[str, str],
) -> dict[str, str]:
    """The models to build whole with the reason of each, in the order they are built.

    `asked` are those it was decided of already. A table built whole has logged nothing, so all
    who read it are built whole too, and those who read them.
    """
    reasons: dict[str, str] = {}
    for name in order_models(models):
        model = models[name]
        if not model.is_incremental:
            continue
        why = (
            asked.get(name)
            or _explain_own(name, models, states)
            or _explain_missing(name, model, tables)
            or _explain_inputs(model, models, reasons)
        )
        if why:
            reasons[name] = why
    return reasons


def _explain_own(
    name: str, models: Mapping[str, Model], states: Mapping[str, ModelState]
) -> str | None:
    state = states.get(name)
    if state is None:
        return "it has no state: never built by a load, or built by hand since"
    if state.digest == WHOLE_DUE:
        return "building it whole was begun and not ended"
    if state.digest == models[name].digest:
        return None
    changed = [
        parent
        for parent in sorted(models[name].upstream)
        if parent in states and states[parent].digest not in (WHOLE_DUE, models[parent].digest)
    ]
    if changed:
        return f"the definition of {', '.join(changed)} changed, which it reads"
    return "its definition changed, or that of a view it reads"


def _explain_missing(name: str, model: Model, tables: Collection[str]) -> str | None:
    missing = [each for each in (f"{model.schema}.{name}", f"{LOGS}.{name}") if each not in tables]
    return f"{' and '.join(missing)} {'are' if missing[1:] else 'is'} missing" if missing else None


def _explain_inputs(
    model: Model, models: Mapping[str, Model], reasons: Mapping[str, str]
) -> str | None:
    for parent in sorted(model.upstream):
        if parent in reasons:
            return f"it reads {parent}, which is built whole"
        if not models[parent].is_incremental:
            return f"it reads {parent}, which keeps no log of its changes"
    return None
