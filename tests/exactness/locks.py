"""A table held so that whoever writes it stops in the middle of a transaction."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

_BLOCKED = """
select pid from pg_stat_activity
where datname = current_database() and %s = any(pg_blocking_pids(pid))
"""
_MOMENT_SECONDS = 0.02

OnBlocked = Callable[[psycopg.Connection, int], None]
"""Is told of each process that waits: a connection to do something about it by, and its pid."""


@contextmanager
def holding(url: str, schema: str, table: str, on_blocked: OnBlocked) -> Iterator[None]:
    """Let the writers of a table wait for the length of the block; readers go on.

    `on_blocked` is called, in another thread, for each that waits, as long as it does.
    """
    over = threading.Event()
    relation = sql.Identifier(schema, table)
    with psycopg.connect(url) as holder:
        holder.execute(sql.SQL("lock table {} in share mode").format(relation))
        watch = threading.Thread(
            target=_watch, args=(url, holder.info.backend_pid, over, on_blocked)
        )
        watch.start()
        try:
            yield
        finally:
            over.set()
            watch.join()


def _watch(url: str, holder: int, over: threading.Event, on_blocked: OnBlocked) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        while not over.wait(_MOMENT_SECONDS):
            for (pid,) in connection.execute(_BLOCKED, [holder]).fetchall():
                on_blocked(connection, pid)
