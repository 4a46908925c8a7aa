"""The one lock that keeps runs of the pipeline apart, in the database they work on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg

# Any number will do, as long as nobody else takes it: advisory locks have no names.
PIPELINE_LOCK = 0x5715D7

_HOLDER = """
select locks.pid, sessions.application_name, sessions.backend_start::timestamptz(0)::text
from pg_locks as locks
left join pg_stat_activity as sessions on sessions.pid = locks.pid
where
    locks.locktype = 'advisory'
    and locks.granted
    and locks.database = (select oid from pg_database where datname = current_database())
    and (locks.classid::bigint << 32) + locks.objid::bigint = %s
    and locks.objsubid = 1
"""

_RUNNING = """
select load_id, started_at::timestamptz(0)::text from ops.loads where state = 'running'
"""


class LoadRunningError(Exception):
    """Another load runs in the database. The message is one line: which, since when, by whom."""


@dataclass(frozen=True)
class HeldLock:
    """The lock on a database (the owner's URL), held for as long as this session lives."""

    url: str
    session: psycopg.Connection

    def is_lost(self) -> bool:
        """Whether the session has ended by itself, and the lock with it."""
        try:
            self.session.execute("select")
        except psycopg.OperationalError:
            return True
        return False


@contextmanager
def hold_lock(url: str, *, on_wait: Callable[[], None] | None = None) -> Iterator[HeldLock]:
    """Hold the lock for the length of the block, in a session of its own.

    `on_wait` is called before waiting for another holder; without it, waiting is out of the
    question. Raises LoadRunningError. A holder that is killed leaves nothing: its session ends.
    """
    with psycopg.connect(url, autocommit=True, application_name="study-pipeline") as session:
        if not _try_lock(session):
            if on_wait is None:
                raise LoadRunningError(_describe_holder(session))
            on_wait()
            session.execute("select pg_advisory_lock(%s)", (PIPELINE_LOCK,))
        try:
            yield HeldLock(url, session)
        finally:
            # Given back at once: else it outlives the run until the server notices that nobody
            # is there. With a lost connection it is gone already.
            with suppress(psycopg.OperationalError):
                session.execute("select pg_advisory_unlock(%s)", (PIPELINE_LOCK,))


def is_held(connection: psycopg.Connection) -> bool:
    """Whether a session holds the lock now."""
    return connection.execute(_HOLDER, (PIPELINE_LOCK,)).fetchone() is not None


def refuse_second(url: str) -> None:
    """Raise LoadRunningError where a session holds the lock now."""
    with psycopg.connect(url, autocommit=True) as connection:
        if is_held(connection):
            raise LoadRunningError(_describe_holder(connection))


def _try_lock(session: psycopg.Connection) -> bool:
    row = session.execute("select pg_try_advisory_lock(%s)", (PIPELINE_LOCK,)).fetchone()
    return row is not None and bool(row[0])


def _describe_holder(connection: psycopg.Connection) -> str:
    load = connection.execute(_RUNNING).fetchone()
    # It may have ended since it was in the way.
    pid, program, since = connection.execute(_HOLDER, (PIPELINE_LOCK,)).fetchone() or (None,) * 3
    what = f"load {load[0]} runs since {load[1]}" if load else "a run of the pipeline is under way"
    whose = f"PostgreSQL session {pid} of {program}, since {since}" if pid else "it ends just now"
    return f"{what} ({whose}): wait for its end, or stop it there"
