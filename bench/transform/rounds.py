"""Loads of equal batches, in rounds, so that what the machine does besides meets all alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count

import psycopg

from bench.transform.batches import Learners, land_sessions, list_learners
from bench.transform.databases import settle
from bench.transform.history import END
from bench.transform.runs import Run, Transforms

LATE_DAYS = 150
# One local date for all learners between the first load and the last: what is due only when the
# date changes is due once a day, not at each load.
AS_OF = END + timedelta(days=1, hours=12)


@dataclass(frozen=True)
class Kind:
    """Loads of one kind: into which database, of events of which day."""

    name: str
    transforms: Transforms
    day: date


@dataclass(frozen=True)
class Rounds:
    """Fresh batches on the long history and on the short one, late ones on the long."""

    fresh: Sequence[Run]
    short: Sequence[Run]
    late: Sequence[Run]


def measure_loads(long: Transforms, short: Transforms, *, learners: int, rounds: int) -> Rounds:
    """Land a batch and load it, `rounds` times of each kind after one that is not counted.

    A batch is one session of ten events of each of `learners` drawn anew. Both databases must
    have been refreshed at AS_OF. Raises RuntimeError where a load did not take the batch.
    """
    kinds = (
        Kind("fresh", long, END.date()),
        Kind("short", short, END.date()),
        Kind("late", long, END.date() - timedelta(days=LATE_DAYS)),
    )
    known = {transforms.url: find_learners(transforms.url) for transforms in (long, short)}
    runs: dict[str, list[Run]] = {kind.name: [] for kind in kinds}
    numbers = count()
    for _ in range(rounds + 1):
        for kind in kinds:
            number, url = next(numbers), kind.transforms.url
            with psycopg.connect(url) as connection:
                users = known[url].draw(learners, number)
                landed = land_sessions(connection, users, kind.day, number)
            settle(url)
            run = kind.transforms.run(_as_of(number))
            if run.events != landed:
                raise RuntimeError(f"{landed} events were landed, and {run.events} loaded")
            runs[kind.name].append(run)
    return Rounds(*(runs[kind.name][1:] for kind in kinds))


def find_learners(url: str) -> Learners:
    """The learners with history."""
    with psycopg.connect(url) as connection:
        return list_learners(connection)


def _as_of(number: int) -> datetime:
    return AS_OF + timedelta(seconds=number)
