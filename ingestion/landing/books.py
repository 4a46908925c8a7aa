"""The books: one row per landing transaction that says what became of what it received."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import psycopg
from psycopg import sql

from ingestion.landing.judging import JudgedBatch
from ingestion.landing.verdict import LandingReport, Status

_RECORD = sql.SQL(
    "insert into raw.landings"
    " (received_at, received, accepted, duplicate, rejected, conflict, redacted)"
    " values ({})"
)
_DRAW_TOGETHER = """
with
following as (
    select ingest_xid from raw.landings
    where received_at >= %(before)s and ingest_xid > '2'
    order by ingest_xid
    limit 1
),
past as (
    delete from raw.landings
    where
        ingest_xid > '2'
        and first_xid is null
        and received_at < %(before)s
        and not exists (
            select from following where landings.ingest_xid >= following.ingest_xid
        )
    returning *
),
parts as (
    -- The counts of a row are integers; a part has a thousand million events at most.
    select *, div(sum(received::bigint) over (order by ingest_xid, received_at), 1000000000) as part
    from past
)
insert into raw.landings (
    ingest_xid, first_xid, received_at, received, accepted, duplicate, rejected, conflict, redacted
)
select
    max(ingest_xid::text::bigint)::text::xid8, min(ingest_xid::text::bigint)::text::xid8,
    min(received_at), sum(received), sum(accepted), sum(duplicate), sum(rejected), sum(conflict),
    sum(redacted)
from parts
group by part
"""

_TAKE_OUT = """
update raw.landings as books
set received = books.received - gone.count, accepted = books.accepted - gone.count
from (
    select found.place, sum(told.count) as count
    from unnest(%(xids)s::text[], %(counts)s::bigint[]) as told (xid, count)
    cross join lateral (
        select
            later.ctid as place,
            coalesce(later.first_xid, later.ingest_xid) as first_xid,
            later.accepted
        from raw.landings as later
        where later.ingest_xid >= told.xid::xid8
        order by later.ingest_xid, later.accepted desc
        limit 1
    ) as found
    where found.first_xid <= told.xid::xid8 and told.xid::xid8 > '2'
    group by found.place, found.accepted
    having found.accepted >= sum(told.count)
) as gone
where books.ctid = gone.place
returning gone.count
"""

_FATES = (Status.ACCEPTED, Status.DUPLICATE, Status.REJECTED, Status.CONFLICT)


def entry(batches: Sequence[JudgedBatch], reports: Sequence[LandingReport]) -> sql.Composed:
    """The statement that enters a transaction's batches, to be executed in it."""
    counts = sum((report.counts for report in reports), Counter[Status]())
    return _RECORD.format(
        sql.SQL(", ").join(
            map(
                sql.Literal,
                (
                    min(batch.received_at for batch in batches),
                    sum(batch.size for batch in batches),
                    *(counts[fate] for fate in _FATES),
                    sum(batch.redacted for batch in batches),
                ),
            )
        )
    )


def draw_together(connection: psycopg.Connection[Any], before: date) -> int:
    """Make one row of all transactions that received before a day, for good; returns the rows made.

    What was received, stored and refused by then is told as before, only no longer one by one: one
    row a transaction would for ever be as many as there were batches. The session is the owner's.
    """
    return connection.execute(_DRAW_TOGETHER, {"before": before}).rowcount


def take_out(connection: psycopg.Connection[Any], counts: Mapping[int, int]) -> int:
    """Lower the books by events that are erased, as if they had never been received.

    `counts`: how many of each transaction. Returns how many were booked: before the first
    transaction that has a row, and of another server's transactions, none are. The session is the
    owner's, whose transaction also takes the events out.
    """
    values = {"xids": [str(xid) for xid in counts], "counts": list(counts.values())}
    return sum(int(count) for (count,) in connection.execute(_TAKE_OUT, values).fetchall())
