"""Which models are built whole, and which logs may be forgotten."""

from dataclasses import replace

from orchestration.loads import Load, Model, open_load
from tests.orchestration.loads.warehouse import AS_OF, MODELS, SmallWarehouse, dying_load, redefine


def open_reasons(warehouse: SmallWarehouse, models: dict[str, Model]) -> dict[str, str]:
    with open_load(warehouse.url, as_of=AS_OF, models=models) as load:
        reasons = dict(load.reasons)
        warehouse.build(load, models)
    return reasons


def test_changed_definition_takes_all_below_it_along(warehouse: SmallWarehouse) -> None:
    open_reasons(warehouse, MODELS)
    assert open_reasons(warehouse, MODELS) == {}
    assert open_reasons(warehouse, redefine("days")) == {
        "days": "its definition changed, or that of a view it reads",
        "weeks": "the definition of days changed, which it reads",
    }
    assert open_reasons(warehouse, redefine("days")) == {}


def test_model_built_by_hand_takes_its_readers_along(warehouse: SmallWarehouse) -> None:
    open_reasons(warehouse, MODELS)
    warehouse.act("delete from ops.model_states where model = 'sessions'")
    assert open_reasons(warehouse, MODELS) == {
        "sessions": "it has no state: never built by a load, or built by hand since",
        "days": "it reads sessions, which is built whole",
        "weeks": "it reads days, which is built whole",
    }


def test_missing_table_or_log_takes_its_readers_along(warehouse: SmallWarehouse) -> None:
    open_reasons(warehouse, MODELS)
    warehouse.act("drop table marts.days")
    warehouse.act("drop table changes.attempts")
    assert open_reasons(warehouse, MODELS) == {
        "days": "marts.days is missing",
        "weeks": "it reads days, which is built whole",
        "attempts": "changes.attempts is missing",
    }


def test_full_refresh_may_name_models(warehouse: SmallWarehouse) -> None:
    open_reasons(warehouse, MODELS)
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS, full_refresh={"days"}) as load:
        warehouse.build(load)
    assert load.reasons == {
        "days": "a full refresh was asked for",
        "weeks": "it reads days, which is built whole",
    }


def test_model_left_out_of_a_run_stays_due(warehouse: SmallWarehouse) -> None:
    open_reasons(warehouse, MODELS)
    changed = redefine("sessions")
    with open_load(warehouse.url, as_of=AS_OF, models=changed) as load:
        warehouse.build(load, ["sessions"])
    assert open_reasons(warehouse, changed) == {
        "days": "building it whole was begun and not ended",
        "weeks": "building it whole was begun and not ended",
    }


def test_model_gone_and_come_again_is_built_whole(warehouse: SmallWarehouse) -> None:
    open_reasons(warehouse, MODELS)
    without = {name: model for name, model in MODELS.items() if name != "weeks"}
    assert open_reasons(warehouse, without) == {}
    assert list(open_reasons(warehouse, MODELS)) == ["weeks"]


def test_reader_of_a_table_without_log_is_always_built_whole(warehouse: SmallWarehouse) -> None:
    models = {**MODELS, "days": replace(MODELS["days"], is_incremental=False)}
    for _ in range(2):
        with open_load(warehouse.url, as_of=AS_OF, models=models) as load:
            warehouse.build(load, ["sessions", "weeks", "attempts"])
            assert "days" not in load.reasons
            assert "days" not in load.dbt_vars()["load"]["digests"]
    assert load.reasons == {"weeks": "it reads days, which keeps no log of its changes"}


def logged(warehouse: SmallWarehouse, model: str) -> int:
    ((count,),) = warehouse.ask(f"select count(*) from changes.{model}")
    assert isinstance(count, int)
    return count


def test_log_is_kept_until_every_reader_has_seen_it(warehouse: SmallWarehouse) -> None:
    models = {**MODELS, "topics": Model("marts", "t1", frozenset({"sessions"}))}
    open_reasons(warehouse, models)

    def run(*names: str) -> Load:
        with open_load(warehouse.url, as_of=AS_OF, models=models) as load:
            warehouse.build(load, names, changed=2)
        return load

    assert run("sessions").refresh == set()
    run("sessions", "days")
    # Days have seen both of its runs, topics none.
    assert logged(warehouse, "sessions") == 4
    run("topics")
    assert logged(warehouse, "sessions") == 0
    # Weeks have not run since days changed.
    assert logged(warehouse, "days") == 2


def test_log_without_a_reader_is_emptied(warehouse: SmallWarehouse) -> None:
    open_reasons(warehouse, MODELS)
    with open_load(warehouse.url, as_of=AS_OF, models=MODELS) as load:
        warehouse.build(load, changed=3)
        assert logged(warehouse, "weeks") == 3
    assert logged(warehouse, "weeks") == 0
    assert logged(warehouse, "sessions") == 0


def test_failed_load_forgets_nothing(warehouse: SmallWarehouse) -> None:
    open_reasons(warehouse, MODELS)
    with dying_load(warehouse) as load:
        warehouse.build(load, changed=3)
    assert logged(warehouse, "weeks") == 3
