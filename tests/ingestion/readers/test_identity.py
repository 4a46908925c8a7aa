"""Ids and times as readers write them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.events.identity import embedded_instant
from ingestion.readers.identity import (
    LATEST_MILLISECOND,
    EventIds,
    earliest_id,
    name_uuid,
    to_millisecond,
    write_instant,
)

milliseconds = st.integers(0, LATEST_MILLISECOND)


@settings(deadline=None)
@given(milliseconds)
def test_instant_is_written_as_it_is(millisecond: int) -> None:
    text = write_instant(millisecond)
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=millisecond)
    assert text == instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert to_millisecond(instant) == millisecond


@settings(deadline=None)
@given(st.text(), st.lists(milliseconds, max_size=30).map(sorted))
def test_ids_are_uuid7_of_their_time_in_order_of_issue(key: str, times: list[int]) -> None:
    ids, again = EventIds(key), EventIds(key)
    issued = [ids.issue(time) for time in times]
    assert issued == sorted(set(issued)) == [again.issue(time) for time in times]
    for text, time in zip(issued, times, strict=True):
        instant = embedded_instant(UUID(text))
        assert instant is not None
        assert to_millisecond(instant) == time
        assert str(UUID(text)) == text
        assert earliest_id(time) < text < earliest_id(time + 1)


def test_ids_of_one_instant_stay_distinct_beyond_their_counter() -> None:
    ids = EventIds("u1")
    assert len({ids.issue(5) for _ in range(5_000)}) == 5_000


def test_ids_of_two_learners_differ() -> None:
    assert EventIds("u1").issue(5) != EventIds("u2").issue(5)
    assert name_uuid("a", "bc") != name_uuid("ab", "c")
