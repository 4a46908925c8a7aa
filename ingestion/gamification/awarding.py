"""Awards for what is about to be stored, to be stored with it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from ingestion.events.identity import follow_uuid7
from ingestion.gamification.engine import Engine
from ingestion.gamification.learner_log import read_before
from ingestion.gamification.rules import GamificationRules


async def award(
    connection: AsyncConnection, fact: Mapping[str, object], *, rules: GamificationRules
) -> list[dict[str, object]]:
    """Give the awards for an event as events to land after it in the caller's transaction.

    The transaction must hold the learner's lock, so that no other one awards on the same state, and
    store the fact only afterwards. `fact` is in the HTTP shape, with `user_id`, the `event_id` it
    will be stored under (a UUIDv7) and `occurred_at` as it will be stored: text or aware datetime.
    The awards' own `occurred_at` is the same, so they must be landed without a `sent_at` that would
    correct it again. Their ids follow from the fact's: a fact tried again has the same ones.

    Raises StoredFactError for a fact that is stored, and `ValueError` for an `event_id` that is no
    UUIDv7.
    """
    reading = await read_before(connection, fact)
    awards = Engine(rules).reward(reading.state, fact, reading.local_day)
    return stamp(fact, awards)


def stamp(
    fact: Mapping[str, object], awards: Sequence[Mapping[str, Any]], *, first: int = 0
) -> list[dict[str, object]]:
    """Complete awards with who and when: those of the fact they follow, numbered from `first`."""
    cause = UUID(str(fact["event_id"]))
    occurred_at = fact["occurred_at"]
    if isinstance(occurred_at, datetime):
        occurred_at = occurred_at.astimezone(UTC).isoformat()
    session_id = fact.get("session_id")
    return [
        {
            "event_id": str(follow_uuid7(cause, ordinal)),
            "event_type": each["event_type"],
            "user_id": str(fact["user_id"]),
            **({} if session_id is None else {"session_id": str(session_id)}),
            "occurred_at": occurred_at,
            "properties": each["properties"],
        }
        for ordinal, each in enumerate(awards, start=first)
    ]
