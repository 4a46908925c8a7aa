"""Whether an event's month is open for landing."""

from datetime import UTC, datetime

from ingestion.events.codes import Code
from ingestion.events.validation import AcceptedEvent, Rejection
from ingestion.store.partitions import Month, is_open


def refuse_closed_month(months: list[Month], event: AcceptedEvent) -> Rejection | None:
    """Why an event has no month to go to; None if it has one.

    Two times count: the one in its id, which names its partition, and the corrected one. They
    part when a client's clock is wrong; a wild `sent_at` must not carry an event to 1990.
    `months` are the open ones, sorted.
    """
    if not is_open(months, event.event_id):
        return _refuse("its month is not open: it lies too long ago, or too far ahead")
    oldest = datetime.fromtimestamp((months[0][0].int >> 80) / 1000, UTC)
    if event.occurred_at < oldest:
        return _refuse("corrected by sent_at it lies before the oldest open month")
    return None


def _refuse(why: str) -> Rejection:
    return Rejection(Code.OCCURRED_AT_OUT_OF_RANGE, "occurred_at", why)
