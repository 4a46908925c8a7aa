"""Bringing a database's schema to what this version of the project needs."""

from datetime import UTC, date, datetime
from importlib import import_module

import psycopg

from ingestion.store.database import connect
from ingestion.store.errors import StoreError, one_line
from ingestion.store.partitions import (
    MONTHS_BACK,
    make_coming_months,
    make_months,
    shift_month,
)
from ingestion.store.revisions import pending

_LOCK = 0x5354554459_01  # "STUDY", 1


def migrate(url: str, *, today: date | None = None) -> None:
    """Apply every migration not applied yet, and make the partitions around today.

    All or nothing, and safe to run many times and from many processes at once.
    Raises StoreError when the database cannot be reached or the login may not do it.
    """
    middle = today or datetime.now(UTC).date()

    def make_partitions(connection: psycopg.Connection) -> None:
        make_months(connection, shift_month(middle, -MONTHS_BACK), middle)
        make_coming_months(connection, middle)

    try:
        if pending(url):
            # By name: what serves for months should not carry what it needed once.
            upgrade = import_module("ingestion.store.upgrade").upgrade
            upgrade(url, lock=_LOCK, then=make_partitions)
            return
        with connect(url, autocommit=False) as connection:
            connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
            make_partitions(connection)
    except psycopg.Error as error:
        raise StoreError(
            f"the database was not migrated and is as it was: {one_line(str(error))}; "
            "the login must own the database and may create roles"
        ) from error
