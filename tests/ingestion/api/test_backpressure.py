"""What a sender is told when more waits than may, and that all answers keep one form."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg

from ingestion.api import IngestionSettings
from ingestion.api.verdicts import BatchVerdict
from ingestion.landing.limits import QueueLimits
from tests.ingestion.api.conftest import Serve

Make = Callable[..., dict[str, object]]
BATCH = "/api/analytics/events/batch"
WAITS = """
select count(*) from pg_stat_activity
where
    application_name = 'study-ingestion'
    and wait_event_type = 'Lock'
    and datname = current_database()
"""


def test_full_queue_is_a_429_with_retry_after(
    serve: Serve, database_url: str, make_event: Make
) -> None:
    landing = QueueLimits(events=2, writers=1)
    client = serve(IngestionSettings(database_url=database_url, landing=landing))
    with (
        psycopg.connect(database_url) as blocker,
        psycopg.connect(database_url, autocommit=True) as watcher,
        ThreadPoolExecutor(1) as pool,
    ):
        blocker.execute("lock table raw.landings in access exclusive mode")
        first = pool.submit(client.post, BATCH, json={"events": [make_event(), make_event()]})
        while watcher.execute(WAITS).fetchone() != (1,):
            assert not first.done(), first.result().text
        batch = {"events": [make_event()]}
        refused = client.post(BATCH, json=batch)
        assert refused.status_code == 429
        assert refused.json()["error"] == "too_many_waiting"
        assert int(refused.headers["retry-after"]) > 0
        blocker.rollback()
        assert first.result().json()["accepted"] == 2
    assert client.post(BATCH, json=batch).json()["accepted"] == 1


def test_every_answer_is_of_the_form_that_is_documented(
    client: httpx.Client, make_event: Make
) -> None:
    event = make_event()
    events: list[object] = [event, event, event | {"topic_id": "other"}, {"event_type": "no"}, None]
    answer = client.post(BATCH, json={"events": events})
    verdict = BatchVerdict.model_validate(answer.json())
    assert (verdict.accepted, verdict.duplicate, verdict.rejected, verdict.conflict) == (1, 1, 2, 1)
    assert verdict.model_dump(exclude_none=True, mode="json") == answer.json()
    assert answer.headers["content-type"] == "application/json"


def test_landings_account_for_what_was_received(
    client: httpx.Client, database: psycopg.Connection, make_event: Make
) -> None:
    database.execute("truncate raw.landings")
    event = make_event()
    private = make_event(event_type="search_performed", properties={"query": "ann@example.org"})
    client.post(BATCH, json={"events": [event, {"event_type": "no"}]})
    client.post(BATCH, json={"events": [event, event | {"topic_id": "other"}, private]})
    booked = database.execute(
        "select received, accepted, duplicate, rejected, conflict, redacted"
        " from raw.landings order by received"
    ).fetchall()
    assert booked == [(2, 1, 0, 1, 0, 0), (3, 1, 1, 0, 1, 1)]
    unaccounted = database.execute(
        "select count(*) from raw.study_events as events"
        " left join raw.landings as landings on events.ingest_xid = landings.ingest_xid"
        " where landings.ingest_xid is null"
    ).fetchone()
    assert unaccounted == (0,)
