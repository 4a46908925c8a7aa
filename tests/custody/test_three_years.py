"""Three years at 1/100 of a million events a month, every move of a month killed over and over."""

import asyncio
import multiprocessing
import signal
from collections.abc import Iterator
from datetime import datetime
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
KILLS = 10
"""At each turn of a month at which something is due to leave."""
FEWEST_KILLS = 100
# A month takes some 100 steps from its closing on and, once its files are named, some 45.
MOST_STEPS = 60
MOST_MILLISECONDS = 300


@pytest.fixture
def cold(server_url: str) -> Iterator[str]:
    """A tablespace of the server's own; in the data folder, for no other is known to all."""
    name = f"cold_{uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as owner:
        owner.execute("set allow_in_place_tablespaces = on")
        owner.execute(sql.SQL("create tablespace {} location ''").format(sql.Identifier(name)))
        yield name
        owner.execute(sql.SQL("drop tablespace {}").format(sql.Identifier(name)))


def kill_once(warehouse: Warehouse, target: Target, at: datetime, space: str, dice: Random) -> bool:
    """Start a lifecycle run that kills itself somewhere; whether it came to that."""
    by_step = dice.random() < 0.6
    manner = "step" if by_step else "time"
    number = dice.randint(1, MOST_STEPS if by_step else MOST_MILLISECONDS)
    manifest = warehouse.project.folder / "target" / "manifest.json"
    process = FORKS.Process(
        target=victim.run,
        args=(warehouse.url, target.root, str(manifest), at, space, manner, number),
    )
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


@pytest.mark.custody
def test_nothing_is_lost_and_no_mart_changes_in_three_years(
    fresh: Fresh, target: Target, cold: str
) -> None:
    dice = Random(SEED)
    arrivals = deal_arrivals(STUDENTS, SEED)
    kills = 0
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
            for _ in range(KILLS if due else 1 if warm else 0):
                kills += kill_once(warehouse, target, at, cold, dice)
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
        assert_rebuilt(warehouse, school, target)
    print(f"\n{kills} kills, {dict(school.counts)}")  # noqa: T201 (what was proved)
    assert kills >= FEWEST_KILLS


def assert_rebuilt(warehouse: Warehouse, school: School, target: Target) -> None:
    """Restored, the months give the same marts; reopened, they take what came too late."""
    at = turn_of(list(months())[-1])
    before = school.read_digests()
    with psycopg.connect(warehouse.url) as owner:
        away = sorted(list_away(owner))
    assert len(away) == 12
    with pytest.raises(HistoryArchivedError, match=f"--to {away[-1]:%Y-%m}"):
        warehouse.load(at, full_refresh=True)
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


async def replay_late(url: str) -> int:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        replays = await replay_failures(connection, Selection(code="month_archived"))
    return sum(
        each.verdict is not None and each.verdict.status is Status.ACCEPTED for each in replays
    )
