"""Giving events of another life of the database a transaction that every load has passed."""

from typing import Any

import psycopg
from psycopg import sql

# The number PostgreSQL itself keeps for "long before any transaction": below every real one.
LONG_AGO = "2"

# How many events of an archived month are among them nobody knows: its books are closed.
_RESTAMP_ARCHIVES = """
update ops.archives set last_xid = %s::xid8, booked_count = 0 where last_xid >= %s::xid8
"""
_RESTAMP = "update {} set ingest_xid = %s::xid8 where ingest_xid >= %s::xid8"


def restamp_events(connection: psycopg.Connection[Any], unused: int) -> int:
    """Stamp the events of transactions that have not begun as of long ago; returns how many.

    Their landings are stamped with them, so that the books still tell of the same transaction.
    They come with a dump from a server that had counted further. Left as they are, no load would
    see them until this server has counted as far, which may be never; restamped, none but a full
    refresh does: whoever calls this sees to one, in the same transaction. The session must
    be the owner's: no role of the services may change an event.
    """
    restamp = sql.SQL(_RESTAMP).format
    bounds = (LONG_AGO, str(unused))
    connection.execute(restamp(sql.Identifier("raw", "landings")), bounds)
    connection.execute(_RESTAMP_ARCHIVES, bounds)
    return connection.execute(restamp(sql.Identifier("raw", "study_events")), bounds).rowcount
