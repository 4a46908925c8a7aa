"""Study events as tests write them, and their local days by a second hand."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.events.identity import derive_uuid7

Event = dict[str, Any]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = date(2026, 3, 2)
ONE_DAY = timedelta(days=1)


def fact(event_type: str = "search_performed", *, right: bool | None = None, **ids: Any) -> Event:
    """What happened, without who and when."""
    properties = dict(ids.pop("properties", {}))
    if right is not None:
        properties["is_correct"] = right
    return {"event_type": event_type, "properties": properties, **ids}


def submit(question_id: str = "q1", *, right: bool = True, **ids: Any) -> Event:
    return fact("question_submit", right=right, question_id=question_id, **ids)


def attempt(question_id: str = "q1", *, right: bool | None = True, **ids: Any) -> Event:
    return fact("question_attempt", right=right, question_id=question_id, **ids)


def stamped(event: Event, user_id: str, at: datetime, name: str) -> Event:
    """An event as a client sends it, its id made of learner, name and time."""
    return {
        **event,
        "event_id": str(derive_uuid7(at, f"{user_id} {name}")),
        "user_id": user_id,
        "occurred_at": at.isoformat(),
    }


def local_days(events: Sequence[Event]) -> list[date]:
    """Local dates of one learner's events, in their order, as docs/metrics.md defines them."""
    starts = [each for each in events if zone_named(each)]
    days = []
    for number, event in enumerate(events):
        if session_id := event.get("session_id"):
            zones = [zone_named(each) for each in starts if each["session_id"] == session_id][:1]
        else:
            zones = [zone_named(each) for each in events[:number] if zone_named(each)][-1:]
        zone = ZoneInfo(next(iter(zones), None) or "UTC")
        days.append(datetime.fromisoformat(event["occurred_at"]).astimezone(zone).date())
    return days


def zone_named(event: Event) -> str | None:
    if event["event_type"] != "session_start":
        return None
    zone: str | None = event["properties"].get("timezone")
    return zone


def total(events: Iterable[Event]) -> int:
    return sum(
        each["properties"]["xp_amount"] for each in events if each["event_type"] == "xp_earned"
    )


def told(events: Iterable[Event], event_type: str) -> list[Event]:
    return [each["properties"] for each in events if each["event_type"] == event_type]
