"""How the loading stands: what waits, what was left, and what holds it back."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg

from orchestration.loads.horizon import Writer, count_events, find_oldest_writer, read_horizon
from orchestration.loads.lock import is_held
from orchestration.loads.model import read_states
from orchestration.loads.record import LoadRecord, read_loads

HOLDS_TOO_LONG = timedelta(minutes=10)
"""A writing transaction this old is no batch any more: somebody forgot it, and every event
committed since waits for it.
"""


@dataclass(frozen=True)
class Standing:
    """`waiting`: events in no mart yet; `held_back`: those of them no load may take yet, because
    `writer` has not ended.
    """

    last: LoadRecord | None
    is_running: bool
    waiting: int
    held_back: int
    writer: Writer | None

    @property
    def is_unfinished(self) -> bool:
        """Whether a load was left that nobody is at."""
        return self.last is not None and self.last.state != "done" and not self.is_running


def look(connection: psycopg.Connection[Any]) -> Standing:
    """How it stands now. The session is the owner's and has written nothing."""
    horizon = read_horizon(connection)
    last = next(iter(read_loads(connection)), None)
    loaded = min((state.to_xid for state in read_states(connection).values()), default=None)
    return Standing(
        last=last,
        is_running=is_held(connection),
        waiting=count_events(connection, loaded, None),
        held_back=count_events(connection, horizon.ended, None),
        writer=find_oldest_writer(connection),
    )
