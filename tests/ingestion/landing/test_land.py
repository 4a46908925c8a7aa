"""Laws of landing: nothing lost, nothing doubled, every event told its fate."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.events.examples import build_example
from ingestion.events.identity import derive_uuid7
from ingestion.events.plan import PLAN
from ingestion.landing.failed_events import storable
from ingestion.landing.judging import judge_texts
from ingestion.landing.land import Lander, land
from ingestion.landing.verdict import LandingReport, Status
from ingestion.store.database import Role, role_url

NOW = datetime.now(UTC).replace(microsecond=0)
LEARNER = UUID("7b5de3c9-2ac8-4c0c-8b3d-5b9b5f1b0c11")


def land_now(
    url: str, events: list[object], *, sent_at: datetime | None = None, received_at: datetime = NOW
) -> LandingReport:
    async def run() -> LandingReport:
        ingest = role_url(url, Role.INGEST, application_name="test")
        async with await psycopg.AsyncConnection.connect(ingest, autocommit=True) as connection:
            return await land(
                connection, events, received_at=received_at, sent_at=sent_at, context={}
            )

    return asyncio.run(run())


def event(number: int, variant: int = 0) -> dict[str, object]:
    """The event of a number; variants share its id and say something else."""
    occurred_at = NOW - timedelta(minutes=number)
    return {
        "event_id": str(derive_uuid7(occurred_at, str(number))),
        "event_type": "search_performed",
        "user_id": str(uuid5(LEARNER, str(number))),
        "occurred_at": occurred_at.isoformat(),
        "properties": {"result_count": variant},
    }


def count(database: psycopg.Connection, table: str) -> int:
    row = database.execute(f"select count(*) from raw.{table}").fetchone()
    assert row is not None
    return int(row[0])


BAD: list[object] = [None, 7, {"event_type": "nope"}, {"event_type": "xp_earned", "user_id": "\0"}]
batches = st.lists(
    st.lists(
        st.one_of(st.builds(event, st.integers(0, 8), st.integers(0, 1)), st.sampled_from(BAD)),
        max_size=12,
    ),
    max_size=5,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=batches)
def test_any_batches_store_the_first_of_each_id_and_account_for_all(
    database: psycopg.Connection, shared_database_url: str, batches: list[list[object]]
) -> None:
    database.execute("truncate raw.study_events, raw.failed_events")
    first_said: dict[str, object] = {}
    for batch in batches:
        report = land_now(shared_database_url, batch)
        assert [verdict.index for verdict in report.results] == list(range(len(batch)))
        for raw, verdict in zip(batch, report.results, strict=True):
            if not isinstance(raw, dict) or "event_id" not in raw:
                expected = Status.REJECTED
            elif raw["event_id"] not in first_said:
                expected = Status.ACCEPTED
                first_said[str(raw["event_id"])] = raw
            elif first_said[str(raw["event_id"])] == raw:
                expected = Status.DUPLICATE
            else:
                expected = Status.CONFLICT
            assert verdict.status is expected
    stored = {
        str(event_id): properties
        for event_id, properties in database.execute(
            "select event_id, properties from raw.study_events"
        )
    }
    said = {key: raw["properties"] for key, raw in first_said.items() if isinstance(raw, dict)}
    assert stored == said


def test_event_before_the_oldest_month_is_turned_away_even_when_sent_at_takes_it_there(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    wild = NOW + timedelta(days=365 * 20)
    report = land_now(shared_database_url, [event(1)], sent_at=wild)
    assert report.results[0].why is not None
    assert report.results[0].why.code == "occurred_at_out_of_range"
    assert count(database, "study_events") == 0


def test_event_with_a_clock_so_wrong_that_its_id_has_no_month_is_turned_away(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    wrong = datetime(2010, 1, 1, tzinfo=UTC)
    old = event(1) | {"event_id": "message-1", "occurred_at": wrong.isoformat()}
    report = land_now(shared_database_url, [old, event(2)], sent_at=wrong)
    assert [verdict.status for verdict in report.results] == [Status.REJECTED, Status.REJECTED]
    assert count(database, "failed_events") == 2


REFUSE = """
create function refuse() returns trigger language plpgsql as $$
begin
    raise exception using errcode = '22000';
