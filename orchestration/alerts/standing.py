"""Late data and growing dead letters, from the database."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg

from orchestration.alerts.conditions import AlertKind, Condition, close, note
from orchestration.loads.model import read_states

LATE_AFTER = timedelta(hours=2)
"""Events are in the marts within an hour: after two, a load was missed."""

REFUSED_WITHIN = timedelta(hours=1)
REFUSED_AT_LEAST = 20
REFUSED_SHARE = 0.02
"""So much of what is sent is a release of an app that sends what the plan does not know."""

# By transaction, for which there is an index; who comes first in it was received first.
_OLDEST_WAITING = """
select received_at from raw.study_events
where ingest_xid >= %s::text::xid8
order by ingest_xid
limit 1
"""

# From the last load of before: the books have an index by transaction only.
_REFUSED = """
select coalesce(sum(received), 0), coalesce(sum(rejected + conflict), 0) from raw.landings
where
    received_at > %(since)s
    and received_at <= %(now)s
    and ingest_xid >= coalesce(
        (
            select to_xid from ops.loads
            where started_at < %(since)s
            order by load_id desc
            limit 1
        ),
        '0'
    )
"""

_SUBJECT = "raw.study_events"


def watch_standing(
    ledger: psycopg.Connection[Any], data: psycopg.Connection[Any], *, now: datetime
) -> None:
    """Write down whether events wait too long or too many are refused.

    `ledger` is a session of `study_dagster`, `data` one of `study_transform`.
    """
    seen = [*find_late_data(data, now), *find_dead_letters(data, now)]
    with ledger.transaction():
        note(ledger, seen, now)
        for kind in {AlertKind.LATE_DATA, AlertKind.DEAD_LETTERS} - {each.kind for each in seen}:
            close(ledger, kind, [_SUBJECT], now)


def find_late_data(data: psycopg.Connection[Any], now: datetime) -> Iterator[Condition]:
    """The condition that an event has been waiting for a load too long."""
    loaded = min((state.to_xid for state in read_states(data).values()), default=0)
    row = data.execute(_OLDEST_WAITING, (str(loaded),)).fetchone()
    if row and now - row[0] > LATE_AFTER:
        waited = timedelta(seconds=round((now - row[0]).total_seconds()))
        message = f"an event received at {row[0]:%Y-%m-%d %H:%M} UTC is in no mart after {waited}"
        yield Condition(AlertKind.LATE_DATA, _SUBJECT, message)


def find_dead_letters(data: psycopg.Connection[Any], now: datetime) -> Iterator[Condition]:
    """The condition that too much of what was sent lately was refused."""
    row = data.execute(_REFUSED, {"since": now - REFUSED_WITHIN, "now": now}).fetchone()
    received, refused = row or (0, 0)
    if refused >= REFUSED_AT_LEAST and refused > REFUSED_SHARE * received:
        message = f"{refused:,} of {received:,} events received within an hour were refused"
        yield Condition(AlertKind.DEAD_LETTERS, _SUBJECT, message)
