"""What is well and what is not, for `study doctor`. Starts nothing and changes nothing."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg

from ingestion.audit.arming import Arming, look_at_arming
from ingestion.store.binaries import find_binaries
from ingestion.store.database import connect, describe
from ingestion.store.errors import StoreError
from ingestion.store.revisions import pending
from ingestion.store.server import EmbeddedServer
from ingestion.store.write_keys import list_keys
from orchestration.auditing import describe_blind_spots
from orchestration.dagster_processes import LOOPBACK
from orchestration.database import open_unmigrated
from orchestration.encryption import Protection, look_at_place
from orchestration.loads.standing import HOLDS_TOO_LONG, Standing, look
from orchestration.retention import open_archive
from orchestration.services import dagster_url, ingestion_url
from orchestration.settings import Settings, variable_name
from orchestration.supervisor import is_free


@dataclass(frozen=True)
class Finding:
    """One thing looked at. The text of what is unwell says what to do."""

    subject: str
    is_well: bool
    text: str


def examine(settings: Settings) -> list[Finding]:
    """Look at everything the settings name."""
    return [
        _home(settings),
        *_database(settings),
        *_at_rest(settings),
        _service("ingestion", settings.host, settings.ingestion_port, ingestion_url(settings)),
        _service("Dagster UI", LOOPBACK, settings.dagster_port, dagster_url(settings)),
    ]


def _home(settings: Settings) -> Finding:
    # The nearest folder that exists is where the missing ones would be made.
    place = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    if os.access(place, os.W_OK):
        return Finding("home", True, f"{settings.home} can be written")
    return Finding(
        "home", False, f"{place} cannot be written: set {variable_name('home')} to another folder"
    )


def _database(settings: Settings) -> Iterator[Finding]:
    if settings.given_url is None:
        embedded = _embedded(settings)
        yield embedded
        running = EmbeddedServer(settings.home, port=settings.postgres_port).status().is_running
        if not (embedded.is_well and running):
            yield _write_keys(settings, None)
            return
    stored = None
    try:
        with open_unmigrated(settings) as url, connect(url) as connection:
            version = connection.info.server_version // 10000
            yield Finding("database", True, f"PostgreSQL {version} at {describe(url)}")
            schema = _schema(url)
            yield schema
            if schema.is_well:
                yield from describe_loading(look(connection))
                yield from describe_audit(look_at_arming(connection))
                yield from describe_tablespaces(connection)
                stored = sum(key.revoked_at is None for key in list_keys(url))
    except StoreError as error:
        yield Finding("database", False, str(error))
    yield _write_keys(settings, stored)


def _embedded(settings: Settings) -> Finding:
    try:
        binaries = find_binaries(settings.postgres_bin)
    except StoreError as error:
        return Finding("embedded server", False, str(error))
    status = EmbeddedServer(settings.home, port=settings.postgres_port).status()
    state = f"runs on port {status.port}" if status.is_running else "rests; commands start it"
    return Finding("embedded server", True, f"PostgreSQL {binaries.major} {state}")


def _schema(url: str) -> Finding:
    behind = pending(url)
    if behind:
        return Finding("schema", False, f"{len(behind)} migrations behind: run `study migrate`")
    return Finding("schema", True, "current")


def describe_loading(standing: Standing) -> Iterator[Finding]:
    """What is to be said of the loads."""
    last = standing.last
    waiting = f"{standing.waiting:,} events wait for the next load"
    if last is None:
        yield Finding("last load", True, f"none yet; {waiting}")
    elif standing.is_unfinished:
        why = f" ({last.reason})" if last.reason else ""
        yield Finding(
            "last load",
            False,
            f"load {last.load_id} was left unfinished{why}, {waiting}: `study materialize` takes"
            " it up again",
        )
    else:
        ended = (
            "runs" if last.finished_at is None else f"ended {last.finished_at:%Y-%m-%d %H:%M %Z}"
        )
        yield Finding("last load", True, f"load {last.load_id} ({last.kind}) {ended}; {waiting}")
    yield _describe_horizon(standing)


def _describe_horizon(standing: Standing) -> Finding:
    writer = standing.writer
    if writer is None:
        return Finding("horizon", True, "no open transaction holds a load back")
    # Whose times may not be seen is another login's: it may be as old as it likes.
    age = (
        "an unknown time"
        if writer.age is None
        else str(timedelta(seconds=round(writer.age.total_seconds())))
    )
    text = f"{writer.name} has written for {age}; {standing.held_back:,} events wait for its end"
    if writer.age is not None and writer.age < HOLDS_TOO_LONG:
        return Finding("horizon", True, text)
    return Finding("horizon", False, f"{text}: end it (pg_terminate_backend, rollback prepared)")


def describe_audit(arming: Arming) -> Iterator[Finding]:
    """What is to be said of the audit of reads."""
    pgaudit = "with pgaudit" if arming.has_pgaudit else "without pgaudit: rows are not counted"
    if faults := describe_blind_spots(arming):
        # A given server may be nobody's here to set up: it is told, and the rest is well.
        yield Finding("audit", True, f"not every read is on record: {'; '.join(faults)}")
    else:
        yield Finding("audit", True, f"{len(arming.roles)} logins are logged, {pgaudit}")


def describe_tablespaces(connection: psycopg.Connection) -> Iterator[Finding]:
    """Whether the tablespaces are encrypted, where they are folders of this machine."""
    rows = connection.execute(
        "select spcname, pg_tablespace_location(oid) from pg_tablespace"
        " where pg_tablespace_location(oid) <> ''"
    ).fetchall()
    for name, location in rows:
        if Path(location).exists():
            yield describe_at_rest(f"tablespace {name}", location)


def describe_at_rest(subject: str, place: str) -> Finding:
    """Whether a place is encrypted, in words. Told, and not judged: a laptop may do without."""
    found = look_at_place(place)
    return Finding(f"{subject} at rest", True, f"{found.protection}: {found.text}")


def _at_rest(settings: Settings) -> Iterator[Finding]:
    yield describe_at_rest("home", str(settings.home))
    yield _describe_archive(settings)
    if settings.given_url is not None:
        words = "not known: it is the given server's; ask who runs it"
        yield Finding("database at rest", True, words)


def _describe_archive(settings: Settings) -> Finding:
    subject, place = "archive at rest", settings.archive_place
    try:
        key = open_archive(settings).key_name
    except StoreError as error:
        return Finding(subject, False, str(error))
    if key is not None:
        text = f"{Protection.ENCRYPTED}: by the key {key!r}, before a file leaves for {place}"
        return Finding(subject, True, text)
    found = look_at_place(place)
    own = f"for a key of your own set {variable_name('archive_keys')}"
    return Finding(subject, True, f"{found.protection}: {place}: {found.text}; {own}")


def _service(subject: str, host: str, port: int, url: str) -> Finding:
    if is_free(host, port):
        return Finding(subject, True, f"rests; port {port} is free for it")
    path = "/readyz" if subject == "ingestion" else "/server_info"
    try:
        answer = httpx.get(url + path, timeout=5)
    except httpx.TransportError as error:
        return Finding(
            subject,
            False,
            f"port {port} is taken, but not by it ({error}): stop what listens there, or set"
            " another port",
        )
    if answer.is_success:
        return Finding(subject, True, f"answers at {url}")
    return Finding(
        subject, False, f"answers {answer.status_code} at {url}: {answer.text[:200].strip()}"
    )


def _write_keys(settings: Settings, stored: int | None) -> Finding:
    """`stored`: living keys of the database, None where it was not asked."""
    count = len(settings.write_keys) + len(settings.server_keys)
    also = "" if stored is None else f", {stored} in the database"
    if count or stored:
        return Finding("write keys", True, f"{count} set{also}")
    if settings.host in ("127.0.0.1", "::1", "localhost"):
        return Finding("write keys", True, f"none{also}: only this machine may write")
    return Finding(
        "write keys",
        False,
        f"none{also}, so everybody on {settings.host} is turned away: make one with"
        f" `study keys create`, or set {variable_name('write_keys')}",
    )
