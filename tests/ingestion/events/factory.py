from datetime import UTC, datetime
from typing import Any

from ingestion.events.examples import build_example
from ingestion.events.plan import PLAN
from ingestion.events.validation import AcceptedEvent, Rejection, validate_event

RECEIVED_AT = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


def make_event(name: str = "question_submit", **changes: Any) -> dict[str, Any]:
    return {**build_example(PLAN[name]), **changes}


def with_property(name: str, prop: str, value: object) -> dict[str, Any]:
    event = make_event(name)
    return {**event, "properties": {**event["properties"], prop: value}}


def without(event: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in fields}


def judge(raw: object, sent_at: datetime | None = None) -> AcceptedEvent | Rejection:
    return validate_event(raw, received_at=RECEIVED_AT, sent_at=sent_at)


def accept(raw: object, sent_at: datetime | None = None) -> AcceptedEvent:
    verdict = judge(raw, sent_at)
    assert isinstance(verdict, AcceptedEvent), verdict
    return verdict


def refuse(raw: object, sent_at: datetime | None = None) -> tuple[str, str]:
    verdict = judge(raw, sent_at)
    assert isinstance(verdict, Rejection), verdict
    assert verdict.message
    return verdict.code, verdict.path
