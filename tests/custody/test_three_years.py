"""Three years at 1/100 of a million events a month, every move of a month killed over and over."""

import asyncio
import multiprocessing
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from random import Random
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from ingestion.landing.failure_log import Selection
from ingestion.landing.replaying import replay_failures
from ingestion.landing.verdict import Status
from ingestion.store.archive.schedule import list_due, list_warm
from ingestion.store.archive.target import Target, open_target
from orchestration.loads.archived import HistoryArchivedError, list_away
from orchestration.retention import restore, retain
from tests.custody import victim
from tests.custody.conftest import Fresh
from tests.custody.walker import School, deal_arrivals, months, turn_of
from tests.exactness.warehouse import Warehouse

# Forked from a process that has imported everything and has no threads: a kill costs no start.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.custody.victim"])
STUDENTS = 4
SEED = 8
KILLS = 15
"""At each turn of a month at which something is due to leave. Some come too late to kill anything:
of ten a slow machine left too few.
"""
FEWEST_KILLS = 100
# A month takes some 100 steps from its closing on and, once its files are named, some 45.
MOST_STEPS = 60
MOST_MILLISECONDS = 300
# From there to the table's end: the sweep, the detaching, the drop.
MOST_LATE_STEPS = 14


@pytest.fixture
def cold(server_url: str) -> Iterator[str]:
    """A tablespace of the server's own; in the data folder, for no other is known to all."""
    name = f"cold_{uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as owner:
        owner.execute("set allow_in_place_tablespaces = on")
        owner.execute(sql.SQL("create tablespace {} location ''").format(sql.Identifier(name)))
        yield name
        owner.execute(sql.SQL("drop tablespace {}").format(sql.Identifier(name)))


def draw_end(dice: Random) -> tuple[str, int]:
    """Before which step a process kills itself, or after how many milliseconds."""
    manner = dice.choice(("step", "step", "time", "late"))
    most = {"step": MOST_STEPS, "time": MOST_MILLISECONDS, "late": MOST_LATE_STEPS}
    return manner, dice.randint(1, most[manner])


def kill(move: Callable[..., None], *arguments: object) -> bool:
    """Start a move that kills itself somewhere; whether it came to that."""
    process = FORKS.Process(target=move, args=arguments)
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def read_states(url: str) -> Counter[str]:
    """How many months are where on their way."""
    with psycopg.connect(url) as owner:
        rows = owner.execute("select state, count(*) from ops.archives group by state").fetchall()
    return Counter(dict(rows))


@pytest.mark.custody
def test_nothing_is_lost_and_no_mart_changes_in_three_years(
    fresh: Fresh, target: Target, cold: str
) -> None:
    dice = Random(SEED)
    arrivals = deal_arrivals(STUDENTS, SEED)
    kills = 0
    found: Counter[str] = Counter()
    with fresh() as warehouse:
        school = School(warehouse.url)
        for month in months():
            at = turn_of(month)
            school.open(month)
            school.land(arrivals.get(month, []), at)
            warehouse.load(at)
            before = school.read_digests()
            school.assert_all_held()
            with psycopg.connect(warehouse.url) as owner:
                due = list_due(owner, at)
                warm = list_warm(owner, at, cold)
            manifest = warehouse.project.folder / "target" / "manifest.json"
            run = (warehouse.url, target.root, str(manifest), at, cold)
            for _ in range(KILLS if due else 1 if warm else 0):
                kills += kill(victim.run, *run, *draw_end(dice))
                found += read_states(warehouse.url)
                school.assert_all_held()
                assert school.read_digests() == before
            done = retain(
                warehouse.url,
                target,
                as_of=at,
                models=warehouse.project.defined.models,
                cold_tablespace=cold,
            )
            assert done.waiting == {}
            school.assert_all_held()
            assert school.read_digests() == before
        assert school.counts["rejected month_archived"] > 0
        kills += assert_rebuilt(warehouse, school, target, dice)
    print(f"\n{kills} kills, {dict(found)}, {dict(school.counts)}")  # noqa: T201 (what was proved)
    assert kills >= FEWEST_KILLS
    # The kills left months in the middle of their way, and not only before or behind it.
    assert {"closing", "archived"} <= found.keys()
    assert found["verified"] + found["detaching"]


def assert_rebuilt(warehouse: Warehouse, school: School, target: Target, dice: Random) -> int:
    """Restored, the months give the same marts; reopened, they take what came too late.

    Returns how often a restore was killed.
    """
    at = turn_of(list(months())[-1])
    before = school.read_digests()
    with psycopg.connect(warehouse.url) as owner:
        away = sorted(list_away(owner))
    assert len(away) == 12
    with pytest.raises(HistoryArchivedError, match=f"--to {away[-1]:%Y-%m}"):
        warehouse.load(at, full_refresh=True)
    kills = 0
    for month in away:
        kills += kill(victim.bring_back, warehouse.url, target.root, month, *draw_end(dice))
        school.assert_all_held()
        assert school.read_digests() == before
    restore(warehouse.url, target, away[0], away[-1])
    warehouse.load(at, full_refresh=True)
    assert school.read_digests() == before
    restore(warehouse.url, target, away[0], away[-1], reopen=True)
    landed = asyncio.run(replay_late(warehouse.url))
    assert landed == school.counts["rejected month_archived"]
    school.assert_all_held(landed)
    warehouse.load(at)
    after = school.read_digests()
    assert after != before
    retain(
        warehouse.url,
        open_target(target.root),
        as_of=at,
        models=warehouse.project.defined.models,
        cold_tablespace=None,
        returning=True,
    )
    school.assert_all_held(landed)
    assert school.read_digests() == after
    return kills


async def replay_late(url: str) -> int:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        replays = await replay_failures(connection, Selection(code="month_archived"))
    return sum(
        each.verdict is not None and each.verdict.status is Status.ACCEPTED for each in replays
    )
