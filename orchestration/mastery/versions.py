"""Which model is in force: the last one promoted, unless a setting names another."""

import json
from typing import Any

import psycopg

from orchestration.mastery.fitting import Fit
from quality.oracle.mastery_model import default_model

_PROMOTED = """
select model from ops.mastery_models
where is_promoted order by fitted_at desc, version desc limit 1
"""
_STORE = """
insert into ops.mastery_models (version, model, figures, is_promoted)
values (%(version)s, %(model)s, %(figures)s, %(is_promoted)s)
on conflict do nothing
returning version
"""
_FREEZE = """
insert into ops.mastery_difficulties (version, kind, subject, first_logit, again_logit)
select %(version)s, kind, subject, first_logit, again_logit
from intermediate.mastery_fitted_difficulties
where fold = -1
"""


def read_model(connection: psycopg.Connection[Any], wanted: str | None) -> dict[str, Any] | None:
    """The model in force as dbt's variable `mastery_model` takes it; None: the project's own.

    `wanted`: a version to go back or forward to, whether it was promoted or not.
    Raises ValueError where there is no such version.
    """
    if wanted == default_model()["version"]:
        return None
    if wanted is None:
        row = connection.execute(_PROMOTED).fetchone()
        return dict(row[0]) if row else None
    row = connection.execute(
        "select model from ops.mastery_models where version = %s", [wanted]
    ).fetchone()
    if row is None:
        raise ValueError(f"there is no mastery model {wanted}; unset STUDY_MASTERY_VERSION")
    return dict(row[0])


def store_model(
    connection: psycopg.Connection[Any],
    version: str,
    fitted: Fit,
    figures: dict[str, object],
    *,
    is_promoted: bool,
) -> None:
    """Store a fitted model with how easy questions are to all who took part in it.

    A version that is stored is left: the answer to the first try may have been lost.
    """
    model = {
        **default_model(),
        "version": version,
        "intercept": fitted.intercept,
        "coefficients": dict(fitted.coefficients),
    }
    told = {"version": version, "model": json.dumps(model), "figures": json.dumps(figures)}
    with connection.transaction():
        connection.execute("set local enable_nestloop = off")
        if connection.execute(_STORE, {**told, "is_promoted": is_promoted}).fetchone():
            connection.execute(_FREEZE, {"version": version})
