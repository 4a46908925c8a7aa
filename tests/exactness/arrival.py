"""How the events of a wave come in: in several transactions, by landing or straight, late."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta

import psycopg

from ingestion.landing.land import land
from ingestion.landing.verdict import Status
from ingestion.store.partitions import make_months
from tests.dbt_project.streams import StudyEvent, named, offer


@dataclass
class Receipts:
    """How many events were offered, how many of these were new, and on which ways they came."""

    offered: int = 0
    stored: int = 0
    landed: int = 0
    held: int = 0
    transactions: int = 0


def make_all_months(url: str, events: Sequence[StudyEvent]) -> None:
    """Make the partitions of every event beforehand: loads are not to wait for their locks."""
    with psycopg.connect(url) as connection:
        for month in sorted({event.at.date().replace(day=1) for event in events}):
            make_months(connection, month, month)


@contextmanager
def arriving(
    url: str, wave: Sequence[StudyEvent], receipts: Receipts, *, held: int | None
) -> Iterator[None]:
    """Let a wave arrive in three transactions: straight, through landing, straight.

    The one `held`, the first (0) or the last (2), commits only when the block ends: what is loaded
    meanwhile must not see it, and may not pass over it for ever.
    """
    if held is not None:
        # a copy offered beside the held one would wait for it
        wave = [*{event.event_id: event for event in wave}.values()]
    third = -(-len(wave) // 3)
    thirds = [wave[number * third : (number + 1) * third] for number in range(3)]
    receipts.offered += len(wave)
    receipts.transactions += 3
    with ExitStack() as held_open:
        for number, events in enumerate(thirds):
            if number == 1:
                stored = asyncio.run(_land(url, events))
                receipts.landed += stored
            elif number == held:
                connection = held_open.enter_context(psycopg.connect(url))
                stored = offer(connection, events)
                receipts.held += stored
            else:
                with psycopg.connect(url) as connection:
                    stored = offer(connection, events)
            receipts.stored += stored
        yield


async def _land(url: str, events: Sequence[StudyEvent]) -> int:
    """Land events as the service does; returns how many were new. None may be turned away."""
    if not events:
        return 0
    received_at = max(event.at for event in events) + timedelta(seconds=1)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        report = await land(
            connection,
            [sent(event) for event in events],
            received_at=received_at,
            sent_at=None,
            context={},
        )
    fates = {Status.ACCEPTED, Status.DUPLICATE}
    assert [found for found in report.results if found.status not in fates] == []
    return report.counts[Status.ACCEPTED]


def sent(event: StudyEvent) -> dict[str, object]:
    """An event as a client sends it."""
    session = {"session_id": str(named(event.session))} if event.session else {}
    return {
        "event_id": str(event.event_id),
        "event_type": event.event_type,
        "user_id": str(named(event.learner)),
        "occurred_at": event.at.isoformat(),
        "properties": event.properties,
        **session,
        **event.ids,
    }
