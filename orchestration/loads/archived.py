"""What a load may not do while events are only in the archive. docs/decisions/0018 says why."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

import psycopg

from orchestration.loads.model import Model

_AWAY = "select month, staging_digest from ops.months_away order by month"
_KEPT = "select to_regclass('intermediate.int_events_placed') is not null"
_MOST_SHOWN = 3


class HistoryArchivedError(Exception):
    """What was asked for needs events that are only in the archive.

    The message is one line: why, which months, and what to run.
    """


def list_away(connection: psycopg.Connection[Any]) -> dict[date, str | None]:
    """The months whose events are only in the archive, each with the digest of the staging that
    what the marts keep of it was read by.
    """
    return dict(connection.execute(_AWAY).fetchall())


def refuse_without_history(connection: psycopg.Connection[Any], what: str) -> None:
    """Raise HistoryArchivedError where a month is away; `what` needs the log whole."""
    if away := list_away(connection):
        raise HistoryArchivedError(f"{what} {_tell(sorted(away))}")


def refuse_losing(
    connection: psycopg.Connection[Any],
    models: Mapping[str, Model],
    reasons: Mapping[str, str],
    asked: Collection[str],
) -> None:
    """Raise HistoryArchivedError where building models whole would lose history.

    `reasons` are the models to be built whole, `asked` those of them somebody asked for. A model
    made of the log reads archived months from what is kept of them: that is not the log. Asked
    for, a refresh is to make the tables anew from the log itself; and what is kept was read by a
    staging that may not be today's, or is gone.
    """
    readers = {name: models[name].log_digest for name in reasons if models[name].log_digest}
    if not readers:
        return
    away = list_away(connection)
    ((is_kept,),) = connection.execute(_KEPT).fetchall()
    lost = [
        month
        for month, digest in away.items()
        if not is_kept or set(readers) & set(asked) or {digest} != set(readers.values())
    ]
    if lost:
        why = reasons[min(readers)]
        raise HistoryArchivedError(
            f"{', '.join(sorted(readers))} would be made anew from the log ({why}), and history "
            f"be lost: {_tell(lost)}"
        )


def _tell(months: list[date]) -> str:
    shown = ", ".join(f"{month:%Y-%m}" for month in months[:_MOST_SHOWN])
    span = f"{shown} and {len(months) - _MOST_SHOWN} more" if months[_MOST_SHOWN:] else shown
    if len(months) > _MOST_SHOWN:
        span += f" up to {months[-1]:%Y-%m}"
    command = f"study restore --month {months[0]:%Y-%m}"
    if len(months) > 1:
        command += f" --to {months[-1]:%Y-%m}"
    return (
        f"the events of {span} are only in the archive. Run `{command}`, and this again; "
        "`study archive --restored` then sends them back"
    )
