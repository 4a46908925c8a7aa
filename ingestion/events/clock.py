"""When an event happened: the rules by which a client's clock is corrected, and their version.

They are applied once, at the landing, and what they were applied to stays in the row: any row can
be judged again, by these rules or by later ones, from its `original_occurred_at`, `sent_at` and
`received_at`.
"""

from datetime import datetime, timedelta

from ingestion.events.instants import shift

# Another rule is another version: say in document.py what changed and from which receipt on.
CLOCK_RULES = 1
AHEAD_MAX = timedelta(hours=24)


def correct(
    original: datetime | None, received_at: datetime, sent_at: datetime | None
) -> datetime | None:
    """Move the client's time by its clock's error; None if that leaves the calendar.

    `sent_at` is the same clock at the moment of sending, so the difference to the receipt is the
    clock's error and the way of the message. Without it the client's time is taken as it is.
    """
    if original is None:
        return received_at
    if sent_at is None:
        return original
    return shift(original, received_at - sent_at)


def is_too_far_ahead(occurred_at: datetime, received_at: datetime) -> bool:
    """Tell whether a time lies over 24 h ahead of the receipt."""
    # Subtracting cannot overflow; adding 24 hours to a receipt could.
    return occurred_at - received_at > AHEAD_MAX
