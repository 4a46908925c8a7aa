"""Which events a load takes: every one once, however late its transaction ends."""

from datetime import date, timedelta

import psycopg
import pytest

from ingestion.store.database import Role
from orchestration.loads import DateRange, Kind, Load, LoadRunningError, open_load
from tests.orchestration.loads.warehouse import AS_OF, MODELS, SmallWarehouse

INSERT = (
    "insert into raw.study_events (event_id, event_type, user_id, occurred_at, received_at)"
    " select overlay(event_id::text placing %s from 33)::uuid, event_type, user_id,"
    " occurred_at, received_at from raw.study_events order by event_id limit 1"
)


def count_window(warehouse: SmallWarehouse, load: Load) -> int:
    """Events a model would take that was loaded up to the load before."""
    first = load.from_xid or "0"
    ((count,),) = warehouse.ask(
        "select count(*) from raw.study_events"
        f" where ingest_xid >= '{first}' and ingest_xid < '{load.to_xid}'"
    )
    assert isinstance(count, int)
    assert count == load.event_count
    return count


def run_load(warehouse: SmallWarehouse) -> int:
    """Do a whole load; returns how many events it took."""
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as load:
        warehouse.build(load)
        return count_window(warehouse, load)


def test_load_takes_what_came_since_the_last(warehouse: SmallWarehouse) -> None:
    warehouse.land(5)
    assert run_load(warehouse) == 5
    assert run_load(warehouse) == 0
    warehouse.land(3)
    assert run_load(warehouse) == 3


def test_event_committed_after_later_ones_were_loaded_is_loaded(
    warehouse: SmallWarehouse,
) -> None:
    warehouse.land(2)
    assert run_load(warehouse) == 2
    with warehouse.connect(Role.INGEST) as early, early.transaction():
        early.execute(INSERT, ("ffff",))
        warehouse.land(4)
        # The four have a higher transaction and have committed: they wait for the one before.
        assert run_load(warehouse) == 0
    assert run_load(warehouse) == 5
    assert run_load(warehouse) == 0


def test_transactions_that_end_in_any_order_are_loaded_once(warehouse: SmallWarehouse) -> None:
    warehouse.land(1)
    taken = [run_load(warehouse)]
    writers = [warehouse.connect(Role.INGEST) for _ in range(3)]
    for number, writer in enumerate(writers):
        writer.autocommit = False
        writer.execute(INSERT, (f"ff{number:02x}",))
    for number in (2, 0, 1):
        writers[number].commit()
        taken.append(run_load(warehouse))
        writers[number].close()
    assert taken == [1, 0, 1, 2]


def test_transaction_of_another_database_holds_nothing_back(
    warehouse: SmallWarehouse, server_url: str
) -> None:
    with psycopg.connect(server_url) as neighbour:
        neighbour.execute("select pg_current_xact_id()")
        warehouse.land(3)
        assert run_load(warehouse) == 3


def test_transaction_of_this_database_holds_back_whatever_it_writes(
    warehouse: SmallWarehouse,
) -> None:
    with psycopg.connect(warehouse.url) as writer:
        # It could still write an event.
        writer.execute("select pg_current_xact_id()")
        warehouse.land(3)
        assert run_load(warehouse) == 0
    assert run_load(warehouse) == 3


def test_reader_holds_nothing_back(warehouse: SmallWarehouse) -> None:
    with psycopg.connect(warehouse.url) as reader:
        reader.execute("select count(*) from raw.study_events")
        warehouse.land(3)
        assert run_load(warehouse) == 3


def test_first_load_says_why_each_model_is_built_whole(warehouse: SmallWarehouse) -> None:
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as load:
        assert load.kind is Kind.LOAD
        assert load.from_xid is None
        assert load.refresh == set(MODELS)
        assert set(load.reasons.values()) == {
            "it has no state: never built by a load, or built by hand since"
        }
        warehouse.build(load, changed=2)
    assert warehouse.ask("select state, counts -> 'weeks' from ops.loads") == [
        ("done", {"rows_removed": 0, "rows_added": 2, "whole": load.reasons["weeks"]})
    ]


def test_dbt_is_told_where_each_model_stands(warehouse: SmallWarehouse) -> None:
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as first:
        warehouse.build(first)
    days = DateRange(date(2026, 1, 1), date(2026, 1, 31))
    later = AS_OF + timedelta(days=1)
    with open_load(warehouse.url, as_of=later, models=MODELS, backfill=days) as load:
        told = load.dbt_vars()
        warehouse.build(load)
    assert told["as_of"] == "2026-03-02T00:30:00+00:00"
    assert told["load"]["kind"] == "backfill"
    assert told["load"]["backfill"] == {"from": "2026-01-01", "to": "2026-01-31"}
    assert told["load"]["refresh"] == []
    assert told["load"]["digests"] == {
        "sessions": "s1",
        "days": "d1",
        "weeks": "w1",
        "attempts": "a1",
    }
    assert told["load"]["states"]["days"] == {
        "step": 2,
        "to_xid": first.to_xid,
        "as_of": "2026-03-01T00:30:00+00:00",
    }


def test_second_load_is_refused_and_told_of_the_first(warehouse: SmallWarehouse) -> None:
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as load:
        warehouse.build(load)
        ((pid,),) = warehouse.ask(
            "select pid from pg_locks where locktype = 'advisory' and database ="
            " (select oid from pg_database where datname = current_database())"
        )
        with (
            pytest.raises(LoadRunningError) as refused,
            open_load(warehouse.url, as_of=AS_OF, models=MODELS),
        ):
            pass
    line = str(refused.value)
    assert line.startswith(f"load {load.load_id} runs since 20")
    assert f"(PostgreSQL session {pid} of study-pipeline, since 20" in line
    assert "\n" not in line
    assert warehouse.ask("select count(*), min(state) from ops.loads") == [(1, "done")]
    assert run_load(warehouse) == 0


def test_database_itself_refuses_a_second_running_load(warehouse: SmallWarehouse) -> None:
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as load:
        warehouse.build(load)
        with pytest.raises(psycopg.errors.UniqueViolation):
            warehouse.act(
                "insert into ops.loads (kind, to_xid, as_of, state, cluster_id)"
                " values ('load', '3', now(), 'running', '1')"
            )


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"as_of": AS_OF.replace(tzinfo=None)}, "has no UTC offset"),
        ({"full_refresh": {"months"}}, "there is no model months"),
        (
            {"full_refresh": True, "backfill": DateRange(date(2026, 1, 1), date(2026, 1, 1))},
            "has no use for a backfill",
        ),
    ],
)
def test_wish_that_makes_no_sense_is_an_error(
    warehouse: SmallWarehouse, options: dict[str, object], line: str
) -> None:
    asked: dict[str, object] = {"as_of": AS_OF, **options}
    with (
        pytest.raises(ValueError, match=line),
        open_load(warehouse.url, models=MODELS, **asked),  # type: ignore[arg-type]
    ):
        pass


def test_days_in_the_wrong_order_are_an_error() -> None:
    with pytest.raises(ValueError, match="give the earlier date first"):
        DateRange(date(2026, 1, 2), date(2026, 1, 1))
