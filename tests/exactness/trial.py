"""One batch of cases taken through its schedule, and judged after every load that has them all."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import psycopg

from orchestration.loads import DateRange, Load
from tests.dbt_project.streams import StudyEvent
from tests.exactness.arrival import Receipts, arriving, make_all_months
from tests.exactness.cases import Case, Namespaces
from tests.exactness.comparison import Differences, differ, differ_from_oracle, merge
from tests.exactness.locks import holding
from tests.exactness.schedule import Disturbance, Schedule, Step
from tests.exactness.warehouse import LoadDied, LoadKilled, LoadOptions, Warehouse

_MISSED = "select count(*) from raw.study_events where ingest_xid >= %s::xid8"


@dataclass
class Outcome:
    """What became of a batch: differences by case, and what was done to find them."""

    differences: Differences = field(default_factory=dict)
    failed_after: str = ""
    done: Counter[str] = field(default_factory=Counter)
    receipts: Receipts = field(default_factory=Receipts)


def run_trial(warehouse: Warehouse, cases: Sequence[Case], schedule: Schedule) -> Outcome:
    """Take a batch through its schedule on an empty warehouse; stops at the first difference."""
    return _Trial(warehouse, cases).run(schedule)


class _Trial:
    def __init__(self, warehouse: Warehouse, cases: Sequence[Case]) -> None:
        self.warehouse = warehouse
        self.cases = cases
        self.namespaces = Namespaces(cases)
        self.outcome = Outcome()
        self.latest: datetime | None = None

    def run(self, schedule: Schedule) -> Outcome:
        make_all_months(
            self.warehouse.url, [event for events in self.namespaces.events for event in events]
        )
        for number, step in enumerate(schedule):
            wave = self._wave(number)
            with arriving(self.warehouse.url, wave, self.outcome.receipts, held=step.held):
                self._count_step(step)
                self._take(step, f"step {number}, {step.disturbance}")
            if self.outcome.differences:
                return self.outcome
        self._settle(schedule[-1].as_of)
        return self.outcome

    def _wave(self, number: int) -> list[StudyEvent]:
        return [
            event
            for case, events in zip(self.cases, self.namespaces.events, strict=True)
            for event, waves in zip(events, case.offers, strict=True)
            for _ in range(waves.count(number))
        ]

    def _count_step(self, step: Step) -> None:
        done = self.outcome.done
        if self.latest is not None:
            done["as_of moved backwards"] += step.as_of < self.latest
            done["as_of moved forwards"] += step.as_of > self.latest
        self.latest = step.as_of
        done["transaction held open over a load"] += step.held is not None

    def _take(self, step: Step, name: str) -> None:
        live = self.warehouse.read_live(step.as_of)
        try:
            load = self._disturbed(step)
        except LoadKilled:
            load = None
        if load is None:
            self.outcome.done[step.disturbance] += 1
            return
        # one that was to be killed may have had nothing to write where it was waited for
        is_plain = load.resumed or step.disturbance is Disturbance.TERMINATED
        self.outcome.done[Disturbance.NONE if is_plain else step.disturbance] += 1
        self.outcome.done["killed load taken up again"] += load.resumed
        self._judge(load, name)
        if not count_missed(self.warehouse, load) and not load.resumed:
            marts = self.warehouse.read_marts()
            self.outcome.done["live view compared"] += len(live)
            self._note(differ(marts, live, self.namespaces, "live"), name)

    def _disturbed(self, step: Step) -> Load | None:
        """Run the step's load, or what stands in for it; None where no load was made."""
        warehouse, table = self.warehouse, self._target(step)
        match step.disturbance:
            case Disturbance.CUT_SHORT:
                order = warehouse.project.order
                warehouse.load(step.as_of, only=order[: 1 + step.target % (len(order) - 1)])
            case Disturbance.TERMINATED:
                return self._terminated(step, table)
            case Disturbance.BY_HAND:
                warehouse.run({"as_of": step.as_of.isoformat()}, [table])
            case _:
                return warehouse.load(step.as_of, **_options(step, table))
        return None

    def _terminated(self, step: Step, table: str) -> Load:
        """Run a load and end the connection of whoever writes a table in it."""
        ended: list[int] = []

        def end(connection: psycopg.Connection, pid: int) -> None:
            connection.execute("select pg_terminate_backend(%s)", [pid])
            ended.append(pid)

        schema = self.warehouse.project.schema(table)
        try:
            with holding(self.warehouse.url, schema, table, end):
                return self.warehouse.load(step.as_of)
        except LoadDied as died:
            if not ended:
                raise
            raise LoadKilled(f"in {table}") from died

    def _target(self, step: Step) -> str:
        tables = self.warehouse.project.tables
        return tables[step.target % len(tables)]

    def _settle(self, as_of: datetime) -> None:
        """Load until nothing is left to load; then everything has to equal a rebuild."""
        load = self.warehouse.load(as_of)
        while load.resumed or count_missed(self.warehouse, load):
            load = self.warehouse.load(as_of)
        self._judge(load, "the last load")
        marts = self.warehouse.read_marts()
        self.warehouse.load(as_of, full_refresh=True)
        rebuilt = self.warehouse.read_marts()
        self._note(differ(rebuilt, marts, self.namespaces, "rebuild"), "the last load")
        self.outcome.done["compared with a rebuild"] += 1

    def _judge(self, load: Load, name: str) -> None:
        if count_missed(self.warehouse, load):
            return
        self.outcome.done["compared with the oracle"] += 1
        self._note(differ_from_oracle(self.warehouse, load.as_of, self.namespaces), name)

    def _note(self, found: Differences, name: str) -> None:
        if found and not self.outcome.differences:
            self.outcome.failed_after = name
        self.outcome.differences = merge(self.outcome.differences, found)


def count_missed(warehouse: Warehouse, load: Load) -> int:
    """Committed events that are not in a load's window, but in that of one to come."""
    with psycopg.connect(warehouse.transform_url) as connection:
        (count,) = connection.execute(_MISSED, [load.to_xid]).fetchone() or (0,)
    return int(count)


def _options(step: Step, table: str) -> LoadOptions:
    match step.disturbance:
        case Disturbance.BACKFILL if step.days:
            return {"backfill": DateRange(*step.days)}
        case Disturbance.REFRESH_ONE:
            return {"full_refresh": {table}}
        case Disturbance.REFRESH_ALL:
            return {"full_refresh": True}
        case _:
            return {}
