"""Bringing a database's schema to what this version of the project needs."""

from datetime import UTC, date, datetime
from threading import Lock

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from ingestion.store.database import connect
from ingestion.store.errors import StoreError, one_line
from ingestion.store.partitions import (
    MONTHS_BACK,
    make_coming_months,
    make_months,
    shift_month,
)
from ingestion.store.revisions import ALEMBIC, VERSION_SCHEMA, VERSION_TABLE, pending

_LOCK = 0x5354554459_01  # "STUDY", 1

_ALEMBIC = Lock()
"""Alembic keeps what it works on in globals: two threads would migrate each other's database."""


def migrate(url: str, *, today: date | None = None) -> None:
    """Apply every migration not applied yet, and make the partitions around today.

    All or nothing, and safe to run many times and from many processes at once.
    Raises StoreError when the database cannot be reached or the login may not do it.
    """
    pending(url)  # refuses a database that a newer version has migrated
    middle = today or datetime.now(UTC).date()
    engine = sa.create_engine(
        "postgresql+psycopg://",
        creator=lambda: connect(url, autocommit=False),
        poolclass=sa.NullPool,
    )
    try:
        with engine.begin() as connection:
            connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            _upgrade(connection)
            driver = connection.connection.driver_connection
            if not isinstance(driver, psycopg.Connection):
                raise TypeError(f"psycopg's connection is needed, not {type(driver)}")
            make_months(driver, shift_month(middle, -MONTHS_BACK), middle)
            make_coming_months(driver, middle)
    except (psycopg.Error, sa.exc.DBAPIError) as error:
        reason = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        raise StoreError(
            f"the database was not migrated and is as it was: {one_line(str(reason))}; "
            "the login must own the database and may create roles"
        ) from error


def _upgrade(connection: sa.Connection) -> None:
    # Alembic keeps its version table there, and looks for it before the first migration runs
    connection.execute(sa.text(f"create schema if not exists {VERSION_SCHEMA}"))
    config = _make_config()
    config.attributes["connection"] = connection
    with _ALEMBIC:
        command.upgrade(config, "head")


def _make_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ALEMBIC))
    config.set_main_option("path_separator", "os")
    config.attributes["version_table"] = VERSION_TABLE
    config.attributes["version_table_schema"] = VERSION_SCHEMA
    return config
