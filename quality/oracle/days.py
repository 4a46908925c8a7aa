"""Local dates, exactly: where a learner's day begins, and a stretch of time cut at midnight.

Instants are whole microseconds since 1970-01-01 UTC, so that no rounding can move a second from
one day to the other.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ONE_DAY = timedelta(days=1)


def to_instant(moment: datetime) -> int:
    """Give the microseconds since the epoch of an aware datetime."""
    return (moment - EPOCH) // MICROSECOND


def to_datetime(instant: int) -> datetime:
    """Give the UTC datetime of an instant."""
    return EPOCH + instant * MICROSECOND


def monday_of(day: date) -> date:
    """Give the first day of a date's ISO week."""
    return day - timedelta(days=day.weekday())


def local_date(instant: int, timezone: str) -> date:
    """Give the calendar date that a clock in `timezone` (an IANA name) shows at `instant`."""
    return to_datetime(instant).astimezone(ZoneInfo(timezone)).date()


@lru_cache(maxsize=65_536)
def day_start(day: date, timezone: str) -> int:
    """Give the first instant that has the local date `day`; where none has it, that of the next.

    A midnight that exists twice (Havana, in autumn) begins the day the first time: `fold=0`.
    A midnight that exists never (Beirut, in spring) leaves the day to begin where the clock jumps.
    """
    zone = ZoneInfo(timezone)
    midnight = datetime.combine(day, time.min)
    as_before = midnight.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if as_before.astimezone(zone).replace(tzinfo=None) == midnight:
        return to_instant(as_before)
    # In a gap the two folds lie on either side of the jump; the day begins between them.
    earlier = to_instant(midnight.replace(tzinfo=zone, fold=1).astimezone(UTC))
    later = to_instant(as_before)
    while later - earlier > 1:
        middle = (earlier + later) // 2
        if local_date(middle, timezone) < day:
            earlier = middle
        else:
            later = middle
    return later


def cut_at_midnight(start: int, end: int, timezone: str) -> list[tuple[date, int, int]]:
    """Cut a span no longer than the idle limit into (local date, start, end), none of them empty.

    It lies on the date of `start`, and from the first instant of the date of `end`, if that is a
    later one, on that.
    """
    first, last = local_date(start, timezone), local_date(end, timezone)
    # Where the clock went back over midnight, the later date may have begun before the span.
    cut = max(start, day_start(last, timezone)) if last > first else end
    pieces = [(first, start, cut), (last, cut, end)]
    return [(day, from_, to) for day, from_, to in pieces if from_ < to]
