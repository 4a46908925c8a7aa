"""Collecting accesses: from the database's log and from the requests over the API, each once."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from ingestion.audit.arming import Arming, arm
from ingestion.audit.entry import Entry, Source
from ingestion.audit.server_log import Reader
from ingestion.privacy.pseudonyms import Pseudonyms
from ingestion.store.database import Role, connect, role_url
from ingestion.store.errors import StoreError, one_line

CHUNK_BYTES = 8 * 1024 * 1024
_REQUESTS_AT_ONCE = 5_000

_FILES = """
select files.name, files.size, coalesce(known.position, 0)
from pg_ls_logdir() as files
left join audit.log_positions as known on known.file = files.name
where files.name like '%%.json'
-- By time: names are the operator's to choose.
order by files.modification, files.name
"""
_READ = "select pg_read_binary_file(current_setting('log_directory') || '/' || %s, %s, %s, true)"
_APPEND = "select audit.append(%s, %s, %s, %s)"
_WHERE = "select current_database(), current_user, current_setting('log_timezone')"


@dataclass(frozen=True)
class Collection:
    """What was collected: entries from the log and from requests, and bytes of log gone through."""

    arming: Arming
    statements: int
    requests: int
    log_bytes: int


@dataclass(frozen=True)
class _File:
    name: str
    size: int
    position: int


def collect(url: str, pseudonyms: Pseudonyms, *, chunk_bytes: int = CHUNK_BYTES) -> Collection:
    """Chain what was logged and requested since the last collection; `url` is the owner's.

    Killed at any point, nothing is lost and nothing stands twice: entries and the position in the
    log are committed together. Two at once share the work. Raises StoreError where the database
    cannot be reached.
    """
    own = role_url(url, Role.COLLECTOR, application_name="study-audit")
    try:
        with connect(url) as owner, connect(own) as collector:
            arming = arm(owner)
            requests = _collect_requests(collector)
            if not (arming.collects and arming.is_json and arming.may_read):
                return Collection(arming, 0, requests, 0)
            log = _LogCollector(owner, collector, _make_reader(owner, arming, pseudonyms))
            statements, read = log.collect(chunk_bytes)
            return Collection(arming, statements, requests, read)
    except psycopg.Error as error:
        raise StoreError(f"the audit could not be collected: {one_line(str(error))}") from error


def append(connection: psycopg.Connection[Any], entries: Sequence[Entry]) -> None:
    """Chain entries that no log knows of; the session's role may execute `audit.append`."""
    text = json.dumps([entry.as_json() for entry in entries])
    connection.execute("select audit.append(%s)", (text,))


def _collect_requests(collector: psycopg.Connection[Any]) -> int:
    collected = 0
    while True:
        row = collector.execute(
            "select audit.collect_requests(%s)", (_REQUESTS_AT_ONCE,)
        ).fetchone()
        count = int(row[0]) if row else 0
        collected += count
        if count < _REQUESTS_AT_ONCE:
            return collected


def _make_reader(owner: psycopg.Connection[Any], arming: Arming, pseudonyms: Pseudonyms) -> Reader:
    ((database, login, zone),) = owner.execute(_WHERE).fetchall()
    return Reader(
        database=database,
        zone=ZoneInfo("UTC" if zone == "GMT" else zone),
        roles=arming.roles,
        services={login, owner.info.user, Role.INGEST, Role.TRANSFORM, Role.COLLECTOR},
        pseudonyms=pseudonyms,
    )


class _LogCollector:
    """Reads the log's files by the owner's session and chains what they tell by the collector's."""

    def __init__(
        self,
        owner: psycopg.Connection[Any],
        collector: psycopg.Connection[Any],
        reader: Reader,
    ) -> None:
        self._owner, self._collector, self._reader = owner, collector, reader
        # A line of another database is not even parsed.
        self._mark = json.dumps(reader.database, ensure_ascii=False).encode()

    def collect(self, chunk_bytes: int) -> tuple[int, int]:
        """Go through all that is new; returns entries chained and bytes gone through."""
        counts = [
            self._collect_file(_File(*row), chunk_bytes)
            for row in self._owner.execute(_FILES).fetchall()
        ]
        return sum(chained for chained, _ in counts), sum(read for _, read in counts)

    def _collect_file(self, file: _File, chunk_bytes: int) -> tuple[int, int]:
        chained = read = 0
        if file.size < file.position:
            file = self._begin_anew(file)
            chained += 1
        while file.position < file.size:
            lines, end = self._read_lines(file, chunk_bytes)
            if not lines:
                break  # the last one is not written to its end yet
            count = self._chain(list(self._tell(file, lines)), file, end)
            if count is None:
                break  # another collects this file at this moment
            chained, read = chained + count, read + end - file.position
            file = _File(file.name, file.size, end)
        return chained, read

    def _begin_anew(self, file: _File) -> _File:
        """A file that is shorter than what was read of it: somebody has cut or replaced it."""
        gap = Entry(
            source=Source.GAP,
            occurred_at=self._now(),
            login="(unknown)",
            action=f"file {file.name} of the log is {file.size} bytes long: {file.position} were"
            " collected of it; what was added and cut off since is not known",
            place=file.name,
        )
        self._chain([gap], file, 0)
        return _File(file.name, file.size, 0)

    def _read_lines(self, file: _File, chunk_bytes: int) -> tuple[list[bytes], int]:
        """The whole lines from the position on, and where they end."""
        size = chunk_bytes
        while True:
            row = self._owner.execute(_READ, (file.name, file.position, size)).fetchone()
            data = bytes(row[0]) if row and row[0] is not None else b""
            whole = data[: data.rfind(b"\n") + 1]
            if whole or len(data) < size:
                return whole.split(b"\n")[:-1], file.position + len(whole)
            size *= 2  # one line is longer than all that was read

    def _tell(self, file: _File, lines: Sequence[bytes]) -> Iterator[Entry]:
        position = file.position
        for line in lines:
            if self._mark in line or not line.startswith(b"{") or not line.endswith(b"}"):
                entry = self._reader.read(line, f"{file.name}:{position}")
                if entry is not None:
                    yield entry
            position += len(line) + 1

    def _chain(self, entries: Sequence[Entry], file: _File, end: int) -> int | None:
        text = json.dumps([entry.as_json() for entry in entries])
        row = self._collector.execute(_APPEND, (text, file.name, file.position, end)).fetchone()
        return None if row is None or row[0] is None else int(row[0])

    def _now(self) -> Any:
        row = self._owner.execute("select clock_timestamp()").fetchone()
        return row[0] if row else None
