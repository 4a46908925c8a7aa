"""A month of two years ago with events of several learners, and a folder to archive it in."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import psycopg
import pytest

from ingestion.landing.land import land
from ingestion.landing.verdict import LandingReport
from ingestion.store.archive.target import Target, open_target
from ingestion.store.partitions import make_months

MONTH = date(2024, 2, 1)
NAMES = UUID("5f0c7d1e-8f6b-4c0e-9a53-8d4a5d0c9b11")
START = datetime(2024, 2, 3, 9, 30, tzinfo=UTC)
LEARNERS = [uuid5(NAMES, f"learner {number}") for number in range(40)]


def make_event(number: int, *, at: datetime | None = None, **more: object) -> dict[str, object]:
    learner = LEARNERS[number % len(LEARNERS)]
    return {
        "event_id": str(uuid5(NAMES, f"event {number}")),
        "event_type": "search_performed",
        "user_id": str(learner),
        "session_id": None if number % 3 else str(uuid5(learner, "session")),
        "occurred_at": (at or START + timedelta(minutes=number)).isoformat(),
        "topic_id": 'a "quoted", text\twith\nlines, ü' if number % 5 == 0 else None,
        "properties": {"query": f'energy {number}, \\ "both"', "result_count": number},
        **more,
    }


def land_all(url: str, events: Sequence[dict[str, object]]) -> LandingReport:
    async def landed() -> LandingReport:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            return await land(
                connection,
                events,
                received_at=START + timedelta(days=900),
                sent_at=None,
                context={"ip": "192.0.2.0"},
            )

    return asyncio.run(landed())


@pytest.fixture
def month_url(database_url: str) -> str:
    """A database whose log has the month, with 200 events in it and one in the month after."""
    with psycopg.connect(database_url) as owner:
        make_months(owner, MONTH, date(2024, 3, 1))
    march = make_event(900, at=datetime(2024, 3, 2, tzinfo=UTC))
    report = land_all(database_url, [*map(make_event, range(200)), march])
    assert {result.status.value for result in report.results} == {"accepted"}
    return database_url


@pytest.fixture
def owner(month_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(month_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def target(tmp_path: Path) -> Target:
    return open_target(str(tmp_path / "archive"))
