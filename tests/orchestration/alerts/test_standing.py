"""Late data and dead letters, from what is in the database."""

import asyncio
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from ingestion.landing.land import land
from ingestion.store.database import Role, role_url
from orchestration.alerts.standing import LATE_AFTER, watch_standing
from orchestration.loads import open_load
from tests.orchestration.conftest import make_events
from tests.orchestration.loads.warehouse import AS_OF, MODELS, SmallWarehouse

MINUTE = timedelta(minutes=1)


@pytest.fixture
def warehouse(database_url: str) -> SmallWarehouse:
    return SmallWarehouse(database_url)


def receive(url: str, events: list[dict[str, object]], at: datetime) -> None:
    async def work() -> None:
        own = role_url(url, Role.INGEST, application_name="test")
        async with await psycopg.AsyncConnection.connect(own, autocommit=True) as connection:
            await land(connection, events, received_at=at, sent_at=None, context={})

    asyncio.run(work())


def load(warehouse: SmallWarehouse) -> None:
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as opened:
        warehouse.build(opened)


def open_alerts(ledger: psycopg.Connection) -> list[tuple[object, ...]]:
    return ledger.execute(
        "select kind, message from ops.alerts where closed_at is null order by alert_id"
    ).fetchall()


def test_events_that_wait_for_a_load_too_long_are_late_until_they_are_loaded(
    warehouse: SmallWarehouse, ledger: psycopg.Connection, data: psycopg.Connection
) -> None:
    load(warehouse)
    now = datetime.now(UTC)
    receive(warehouse.url, make_events(2), now)
    watch_standing(ledger, data, now=now + LATE_AFTER - MINUTE)
    assert open_alerts(ledger) == []
    watch_standing(ledger, data, now=now + LATE_AFTER + MINUTE)
    ((kind, message),) = open_alerts(ledger)
    assert kind == "late_data"
    assert f"received at {now:%Y-%m-%d %H:%M} UTC is in no mart after 2:01:00" in str(message)
    load(warehouse)
    watch_standing(ledger, data, now=now + LATE_AFTER + 2 * MINUTE)
    assert open_alerts(ledger) == []


def test_dead_letters_alert_by_their_share_and_number(
    warehouse: SmallWarehouse, ledger: psycopg.Connection, data: psycopg.Connection
) -> None:
    now = datetime.now(UTC)
    wrong = [{**event, "event_type": "made_up"} for event in make_events(25)]
    receive(warehouse.url, wrong[:19], now)
    watch_standing(ledger, data, now=now + MINUTE)
    assert open_alerts(ledger) == []
    receive(warehouse.url, wrong[19:], now)
    watch_standing(ledger, data, now=now + MINUTE)
    assert open_alerts(ledger) == [
        ("dead_letters", "25 of 25 events received within an hour were refused")
    ]
    load(warehouse)
    watch_standing(ledger, data, now=now + MINUTE)
    assert len(open_alerts(ledger)) == 1
    watch_standing(ledger, data, now=now + 61 * MINUTE)
    assert open_alerts(ledger) == []


def test_nothing_alerts_in_an_empty_database(
    ledger: psycopg.Connection, data: psycopg.Connection
) -> None:
    watch_standing(ledger, data, now=datetime.now(UTC))
    assert open_alerts(ledger) == []
