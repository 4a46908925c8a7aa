"""A small healthy warehouse: the log, and staging and the marts as plain tables, of one stream.

It is built once; what a test did to a table is undone from a copy beside it.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

import pandas as pd
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from ingestion.store.partitions import make_months
from quality.oracle import build_marts
from quality.suites import MARTS
from tests.quality.streams import COLUMNS, Row, event, instant, is_null

AS_OF = instant("2025-03-26T09:40")
STAGING = {
    "event_id": "uuid",
    "event_type": "text",
    "user_id": "uuid",
    "session_id": "uuid",
    "occurred_at": "timestamptz",
    "topic_id": "text",
    "xp_amount": "bigint",
    "new_level": "bigint",
}
_LOGGED = """
create or replace view intermediate.int_events_logged as select * from staging.stg_study_events
"""
A_MONTH_LATER = AS_OF + timedelta(days=30)
NOTHING_CAME = "-- nothing comes for a month"
"""A fault of the feed, not of a table: judged a month later."""

_TOUCHED = re.compile(r"(marts|staging|quality|raw)\.(\w+)")
_touched: dict[str, set[tuple[str, str]]] = {}


def study_day(day: int) -> list[Row]:
    """A short session of one March day that answers, reads and earns a little."""
    date, session = f"2025-03-{day:02}", f"session of {day}"
    return [
        event("session_start", f"{date}T09:00", session=session, device_type="web"),
        event(
            "question_submit",
            f"{date}T09:05",
            session=session,
            question_id="q1",
            topic_id="heart",
            is_correct=day > 2,
            attempt_number=day,
            time_to_answer_seconds=30,
            confidence_level=3,
        ),
        event(
            "xp_earned",
            f"{date}T09:05:01",
            session=session,
            xp_amount=10,
            new_total_xp=10 * day,
        ),
        event("session_end", f"{date}T09:10", session=session, duration_seconds=600),
    ]


def healthy_stream() -> list[Row]:
    """A learner of many days, a day with everything on it, one who is still studying, one who
    left gaps."""
    rich = "2025-03-24T"
    return [
        *(row for day in range(1, 23) for row in study_day(day)),
        event("session_start", rich + "09:00", session="rich", device_type="tablet"),
        event(
            "material_open",
            rich + "09:01",
            session="rich",
            material_id="m",
            topic_id="lung",
            material_type="pdf",
        ),
        event(
            "material_read",
            rich + "09:02",
            session="rich",
            material_id="m",
            chunk_index=1,
            time_spent_seconds=30,
            scroll_depth_percent=95,
        ),
        event("material_complete", rich + "09:03", session="rich", material_id="m"),
        event("material_note", rich + "09:04", session="rich", material_id="n"),
        event("session_pause", rich + "09:05", session="rich"),
        event("session_resume", rich + "09:10", session="rich"),
        event("question_view", rich + "09:11", session="rich", question_id="q2", difficulty="hard"),
        event(
            "question_attempt",
            rich + "09:12",
            session="rich",
            question_id="q2",
            topic_id="lung",
            is_correct=True,
            time_to_answer_seconds=20,
            hint_used=True,
        ),
        event("ai_question_asked", rich + "09:13", session="rich", topic_id="lung"),
        event("achievement_unlocked", rich + "09:14", session="rich", achievement_id="week"),
        event("level_up", rich + "09:14:10", session="rich", new_level=2),
        event("session_start", rich + "09:14:30", session="second tab"),
        event("material_open", rich + "10:20", session="rich", material_id="m"),
        event("search_performed", rich + "12:00", session=None),
        event("question_view", rich + "12:01", session=None, question_id="q3"),
        event("session_start", "2025-03-26T09:30", user="ben", session="open"),
        event(
            "ai_question_asked",
            "2025-03-26T09:31",
            user="ben",
            session="open",
            topic_id="kidney",
        ),
        event("topic_explored", "2025-03-11T12:00", user="cleo", session=None, topic_id="pancreas"),
        event(
            "question_submit",
            "2025-03-11T12:05",
            user="cleo",
            session=None,
            question_id="q9",
            topic_id="liver",
            is_correct=False,
            confidence_level=5,
        ),
        event(
            "question_submit",
            "2025-03-11T12:05:30",
            user="cleo",
            session=None,
            question_id="q10",
            topic_id="liver",
            is_correct=False,
            confidence_level=4,
        ),
        event("search_performed", "2025-03-11T12:06", user="cleo", session=None),
    ]


def build_warehouse(url: str) -> None:
    """Make the tables and fill them, with a copy of each; `url` is the transform role's."""
    with psycopg.connect(url) as connection:
        connection.execute("set role none")
        connection.execute("create schema healthy authorization study_transform")
        make_months(connection, date(2025, 2, 1), date(2025, 4, 30))
        _land(connection)
        connection.execute("set role study_transform")
        _fill(connection, "staging", "stg_study_events", STAGING, _healthy_tables()["staging"])
        connection.execute(_LOGGED)
        for suite in MARTS:
            _fill(connection, "marts", suite.table, suite.columns, _healthy_tables()[suite.table])
    _touched[url] = set()


