"""The events not yet acknowledged, on disk: what a crash or an outage must not lose."""

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_TABLE = """
create table if not exists waiting (
    event_number integer primary key autoincrement,
    body text not null,
    bytes_before integer not null
)
"""
_EDGES = """
select event_number, bytes_before, bytes_before + length(cast(body as blob)) from waiting
where event_number in (
    (select min(event_number) from waiting), (select max(event_number) from waiting)
)
order by event_number
"""
_LOCKED_SECONDS = 10.0


class Durability(StrEnum):
    """What an event survives once it has been written."""

    PROCESS = "process"  # the death of the process; a power cut may take the last moments
    POWER = "power"  # a power cut, too: the disk is waited for at every write


class SpoolError(Exception):
    """The spool cannot be read or written. The message says what, why and what to do."""


class SpoolFullError(SpoolError):
    """There is no room: the oldest events are kept, the new one was not taken."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event in the spool. Numbers grow by one, and only the oldest are ever removed."""

    number: int
    body: str


class Spool:
    """A bounded queue in a SQLite file, shared by the threads and processes that open it.

    Holds at most `most_events` events of `most_bytes` in all. The file must lie on a local disk:
    on a network file system SQLite's shared memory does not work.
    """

    def __init__(
        self, path: Path, *, durability: Durability, most_events: int, most_bytes: int
    ) -> None:
        self._path, self._durability = path, durability
        self._most_events, self._most_bytes = most_events, most_bytes
        self._connection: sqlite3.Connection | None = None
        self._turn: int | None = None
        # Also held over a fork, so that no thread is inside SQLite when memory is copied.
        self.lock = threading.Lock()

    def append(self, bodies: Sequence[str]) -> int:
        """Write events in one commit and return how many fitted: the first ones.

        When this returns they are as safe as the durability says. Raises `SpoolError`.
        """
        with self._using() as connection:
            connection.execute("begin immediate")
            try:
                taken = self._insert(connection, bodies)
            except BaseException:
                connection.rollback()
                raise
            connection.commit()
        return taken

    def _insert(self, connection: sqlite3.Connection, bodies: Sequence[str]) -> int:
        edges = connection.execute(_EDGES).fetchall()
        count = edges[-1][0] - edges[0][0] + 1 if edges else 0
        start, end = (edges[0][1], edges[-1][2]) if edges else (0, 0)
        rows: list[tuple[str, int]] = []
        for body in bodies:
            size = len(body.encode())
            if count + len(rows) >= self._most_events or end + size - start > self._most_bytes:
                break
            rows.append((body, end))
            end += size
        connection.executemany("insert into waiting (body, bytes_before) values (?, ?)", rows)
        return len(rows)

    def oldest(self, *, most_events: int, most_bytes: int, up_to: int) -> list[Waiting]:
        """The events to send next, oldest first, none numbered over `up_to`.

        One event goes even if it is over `most_bytes`. Raises `SpoolError`.
        """
        with self._using() as connection:
            rows = connection.execute(
                "select event_number, body, bytes_before from waiting"
                " where event_number <= ? order by event_number limit ?",
                (up_to, most_events),
            ).fetchall()
        return [
            Waiting(number, body)
            for place, (number, body, before) in enumerate(rows)
            if not place or before + len(body.encode()) - rows[0][2] <= most_bytes
        ]

    def remove_to(self, number: int) -> None:
        """Forget the events up to and with this number. Raises `SpoolError`."""
        with self._using() as connection:
            connection.execute("delete from waiting where event_number <= ?", (number,))

    def edges(self) -> tuple[int, int] | None:
        """The numbers of the oldest and the newest event, None if it is empty."""
        with self._using() as connection:
            edges = connection.execute(_EDGES).fetchall()
        return (edges[0][0], edges[-1][0]) if edges else None

    def count(self) -> int:
        """How many events wait. Raises `SpoolError`."""
        edges = self.edges()
        return edges[1] - edges[0] + 1 if edges else 0

    @contextmanager
    def sending(self) -> Iterator[bool]:
        """Take the turn to send for the length of the block; yields False if another has it.

        The turn is a lock of the operating system: it ends with the process that held it.
        """
        turn = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(turn)
            yield False
            return
        self._turn = turn
        try:
            yield True
        finally:
            self._turn = None
            os.close(turn)

    def disconnect(self) -> None:
        """Close the file; it is opened again when next needed. The caller holds `lock`.

        No connection may live through a fork: SQLite's locks are the process's, and a child that
        believes it holds its parent's can destroy the file.
        """
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def give_up_turn(self) -> None:
        """In a forked child: let go of the parent's turn, which else would outlive the parent."""
        if self._turn is not None:
            os.close(self._turn)
            self._turn = None

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self.lock:
            try:
                if self._connection is None:
                    self._connection = self._connect()
                yield self._connection
            except (sqlite3.Error, OSError) as error:
                raise SpoolError(
                    f"the spool {self._path} cannot be used: {error}. Give it a writable file on a"
                    " local disk with room; a damaged one can be moved away."
                ) from error

    def _connect(self) -> sqlite3.Connection:
        # Learners' events: for this user's eyes only. SQLite gives its side files the same mode.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(
            self._path, timeout=_LOCKED_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("pragma journal_mode = wal")
            full = self._durability is Durability.POWER
            connection.execute(f"pragma synchronous = {'full' if full else 'normal'}")
            connection.execute(_TABLE)
        except sqlite3.Error:
            connection.close()
            raise
        return connection
