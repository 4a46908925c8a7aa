"""Loads that die: taken up with the window they had, so that nothing is skipped or half done."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest

from orchestration.loads import DateRange, Kind, LoadLostError, open_load
from orchestration.loads.lock import PIPELINE_LOCK, is_held
from tests.conftest import REPOSITORY
from tests.orchestration.loads.warehouse import AS_OF, MODELS, SmallWarehouse

HERE = "database = (select oid from pg_database where datname = current_database())"
LATER = AS_OF + timedelta(hours=1)

HOLD = """
import sys
from tests.orchestration.loads.warehouse import AS_OF, MODELS, SmallWarehouse
from orchestration.loads import open_load

warehouse = SmallWarehouse(sys.argv[1])
whole = sys.argv[2] == "whole"
with open_load(warehouse.url, as_of=AS_OF, models=MODELS, full_refresh=whole) as load:
    warehouse.build(load, sys.argv[3].split(","))
    print(load.load_id, load.to_xid, flush=True)
    sys.stdin.read()
"""


@contextmanager
def holding(warehouse: SmallWarehouse, what: str, built: str) -> Iterator[tuple[int, str]]:
    """A process that has built some models of a load; killed at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, warehouse.url, what, built],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        load_id, to_xid = process.stdout.readline().split()
        yield int(load_id), to_xid
    finally:
        process.kill()
        process.communicate(timeout=30)
    wait_until_free(warehouse)


def wait_until_free(warehouse: SmallWarehouse) -> None:
    """The server notices a death by itself; waiting for the lock is waiting for that."""
    with warehouse.connect() as connection:
        connection.execute("select pg_advisory_lock(%s)", (PIPELINE_LOCK,))
        connection.execute("select pg_advisory_unlock(%s)", (PIPELINE_LOCK,))
        assert not is_held(connection)


def load_whole(warehouse: SmallWarehouse) -> None:
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as load:
        warehouse.build(load)


def test_killed_load_is_taken_up_with_its_window(warehouse: SmallWarehouse) -> None:
    load_whole(warehouse)
    warehouse.land(3)
    with holding(warehouse, "what is new", "sessions") as (load_id, to_xid):
        warehouse.land(2)
    assert warehouse.ask("select state from ops.loads order by load_id desc limit 1") == [
        ("running",)
    ]
    with open_load(warehouse.url, as_of=LATER, models=MODELS) as load:
        warehouse.build(load)
        assert load.resumed
        assert (load.load_id, load.to_xid, load.event_count) == (load_id, to_xid, 3)
        assert load.as_of == LATER
        assert load.refresh == set()
    assert warehouse.ask(
        "select state, attempts, as_of from ops.loads order by load_id desc limit 1"
    ) == [("done", 2, LATER)]
    with open_load(warehouse.url, as_of=LATER, models=MODELS) as following:
        warehouse.build(following)
        assert not following.resumed
        assert following.event_count == 2


def test_full_refresh_that_is_killed_is_ended_whole(warehouse: SmallWarehouse) -> None:
    load_whole(warehouse)
    with holding(warehouse, "whole", "sessions,days"):
        pass
    # Asked for nothing: what was built whole stays, what was not is due, for no log says so.
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as load:
        assert load.kind is Kind.FULL_REFRESH
        assert load.reasons == {
            "weeks": "building it whole was begun and not ended",
            "attempts": "building it whole was begun and not ended",
        }
        warehouse.build(load)


def test_failed_load_says_why_in_one_line_and_is_taken_up(warehouse: SmallWarehouse) -> None:
    warehouse.land(1)
    with (
        pytest.raises(RuntimeError),
        open_load(warehouse.url, as_of=AS_OF, models=MODELS) as died,
    ):
        raise RuntimeError("a test of dbt's\nfailed")
    assert warehouse.ask("select state, reason, finished_at is not null from ops.loads") == [
        ("failed", "RuntimeError: a test of dbt's failed", True)
    ]
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as load:
        warehouse.build(load)
        assert load.resumed
        assert load.load_id == died.load_id
    assert warehouse.ask("select state, reason, attempts from ops.loads") == [("done", None, 2)]


def test_backfill_that_died_keeps_its_days(warehouse: SmallWarehouse) -> None:
    load_whole(warehouse)
    days = DateRange(date(2026, 1, 1), date(2026, 1, 2))
    with (
        pytest.raises(KeyboardInterrupt),
        open_load(warehouse.url, as_of=AS_OF, models=MODELS, backfill=days),
    ):
        raise KeyboardInterrupt
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as load:
        warehouse.build(load)
        assert load.kind is Kind.BACKFILL
        assert load.dbt_vars()["load"]["backfill"] == {"from": "2026-01-01", "to": "2026-01-02"}


def test_backfill_is_not_done_before_every_model_is(warehouse: SmallWarehouse) -> None:
    load_whole(warehouse)
    days = DateRange(date(2026, 1, 1), date(2026, 1, 2))
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS, backfill=days) as load:
        warehouse.build(load, ["sessions", "days"])
    assert warehouse.ask("select state, reason from ops.loads order by load_id desc limit 1") == [
        ("failed", "not built by it yet: attempts, weeks")
    ]
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as again:
        warehouse.build(again)
        assert again.load_id == load.load_id
    assert warehouse.ask("select state from ops.loads order by load_id desc limit 1") == [("done",)]


def test_load_that_another_has_taken_up_is_not_called_done(warehouse: SmallWarehouse) -> None:
    load = open_load(warehouse.url, as_of=AS_OF, models=MODELS)
    first = load.__enter__()
    # What a network does to a process that goes on working.
    warehouse.act(
        "select pg_terminate_backend(pid, 10000) from pg_locks"
        f" where locktype = 'advisory' and objid = {PIPELINE_LOCK} and {HERE}"
    )
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as other:
        warehouse.build(other)
        assert other.load_id == first.load_id
        assert other.dbt_vars()["load"]["attempt"] == 2
    with pytest.raises(LoadLostError, match="taken up by another process"):
        load.__exit__(None, None, None)
    assert warehouse.ask("select state, attempts from ops.loads") == [("done", 2)]
