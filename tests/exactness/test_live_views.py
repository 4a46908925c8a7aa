"""What readers of the live views see while a load replaces the tables under them: the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import psycopg
import pytest
from dbt_common.events.base_types import EventMsg
from psycopg import sql

from tests.exactness.arrival import Receipts, arriving, make_all_months
from tests.exactness.batches import draw_batch
from tests.exactness.cases import Namespaces
from tests.exactness.conftest import Fresh
from tests.exactness.test_kill import kill_a_load_that_writes
from tests.exactness.warehouse import Warehouse

READ_BY_LIVE = """
select distinct links.refobjid::regclass::text
from pg_depend as links
join pg_rewrite as rules on rules.oid = links.objid
join pg_class as views on views.oid = rules.ev_class
where links.classid = 'pg_rewrite'::regclass and views.relnamespace = 'live'::regnamespace
"""
REPLACED = "select relname from pg_class where relkind = 'r' and relname like '%\\_\\_replaced'"


@contextmanager
def loaded_warehouse(fresh: Fresh) -> Iterator[tuple[Warehouse, datetime]]:
    """A warehouse that has loaded a few streams, and when it did."""
    batch = draw_batch(4, size=8, waves=4)
    as_of = batch.schedule[-1].as_of
    events = [event for events in Namespaces(batch.cases).events for event in events]
    with fresh() as warehouse:
        make_all_months(warehouse.url, events)
        with arriving(warehouse.url, events, Receipts(), held=None):
            warehouse.load(as_of)
        yield warehouse, as_of


def test_live_views_answer_all_the_time_their_tables_are_built_whole(fresh: Fresh) -> None:
    with loaded_warehouse(fresh) as (warehouse, as_of):
        # Somebody's own view on a mart is a reader, too, and no model brings it back.
        execute(warehouse, "create view live.mine as select user_id from marts.user_gamification")
        # What cannot be pointed anew must not stop a load; it goes with its table.
        execute(warehouse, "create materialized view marts.copied as table marts.weekly_user_stats")
        before = count_live(warehouse, as_of)
        seen: list[dict[str, int]] = []

        def look(message: EventMsg) -> None:
            if message.info.name == "LogModelResult":
                seen.append(count_live(warehouse, as_of))

        replace(warehouse, callbacks=(look,)).load(as_of, full_refresh=True)
        assert len(seen) > len(before)
        assert all(counts == before for counts in seen)
        assert count_live(warehouse, as_of) == before
        assert ask(warehouse, REPLACED) == set()


def test_live_views_of_a_killed_build_go_on_and_are_pointed_anew(fresh: Fresh) -> None:
    with loaded_warehouse(fresh) as (warehouse, as_of):
        before = count_live(warehouse, as_of)
        execute(warehouse, "delete from ops.model_states")  # so that all is built whole
        kill_a_load_that_writes(warehouse, "knowledge_gaps", as_of.isoformat())
        assert "study_sessions__replaced" in ask(warehouse, REPLACED)
        assert count_live(warehouse, as_of) == before
        warehouse.load(as_of)
        assert ask(warehouse, REPLACED) == set()
        assert "marts.study_sessions" in ask(warehouse, READ_BY_LIVE)
        assert count_live(warehouse, as_of) == before


def test_load_leaves_views_alone_that_are_as_defined(fresh: Fresh) -> None:
    with loaded_warehouse(fresh) as (warehouse, as_of):
        functions = "select proname || ' ' || oid from pg_proc where proname like 'fresh\\_%'"
        before = ask(warehouse, functions)
        warehouse.load(as_of)
        assert ask(warehouse, functions) == before != set()


@pytest.mark.parametrize(
    "change", ["drop view live.learners_touched cascade", "delete from ops.views"]
)
def test_load_makes_views_that_are_gone_or_of_unknown_making(fresh: Fresh, change: str) -> None:
    with loaded_warehouse(fresh) as (warehouse, as_of):
        before = count_live(warehouse, as_of)
        execute(warehouse, change)
        load = warehouse.load(as_of)
        assert not load.reasons
        assert count_live(warehouse, as_of) == before


def test_gaps_are_of_today_when_one_model_was_built_by_hand(fresh: Fresh) -> None:
    with loaded_warehouse(fresh) as (warehouse, as_of):
        tomorrow, day_after = (as_of + timedelta(days=days) for days in (1, 2))
        for model, by_hand, today in [
            ("topic_mastery", tomorrow, tomorrow),
            ("knowledge_gaps", tomorrow, day_after),
        ]:
            warehouse.run({"as_of": by_hand.isoformat()}, [model])
            live = read(warehouse, "live", "knowledge_gaps", today)
            warehouse.load(today)
            assert live == read(warehouse, "marts", "knowledge_gaps", today) != set()


def read(warehouse: Warehouse, schema: str, table: str, as_of: datetime) -> set[str]:
    """The rows of a mart or a live view, as text."""
    query = sql.SQL("select rows::text from {} as rows").format(sql.Identifier(schema, table))
    with psycopg.connect(warehouse.transform_url, autocommit=True) as connection:
        connection.execute("select set_config('study.as_of', %s, false)", [as_of.isoformat()])
        return {row for (row,) in connection.execute(query)}


def count_live(warehouse: Warehouse, as_of: datetime) -> dict[str, int]:
    """The rows of each live view of a mart; whose are computed anew is nothing a reader sees."""
    with psycopg.connect(warehouse.transform_url, autocommit=True) as connection:
        connection.execute("select set_config('study.as_of', %s, false)", [as_of.isoformat()])
        views = connection.execute(
            "select viewname from pg_views"
            " where schemaname = 'live' and viewname != 'learners_touched'"
        )
        return {name: count(connection, name) for (name,) in views.fetchall()}


def count(connection: psycopg.Connection, view: str) -> int:
    query = sql.SQL("select count(*) from live.{}").format(sql.Identifier(view))
    ((rows,),) = connection.execute(query).fetchall()
    return int(rows)


def ask(warehouse: Warehouse, question: str) -> set[str]:
    with psycopg.connect(warehouse.url, autocommit=True) as connection:
        return {value for (value,) in connection.execute(question.encode())}


def execute(warehouse: Warehouse, statement: str) -> None:
    with psycopg.connect(warehouse.transform_url, autocommit=True) as connection:
        connection.execute(statement.encode())
