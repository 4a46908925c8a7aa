"""Attempts among a learner's events, by the definition of docs/metrics.md."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from ingestion.landing.learner_log import StoredEvent

ANSWERS = ("question_attempt", "question_submit")

_DAY = timedelta(days=1)
_Group = tuple[UUID | None, str | None]


def find_attempts(
    events: Sequence[StoredEvent], *, submitted: _Group | None = None
) -> list[StoredEvent]:
    """The attempts among events, which are in order; with `submitted` as a submit now leaves them.

    Every submit is one, and takes the place of the attempts before it in its session and question;
    what is left of those counts where it says `is_correct`.
    """
    pending: set[_Group] = set() if submitted is None else {submitted}
    attempts = []
    for event in reversed(events):
        group = (event.session_id, event.question_id)
        if event.event_type == "question_submit":
            pending.add(group)
            attempts.append(event)
        elif (
            event.event_type == "question_attempt"
            and group not in pending
            and event.properties.get("is_correct") is not None
        ):
            attempts.append(event)
    return attempts[::-1]


def days_between(attempts: Sequence[StoredEvent], moment: datetime) -> float | None:
    """Days of 86,400 s from the last of some attempts to a moment; None for the first."""
    return (moment - attempts[-1].occurred_at) / _DAY if attempts else None
