"""Sixteen senders who post the same ids, some with other contents, each in an order of its own."""

import asyncio
import json
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import psycopg

from bench.ingest.load import HOST
from bench.ingest.stream import Event
from bench.ingest.wire import Connection, encode_requests
from tests.faults.conftest import Record
from tests.faults.rig import Rig
from tests.faults.scale import BATCH, Scale, scales
from tests.faults.trial import read_books

SENDERS = 16
# Of the ids that are sent: so many times over all senders, on average.
_COPIES = 8
_OTHER_CONTENT_EVERY = 4
_STORED = """
select event_id::text, topic_id from raw.study_events where event_id = any(%s::uuid[])
"""


@dataclass
class Verdicts:
    """What was said of each id, by the content it came with."""

    said: defaultdict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[int] = field(default_factory=Counter)


@scales(small=Scale(events=8_000, faults=0), full=Scale(events=160_000, faults=0))
def test_overlapping_senders_get_verdicts_that_add_up(
    rig: Rig, record: Record, scale: Scale
) -> None:
    pool = rig.stream.draw(scale.events // _COPIES)
    before = read_books(rig.url)
    verdicts = asyncio.run(post_all(rig.service.port, pool, scale.events // SENDERS))
    after = read_books(rig.url)

    with psycopg.connect(rig.url) as connection:
        stored: dict[str, str] = dict(connection.execute(_STORED, [list(verdicts.said)]).fetchall())
    assert after.rows - before.rows == after.accepted - before.accepted == len(verdicts.said)
    for event_id, said in verdicts.said.items():
        (winner,) = [content for content, status in said if status == "accepted"]
        assert stored[event_id] == winner
        for content, status in said:
            assert status == "accepted" or (status == "duplicate") == (content == winner)
    counts = Counter(status for said in verdicts.said.values() for _, status in said)
    assert counts.total() == scale.events // SENDERS // BATCH * BATCH * SENDERS
    assert set(counts) == {"accepted", "duplicate", "conflict"}
    assert set(verdicts.statuses) <= {200, 429}
    record(counts + Counter({"events": counts.total(), "deadlocks": read_deadlocks(rig.url)}))


async def post_all(port: int, pool: Sequence[Event], each: int) -> Verdicts:
    """Post `each` events by every sender, all at once."""
    verdicts = Verdicts()
    async with asyncio.TaskGroup() as tasks:
        for seed in range(SENDERS):
            tasks.create_task(post(port, list(draw(pool, each, seed)), verdicts))
    return verdicts


def draw(pool: Sequence[Event], count: int, seed: int) -> Sequence[Event]:
    """Events of the pool in an order of their own, also twice in one batch, some changed."""
    chance = random.Random(seed)
    # All senders go through the pool at about the same pace: that is where they meet.
    middles = [number * len(pool) // count for number in range(count)]
    return [
        vary(pool[min(len(pool) - 1, max(0, middle + chance.randrange(-BATCH, BATCH)))], chance)
        for middle in middles
    ]


def vary(event: Event, chance: random.Random) -> Event:
    """The event as it is or, now and then, with another content."""
    other = chance.randrange(_OTHER_CONTENT_EVERY) == 0
    return {**event, "topic_id": f"topic-{chance.randrange(3)}" if other else "topic-0"}


async def post(port: int, events: Sequence[Event], verdicts: Verdicts) -> None:
    """Post events in batches, each until it is answered with verdicts."""
    connection = await Connection.open(HOST, port)
    starts = range(0, len(events) - BATCH + 1, BATCH)
    for start, request in zip(starts, encode_requests(events, BATCH), strict=False):
        while (answer := await connection.exchange(request)).status == 429:
            verdicts.statuses[429] += 1
            await asyncio.sleep(0.05)
        assert answer.status == 200, answer.body
        verdicts.statuses[200] += 1
        results = json.loads(answer.body)["results"]
        for event, result in zip(events[start : start + BATCH], results, strict=True):
            assert UUID(result["event_id"]) == UUID(event["event_id"])
            verdicts.said[event["event_id"]].append((event["topic_id"], result["status"]))
    connection.close()


def read_deadlocks(url: str) -> int:
    """Deadlocks the database resolved; each was the service's to hide."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "select deadlocks from pg_stat_database where datname = current_database()"
        ).fetchone()
    assert found is not None
    return int(found[0])
