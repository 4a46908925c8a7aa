"""What every stream of events must hold, whoever made it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from ingestion.events.identity import embedded_instant
from ingestion.events.validation import Rejection, validate_event
from ingestion.readers.stream import EventDict


def occurred_at(event: EventDict) -> datetime:
    return datetime.fromisoformat(event["occurred_at"])


def assert_sound(events: Sequence[EventDict]) -> None:
    """In order, each id once and a UUIDv7 of its time, every event accepted by the plan."""
    keys = [(occurred_at(event), UUID(event["event_id"]).bytes) for event in events]
    assert keys == sorted(keys)
    assert len({event["event_id"] for event in events}) == len(events)
    received_at = keys[-1][0] + timedelta(minutes=1)
    for event in events:
        assert event["occurred_at"].endswith("Z")
        assert embedded_instant(UUID(event["event_id"])) == occurred_at(event)
        verdict = validate_event(event, received_at=received_at, sent_at=None)
        assert not isinstance(verdict, Rejection), (verdict, event)
        assert verdict.event_id == UUID(event["event_id"])
        assert verdict.occurred_at == occurred_at(event).astimezone(UTC)
