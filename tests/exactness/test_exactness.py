"""The law of the marts: however events arrive, and whatever happens to loads, the marts are those
of a rebuild and those of the definitions, and the live views are those of the load that follows.
"""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple, fields

import pytest

from tests.exactness.arrival import Receipts
from tests.exactness.batches import Batch, describe, draw_batch
from tests.exactness.census import count_kinds
from tests.exactness.conftest import COUNTS, TrialOf
from tests.exactness.schedule import Disturbance
from tests.exactness.trial import Outcome
from tests.exactness.warehouse import Project

Record = Callable[[str, object], None]
# Of two clocks, and with each kind of load that is none of the plain ones in one of them.
SEEDS = (20251102, 20251109)
CASES_OF_A_BATCH = 150
WAVES = 10

# The big run draws other seeds, and cuts streams into twenty loads.
BIG_SEED = 77_000
BIG_CASES_OF_A_BATCH = 100
BIG_BATCHES = int(os.environ.get("EXACTNESS_BATCHES", "21"))
BIG_WAVES = 20

# Beside the disturbances: what has to have happened in every suite.
HAPPENINGS = (
    "as_of moved backwards",
    "as_of moved forwards",
    "transaction held open over a load",
    "killed load taken up again",
    "compared with the oracle",
    "compared with a rebuild",
    "live view compared",
)


def test_marts_are_exact_however_events_arrive(
    project: Project, trial_of: TrialOf, record_property: Record
) -> None:
    batches = [draw_batch(seed, size=CASES_OF_A_BATCH, waves=WAVES) for seed in SEEDS]
    prove(batches, project, trial_of, record_property)


@pytest.mark.exactness
def test_marts_are_exact_in_thousands_of_cases(
    project: Project, trial_of: TrialOf, record_property: Record
) -> None:
    batches = [
        draw_batch(BIG_SEED + number, size=BIG_CASES_OF_A_BATCH, waves=BIG_WAVES)
        for number in range(BIG_BATCHES)
    ]
    prove(batches, project, trial_of, record_property)


def prove(batches: list[Batch], project: Project, trial_of: TrialOf, record: Record) -> None:
    """Run every batch, tell what was really done, and fail at the first that differs."""
    trial = trial_of(project)
    outcomes = []
    for batch in batches:
        outcome = trial(batch.cases, batch.schedule)
        assert not outcome.differences, describe(batch, outcome, trial)
        outcomes.append(outcome)
    counts = count_all(batches, outcomes)
    record(COUNTS, counts)
    assert [name for name, count in counts.items() if not count] == []


def count_all(batches: list[Batch], outcomes: list[Outcome]) -> dict[str, int]:
    """What a suite consisted of; everything that has to have occurred is in it, if only as 0."""
    cases = [case for batch in batches for case in batch.cases]
    done: Counter[str] = sum((outcome.done for outcome in outcomes), Counter())
    receipts = Receipts(
        *(sum(of) for of in zip(*(astuple(outcome.receipts) for outcome in outcomes), strict=True))
    )
    events = {f"events {field.name}": getattr(receipts, field.name) for field in fields(Receipts)}
    expected = [*Disturbance, *HAPPENINGS]
    return {
        "cases": len(cases),
        **events,
        **count_kinds(cases),
        **{str(name): done[name] for name in expected},
    }