end
$$;
create trigger refuse before insert on raw.study_events
for each row when (new.topic_id = 'cursed') execute function refuse();
"""


def test_row_the_database_refuses_is_turned_away_alone(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    events: list[object] = [event(number) for number in range(1, 8)]
    events[2] = event(3) | {"topic_id": "cursed"}
    events[5] = event(6) | {"topic_id": "cursed"}
    database.execute(REFUSE)
    try:
        report = land_now(shared_database_url, events)
    finally:
        database.execute("drop function refuse cascade")
    assert [index for index, verdict in enumerate(report.results) if verdict.why] == [2, 5]
    assert {verdict.why.code for verdict in report.results if verdict.why} == {"unstorable_text"}
    assert report.counts[Status.ACCEPTED] == count(database, "study_events") == 5
    assert count(database, "failed_events") == 2


def test_what_is_reported_is_committed_whatever_the_connections_mode(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    async def land_and_look(*, autocommit: bool, number: int) -> int:
        ingest = role_url(shared_database_url, Role.INGEST, application_name="test")
        async with await psycopg.AsyncConnection.connect(ingest, autocommit=autocommit) as own:
            await land(own, [event(number)], received_at=NOW, sent_at=None, context={})
            return count(database, "study_events")  # as another connection sees it

    assert asyncio.run(land_and_look(autocommit=True, number=1)) == 1
    assert asyncio.run(land_and_look(autocommit=False, number=2)) == 2


def test_failed_commit_leaves_nothing(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    database.execute("revoke insert on raw.failed_events from study_ingest")
    try:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            land_now(shared_database_url, [event(1), None])
    finally:
        database.execute("grant insert on raw.failed_events to study_ingest")
    assert count(database, "study_events") == 0


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(payloads=st.lists(json_values | st.text(alphabet="\0\ud800a\\"), max_size=5))
def test_whatever_cannot_be_landed_can_be_kept(
    database: psycopg.Connection, shared_database_url: str, payloads: list[object]
) -> None:
    database.execute("truncate raw.failed_events")
    report = land_now(shared_database_url, [*payloads, event(1)])
    assert {verdict.status for verdict in report.results[:-1]} <= {Status.REJECTED}
    assert report.results[-1].status in (Status.ACCEPTED, Status.DUPLICATE)
    assert count(database, "failed_events") <= len(payloads)
    assert bool(payloads) == (count(database, "failed_events") > 0)


def test_deep_payload_is_kept_cut() -> None:
    deep: object = "bottom"
    for _ in range(500):
        deep = [deep]
    kept = str(storable(deep))
    assert "too deeply" in kept
    assert "bottom" not in kept


def test_event_read_fast_is_stored_as_the_same_event_judged_singly(
    database: psycopg.Connection, shared_database_url: str
) -> None:
    examples = [build_example(event_type) for event_type in PLAN.values()]
    for number, example in enumerate(examples):
        example["event_id"] = f"example-{number}"
        example["occurred_at"] = (NOW - timedelta(minutes=number)).isoformat()
    texts = [json.dumps(example).encode() for example in examples]

    async def land_texts() -> LandingReport:
        ingest = role_url(shared_database_url, Role.INGEST, application_name="test")
        async with await psycopg.AsyncConnection.connect(ingest, autocommit=True) as connection:
            batch = judge_texts(texts, received_at=NOW, sent_at=None, context={})
            assert batch.fast == len(texts)
            (outcome,) = await Lander().land(connection, [batch])
            assert isinstance(outcome, LandingReport)
            return outcome

    stored = "select * from raw.study_events order by event_id"
    assert asyncio.run(land_texts()).counts == {Status.ACCEPTED: len(texts)}
    fast = [row[:-1] for row in database.execute(stored)]
    assert land_now(shared_database_url, [*examples]).counts == {Status.DUPLICATE: len(texts)}
    database.execute("truncate raw.study_events")
    assert land_now(shared_database_url, [*examples]).counts == {Status.ACCEPTED: len(texts)}
    assert [row[:-1] for row in database.execute(stored)] == fast
