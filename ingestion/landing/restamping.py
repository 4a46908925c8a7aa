"""Giving events of another life of the database a transaction that every load has passed."""

from typing import Any

import psycopg
from psycopg import sql

# The number PostgreSQL itself keeps for "long before any transaction": below every real one.
LONG_AGO = "2"

# A row of the books that was drawn together is restamped whole, with all its events.
_FIRST = """
select coalesce(
    (
        select first_xid from raw.landings
        where first_xid < %(unused)s::xid8 and ingest_xid >= %(unused)s::xid8
        order by first_xid limit 1
    ),
    %(unused)s::xid8
)::text
"""
# How many events of an archived month are among them nobody knows. What is left of its books ends
# before them.
_RESTAMP_ARCHIVES = """
update ops.archives
set
    last_xid = %(before)s::xid8,
    booked_count = null,
    restamped_from = least(restamped_from, %(first)s::xid8)
where last_xid >= %(first)s::xid8
"""
_RESTAMP_BOOKS = """
update raw.landings set ingest_xid = %(stamp)s::xid8, first_xid = null
where ingest_xid >= %(first)s::xid8
"""
_RESTAMP = "update {} set ingest_xid = %(stamp)s::xid8 where ingest_xid >= %(first)s::xid8"


def restamp_events(connection: psycopg.Connection[Any], unused: int) -> int:
    """Stamp the events of transactions that have not begun as of long ago; returns how many.

    Their landings are stamped with them, so that the books still tell of the same transaction.
    They come with a dump from a server that had counted further. Left as they are, no load would
    see them until this server has counted as far, which may be never; restamped, none but a full
    refresh does: whoever calls this sees to one, in the same transaction. The session must
    be the owner's: no role of the services may change an event.
    """
    ((first,),) = connection.execute(_FIRST, {"unused": str(unused)}).fetchall()
    bounds = {"stamp": LONG_AGO, "first": first, "before": str(int(first) - 1)}
    connection.execute(_RESTAMP_BOOKS, bounds)
    connection.execute(_RESTAMP_ARCHIVES, bounds)
    events = sql.SQL(_RESTAMP).format(sql.Identifier("raw", "study_events"))
    return connection.execute(events, bounds).rowcount
