"""What doctor and materialize tell of loads."""

from dataclasses import replace
from datetime import timedelta

import psycopg

from orchestration.doctor import Finding, describe_loading
from orchestration.loads import open_load
from orchestration.loads.horizon import Writer
from orchestration.loads.record import read_loads
from orchestration.loads.standing import HOLDS_TOO_LONG, Standing, look
from orchestration.loads.telling import tell_load
from tests.orchestration.loads.warehouse import AS_OF, MODELS, SmallWarehouse, dying_load


def look_at(warehouse: SmallWarehouse) -> Standing:
    with warehouse.connect() as connection:
        return look(connection)


def find(standing: Standing, subject: str) -> Finding:
    (found,) = (each for each in describe_loading(standing) if each.subject == subject)
    return found


def test_events_wait_until_they_are_loaded(warehouse: SmallWarehouse) -> None:
    warehouse.land(4)
    assert find(look_at(warehouse), "last load").text == "none yet; 4 events wait for the next load"
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as load:
        warehouse.build(load)
        assert look_at(warehouse).is_running
        assert find(look_at(warehouse), "last load").text == (
            "load 1 (load) runs; 0 events wait for the next load"
        )
    warehouse.land(2)
    found = find(look_at(warehouse), "last load")
    assert found.is_well
    assert found.text.startswith("load 1 (load) ended 20")
    assert found.text.endswith("; 2 events wait for the next load")


def test_unfinished_load_is_not_well(warehouse: SmallWarehouse) -> None:
    with dying_load(warehouse):
        pass
    found = find(look_at(warehouse), "last load")
    assert not found.is_well
    assert found.text == (
        "load 1 was left unfinished (InterruptedError: died), 0 events wait for the next load:"
        " `study materialize` takes it up again"
    )
    # A process that was killed could write nothing.
    warehouse.act("update ops.loads set state = 'running', finished_at = null, reason = null")
    assert not find(look_at(warehouse), "last load").is_well


def test_open_transaction_is_named_with_what_waits_for_it(warehouse: SmallWarehouse) -> None:
    assert find(look_at(warehouse), "horizon").is_well
    with psycopg.connect(warehouse.url, application_name="forgotten") as writer:
        writer.execute("select pg_current_xact_id()")
        warehouse.land(3)
        standing = look_at(warehouse)
    assert standing.writer
    assert standing.writer.name.endswith("of forgotten")
    assert standing.held_back == 3
    assert find(standing, "horizon").is_well
    old = replace(standing, writer=Writer("session 7 of forgotten", HOLDS_TOO_LONG))
    found = find(old, "horizon")
    assert not found.is_well
    assert found.text == (
        "session 7 of forgotten has written for 0:10:00; 3 events wait for its end: end it"
        " (pg_terminate_backend, rollback prepared)"
    )


def test_transaction_of_unknown_age_is_not_well() -> None:
    standing = Standing(None, False, 0, 0, Writer("session 7", None))
    assert not find(standing, "horizon").is_well
    young = replace(standing, writer=Writer("session 7", timedelta(seconds=1)))
    assert find(young, "horizon").is_well


def test_load_is_told_with_its_window_and_what_it_did(warehouse: SmallWarehouse) -> None:
    warehouse.land(2)
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as first:
        warehouse.build(first)
    warehouse.land(1200)
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS, full_refresh={"weeks"}) as load:
        warehouse.build(load, changed=5)
    with warehouse.connect() as connection:
        (record,) = read_loads(connection)
    window = f"transactions from {first.to_xid} to before {load.to_xid}"
    assert list(tell_load(record)) == [
        f"load 2 (load) done: 1,200 events of {window}",
        "  built whole: weeks (a full refresh was asked for)",
        *(
            f"  {name}: 0 rows removed, 5 added"
            for name in ("attempts", "days", "sessions", "weeks")
        ),
    ]
