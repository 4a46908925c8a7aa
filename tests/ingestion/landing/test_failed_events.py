"""Nothing private is written, wherever in an event it stands and whether the event is accepted."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from ingestion.events.identity import derive_uuid7
from ingestion.landing.land import land
from ingestion.landing.verdict import LandingReport, Status
from ingestion.store.database import Role, role_url

NOW = datetime.now(UTC).replace(microsecond=0)
# What is looked for, and a text that holds it.
PRIVATE = {
    "jane.roe@hospital.example": "write to jane.roe@hospital.example please",
    "555-0142": "call (212) 555-0142",
    "078-05-1120": "ssn 078-05-1120",
    "00482913": "MRN: 00482913",
    "4111 1111 1111 1111": "paid by 4111 1111 1111 1111",
    "DE89 3704": "IBAN DE89 3704 0044 0532 0130 00",
    "81.2.69.142": "from 81.2.69.142",
    "hunter2": "https://jane:hunter2@db.example/x",
    "14 March 1985": "born on 14 March 1985",
    "Baker Street": "lives at 221 Baker Street",
    "Quackenbush": "Dr. Quackenbush told me",
}


@pytest.fixture
def database(shared_database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(shared_database_url, autocommit=True) as connection:
        for table in ("study_events", "failed_events", "replays"):
            connection.execute(f"delete from raw.{table}")
        yield connection


def land_now(url: str, events: list[object]) -> LandingReport:
    async def run() -> LandingReport:
        ingest = role_url(url, Role.INGEST, application_name="test")
        async with await psycopg.AsyncConnection.connect(ingest, autocommit=True) as connection:
            return await land(connection, events, received_at=NOW, sent_at=None, context={})

    return asyncio.run(run())


def event(event_type: str = "search_performed", /, **changes: Any) -> dict[str, Any]:
    moment = NOW - timedelta(hours=1)
    return {
        "event_id": str(derive_uuid7(moment, str(uuid4()))),
        "event_type": event_type,
        "user_id": str(uuid4()),
        "occurred_at": moment.isoformat(),
        "properties": {},
    } | changes


def everything(database: psycopg.Connection) -> str:
    """Every row of every table of schema raw, as text."""
    tables = database.execute(
        "select c.relname from pg_class as c where c.relnamespace = 'raw'::regnamespace"
        " and c.relkind in ('r', 'p') and not c.relispartition"
    ).fetchall()
    query = sql.SQL("select coalesce(string_agg(t::text, E'\\n'), '') from raw.{} as t")
    rows = [database.execute(query.format(sql.Identifier(name))).fetchone() for (name,) in tables]
    return "\n".join(row[0] for row in rows if row is not None)


def with_text_everywhere(text: str) -> list[object]:
    """Events that hold a text in every place an event has, and in some that none has."""
    properties = ({"query": text}, {"filters_applied": [text]}, {"filters_applied": {"a": [text]}})
    accepted = [event(properties=each) for each in properties]
    accepted += [
        event("session_pause", session_id=str(uuid4()), properties={"pause_reason": text}),
        event("session_start", session_id=str(uuid4()), properties={"user_agent": text}),
        event("material_open", material_id="m1", properties={"material_name": text}),
        event("ai_feedback_negative", properties={"feedback_text": text}),
        event("topic_explored", topic_id="t1", properties={"topic_name": text, "topic_level": 1}),
        event("question_attempt", question_id="q", properties={"selected_answer": text}),
    ]
    refused: list[object] = [
        text,
        [text],
        {text: text},
        event(text),
        event() | {text: 1},
        event(properties={text: 1}),
        event(properties={"querry": text}),
        event(properties={"query": {"deep": [[text, {text: text}]]}}),
        event(properties={"filters_applied": {"x": {text: [text]}}}),
        event(properties=text),
        event(user_id=text),
        event(session_id=text),
        event(occurred_at=text),
        event(sent_at=text),
        event(material_id=text, properties={"no": 1}),
        event(event_id=text, properties={"no": 1}),
        event(schema_version=text),
        event(properties={"query": "x" * 3_000 + " " + text}),
    ]
    return [*accepted, *refused]


@pytest.mark.parametrize("secret", PRIVATE)
def test_nothing_private_is_stored_wherever_it_stands(
    database: psycopg.Connection, shared_database_url: str, secret: str
) -> None:
    events = with_text_everywhere(PRIVATE[secret])

    report = land_now(shared_database_url, events)

    assert report.counts[Status.ACCEPTED] == 9
    assert report.counts[Status.REJECTED] == len(events) - 9
    stored = everything(database)
    assert stored.count("search_performed") > 2
    assert secret not in stored
    assert secret.lower() not in stored.lower()


@pytest.mark.parametrize(
    "name",
    [
        *("name", "fullName", "first_name", "e-mail", "Email", "phone_number", "address", "SSN"),
        *("mrn", "patient_id", "date_of_birth", "password", "ip", "X-Forwarded-For", "api_key"),
    ],
)
@pytest.mark.parametrize("value", ["quixotic", 48_151_623, ["quixotic"], {"is": "quixotic"}])
def test_value_under_a_private_name_is_masked_whole(
    database: psycopg.Connection, shared_database_url: str, name: str, value: object
) -> None:
    land_now(shared_database_url, [event(**{name: value}), event(properties={name: value})])

    stored = everything(database)
    assert "unknown_field" in stored
    assert "unknown_property" in stored
    assert "quixotic" not in stored
    assert "48151623" not in stored


@pytest.mark.parametrize("field", ["event_id", "material_id", "topic_id", "chunk_id"])
@pytest.mark.parametrize("text", ["jane.roe@hospital.example", "u-jane%40x.org", "[email]"])
def test_id_that_is_an_email_address_is_refused(
    database: psycopg.Connection, shared_database_url: str, field: str, text: str
) -> None:
    (verdict,) = land_now(shared_database_url, [event(**{field: text})]).results

    assert verdict.why is not None
    assert (verdict.why.code, verdict.why.path) == ("private_data", field)
    assert "jane" not in everything(database)


def test_redaction_comes_before_the_comparison_of_duplicates(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    said = event(properties={"query": "ask jane.roe@hospital.example"})

    first = land_now(shared_database_url, [said, said])
    again = land_now(shared_database_url, [said])

    assert [verdict.status for verdict in first.results] == [Status.ACCEPTED, Status.DUPLICATE]
    assert [verdict.status for verdict in again.results] == [Status.DUPLICATE]
    (query,) = database.execute("select properties ->> 'query' from raw.study_events").fetchall()
    assert query == ("ask [email]",)


def test_dead_letter_of_a_sender_that_retries_is_kept_once(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    refused = event(properties={"querry": "ask jane.roe@hospital.example"})

    for _ in range(3):
        land_now(shared_database_url, [refused, refused])

    kept = database.execute("select payload -> 'properties' from raw.failed_events").fetchall()
    assert kept == [({"querry": "ask [email]"},)]


def test_what_identifies_an_event_is_not_masked(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    refused = event(material_id="mat-2026-0042", properties={"no": 1_700_000_000_123})

    land_now(shared_database_url, [refused])

    assert database.execute("select payload from raw.failed_events").fetchall() == [(refused,)]
