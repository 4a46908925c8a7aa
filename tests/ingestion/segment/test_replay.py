"""What was refused for its name lands once the name is mapped: once, as of its receipt."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg

from ingestion.landing.failure_log import Selection
from ingestion.landing.replaying import NO_DIALECTS, Dialects, Replay, replay_failures
from ingestion.segment.rules import load_segment_rules
from ingestion.segment.translation import segment_dialect
from ingestion.store.database import Role, role_url
from tests.ingestion.segment.conftest import KEY, Serve
from tests.ingestion.segment.messages import track

Query = Callable[[str], list[dict[str, Any]]]


def replay(url: str, dialects: Dialects) -> list[Replay]:
    async def run() -> list[Replay]:
        ingest = role_url(url, Role.INGEST, application_name="test")
        async with await psycopg.AsyncConnection.connect(ingest, autocommit=True) as connection:
            return await replay_failures(connection, Selection(), dialects=dialects)

    return asyncio.run(run())


def with_rules(file: Path | None) -> Dialects:
    dialect = segment_dialect(load_segment_rules(file))
    return {dialect.name: dialect}


def test_event_whose_name_is_mapped_later_lands_once(
    client: httpx.Client, database_url: str, rules: Path, serve: Serve, query: Query
) -> None:
    message = track("Lecture Watched", properties={"lectureId": "l1", "watched": 30})
    without_id = message | {"messageId": None}
    for said in (message, without_id):
        assert client.post("/v1/track", json=said).json()["rejected"] == 1
    still = replay(database_url, with_rules(None))
    assert [done.verdict.why.code for done in still if done.verdict and done.verdict.why] == [
        "unmapped_event",
        "unmapped_event",
    ]
    landed = replay(database_url, with_rules(rules))
    assert [str(done.verdict.status) for done in landed if done.verdict] == ["accepted"] * 2
    assert replay(database_url, with_rules(rules)) == []
    stored = query("select * from raw.study_events order by client_event_id nulls last")
    assert [row["event_type"] for row in stored] == ["material_read"] * 2
    assert stored[0]["client_event_id"] == message["messageId"]
    assert stored[0]["material_id"] == "l1"
    assert stored[0]["context"]["protocol"] == "segment"
    again = httpx.post(f"{serve(segment_rules=rules)}/v1/track", json=message, auth=(KEY, ""))
    assert again.json()["duplicate"] == 1
    books = "received = accepted + duplicate + rejected + conflict"
    (held,) = query(f"select bool_and({books}) as hold, sum(accepted) as stored from raw.landings")
    assert held == {"hold": True, "stored": 2}


def test_traits_are_not_tried_again(client: httpx.Client, database_url: str) -> None:
    client.post("/v1/identify", json=track(type="identify", traits={"email": "x"}))
    (done,) = replay(database_url, with_rules(None))
    assert done.verdict is None
    assert done.reason == "it says traits and no event"


def test_what_cannot_be_read_is_not_taken_for_our_own(
    client: httpx.Client, database_url: str
) -> None:
    client.post("/v1/track", json=track("Lecture Watched"))
    (done,) = replay(database_url, NO_DIALECTS)
    assert done.verdict is None
    assert done.reason == "it came by the protocol segment, which cannot be read here"
