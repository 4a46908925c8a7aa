"""The audit of reads as commands and runs see it: where it is kept, and what it cannot see."""

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import dict_row

from ingestion.audit.arming import Arming, look_at_arming
from ingestion.audit.collecting import Collection, append, collect
from ingestion.audit.entry import Entry, Source
from ingestion.audit.verifying import Verified, verify
from ingestion.store.database import Role, connect, role_url
from ingestion.store.log import LOG_FOLDER
from orchestration.database import open_warehouse
from orchestration.pseudonyms import open_pseudonyms
from orchestration.settings import Settings

LOG_DAYS = timedelta(days=30)
"""So long files of the embedded server's log are kept, once all of them is collected."""

_COLLECTED = "select file, position from audit.log_positions"
_READS = """
select access_id, occurred_at, source, login, role, address, action, tables, row_count, sqlstate
from audit.data_access
where
    (%(learners)s::text[] is null or learners && %(learners)s)
    and (%(login)s::text is null or login = %(login)s)
    and (%(since)s::timestamptz is null or occurred_at >= %(since)s)
order by access_id desc
limit %(limit)s
"""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which accesses: of a learner, of a login, since an instant; at most so many, the latest."""

    learner: UUID | None = None
    login: str | None = None
    since: datetime | None = None
    limit: int = 100


def anchors_file(settings: Settings) -> Path:
    """Where the ends of the chain are noted down."""
    return settings.home / "audit" / "anchors.jsonl"


def collect_now(settings: Settings) -> Collection:
    """Collect what was logged and requested since the last time."""
    with open_warehouse(settings) as url:
        return collect(url, open_pseudonyms(settings, url))


def verify_all(settings: Settings) -> Verified:
    """Go through the whole chain. Who did is on record."""
    with open_warehouse(settings) as url:
        note_command(url, "study audit verify", tables=("audit.data_access",))
        with _reading(url) as connection:
            return verify(connection, anchors_file(settings))


def list_reads(settings: Settings, wanted: Wanted) -> list[dict[str, Any]]:
    """The latest accesses, the last first. Who looks, and for whom, is on record."""
    with open_warehouse(settings) as url:
        pseudonyms = open_pseudonyms(settings, url)
        names = pseudonyms.names(wanted.learner) if wanted.learner else None
        with _reading(url) as connection, connection.cursor(row_factory=dict_row) as cursor:
            values = {
                "learners": names,
                "login": wanted.login,
                "since": wanted.since,
                "limit": wanted.limit,
            }
            found = cursor.execute(_READS, values).fetchall()
        note_command(
            url,
            "study audit list",
            tables=("audit.data_access",),
            learners=tuple(names[:1]) if names else (),
            row_count=len(found),
        )
        return found


def note_command(url: str, action: str, **told: Any) -> None:
    """Chain what a command of ours reads or removes, by the system account that runs it."""
    own = role_url(url, Role.COLLECTOR, application_name="study-audit")
    entry = Entry(
        source=Source.COMMAND,
        occurred_at=datetime.now(UTC),
        login=account(),
        action=action,
        place=str(uuid4()),
        **told,
    )
    with connect(own) as connection:
        append(connection, [entry])


def find_blind_spots(url: str) -> list[str]:
    """What of the accesses cannot be collected, and what to do about it."""
    with connect(url) as owner:
        return describe_blind_spots(look_at_arming(owner))


def describe_blind_spots(arming: Arming) -> list[str]:
    """The same in words."""
    faults = []
    if not arming.collects:
        faults.append("the server keeps no log: set logging_collector = on and restart it")
    if not arming.is_json:
        faults.append("the log is not in JSON: `alter system set log_destination = 'jsonlog'`")
    if not arming.may_read:
        faults.append("the owner may not read it: grant pg_monitor and pg_read_server_files")
    faults += [
        f"{login} is not logged: `alter role \"{login}\" set log_statement = 'all'`, as superuser"
        for login in arming.silent
    ]
    return faults


def prune_server_log(settings: Settings, url: str, as_of: datetime) -> int:
    """Delete files of the embedded server's log that were collected whole and are old enough.

    Returns how many. The log of a server of somebody else's is left to them.
    """
    if settings.given_url is not None:
        return 0
    with psycopg.connect(url) as owner:
        collected: dict[str, int] = dict(owner.execute(_COLLECTED).fetchall())
    deleted = 0
    for file in sorted((settings.home / "postgres" / LOG_FOLDER).glob("*.json"))[:-1]:
        written = file.stat()
        is_old = datetime.fromtimestamp(written.st_mtime, UTC) < as_of - LOG_DAYS
        if is_old and collected.get(file.name) == written.st_size:
            file.unlink()
            deleted += 1
    return deleted


@contextmanager
def _reading(url: str) -> Iterator[psycopg.Connection]:
    own = role_url(url, Role.AUDIT, application_name="study-audit")
    with connect(own) as connection:
        yield connection


def account() -> str:
    """The system account that runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "(unknown account)"  # a number without a name, as in some containers
