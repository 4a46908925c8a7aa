"""Eight writers land while loads run one after another: in the end every event counts once."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from random import Random
from typing import Any

import psycopg
import pytest
from dbt_common.events.base_types import EventMsg

from quality.oracle.database import verify_marts
from tests.dbt_project.random_streams import draw_events
from tests.dbt_project.streams import instant
from tests.exactness.arrival import make_all_months
from tests.exactness.cases import Namespaces
from tests.exactness.comparison import differ
from tests.exactness.conftest import COUNTS, Fresh
from tests.exactness.trial import count_missed
from tests.exactness.warehouse import Warehouse
from tests.exactness.writers import Writer, writing

WRITERS = 8
AS_OF = instant("2025-06-02 12:00")
NO_CASES = Namespaces([])

EVENTS_IN_MARTS = """
select
    (select count(*) from raw.study_events),
    (select sum(event_count)::bigint from marts.daily_user_stats),
    (select count(*) from intermediate.int_events_placed),
    (
        select count(*)
        from raw.study_events
        inner join intermediate.int_events_placed using (event_id)
    )
"""


@pytest.mark.parametrize(
    ("loads", "streams"), [(4, 3), pytest.param(20, 15, marks=pytest.mark.exactness)]
)
def test_every_event_landed_during_loads_counts_once(
    fresh: Fresh, record_property: Callable[[str, object], None], loads: int, streams: int
) -> None:
    drawn = [event for seed in range(streams) for event in draw_events(1_000 + seed)]
    # the only events of these streams that landing would turn away: they do not name their quiz
    events = [event for event in drawn if event.event_type != "quiz_start"]
    Random(loads).shuffle(events)
    with fresh() as warehouse:
        make_all_months(warehouse.url, events)
        writers = [Writer(warehouse.url, events[number::WRITERS]) for number in range(WRITERS)]
        windows = load_while_writing(warehouse, writers, loads)
        assert [writer.error for writer in writers] == [None] * WRITERS
        last = warehouse.load(AS_OF)
        assert not last.resumed
        assert count_missed(warehouse, last) == 0
        assert sum(writer.accepted for writer in writers) == len(events)
        assert_every_event_counts_once(warehouse, len(events))
        assert_marts_are_exact(warehouse)
    record_property(COUNTS, told(writers, windows))
    # writers that had been idle, or loads that found nothing new, would prove nothing
    assert min(windows[1:]) > 0
    assert sum(writer.duplicates for writer in writers) > 0


def load_while_writing(warehouse: Warehouse, writers: list[Writer], loads: int) -> list[int]:
    """Run loads; each model that one of them has made lets the next writer land a batch.

    Returns how many events each load took.
    """
    turn = count()

    def give_a_ticket(event: EventMsg) -> None:
        if event.info.name == "NodeFinished":
            writers[next(turn) % len(writers)].tickets.put(True)

    paced = replace(warehouse, callbacks=(give_a_ticket,))
    with writing(writers):
        for writer in writers:
            writer.tickets.put(True)
        return [paced.load(AS_OF).event_count or 0 for _ in range(loads)]


def assert_every_event_counts_once(warehouse: Warehouse, expected: int) -> None:
    with psycopg.connect(warehouse.transform_url) as connection:
        counts = connection.execute(EVENTS_IN_MARTS).fetchone()
    assert counts == (expected,) * 4


def assert_marts_are_exact(warehouse: Warehouse) -> None:
    assert not any(verify_marts(warehouse.transform_url, AS_OF).values())
    marts = warehouse.read_marts()
    warehouse.load(AS_OF, full_refresh=True)
    assert differ(warehouse.read_marts(), marts, NO_CASES, "rebuild") == {}


def told(writers: list[Writer], windows: list[int]) -> dict[str, Any]:
    return {
        "writers": len(writers),
        "loads while they wrote": len(windows),
        "events those loads took": sum(windows),
        "events landed": sum(writer.accepted for writer in writers),
        "events sent again": sum(writer.duplicates for writer in writers),
        "events in transactions held open": sum(writer.held for writer in writers),
    }
