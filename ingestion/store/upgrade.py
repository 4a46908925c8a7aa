"""Applying migrations. Loaded only where there are some: Alembic and SQLAlchemy weigh 26 MB."""

from collections.abc import Callable
from threading import Lock

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from ingestion.store.database import connect
from ingestion.store.revisions import ALEMBIC, VERSION_SCHEMA, VERSION_TABLE

_ALEMBIC = Lock()
"""Alembic keeps what it works on in globals: two threads would migrate each other's database."""


def upgrade(url: str, *, lock: int, then: Callable[[psycopg.Connection], None]) -> None:
    """Apply what is pending, then do the rest, in one transaction that holds the lock.

    Raises psycopg.Error, and leaves the database as it was.
    """
    engine = sa.create_engine(
        "postgresql+psycopg://",
        creator=lambda: connect(url, autocommit=False),
        poolclass=sa.NullPool,
    )
    try:
        with engine.begin() as connection:
            connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": lock})
            _upgrade(connection)
            driver = connection.connection.driver_connection
            if not isinstance(driver, psycopg.Connection):
                raise TypeError(f"psycopg's connection is needed, not {type(driver)}")
            then(driver)
    except sa.exc.DBAPIError as error:
        if isinstance(error.orig, psycopg.Error):
            raise error.orig from error
        raise


def make_config() -> Config:
    """Alembic's configuration; it has no file of its own."""
    config = Config()
    config.set_main_option("script_location", str(ALEMBIC))
    config.set_main_option("path_separator", "os")
    config.attributes["version_table"] = VERSION_TABLE
    config.attributes["version_table_schema"] = VERSION_SCHEMA
    return config


def _upgrade(connection: sa.Connection) -> None:
    # Alembic keeps its version table there, and looks for it before the first migration runs
    connection.execute(sa.text(f"create schema if not exists {VERSION_SCHEMA}"))
    config = make_config()
    config.attributes["connection"] = connection
    with _ALEMBIC:
        command.upgrade(config, "head")
