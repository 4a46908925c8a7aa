"""A database whose transactions are not those its loads noted down: one restored from a dump."""

from collections.abc import Mapping

import psycopg

from ingestion.landing.restamping import restamp_events
from orchestration.loads.horizon import Horizon
from orchestration.loads.model import ModelState
from orchestration.loads.record import LoadRecord


def explain_restored(
    horizon: Horizon, last: LoadRecord | None, states: Mapping[str, ModelState]
) -> str | None:
    """Why transactions noted down or stamped on events are not this server's; None if they are.

    Then no window can be cut by them: numbers of two servers cannot be compared.
    """
    loaded = find_loaded(last, states)
    if last and last.cluster_id != horizon.cluster_id:
        return f"restored cluster: the last load was on {last.cluster_id}"
    if loaded > horizon.unused:
        return f"restored cluster: it has loaded to transaction {loaded}, which is to come"
    if horizon.newest is not None and horizon.newest >= horizon.unused:
        return f"restored cluster: an event is of transaction {horizon.newest}, which is to come"
    return None


def find_loaded(last: LoadRecord | None, states: Mapping[str, ModelState]) -> int:
    """The highest transaction that a load was cut at."""
    loaded = [state.to_xid for state in states.values()]
    return max([*loaded, last.to_xid] if last else loaded, default=0)


def start_anew(url: str, horizon: Horizon) -> None:
    """Forget what was loaded, and let every event be of a transaction that has ended.

    `url` is the owner's. What it does is seen by no load before this one has begun.
    """
    # As one: with the events restamped and the states left, no load would ever see the events.
    with psycopg.connect(url) as owner:
        restamp_events(owner, horizon.unused)
        owner.execute("delete from ops.model_states")
