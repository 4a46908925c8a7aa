"""A database restored from a dump: its events are of another server's transactions."""

from orchestration.loads import Kind, open_load
from tests.orchestration.loads.warehouse import AS_OF, MODELS, SmallWarehouse, dying_load

FAR = 10**12


def load_whole(warehouse: SmallWarehouse) -> None:
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as load:
        warehouse.build(load)


def check_that_all_is_taken(warehouse: SmallWarehouse, why: str, events: int) -> None:
    """The next load takes everything once, and those after it what comes then."""
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as load:
        assert load.kind is Kind.FULL_REFRESH
        assert not load.resumed
        assert load.from_xid is None
        assert load.dbt_vars()["load"]["states"] == {}
        assert load.refresh == set(MODELS)
        assert all(
            reason.startswith(f"restored cluster: {why}") for reason in load.reasons.values()
        )
        assert load.event_count == events
        warehouse.build(load)
    assert warehouse.ask(
        "select reason like 'restored cluster: %' from ops.loads order by load_id desc limit 1"
    ) == [(True,)]
    warehouse.land(2)
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as following:
        warehouse.build(following)
        assert following.kind is Kind.LOAD
        assert following.refresh == set()
        assert following.event_count == 2


def test_another_cluster_is_built_whole(warehouse: SmallWarehouse) -> None:
    warehouse.land(3)
    load_whole(warehouse)
    warehouse.act("update ops.loads set cluster_id = '1'")
    check_that_all_is_taken(warehouse, "the last load was on 1", 3)


def test_load_of_transactions_to_come_is_built_whole(warehouse: SmallWarehouse) -> None:
    warehouse.land(3)
    load_whole(warehouse)
    warehouse.act(f"update ops.model_states set to_xid = '{FAR}'")
    check_that_all_is_taken(warehouse, f"it has loaded to transaction {FAR}", 3)


def test_events_of_transactions_to_come_are_loaded(warehouse: SmallWarehouse) -> None:
    warehouse.land(3)
    load_whole(warehouse)
    warehouse.land(1)
    warehouse.act(f"update raw.study_events set ingest_xid = '{FAR}'")
    check_that_all_is_taken(warehouse, f"an event is of transaction {FAR}", 4)
    assert warehouse.ask(
        "select ingest_xid::text, count(*) from raw.study_events group by 1 having count(*) > 2"
    ) == [("2", 4)]


def test_one_event_of_a_transaction_to_come_is_enough(warehouse: SmallWarehouse) -> None:
    warehouse.land(3)
    load_whole(warehouse)
    # The greatest number, and the least text: what is ordered must be the number.
    warehouse.act(
        f"update raw.study_events set ingest_xid = '{FAR}'"
        " where event_id = (select event_id from raw.study_events order by event_id limit 1)"
    )
    check_that_all_is_taken(warehouse, f"an event is of transaction {FAR}", 3)


def test_load_left_unfinished_on_another_cluster_is_cut_anew(warehouse: SmallWarehouse) -> None:
    warehouse.land(3)
    load_whole(warehouse)
    with dying_load(warehouse):
        pass
    warehouse.act(f"update ops.loads set cluster_id = '1', to_xid = '{FAR}'")
    warehouse.act(f"update raw.study_events set ingest_xid = '{FAR}'")
    check_that_all_is_taken(warehouse, "the last load was on 1", 3)
    assert warehouse.ask("select state from ops.loads where state <> 'done'") == []
