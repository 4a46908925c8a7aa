"""The lifecycle of the log's months: made ahead, cooled, archived when the marts have them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import psycopg
from psycopg import sql

from ingestion.landing.books import draw_together
from ingestion.landing.failed_events import drop_letters
from ingestion.store.archive.encryption import Cipher, load_service, read_keys
from ingestion.store.archive.leaving import leave
from ingestion.store.archive.manifest import Archive, find_archive
from ingestion.store.archive.restoring import restore_month
from ingestion.store.archive.schedule import cool, list_due, list_warm
from ingestion.store.archive.target import Target, open_target
from ingestion.store.partitions import (
    MONTHS_BACK,
    SCHEMA,
    make_coming_months,
    month_bounds,
    partition_name,
    shift_month,
)
from orchestration.loads.model import Model, read_states
from orchestration.settings import Settings

_LAST = "select ingest_xid::text::bigint from {} order by ingest_xid desc limit 1"
_IDS = "select count(*), sum(uuid_hash_extended(event_id, 0)::numeric) from {} where true"
_KEPT = "intermediate", "int_events_placed"


@dataclass
class Retention:
    """What a run of the lifecycle did: months made, moved to cold disks, archived; and `waiting`,
    those that were due and why they stay. With a dry run, what it would have done.

    `letters` are the dead letters of over two years ago, which are gone.
    """

    made: list[str] = field(default_factory=list)
    cooled: list[date] = field(default_factory=list)
    cold_tablespace: str | None = None
    archived: list[Archive] = field(default_factory=list)
    due: list[date] = field(default_factory=list)
    waiting: dict[date, str] = field(default_factory=dict)
    letters: int = 0


def open_archive(settings: Settings) -> Target:
    """The archive of the settings. Raises ArchiveError where it cannot be one."""
    asked = settings.archive_encryption
    return open_target(
        settings.archive_place,
        cipher=_read_cipher(settings),
        server_encryption=None if asked == "none" else asked,
    )


def retain(  # noqa: PLR0913 (all but the place by name)
    url: str,
    target: Target,
    *,
    as_of: datetime,
    models: Mapping[str, Model],
    cold_tablespace: str | None,
    dry_run: bool = False,
    returning: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Retention:
    """Do what is due at an instant: make months, move and archive others, one after the other; what
    was refused by then, and the books of it one by one, go with them.

    `url` is the owner's; the caller holds the lock that keeps loads away. A month the marts have
    not loaded whole stays, and the others go on. Killed anywhere, it is done by running it again.
    """
    done = Retention(cold_tablespace=cold_tablespace)
    with psycopg.connect(url, autocommit=True) as connection:
        if not dry_run:
            done.made = make_coming_months(connection, as_of.date())
        done.due = list_due(connection, as_of, returning=returning)
        if cold_tablespace:
            warm = list_warm(connection, as_of, cold_tablespace)
            done.cooled = [month for month in warm if month not in done.due]
        for month in done.cooled if not dry_run and cold_tablespace else ():
            tell(f"moving {month:%Y-%m} to {cold_tablespace}")
            cool(connection, month, cold_tablespace or "")
        for month in done.due:
            if why := explain_waiting(connection, month, models):
                done.waiting[month] = why
            elif not dry_run:
                tell(f"archiving {month:%Y-%m}")
                digest = next(each.log_digest for each in models.values() if each.log_digest)
                done.archived.append(leave(connection, url, target, month, staging_digest=digest))
        if not dry_run:
            # Of a month that stays, every transaction can still be held against the log.
            past = min(shift_month(as_of.date(), -MONTHS_BACK), *done.waiting, as_of.date())
            draw_together(connection, past)
            done.letters = drop_letters(connection, past)
    return done


def restore(
    url: str, target: Target, first: date, last: date, *, reopen: bool = False
) -> list[Archive]:
    """Bring the archived months from one to another back; those that are back stay as they are,
    unless they are to be reopened.

    Raises ArchiveError at the first that cannot be; those before it are back.
    """
    restored = []
    with psycopg.connect(url, autocommit=True) as connection:
        month = first
        while month <= last:
            # A span may hold months that never had an event; one month asked for may not.
            if first == last or find_archive(connection, month):
                restored.append(restore_month(connection, target, month, reopen=reopen))
            month = shift_month(month, 1)
    return restored


def explain_waiting(
    connection: psycopg.Connection[Any], month: date, models: Mapping[str, Model]
) -> str | None:
    """Why a month has to stay in the log for now; None where the marts have all of it.

    From then on what the marts are made of lies in `intermediate.int_events_placed`, which is
    compared event for event: what leaves the log must be there.
    """
    table = sql.Identifier(SCHEMA, partition_name(month))
    if not _exists(connection, SCHEMA, partition_name(month)):
        return None  # it has left already, and is to be dropped
    row = connection.execute(sql.SQL(_LAST).format(table)).fetchone()
    if row is None:
        return None
    states = read_states(connection)
    for name in sorted(name for name, model in models.items() if model.log_digest):
        state = states.get(name)
        if state is None or state.digest != models[name].digest:
            return f"{name} is not built by today's definition: run `study materialize`"
        if state.to_xid <= row[0]:
            return f"some of its events are not in {name} yet: run `study materialize`"
    lower, upper = month_bounds(month)
    within = sql.SQL(_IDS + " and event_id >= {} and event_id < {}")
    kept = within.format(sql.Identifier(*_KEPT), str(lower), str(upper))
    logged = within.format(table, str(lower), str(upper))
    if connection.execute(kept).fetchall() != connection.execute(logged).fetchall():
        return (
            f"{'.'.join(_KEPT)} does not hold the same events as the log: run `study check`, and "
            "`study materialize --full-refresh`"
        )
    return None


def _exists(connection: psycopg.Connection[Any], schema: str, table: str) -> bool:
    ((found,),) = connection.execute(
        "select to_regclass(%s) is not null", [f"{schema}.{table}"]
    ).fetchall()
    return bool(found)


def _read_cipher(settings: Settings) -> Cipher | None:
    if settings.archive_kms:
        return load_service(settings.archive_kms)
    if settings.archive_keys:
        return read_keys(settings.archive_keys.get_secret_value())
    return None
