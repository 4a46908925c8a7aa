"""Which id an event is stored under."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.events.identity import (
    derive_uuid7,
    embedded_instant,
    parse_uuid,
    random_uuid7,
)
from tests.ingestion.events.factory import RECEIVED_AT, accept, make_event, refuse, without

DAY = timedelta(days=1)
MILLISECOND = timedelta(milliseconds=1)
V4 = "9b2e4f10-3c5d-4a6b-8c7d-0e1f2a3b4c5d"
OCCURRED_AT = datetime(2026, 3, 3, 9, 30, 0, 123_456, tzinfo=UTC)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
instants = st.integers(0, 250_000_000_000_000_000).map(
    lambda us: EPOCH + timedelta(microseconds=us)
)
client_ids = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=128
)


def identify(event_id: str | None, occurred_at: datetime | None = OCCURRED_AT) -> UUID:
    moment = occurred_at and occurred_at.isoformat()
    return accept(make_event(event_id=event_id, occurred_at=moment)).event_id


@settings(deadline=None)
@given(instants, client_ids)
def test_derived_id_is_a_uuidv7_of_its_millisecond(instant: datetime, client_id: str) -> None:
    event_id = derive_uuid7(instant, client_id)

    assert event_id.version == 7
    embedded = embedded_instant(event_id)
    assert embedded is not None
    assert timedelta(0) <= instant - embedded < MILLISECOND


@settings(deadline=None)
@given(instants, client_ids)
def test_derived_id_depends_on_nothing_but_its_arguments(instant: datetime, client_id: str) -> None:
    elsewhere = instant.astimezone(timezone(timedelta(minutes=-210)))

    assert derive_uuid7(instant, client_id) == derive_uuid7(elsewhere, client_id)


@settings(deadline=None)
@given(instants, client_ids, client_ids)
def test_different_client_ids_give_different_ids(instant: datetime, one: str, other: str) -> None:
    same = derive_uuid7(instant, one) == derive_uuid7(instant, other)

    assert same == (one == other)


@settings(deadline=None)
@given(instants, instants, client_ids, client_ids)
def test_ids_sort_by_millisecond(earlier: datetime, later: datetime, one: str, other: str) -> None:
    if later - earlier >= MILLISECOND:
        assert derive_uuid7(earlier, one) < derive_uuid7(later, other)
        assert random_uuid7(earlier) < random_uuid7(later)


def test_derived_id_never_changes() -> None:
    # Golden: were this to change, every retry of an older event would be stored a second time.
    assert derive_uuid7(OCCURRED_AT, "msg-1") == UUID("019cb308-6e3b-7f7d-8a8d-8b760bab2c7d")


def test_time_before_1970_cannot_be_embedded() -> None:
    with pytest.raises(ValueError, match="before 1970"):
        derive_uuid7(datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "a")


def test_only_a_uuidv7_within_the_calendar_tells_an_instant() -> None:
    assert embedded_instant(UUID(V4)) is None
    assert embedded_instant(UUID(int=0)) is None
    assert embedded_instant(UUID("ffffffff-ffff-7fff-bfff-ffffffffffff")) is None
    assert embedded_instant(UUID("00000000-0000-7000-8000-000000000000")) == datetime(
        1970, 1, 1, tzinfo=UTC
    )
    # The variant of another standard: its first bits are no time.
    assert embedded_instant(UUID("019cb36f-fbc0-7d6e-cf00-5a1b2c3d4e5f")) is None


def test_uuid_text_with_stray_hyphens_is_no_uuid() -> None:
    assert parse_uuid("9b2e4f103-c5d4a6b8-c7d0e1f2a3b-4c5d") is None
    assert parse_uuid(V4) == UUID(V4)


@pytest.mark.parametrize("distance", [timedelta(0), DAY - MILLISECOND, MILLISECOND - DAY])
def test_uuidv7_of_about_the_events_time_is_kept(distance: timedelta) -> None:
    own = random_uuid7(OCCURRED_AT + distance)

    accepted = accept(make_event(event_id=str(own), occurred_at=OCCURRED_AT.isoformat()))

    assert accepted.event_id == own
    assert accepted.client_event_id is None
    assert identify(str(own).upper()) == own
    assert identify(own.hex) == own


@pytest.mark.parametrize("distance", [DAY + MILLISECOND, -DAY - MILLISECOND])
def test_uuidv7_far_from_the_events_time_is_mapped(distance: timedelta) -> None:
    far = random_uuid7(OCCURRED_AT + distance)

    accepted = accept(make_event(event_id=str(far), occurred_at=OCCURRED_AT.isoformat()))

    assert accepted.event_id == derive_uuid7(OCCURRED_AT, str(far))
    assert accepted.client_event_id == str(far)


def test_uuidv7_is_judged_by_the_clients_own_time_before_correction() -> None:
    # A clock a year behind: the id and the time agree with each other, and so do its retries.
    own_time = RECEIVED_AT - timedelta(days=365)
    own = random_uuid7(own_time)
    event = make_event(event_id=str(own), occurred_at=own_time.isoformat())

    assert accept(event, sent_at=own_time).event_id == own
    assert accept(event, sent_at=own_time + timedelta(seconds=9)).event_id == own


def test_uuidv7_without_a_time_is_judged_by_the_receipt() -> None:
    near, far = random_uuid7(RECEIVED_AT - DAY), random_uuid7(RECEIVED_AT - 2 * DAY)

    assert identify(str(near), None) == near
    event = make_event(event_id=str(far), occurred_at=None)
    assert refuse(event) == ("occurred_at_required", "occurred_at")


@pytest.mark.parametrize("client_id", [V4, "ajs-next-1772-9f", "q", "é" * 128, "{braces"])
def test_other_id_needs_a_time(client_id: str) -> None:
    assert refuse(make_event(event_id=client_id, occurred_at=None)) == (
        "occurred_at_required",
        "occurred_at",
    )
    accepted = accept(make_event(event_id=client_id, occurred_at=OCCURRED_AT.isoformat()))
    assert accepted.client_event_id == client_id
    assert accepted.event_id == derive_uuid7(OCCURRED_AT, client_id)


def test_uuidv4_is_the_same_id_in_every_spelling() -> None:
    spellings = [V4, V4.upper(), V4.replace("-", ""), f"{{{V4}}}", f"urn:uuid:{V4}"]
    stored = [
        accept(make_event(event_id=text, occurred_at=OCCURRED_AT.isoformat())) for text in spellings
    ]

    assert len({event.event_id for event in stored}) == 1
    assert {event.client_event_id for event in stored} == {V4}


def test_other_ids_are_told_apart_by_case_and_blanks() -> None:
    assert len({identify(text) for text in ("msg-a", "msg-A", " msg-a", "msg-a ")}) == 4


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-03T09:30:00.123456Z",
        "2026-03-03t09:30:00.123456z",
        "2026-03-03 09:30:00.1234567890+00:00",
        "2026-03-03T10:30:00.123456+01:00",
        "2026-03-02T21:30:00.123456-12:00",
        "2026-03-03T09:30:00.123Z",
    ],
)
def test_mapped_id_does_not_depend_on_how_the_time_is_written(text: str) -> None:
    accepted = accept(make_event(event_id="msg-1", occurred_at=text))

    assert accepted.event_id == derive_uuid7(OCCURRED_AT, "msg-1")


@settings(deadline=None)
@given(st.timedeltas(timedelta(days=-30), timedelta(days=30)))
def test_mapped_id_does_not_depend_on_the_correction(error: timedelta) -> None:
    event = make_event(event_id="msg-1", occurred_at=OCCURRED_AT.isoformat())

    accepted = accept(event, sent_at=RECEIVED_AT + abs(error))

    assert accepted.event_id == derive_uuid7(OCCURRED_AT, "msg-1")


def test_event_without_an_id_gets_a_new_one_at_its_time() -> None:
    event = without(make_event(occurred_at=OCCURRED_AT.isoformat()), "event_id")

    first, second = accept(event), accept(event)

    assert first.event_id != second.event_id
    assert first.client_event_id is None
    assert embedded_instant(first.event_id) == OCCURRED_AT.replace(microsecond=123_000)


def test_id_given_by_the_server_is_kept_when_sent_again() -> None:
    for client_id in (str(uuid4()), None):
        given = identify(client_id)
        assert identify(str(given)) == given
