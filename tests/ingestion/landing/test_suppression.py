"""What is still sent of a forgotten learner is turned away, and nothing of it kept."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from ingestion.api import IngestionSettings
from ingestion.events.identity import random_uuid7
from ingestion.landing.erasing import suppress
from ingestion.landing.judging import judge_values
from ingestion.landing.land import Lander
from ingestion.landing.suppression import Suppression
from ingestion.landing.verdict import LandingReport
from ingestion.privacy.pseudonyms import Pseudonyms
from ingestion.store.database import Role, role_url
from ingestion.store.errors import StoreError
from tests.ingestion.api.conftest import served

PSEUDONYMS = Pseudonyms([b"k" * 32])
NEW = Pseudonyms([b"n" * 32, b"k" * 32])
FORGOTTEN, OTHER = uuid4(), uuid4()
EVERYWHERE = """
select concat_ws(' ', (select string_agg(t::text, ' ') from raw.study_events as t),
    (select string_agg(t::text, ' ') from raw.failed_events as t))
"""


def event(learner: UUID, **fields: object) -> dict[str, object]:
    now = datetime.now(UTC)
    return {
        "event_id": str(random_uuid7(now)),
        "event_type": "search_performed",
        "user_id": str(learner),
        "occurred_at": now.isoformat(),
        "properties": {"result_count": 3},
    } | fields


def land(
    url: str, events: Sequence[object], suppression: Suppression, *, autocommit: bool = True
) -> LandingReport:
    async def run() -> Any:
        own = role_url(url, Role.INGEST, application_name="test")
        async with await psycopg.AsyncConnection.connect(own, autocommit=autocommit) as connection:
            batch = judge_values(events, received_at=datetime.now(UTC), sent_at=None, context={})
            (outcome,) = await Lander(suppression=suppression).land(connection, [batch])
            return outcome

    outcome = asyncio.run(run())
    assert isinstance(outcome, LandingReport)
    return outcome


@pytest.fixture
def forgetful_url(database_url: str) -> str:
    """A database in which a learner is forgotten."""
    with psycopg.connect(database_url) as owner:
        suppress(owner, FORGOTTEN, PSEUDONYMS)
    return database_url


@pytest.mark.parametrize("autocommit", [True, False])
@pytest.mark.parametrize("pseudonyms", [PSEUDONYMS, NEW])
def test_events_of_the_forgotten_are_refused_and_their_neighbours_stored(
    forgetful_url: str, pseudonyms: Pseudonyms, autocommit: bool
) -> None:
    bad = event(FORGOTTEN, properties={"nonsense": 1})
    odd = event(OTHER, user_id="no id", session_id=FORGOTTEN.hex.upper())
    events = [event(OTHER), event(FORGOTTEN), bad, odd, event(OTHER, properties={"nonsense": 1})]
    suppression = Suppression(pseudonyms)
    report = land(forgetful_url, events, suppression, autocommit=autocommit)
    again = land(forgetful_url, events, suppression, autocommit=autocommit)
    codes = [verdict.why.code if verdict.why else None for verdict in report.results]
    gone = "learner_forgotten"
    assert codes == [None, gone, gone, gone, "unknown_property"]
    assert [verdict.status for verdict in again.results][:2] == ["duplicate", "rejected"]
    with psycopg.connect(forgetful_url) as owner:
        row = owner.execute(EVERYWHERE).fetchone()
        books = owner.execute(
            "select received, accepted, duplicate, rejected from raw.landings order by ingest_xid"
        ).fetchall()
    assert row
    assert str(FORGOTTEN) not in row[0].lower()
    assert FORGOTTEN.hex not in row[0].lower()
    assert str(OTHER) in row[0]
    assert books == [(5, 1, 0, 4), (5, 0, 1, 4)]


def test_without_keys_nothing_is_landed_where_somebody_is_forgotten(forgetful_url: str) -> None:
    with pytest.raises(StoreError, match="STUDY_PSEUDONYM_KEYS"):
        land(forgetful_url, [event(OTHER)], Suppression(None))


class Counting(psycopg.AsyncConnection[Any]):
    """A connection that counts what it is asked of the list."""

    asked = 0

    async def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        if "ops.forgotten" in str(query):
            Counting.asked += 1
        return await super().execute(query, *args, **kwargs)


def test_empty_list_costs_one_query_for_many_batches(database_url: str) -> None:
    Counting.asked = 0

    async def run() -> None:
        own = role_url(database_url, Role.INGEST, application_name="test")
        lander = Lander(suppression=Suppression(PSEUDONYMS, trusted_seconds=3600))
        async with await Counting.connect(own, autocommit=True) as connection:
            for _ in range(5):
                batch = judge_values(
                    [event(OTHER)], received_at=datetime.now(UTC), sent_at=None, context={}
                )
                await lander.land(connection, [batch])

    asyncio.run(run())
    assert Counting.asked == 1


def test_list_that_was_empty_is_asked_again(database_url: str) -> None:
    suppression = Suppression(PSEUDONYMS, trusted_seconds=0)
    assert land(database_url, [event(FORGOTTEN)], suppression).results[0].why is None
    with psycopg.connect(database_url) as owner:
        suppress(owner, FORGOTTEN, PSEUDONYMS)
    assert land(database_url, [event(FORGOTTEN)], suppression).results[0].why


def test_service_turns_events_and_activities_away(forgetful_url: str) -> None:
    settings = IngestionSettings(database_url=forgetful_url, pseudonyms=PSEUDONYMS)
    with served(settings) as client:
        told = client.post("/api/analytics/events", json=event(FORGOTTEN)).json()
        assert told["results"][0]["code"] == "learner_forgotten"
        refused = client.post(
            "/api/search", json={"q": "heart"}, headers={"X-User-Id": str(FORGOTTEN)}
        )
        assert refused.status_code == 422
        assert refused.json()["error"] == "learner_forgotten"
        kept = client.post("/api/search", json={"q": "heart"}, headers={"X-User-Id": str(OTHER)})
        assert kept.status_code == 200
    with psycopg.connect(forgetful_url) as owner:
        rows = owner.execute("select distinct user_id from raw.study_events").fetchall()
    assert rows == [(OTHER,)]
