"""Batches of cases: drawn, run, and where one differs, made small and told for a replay."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from tests.end_to_end.hostile import CLOCKS
from tests.exactness.cases import Case
from tests.exactness.schedule import Schedule, schedules
from tests.exactness.strategies import MANNERS, cases, draw_examples
from tests.exactness.trial import Outcome

Trial = Callable[[Sequence[Case], Schedule], Outcome]
"""A run of cases through a schedule, on an empty warehouse."""

MOST_ROUNDS = 6
"""Runs at most to make a case smaller, each of many candidates at once."""
MOST_CANDIDATES = 120


@dataclass(frozen=True)
class Batch:
    """Cases about one moment, and the schedule they all go through."""

    seed: int
    cases: Sequence[Case]
    schedule: Schedule


@cache
def draw_batch(seed: int, *, size: int, waves: int) -> Batch:
    """Draw a batch, always the same for the same arguments."""
    clock = CLOCKS[seed % len(CLOCKS)]
    # of every manner a share, whatever Hypothesis would like best
    shares = [(size + number) // len(MANNERS) for number in range(len(MANNERS))]
    drawn = [
        case
        for manner, share in zip(MANNERS, shares, strict=True)
        for case in draw_examples(cases(clock, waves, manner), share, seed)
    ]
    # the last of some: Hypothesis begins with the simplest, which disturbs nothing
    schedule = draw_examples(schedules(drawn, waves, seed), 20, seed)[-1]
    return Batch(seed, drawn, schedule)


def replay(trial: Trial, case: Case, schedule: Schedule) -> Outcome:
    """Run one case alone."""
    return trial([case], schedule)


def shrink(trial: Trial, case: Case, schedule: Schedule) -> Case:
    """Drop events from a case for as long as what is left still differs.

    Every candidate of a round is a case of one batch, so a round costs one run.
    """
    for _ in range(MOST_ROUNDS):
        candidates = _smaller(case)
        failing = trial(candidates, schedule).differences if candidates else {}
        smaller = [candidates[number] for number in failing if number is not None]
        if not smaller:
            break
        case = min(smaller, key=lambda candidate: len(candidate.events))
    return case


def describe(batch: Batch, outcome: Outcome, trial: Trial) -> str:
    """What differs in a batch, and the smallest case found that shows it, ready to be replayed."""
    numbers = [number for number in outcome.differences if number is not None]
    lines = [
        f"seed {batch.seed}, {outcome.failed_after}: {len(numbers)} of {len(batch.cases)} cases",
        *outcome.differences.get(None, [])[:5],
    ]
    if numbers:
        number = min(numbers, key=lambda number: len(batch.cases[number].events))
        lines += outcome.differences[number][:10]
        smallest = shrink(trial, batch.cases[number], batch.schedule)
        lines += [f"case {number} at its smallest:", str(smallest), *_plan(batch.schedule)]
        lines += ["to replay it:", f"replay(trial, {smallest!r}, {batch.schedule!r})"]
    return "\n".join(lines)


def _smaller(case: Case) -> list[Case]:
    """The case without one run of its events, of half of them, a quarter ... a single one, and
    each of these in another half as well, so that two events far apart can go at once.
    """
    count = len(case.events)
    runs: list[range] = []
    length = count // 2
    while length:
        runs += [range(start, min(start + length, count)) for start in range(0, count, length)]
        length //= 2
    dice = Random(count)
    dropped = [[*run] for run in runs if len(run) < count]
    for _ in range(MOST_CANDIDATES - len(dropped)):
        share = dice.choice((0.3, 0.5, 0.7, 0.9))
        dropped.append([place for place in range(count) if dice.random() < share])
    return [case.without(places) for places in dropped if 0 < len(places) < count]


def _plan(schedule: Schedule) -> list[str]:
    return [
        f"  step {number:2}: {step.disturbance}, as of {step.as_of.isoformat()}"
        for number, step in enumerate(schedule)
    ]
