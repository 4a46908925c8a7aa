"""Archived months and the marts: nothing changes by archiving, and nothing is forgotten by it."""

from contextlib import ExitStack
from datetime import timedelta

import psycopg
import pytest

from ingestion.store.archive.target import Target
from orchestration.loads.archived import HistoryArchivedError, list_away
from orchestration.loads.model import DateRange
from orchestration.retention import Retention, restore, retain
from tests.custody.boundary import AFTER, AS_OF, BEFORE, differ, draw_waves
from tests.custody.conftest import Fresh
from tests.dbt_project.streams import insert
from tests.exactness.warehouse import Warehouse

LATER = AS_OF + timedelta(hours=5)


def archive(warehouse: Warehouse, target: Target, *, returning: bool = False) -> Retention:
    return retain(
        warehouse.url,
        target,
        as_of=AS_OF,
        models=warehouse.project.defined.models,
        cold_tablespace=None,
        returning=returning,
    )


def count_raw(warehouse: Warehouse) -> int:
    with psycopg.connect(warehouse.url) as connection:
        ((count,),) = connection.execute("select count(*) from raw.study_events").fetchall()
    return int(count)


@pytest.mark.custody
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_marts_are_as_if_nothing_had_been_archived(
    seed: int, fresh: Fresh, fresh_control: Fresh, target: Target
) -> None:
    first, later = draw_waves(seed)
    with ExitStack() as stack:
        archived, control = (stack.enter_context(each()) for each in (fresh, fresh_control))
        for warehouse in (archived, control):
            insert(warehouse.url, first)
            warehouse.load(AS_OF)
        before = archived.read_marts()
        live_before = archived.read_live(AS_OF)
        done = archive(archived, target)
        assert [each.month for each in done.archived] == [BEFORE]
        assert not done.waiting
        assert count_raw(archived) == sum(event.at.month == 3 for event in first)
        assert differ(archived.read_marts(), before) == []
        assert differ(archived.read_live(AS_OF), live_before) == []

        # events of the open month, of sessions that reach into the archived one
        for warehouse in (archived, control):
            insert(warehouse.url, later)
        assert differ(archived.read_live(LATER), control.read_live(LATER)) == []
        for warehouse in (archived, control):
            warehouse.load(LATER)
        marts = control.read_marts()
        assert differ(archived.read_marts(), marts) == []
        assert differ(archived.read_live(LATER), control.read_live(LATER)) == []

        # built whole because a table is gone, and a backfill over the archived days
        with psycopg.connect(archived.url) as connection:
            connection.execute("drop table intermediate.int_session_learners cascade")
        archived.load(LATER)
        assert differ(archived.read_marts(), marts) == []
        archived.load(LATER, backfill=DateRange(BEFORE, AFTER))
        assert differ(archived.read_marts(), marts) == []

        # asked for, it is refused, until the month is back
        with pytest.raises(HistoryArchivedError, match="study restore --month 2024-02"):
            archived.load(LATER, full_refresh=True)
        restore(archived.url, target, BEFORE, BEFORE)
        archived.load(LATER, full_refresh=True)
        assert differ(archived.read_marts(), marts) == []
        assert count_raw(archived) == count_raw(control)

        # and sent back, it is still as it was
        archive(archived, target, returning=True)
        with psycopg.connect(archived.url) as connection:
            assert list(list_away(connection)) == [BEFORE]
        assert differ(archived.read_marts(), marts) == []


def test_month_leaves_when_the_marts_have_it_and_is_not_missed(
    fresh: Fresh, target: Target
) -> None:
    first, later = draw_waves(2)
    with fresh() as warehouse:
        insert(warehouse.url, first[:50])
        assert "run `study materialize`" in archive(warehouse, target).waiting[BEFORE]
        warehouse.load(AS_OF)
        insert(warehouse.url, first[50:])
        assert "not in int" in archive(warehouse, target).waiting[BEFORE]
        warehouse.load(AS_OF)
        marts, live = warehouse.read_marts(), warehouse.read_live(AS_OF)
        assert archive(warehouse, target).waiting == {}
        assert count_raw(warehouse) == sum(event.at.month == 3 for event in first)
        assert differ(warehouse.read_marts(), marts) == []
        assert differ(warehouse.read_live(AS_OF), live) == []

        insert(warehouse.url, later)
        live = warehouse.read_live(LATER)
        warehouse.load(LATER)
        marts = warehouse.read_marts()
        assert differ({name: marts[name] for name in live}, live) == []
        with pytest.raises(HistoryArchivedError, match="study restore --month 2024-02"):
            warehouse.load(LATER, full_refresh=True)
        restore(warehouse.url, target, BEFORE, BEFORE)
        warehouse.load(LATER, full_refresh=True)
        assert differ(warehouse.read_marts(), marts) == []


@pytest.mark.custody
def test_month_the_marts_have_lost_an_event_of_stays(fresh: Fresh, target: Target) -> None:
    first, _ = draw_waves(4)
    with fresh() as warehouse:
        insert(warehouse.url, first[:40])
        warehouse.load(AS_OF)
        with psycopg.connect(warehouse.url) as connection:
            connection.execute(
                "delete from intermediate.int_events_placed where event_id ="
                " (select event_id from raw.study_events order by event_id limit 1)"
            )
        assert "does not hold the same" in archive(warehouse, target).waiting[BEFORE]
        assert count_raw(warehouse) == len({event.event_id for event in first[:40]})
