"""Moving a stream: everything keeps its distance, order and identity."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.events.identity import embedded_instant
from ingestion.readers.accounting import Accounting
from ingestion.readers.ednet import read_ednet
from ingestion.readers.errors import ReaderError
from ingestion.readers.shifting import shift
from ingestion.readers.stream import EventDict, Stamp, merge_streams
from tests.ingestion.readers.streams import assert_sound, occurred_at

YEAR_MILLISECONDS = 365 * 86_400_000
instants = st.timedeltas(timedelta(0), timedelta(days=30_000)).map(
    lambda elapsed: datetime(2001, 1, 1, tzinfo=UTC) + elapsed
)


@st.composite
def learners(draw: st.DrawFn) -> list[list[EventDict]]:
    """Some learners' streams, with many events of one instant."""
    times = st.lists(
        st.integers(0, 5) | st.integers(0, YEAR_MILLISECONDS), min_size=1, max_size=25
    ).map(sorted)
    streams = []
    for name in range(draw(st.integers(1, 4))):
        stamp = Stamp("test", str(name))
        fact = {"event_type": "session_start", "properties": {}}
        sessions = st.sampled_from([None, str(UUID(int=1)), str(UUID(int=name + 2))])
        streams.append(
            [stamp.event(1_500_000_000_000 + time, draw(sessions), fact) for time in draw(times)]
        )
    return streams


def merge(streams: list[list[EventDict]]) -> list[EventDict]:
    def first(stream: list[EventDict]) -> int:
        return int(occurred_at(stream[0]).timestamp() * 1000) - 1

    return list(merge_streams((first(stream), stream.__iter__) for stream in streams))


@settings(deadline=None)
@given(learners())
def test_merged_streams_are_in_order_and_whole(streams: list[list[EventDict]]) -> None:
    merged = merge(streams)
    keys = [(event["occurred_at"], event["event_id"]) for event in merged]
    assert keys == sorted(keys)
    assert len(set(keys)) == sum(map(len, streams))
    for stream in streams:  # order within a learner is that of issue, even within a millisecond
        assert [event for event in merged if event["user_id"] == stream[0]["user_id"]] == stream


@settings(deadline=None)
@given(learners(), instants)
def test_shift_keeps_distances_order_and_identity(
    streams: list[list[EventDict]], end_at: datetime
) -> None:
    events = merge(streams)
    before = [dict(event) for event in events]
    moved = list(shift(events, end_at))
    assert events == before  # nothing given was changed
    assert timedelta(0) <= end_at - occurred_at(moved[-1]) < timedelta(seconds=1)
    offsets = {occurred_at(new) - occurred_at(old) for old, new in zip(events, moved, strict=True)}
    assert len(offsets) == 1
    assert offsets.pop() % timedelta(seconds=1) == timedelta(0)
    keys = [(event["occurred_at"], event["event_id"]) for event in moved]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    for event in moved:
        assert embedded_instant(UUID(event["event_id"])) == occurred_at(event)
    pairs = {
        (old.get("session_id"), new.get("session_id"))
        for old, new in zip(events, moved, strict=True)
    }
    assert len({old for old, _ in pairs}) == len({new for _, new in pairs}) == len(pairs)


@settings(deadline=None)
@given(learners(), instants)
def test_shift_to_where_a_stream_ends_changes_nothing(
    streams: list[list[EventDict]], end_at: datetime
) -> None:
    moved = list(shift(merge(streams), end_at))
    assert list(shift(moved, occurred_at(moved[-1]))) == moved
    assert list(shift(merge(streams), end_at)) == moved


def test_shift_parts_the_moved_sessions_from_the_old() -> None:
    stamp = Stamp("test", "u1")
    session = str(UUID(int=1))
    event = stamp.event(1_500_000_000_000, session, {"event_type": "session_start"})
    (moved,) = shift([event], datetime(2026, 3, 1, tzinfo=UTC))
    assert moved["session_id"] != session
    assert moved["user_id"] == event["user_id"]


def test_shift_keeps_foreign_ids_and_microseconds() -> None:
    event = {"event_id": "msg-1", "occurred_at": "2020-01-01T01:00:00.000001+01:00"}
    (moved,) = shift([event], datetime(2021, 1, 1, 0, 0, 0, 1, tzinfo=UTC))
    assert moved == {"event_id": "msg-1", "occurred_at": "2021-01-01T00:00:00.000001Z"}


def test_shift_of_nothing_is_nothing() -> None:
    assert list(shift([], datetime(2026, 1, 1, tzinfo=UTC))) == []


def test_shift_refuses_a_naive_end() -> None:
    with pytest.raises(ValueError, match="aware"):
        shift([], datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    "event", [{}, {"occurred_at": 5}, {"occurred_at": "soon"}, {"occurred_at": "2026-01-01T00:00"}]
)
def test_shift_names_an_event_without_a_time(event: EventDict) -> None:
    with pytest.raises(ReaderError, match="occurred_at"):
        list(shift([event], datetime(2026, 1, 1, tzinfo=UTC)))


@pytest.mark.parametrize("year", [1, 1970])
def test_shift_stays_within_the_calendar(year: int) -> None:
    stamp = Stamp("test", "u1")
    fact = {"event_type": "session_start"}
    events = [stamp.event(time, None, fact) for time in (YEAR_MILLISECONDS, 2 * YEAR_MILLISECONDS)]
    with pytest.raises(ReaderError, match="leave the years"):
        list(shift(events, datetime(year, 6, 1, tzinfo=UTC)))


def test_shift_of_real_learners_is_exact(real_data: Path) -> None:
    end_at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    events = list(read_ednet(real_data / "ednet", Accounting()))
    moved = list(shift(events, end_at))
    assert_sound(moved)
    offset = occurred_at(moved[0]) - occurred_at(events[0])
    assert all(
        occurred_at(new) - occurred_at(old) == offset
        for old, new in zip(events, moved, strict=True)
    )
    assert not {e["event_id"] for e in events} & {e["event_id"] for e in moved}
