"""The rows of `ops.loads`: writing a load down, taking it up again, ending it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Literal

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from orchestration.loads.model import DateRange, Kind

_ALL = """
select
    load_id, kind, from_xid::text::bigint as from_xid, to_xid::text::bigint as to_xid, as_of,
    backfill_from, backfill_to, state, reason, cluster_id, event_count, counts, attempts,
    started_at, finished_at
from ops.loads
"""
_LAST = f"{_ALL} order by load_id desc limit 1"
_CHOSEN = f"{_ALL} where load_id = any(%s) order by load_id"

_INSERT = """
insert into ops.loads (
    kind, from_xid, to_xid, as_of, backfill_from, backfill_to, state, reason, cluster_id,
    event_count, counts
)
values (
    %(kind)s, %(from_xid)s::text::xid8, %(to_xid)s::text::xid8, %(as_of)s, %(backfill_from)s,
    %(backfill_to)s, 'running', %(reason)s, %(cluster_id)s, %(event_count)s, %(counts)s
)
returning load_id
"""

_TAKE_UP = """
update ops.loads
set
    state = 'running', finished_at = null, attempts = attempts + 1, kind = %(kind)s,
    from_xid = %(from_xid)s::text::xid8, to_xid = %(to_xid)s::text::xid8, as_of = %(as_of)s,
    backfill_from = %(backfill_from)s, backfill_to = %(backfill_to)s, reason = %(reason)s,
    cluster_id = %(cluster_id)s, event_count = %(event_count)s, counts = counts || %(counts)s
where load_id = %(load_id)s
returning load_id
"""

# Only the attempt that is under way may end the load: one whose lock was lost with its
# connection, and whose load another has taken up, must not call that other's work done.
_END = """
update ops.loads
set
    state = %(state)s, reason = coalesce(%(reason)s, reason), finished_at = clock_timestamp(),
    counts = coalesce(%(counts)s, counts)
where load_id = %(load_id)s and attempts = %(attempts)s and state = 'running'
"""


class LoadLostError(Exception):
    """A load that another process has taken up meanwhile. The message is one line."""


@dataclass(frozen=True)
class LoadRecord:
    """A row of `ops.loads`; `counts` by model: rows removed and added, why it was built whole."""

    load_id: int
    kind: str
    from_xid: int | None
    to_xid: int
    as_of: datetime
    backfill_from: date | None
    backfill_to: date | None
    state: str
    reason: str | None
    cluster_id: str
    event_count: int | None
    counts: Mapping[str, Mapping[str, Any]]
    attempts: int
    started_at: datetime
    finished_at: datetime | None

    @property
    def backfill(self) -> DateRange | None:
        """The days of a backfill."""
        if self.backfill_from is None or self.backfill_to is None:
            return None
        return DateRange(self.backfill_from, self.backfill_to)

    @property
    def whole(self) -> dict[str, str]:
        """Why each of the models that were built whole was."""
        return {name: each["whole"] for name, each in self.counts.items() if "whole" in each}


@dataclass(frozen=True)
class Window:
    """What a load is about to take; `load_id` where it is an unfinished one."""

    load_id: int | None
    kind: Kind
    from_xid: int | None
    to_xid: int
    as_of: datetime
    backfill: DateRange | None
    reason: str | None
    cluster_id: str
    event_count: int | None

    def renewing(self, unfinished: LoadRecord | None, restored: str | None) -> "Window":
        """The same of a restored cluster: everything, in place of a load it had not finished."""
        if restored is None:
            return self
        return replace(
            self,
            load_id=unfinished.load_id if unfinished else None,
            kind=Kind.FULL_REFRESH,
            backfill=None,
            reason=restored,
        )

    def parameters(self) -> dict[str, Any]:
        """Of the statements above."""
        return {
            "load_id": self.load_id,
            "kind": self.kind,
            "from_xid": None if self.from_xid is None else str(self.from_xid),
            "to_xid": str(self.to_xid),
            "as_of": self.as_of.astimezone(UTC),
            "backfill_from": self.backfill.first if self.backfill else None,
            "backfill_to": self.backfill.last if self.backfill else None,
            "reason": self.reason,
            "cluster_id": self.cluster_id,
            "event_count": self.event_count,
        }


@dataclass(frozen=True)
class Ending:
    """How an attempt ended: done or failed, why, and what it did by model where it is known."""

    state: Literal["done", "failed"]
    reason: str | None
    counts: Mapping[str, Mapping[str, Any]] | None = None


def read_loads(
    connection: psycopg.Connection[Any], load_ids: Sequence[int] | None = None
) -> list[LoadRecord]:
    """The loads of these ids in their order, or without ids the last load there was."""
    with connection.cursor(row_factory=class_row(LoadRecord)) as cursor:
        if load_ids is None:
            return cursor.execute(_LAST).fetchall()
        return cursor.execute(_CHOSEN, (list(load_ids),)).fetchall()


def write_start(
    connection: psycopg.Connection[Any], window: Window, reasons: Mapping[str, str]
) -> LoadRecord:
    """Write that a load runs, a new one or an unfinished one."""
    counts = Jsonb({name: {"whole": why} for name, why in reasons.items()})
    statement = _INSERT if window.load_id is None else _TAKE_UP
    parameters = {**window.parameters(), "counts": counts}
    ((load_id,),) = connection.execute(statement, parameters).fetchall()
    (record,) = read_loads(connection, [load_id])
    return record


def write_end(connection: psycopg.Connection[Any], record: LoadRecord, ending: Ending) -> None:
    """Write how this attempt at a load ended. Raises LoadLostError where it is not under way."""
    parameters = {
        "load_id": record.load_id,
        "attempts": record.attempts,
        "state": ending.state,
        "reason": ending.reason,
        "counts": None if ending.counts is None else Jsonb(ending.counts),
    }
    if connection.execute(_END, parameters).rowcount != 1:
        raise LoadLostError(
            f"load {record.load_id} was taken up by another process while this one was at it: its"
            " connection to the database was lost meanwhile; run it again"
        )
