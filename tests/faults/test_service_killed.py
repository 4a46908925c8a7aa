"""The service killed under load: what it acknowledged is stored, what it did not is sent again."""

import asyncio

from tests.faults.conftest import Record
from tests.faults.rig import Rig
from tests.faults.scale import Scale, scales
from tests.faults.senders import Moment
from tests.faults.trial import endure


@scales(small=Scale(events=3_000, faults=1), full=Scale(events=300_000, faults=20))
def test_killed_service_loses_and_doubles_nothing(rig: Rig, record: Record, scale: Scale) -> None:
    async def kill(_: Moment) -> None:
        await asyncio.to_thread(rig.restart_service)

    record(endure(rig, scale.events, kill, faults=scale.faults))


@scales(small=Scale(events=3_000, faults=1), full=Scale(events=100_000, faults=20))
def test_killed_worker_is_replaced_and_nothing_lost(rig: Rig, record: Record, scale: Scale) -> None:
    async def kill(_: Moment) -> None:
        assert await asyncio.to_thread(rig.kill_worker), "the service has no workers"

    record(endure(rig, scale.events, kill, faults=scale.faults))
