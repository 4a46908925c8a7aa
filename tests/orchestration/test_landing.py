from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from ingestion.events.identity import random_uuid7
from orchestration.landing import land_events, months_of
from tests.orchestration.conftest import make_events

LONG_AGO = datetime(2015, 8, 3, tzinfo=UTC)


@pytest.fixture
def old_event() -> dict[str, object]:
    (event,) = make_events(1)
    return {
        **event,
        "event_id": str(random_uuid7(LONG_AGO)),
        "occurred_at": LONG_AGO.isoformat(),
    }


def test_landing_tells_each_batch_and_adds_up(database_url: str) -> None:
    sizes: list[int] = []
    events = make_events(600)
    tally = land_events(database_url, [*events, events[0]], on_batch=sizes.append)
    assert len(sizes) > 1
    assert sum(sizes) == 601
    assert tally.statuses == {"accepted": 600, "duplicate": 1}


def test_old_months_stay_closed_unless_an_operator_opens_them(
    database_url: str, old_event: dict[str, object]
) -> None:
    assert land_events(database_url, [old_event]).codes == {"occurred_at_out_of_range": 1}
    assert land_events(database_url, [old_event], open_months=True).statuses == {"accepted": 1}
    with psycopg.connect(database_url) as connection:
        row = connection.execute("select count(*) from raw.study_events_2015_08").fetchone()
    assert row == (1,)


def test_no_month_is_opened_for_what_cannot_be(database_url: str) -> None:
    (event,) = make_events(1)
    next_year = datetime.now(UTC) + timedelta(days=400)
    odd = [
        {**event, "occurred_at": next_year.isoformat()},
        {**event, "occurred_at": "1815-01-01T00:00:00Z"},
        {**event, "occurred_at": "soon"},
        "no event",
    ]
    tally = land_events(database_url, odd, open_months=True)
    assert tally.statuses == {"rejected": 4}


def test_months_are_those_the_events_are_of() -> None:
    events = [
        {"occurred_at": "2026-01-31T23:59:59Z"},
        {"occurred_at": "2026-01-31T23:30:00-01:00"},
        {"occurred_at": "2026-01-05T00:00:00Z"},
        {"occurred_at": "2026-01-05T00:00:00"},
        {"occurred_at": None},
        {},
    ]
    assert months_of(events, today=date(2026, 3, 1)) == {date(2026, 1, 1), date(2026, 2, 1)}
