from datetime import UTC, date, datetime, timedelta

import pytest

from quality.oracle.days import cut_at_midnight, day_start, local_date, to_datetime, to_instant


def at(text: str) -> int:
    return to_instant(datetime.fromisoformat(text).astimezone(UTC))


@pytest.mark.parametrize(
    ("day", "timezone", "begins"),
    [
        (date(2025, 3, 10), "UTC", "2025-03-10T00:00Z"),
        (date(2025, 3, 10), "Asia/Kolkata", "2025-03-09T18:30Z"),
        (date(2025, 3, 30), "Europe/Berlin", "2025-03-29T23:00Z"),
        (date(2025, 3, 31), "Europe/Berlin", "2025-03-30T22:00Z"),
        # Havana sets its clocks from 01:00 back to 00:00: the first of the two midnights.
        (date(2025, 11, 2), "America/Havana", "2025-11-02T04:00Z"),
        # Havana in spring and Beirut: the clock jumps from 24:00 to 01:00, no midnight exists.
        (date(2025, 3, 9), "America/Havana", "2025-03-09T05:00Z"),
        (date(2025, 3, 30), "Asia/Beirut", "2025-03-29T22:00Z"),
        # Sao Paulo set its clocks from 24:00 back to 23:00 of the day before.
        (date(2018, 2, 18), "America/Sao_Paulo", "2018-02-18T03:00Z"),
        # Toronto jumped from 23:30 to 00:30: the gap begins on the day before.
        (date(1919, 3, 31), "America/Toronto", "1919-03-31T04:30Z"),
        # Samoa skipped 30 December 2011 whole.
        (date(2011, 12, 30), "Pacific/Apia", "2011-12-30T10:00Z"),
        (date(2011, 12, 31), "Pacific/Apia", "2011-12-30T10:00Z"),
    ],
)
def test_day_start_is_the_first_instant_of_the_date(day: date, timezone: str, begins: str) -> None:
    start = day_start(day, timezone)

    assert to_datetime(start) == datetime.fromisoformat(begins)
    assert local_date(start - 1, timezone) < day <= local_date(start, timezone)


@pytest.mark.parametrize(
    ("day", "timezone", "hours"),
    [
        (date(2025, 3, 30), "Europe/Berlin", 23),
        (date(2025, 10, 26), "Europe/Berlin", 25),
        (date(2025, 10, 5), "Australia/Lord_Howe", 23.5),
        (date(2025, 11, 2), "America/Havana", 25),
    ],
)
def test_day_is_as_long_as_its_clock_says(day: date, timezone: str, hours: float) -> None:
    length = day_start(day + timedelta(days=1), timezone) - day_start(day, timezone)

    assert length == hours * 3_600_000_000


def test_cut_leaves_a_stretch_within_a_day_whole() -> None:
    start, end = at("2025-03-10T10:00Z"), at("2025-03-10T10:20Z")

    assert cut_at_midnight(start, end, "UTC") == [(date(2025, 3, 10), start, end)]


def test_cut_gives_midnight_itself_to_the_day_that_begins() -> None:
    start, midnight = at("2025-03-10T23:50Z"), at("2025-03-11T00:00Z")

    assert cut_at_midnight(start, midnight, "UTC") == [(date(2025, 3, 10), start, midnight)]
    assert cut_at_midnight(midnight, midnight + 1, "UTC") == [
        (date(2025, 3, 11), midnight, midnight + 1)
    ]


def test_cut_does_not_cut_at_the_second_midnight_of_a_date() -> None:
    start, end = at("2025-11-02T04:50Z"), at("2025-11-02T05:10Z")

    assert cut_at_midnight(start, end, "America/Havana") == [(date(2025, 11, 2), start, end)]


def test_cut_follows_the_events_dates_where_the_clock_goes_back_over_midnight() -> None:
    # Newfoundland, 2010: at 00:01 the clock went back to 23:01 of the day before.
    zone, old, new = "America/St_Johns", date(2010, 11, 6), date(2010, 11, 7)
    before, after = at("2010-11-07T02:40Z"), at("2010-11-07T02:50Z")
    assert cut_at_midnight(before, after, zone) == [(old, before, after)]

    # The second midnight: the new date had its first instant before the span.
    before, after = at("2010-11-07T03:25Z"), at("2010-11-07T03:35Z")
    assert cut_at_midnight(before, after, zone) == [(new, before, after)]

    # From the new date back to the old.
    before, after = at("2010-11-07T02:30Z"), at("2010-11-07T02:35Z")
    assert cut_at_midnight(before, after, zone) == [(new, before, after)]


def test_cut_of_nothing_is_nothing() -> None:
    start = at("2025-03-10T10:00Z")

    assert cut_at_midnight(start, start, "UTC") == []
