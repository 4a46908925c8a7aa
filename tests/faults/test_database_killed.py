"""The database restarted and killed under load, and its sessions ended or kept waiting."""

import asyncio

import psycopg

from tests.faults.conftest import Record
from tests.faults.ledger import Ledger
from tests.faults.rig import KINDS, Rig
from tests.faults.scale import Scale, scales
from tests.faults.senders import Moment
from tests.faults.trial import endure

# A sender must not wait for ever for what nobody can give it.
_TOLD_WITHIN_SECONDS = 60.0


@scales(small=Scale(events=4_000, faults=1), full=Scale(events=240_000, faults=12))
def test_restarted_and_killed_database_loses_and_doubles_nothing(
    rig: Rig, record: Record, scale: Scale
) -> None:
    async def restart(moment: Moment) -> None:
        await asyncio.to_thread(rig.restart_database, KINDS[moment.number % len(KINDS)])

    record(endure(rig, scale.events, restart, faults=scale.faults))


@scales(small=Scale(events=5_000, faults=3), full=Scale(events=100_000, faults=30))
def test_terminated_writers_lose_and_double_nothing(rig: Rig, record: Record, scale: Scale) -> None:
    async def terminate(_: Moment) -> None:
        assert await asyncio.to_thread(rig.terminate_writers) > 0

    record(endure(rig, scale.events, terminate, faults=scale.faults))


@scales(small=None, full=Scale(events=50_000, faults=5))
def test_locked_table_is_told_and_then_written(rig: Rig, record: Record, scale: Scale) -> None:
    ledger = Ledger()

    async def hold(moment: Moment) -> None:
        async with await psycopg.AsyncConnection.connect(rig.url) as blocker:
            await blocker.execute("lock table raw.study_events in access exclusive mode")
            await moment.release()
            async with asyncio.timeout(_TOLD_WITHIN_SECONDS):
                await ledger.until_told_to_wait(1)
            await blocker.rollback()

    record(endure(rig, scale.events, hold, faults=scale.faults, ledger=ledger))
