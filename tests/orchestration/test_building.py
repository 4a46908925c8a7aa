"""The step that builds by loads: a died one first, then what has come since."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import date

import pytest

from orchestration.defs.dbt.models import BuildConfig, build_until_current
from orchestration.loads import DateRange, Load, open_load
from orchestration.loads.model import order_models
from tests.orchestration.loads.warehouse import AS_OF, MODELS, SmallWarehouse, dying_load


@pytest.fixture
def warehouse(database_url: str) -> SmallWarehouse:
    return SmallWarehouse(database_url)


class Building:
    """Builds by hand what the step would build by dbt, and notes the loads it was given."""

    def __init__(self, warehouse: SmallWarehouse, *, fails: bool = False) -> None:
        self.warehouse = warehouse
        self.fails = fails
        self.loads: list[Load] = []

    def run(self, *, full_refresh: bool = False) -> Iterator[object]:
        return build_until_current(self.open_next, self.build, full_refresh=full_refresh)

    def open_next(self, full_refresh: bool) -> AbstractContextManager[Load]:
        return open_load(self.warehouse.url, as_of=AS_OF, models=MODELS, full_refresh=full_refresh)

    def build(self, load: Load) -> Iterator[str]:
        self.loads.append(load)
        self.warehouse.build(load)
        yield f"built by {len(self.loads)}"
        if self.fails:
            raise RuntimeError("a test of dbt's failed")


def test_step_is_one_load_where_none_has_died(warehouse: SmallWarehouse) -> None:
    building = Building(warehouse)
    assert list(building.run()) == ["built by 1"]


def test_step_ends_a_died_load_and_takes_what_came_since(warehouse: SmallWarehouse) -> None:
    warehouse.land(2)
    with dying_load(warehouse):
        pass
    warehouse.land(3)
    building = Building(warehouse)
    # One result an asset: those of the second.
    assert list(building.run(full_refresh=True)) == ["built by 2"]
    died, following = building.loads
    assert (died.resumed, died.event_count, [*died.reasons]) == (True, 2, order_models(MODELS))
    assert (following.resumed, following.event_count, following.reasons) == (False, 3, {})
    assert warehouse.ask("select load_id, state from ops.loads order by load_id") == [
        (1, "done"),
        (2, "done"),
    ]


def test_step_tells_what_it_built_of_a_load_that_dies_again(warehouse: SmallWarehouse) -> None:
    with dying_load(warehouse):
        pass
    building = Building(warehouse, fails=True)
    events = building.run()
    assert next(events) == "built by 1"
    with pytest.raises(RuntimeError):
        next(events)
    assert warehouse.ask("select state, reason, attempts from ops.loads") == [
        ("failed", "RuntimeError: a test of dbt's failed", 2)
    ]


def test_configuration_of_a_backfill_has_both_days() -> None:
    assert BuildConfig().backfill is None
    days = BuildConfig(backfill_from="2026-01-01", backfill_to="2026-01-31").backfill
    assert days == DateRange(date(2026, 1, 1), date(2026, 1, 31))
    with pytest.raises(ValueError, match="one of them is missing"):
        _ = BuildConfig(backfill_from="2026-01-01").backfill
