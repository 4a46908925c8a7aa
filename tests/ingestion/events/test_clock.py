"""When an event happened: reading times, correcting clocks, refusing the implausible."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.events.clock import correct, is_too_far_ahead
from ingestion.events.validation import AcceptedEvent, validate_event
from tests.ingestion.events.factory import RECEIVED_AT, accept, judge, make_event, refuse, without

DAY = timedelta(days=1)


def at(text: object) -> dict[str, object]:
    return without(make_event(occurred_at=text), "event_id")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-03T09:30:00Z", datetime(2026, 3, 3, 9, 30, tzinfo=UTC)),
        ("2026-03-03t09:30:00z", datetime(2026, 3, 3, 9, 30, tzinfo=UTC)),
        ("2026-03-03 09:30:00+00:00", datetime(2026, 3, 3, 9, 30, tzinfo=UTC)),
        ("2026-03-03T10:30:00+01:00", datetime(2026, 3, 3, 9, 30, tzinfo=UTC)),
        ("2026-03-02T22:00:00-11:30", datetime(2026, 3, 3, 9, 30, tzinfo=UTC)),
        ("2026-03-03T09:30:00.5Z", datetime(2026, 3, 3, 9, 30, 0, 500_000, tzinfo=UTC)),
        ("2026-03-03T09:30:00.1234569Z", datetime(2026, 3, 3, 9, 30, 0, 123_456, tzinfo=UTC)),
        ("2026-03-03T09:30:00.999999999Z", datetime(2026, 3, 3, 9, 30, 0, 999_999, tzinfo=UTC)),
    ],
)
def test_time_is_read_as_utc_and_cut_to_the_microsecond(text: str, instant: datetime) -> None:
    accepted = accept(at(text))

    assert accepted.original_occurred_at == instant
    assert accepted.occurred_at == instant
    assert accepted.occurred_at.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-03-03T09:30:00",
        "2026-03-03",
        "20260303T093000Z",
        "2026-W10-2T09:30:00Z",
        "2026-03-03T09:30Z",
        "2026-03-03T09:30:00,5Z",
        "2026-03-03T09:30:00+0100",
        "2026-03-03T09:30:00+01",
        "2026-03-03T09:30:00+24:00",
        "2026-03-03T09:30:00+01:60",
        "2026-03-03T09:30:00 Z",
        "2026-02-29T09:30:00Z",
        "2026-13-01T00:00:00Z",
        "2026-03-03T24:00:00Z",
        "2026-03-03T09:60:00Z",
        "2026-12-31T23:59:60Z",
        "0000-01-01T00:00:00Z",
        "12026-03-03T09:30:00Z",
        "1772530200",
        "yesterday",
        "\uff12026-03-03T09:30:00Z",
        "2026-03-03T09:30:00." + "1" * 5_000 + "Z",
    ],
)
def test_time_in_another_form_is_refused(text: str) -> None:
    assert refuse(at(text)) == ("invalid_value", "occurred_at")


@pytest.mark.parametrize("value", [1772530200, 1772530200.5, True, [], {}])
def test_time_that_is_not_text_is_refused(value: object) -> None:
    assert refuse(at(value)) == ("wrong_type", "occurred_at")


def test_event_without_a_time_happened_when_it_was_received() -> None:
    for event in (without(make_event(), "occurred_at"), make_event(occurred_at=None)):
        accepted = accept(event, sent_at=RECEIVED_AT - DAY)
        assert accepted.occurred_at == RECEIVED_AT
        assert accepted.original_occurred_at is None


@settings(deadline=None)
@given(
    error=st.timedeltas(timedelta(days=-3_650), timedelta(days=3_650)),
    age=st.timedeltas(timedelta(0), timedelta(days=400)),
    travel=st.timedeltas(timedelta(0), timedelta(hours=1)),
)
def test_correction_takes_a_wrong_clock_out_exactly(
    error: timedelta, age: timedelta, travel: timedelta
) -> None:
    true_time = RECEIVED_AT - travel - age
    event = at((true_time + error).isoformat())

    accepted = accept(event, sent_at=RECEIVED_AT - travel + error)

    # What is left is the time the message travelled, which no clock tells.
    assert accepted.occurred_at == true_time + travel
    assert accepted.original_occurred_at == true_time + error


def test_own_sent_at_goes_before_the_batch() -> None:
    event = {**at("2026-03-03T11:00:00Z"), "sent_at": "2026-03-03T12:30:00+01:00"}

    accepted = accept(event, sent_at=RECEIVED_AT - DAY)

    assert accepted.sent_at == datetime(2026, 3, 3, 11, 30, tzinfo=UTC)
    assert accepted.occurred_at == datetime(2026, 3, 3, 11, 30, tzinfo=UTC)


def test_time_up_to_24_hours_ahead_is_accepted_and_not_more() -> None:
    edge = RECEIVED_AT + DAY

    assert accept(at(edge.isoformat())).occurred_at == edge
    late = at((edge + timedelta(microseconds=1)).isoformat())
    assert refuse(late) == ("occurred_at_out_of_range", "occurred_at")


def test_time_ahead_is_accepted_when_the_clock_explains_it() -> None:
    event = at("2027-03-03T11:00:00Z")

    assert refuse(event)[0] == "occurred_at_out_of_range"
    accepted = accept(event, sent_at=datetime(2027, 3, 3, 12, 0, tzinfo=UTC))
    assert accepted.occurred_at == datetime(2026, 3, 3, 11, 0, tzinfo=UTC)


EXTREMES = [
    "9999-12-31T23:59:59.999999Z",
    "9999-12-31T23:59:59-12:00",
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1969-12-31T23:59:59.999Z",
]


@pytest.mark.parametrize("text", EXTREMES)
@pytest.mark.parametrize(
    "sent_at",
    [
        None,
        RECEIVED_AT,
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-12))),
    ],
)
@pytest.mark.parametrize("with_id", [True, False])
def test_extreme_times_get_a_verdict(text: str, sent_at: datetime | None, *, with_id: bool) -> None:
    event = make_event(occurred_at=text) if with_id else at(text)

    judge(event, sent_at)
    if sent_at is None or sent_at == RECEIVED_AT:
        assert refuse(event, sent_at) == ("occurred_at_out_of_range", "occurred_at")


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_own_sent_at_outside_the_calendar_is_refused(text: str) -> None:
    assert refuse(make_event(sent_at=text)) == ("out_of_range", "sent_at")


def test_receipt_at_the_end_of_the_calendar_gets_a_verdict() -> None:
    end = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    verdict = validate_event(at(end.isoformat()), received_at=end, sent_at=None)

    assert isinstance(verdict, AcceptedEvent)


instants = st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))


@settings(deadline=None)
@given(original=st.none() | instants, sent_at=st.none() | instants)
def test_row_can_be_judged_again_from_what_it_holds(
    original: datetime | None, sent_at: datetime | None
) -> None:
    event = at(original.isoformat()) if original else without(make_event(), "occurred_at")
    verdict = judge(without(event, "event_id"), sent_at)

    if isinstance(verdict, AcceptedEvent):
        row = (verdict.original_occurred_at, verdict.received_at, verdict.sent_at)
        assert verdict.occurred_at == correct(*row)
        assert not is_too_far_ahead(verdict.occurred_at, verdict.received_at)
    else:
        assert verdict.code == "occurred_at_out_of_range"


def test_event_later_than_its_own_sending_lies_ahead_by_as_much() -> None:
    sent_at = RECEIVED_AT - 30 * DAY
    later = sent_at + timedelta(hours=3)

    assert accept(at(later.isoformat()), sent_at).occurred_at == RECEIVED_AT + timedelta(hours=3)
    too_late = sent_at + DAY + timedelta(seconds=1)
    assert refuse(at(too_late.isoformat()), sent_at)[0] == "occurred_at_out_of_range"


def test_absurd_sent_at_beside_a_right_time_is_refused_and_beside_an_absurd_one_corrects() -> None:
    epoch = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)

    assert refuse(at(RECEIVED_AT.isoformat()), epoch)[0] == "occurred_at_out_of_range"
    flat_battery = at((epoch - timedelta(minutes=2)).isoformat())
    assert accept(flat_battery, epoch).occurred_at == RECEIVED_AT - timedelta(minutes=2)
