"""A small healthy warehouse: staging and the marts as plain tables, filled from a stream."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from quality.oracle import build_marts
from quality.suites import SUITES
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
}


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
            is_correct=day % 2 == 0,
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
        event("search_performed", "2025-03-11T12:06", user="cleo", session=None),
    ]


def build_warehouse(url: str) -> None:
    """Make the tables anew and fill them."""
    with psycopg.connect(url) as connection:
        connection.execute("drop view if exists intermediate.int_events_logged")
        _fill(connection, "staging", "stg_study_events", STAGING, _healthy_tables()["staging"])
        connection.execute(
            "create view intermediate.int_events_logged as select * from staging.stg_study_events"
        )
        for name, suite in SUITES.items():
            _fill(connection, "marts", name, suite.columns, _healthy_tables()[name])


@cache
def _healthy_tables() -> dict[str, pd.DataFrame]:
    events = pd.DataFrame(healthy_stream(), columns=[*COLUMNS])
    xp_amount = [properties.get("xp_amount") for properties in events["properties"]]
    return build_marts(events, AS_OF) | {"staging": events.assign(xp_amount=xp_amount)}


def plant(url: str, statements: Sequence[str]) -> None:
    """Do something to the tables that should not have happened; each statement must hit rows."""
    with psycopg.connect(url) as connection:
        for statement in statements:
            done = connection.execute(statement.encode())
            assert done.rowcount != 0, f"changes nothing: {statement}"


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
    connection.execute(sql.SQL("drop table if exists {}").format(target))
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


def _to_database(value: Any) -> object:
    if isinstance(value, list | dict):
        return Jsonb(value)
    return None if is_null(value) else value