def undo(url: str) -> None:
    """Make undone what was planted; in the log only what changed its rows."""
    with psycopg.connect(url) as connection:
        for schema, table in _touched[url]:
            target, copy = sql.Identifier(schema, table), _copy_of(schema, table)
            if schema in {"marts", "staging"}:
                connection.execute(sql.SQL("drop table {} cascade").format(target))
                made = sql.SQL("create table {} as select * from {}").format(target, copy)
                connection.execute(made)
                connection.execute(_LOGGED)
            else:
                connection.execute("set role none")
                connection.execute(sql.SQL("truncate {}").format(target))
                if schema == "raw":
                    kept = sql.SQL("insert into {} select * from {}").format(target, copy)
                    connection.execute(kept)
                connection.execute("set role study_transform")
    _touched[url] = set()


@cache
def _healthy_tables() -> dict[str, pd.DataFrame]:
    events = pd.DataFrame(healthy_stream(), columns=[*COLUMNS])
    told = {
        name: [properties.get(name) for properties in events["properties"]]
        for name in ("xp_amount", "new_level")
    }
    return build_marts(events, AS_OF) | {"staging": events.assign(**told)}


def plant(url: str, statements: Sequence[str]) -> None:
    """Do something to the tables that should not have happened; each statement must hit rows."""
    with psycopg.connect(url) as connection:
        connection.execute("set role none")  # nobody else could do it to the log
        for statement in statements:
            _touched.setdefault(url, set()).update(_TOUCHED.findall(statement))
            done = connection.execute(statement.encode())
            assert done.rowcount != 0, f"changes nothing: {statement}"


def _land(connection: psycopg.Connection) -> None:
    events = [
        {**row, "properties": Jsonb(row["properties"]), "context": Jsonb({"ip": "192.0.2.0"})}
        for row in healthy_stream()
    ]
    columns = [*COLUMNS, "received_at", "context"]
    statement = sql.SQL("insert into raw.study_events ({}) values ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(map(sql.Placeholder, columns)),
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            statement, [{**row, "received_at": row["occurred_at"]} for row in events]
        )
    connection.execute(BOOK)
    for table in ("study_events", "landings"):
        copied = sql.SQL("create table {} as select * from {}")
        connection.execute(copied.format(_copy_of("raw", table), sql.Identifier("raw", table)))


BOOK = """
insert into raw.landings
    (received_at, received, accepted, duplicate, rejected, conflict, redacted)
select max(received_at), count(*), count(*), 0, 0, 0, 0
from raw.study_events where ingest_xid = pg_current_xact_id()
"""
"""Books what the transaction has stored, as landing would have."""


def _fill(
    connection: psycopg.Connection,
    schema: str,
    table: str,
    columns: Mapping[str, str],
    frame: pd.DataFrame,
) -> None:
    target = sql.Identifier(schema, table)
    definition = sql.SQL(", ").join(
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind))
        for name, kind in columns.items()
    )
    connection.execute(sql.SQL("create table {} ({})").format(target, definition))
    rows = frame[[*columns]].astype(object)
    with connection.cursor() as cursor:
        cursor.executemany(
            sql.SQL("insert into {} values ({})").format(
                target, sql.SQL(", ").join([sql.Placeholder()] * len(columns))
            ),
            [
                [_to_database(value) for value in row]
                for row in rows.itertuples(index=False, name=None)
            ],
        )
    connection.execute(
        sql.SQL("create table {} as select * from {}").format(_copy_of(schema, table), target)
    )


def _copy_of(schema: str, table: str) -> sql.Identifier:
    return sql.Identifier("healthy", f"{schema} {table}")


def _to_database(value: Any) -> object:
    if isinstance(value, list | dict):
        return Jsonb(value)
    return None if is_null(value) else value
