"""The oracle held against a database: events and marts read, and compared row for row."""

from collections.abc import Sequence
from datetime import datetime
from typing import LiteralString

import pandas as pd
from psycopg import Connection, IsolationLevel, connect, sql

from quality.oracle.comparison import KEYS, Difference, compare
from quality.oracle.marts import build_marts

# The oracle judges staging too, so it may not look through it: this is the one reading of the
# schema `raw` outside the staging models.
EVENTS_QUERY: LiteralString = """
    select
        event_id, event_type, user_id, session_id, occurred_at,
        material_id, chunk_id, question_id, topic_id, properties
    from raw.study_events
"""


def verify_marts(
    url: str, as_of: datetime, *, tables: Sequence[str] = tuple(KEYS)
) -> dict[str, list[Difference]]:
    """Build the marts anew from all raw events and compare them with those in the database.

    `url`: a libpq URL whose role may read `raw` and `marts`. `as_of`: that of the run which built
    the marts. Everything is read from one snapshot. Returns the differences of each table, empty
    where it is right. Holds all events in memory: about 2 KB for each.
    Raises psycopg.Error when a table is missing or may not be read.
    """
    with connect(url) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        marts = build_marts(read_events(connection), as_of, timezones=_read_timezones(connection))
        return {
            table: compare(table, marts[table], read_mart(connection, table)) for table in tables
        }


def read_events(connection: Connection) -> pd.DataFrame:
    """Read every raw event, in no order, as Python objects; `properties` as dicts."""
    return _read(connection, sql.SQL(EVENTS_QUERY))


def read_mart(connection: Connection, table: str) -> pd.DataFrame:
    """Read `marts.<table>` whole, as Python objects."""
    return _read(connection, sql.SQL("select * from marts.{}").format(sql.Identifier(table)))


def _read_timezones(connection: Connection) -> set[str]:
    return {name for (name,) in connection.execute("select name from pg_timezone_names")}


def _read(connection: Connection, query: sql.SQL | sql.Composed) -> pd.DataFrame:
    cursor = connection.execute(query)
    columns = [column.name for column in cursor.description or ()]
    # dtype=object: no value may be reinterpreted (or rounded) before it is compared.
    return pd.DataFrame(cursor.fetchall(), columns=columns, dtype=object)
