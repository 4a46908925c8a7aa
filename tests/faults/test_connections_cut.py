"""Connections reset in the middle of a request and in the middle of an answer."""

from collections import Counter

from tests.faults.conftest import Record
from tests.faults.proxy import cutting
from tests.faults.rig import Rig
from tests.faults.scale import Scale, scales
from tests.faults.senders import Moment
from tests.faults.trial import endure


@scales(small=Scale(events=5_000, faults=0), full=Scale(events=200_000, faults=0))
def test_cut_connections_lose_and_double_nothing(rig: Rig, record: Record, scale: Scale) -> None:
    async def nothing_more(_: Moment) -> None:
        raise AssertionError("the wire is all that breaks here")

    with cutting(rig.service.port, seed=scale.events) as proxy:
        counts = endure(rig, scale.events, nothing_more, faults=scale.faults, port=proxy.port)
    assert min(proxy.cuts.values()) > scale.events // 1_000
    # an answer that was cut had been committed: its retry finds every event stored
    assert counts["duplicate"] > 0
    record(counts + Counter(faults=sum(proxy.cuts.values())))
