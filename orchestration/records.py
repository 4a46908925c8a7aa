"""Dagster's own records in PostgreSQL: runs, their events, the ticks of schedules and sensors."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import dagster as dg
import psycopg
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage
from dagster_postgres.utils import create_pg_engine

from ingestion.store.database import Role, connect, role_url

SCHEMA = "dagster"
_LOCK = 0x5354554459_02  # "STUDY", 2

_MOST_CONNECTIONS = 20  # over the one that is kept, for each of three engines; the UI's threads

_MADE_BY = "select obj_description(to_regnamespace('dagster'), 'pg_namespace')"


class Records(DagsterPostgresStorage):
    """Dagster's storage, told its database by `dagster.yaml`, that never makes a table by itself.

    Left to the services they would all make them at once, and Dagster does not bear that: one
    finds a table without its version and never comes up. `make_records` makes them before.
    """

    def __init__(self, url: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(_driver_url(url), should_autocreate_tables=False, inst_data=inst_data)
        # Dagster's own engines connect anew for each event of a run: 9 ms where 0.3 will do, and a
        # nightly run has a thousand. Tried before use, as the server may have been restarted.
        for each in (self._run_storage, self._event_log_storage, self._schedule_storage):
            each._engine = create_pg_engine(
                self.postgres_url,
                isolation_level="AUTOCOMMIT",
                pool_size=1,
                max_overflow=_MOST_CONNECTIONS,
                pool_pre_ping=True,
            )
            _ping_for_the_webserver(each)

    @classmethod
    def config_type(cls) -> Any:
        """One field, the URL: by the name of a variable, so that the file holds no secret."""
        return {"url": dg.StringSource}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "Records":
        """Open what the configuration names."""
        return cls(config_value["url"], inst_data)


def _ping_for_the_webserver(storage: Any) -> None:
    """Have the engine that the webserver makes for itself tried before use, too.

    Else the first requests after a restart of the server fail: a launch, say.
    """
    optimize = storage.optimize_for_webserver

    def optimize_and_ping(*arguments: Any, **options: Any) -> None:
        optimize(*arguments, **options)
        storage._engine.pool._pre_ping = True

    storage.optimize_for_webserver = optimize_and_ping


def records_url(url: str) -> str:
    """The URL of Dagster's records in a database, of its owner's or of `study_dagster`'s login.

    A session of it works as `study_dagster`, which reads no event and no mart.
    """
    own = urlsplit(role_url(url, Role.DAGSTER, application_name="study-dagster"))
    query = dict(parse_qsl(own.query))
    query["options"] += f" -c search_path={SCHEMA}"
    return urlunsplit(own._replace(query=urlencode(query, quote_via=quote)))


def make_records(url: str) -> None:
    """Make Dagster's tables, or bring them to what this version of Dagster needs.

    `url` is that of the records. Safe to run from many processes at once; costs one query where
    nothing is to be done. Raises StoreError where the database cannot be reached.
    """
    with connect(url) as session:
        if _made_by(session) == _version():
            return
        session.execute("select pg_advisory_lock(%s)", (_LOCK,))
        if _made_by(session) == _version():
            return
        # A new database's tables are made by the opening, an older one's are upgraded.
        storage = DagsterPostgresStorage(_driver_url(url), should_autocreate_tables=True)
        for each in (storage._run_storage, storage._event_log_storage, storage._schedule_storage):
            each.upgrade()
        # Written last: what died half way is done again.
        session.execute(f"comment on schema {SCHEMA} is '{_version()}'")


def _version() -> str:
    return f"Made by Dagster {dg.__version__}."


def _made_by(session: psycopg.Connection) -> str | None:
    row = session.execute(_MADE_BY).fetchone()
    return None if row is None else row[0]


def _driver_url(url: str) -> str:
    # Named, because it must be psycopg2: Dagster's code leans on what only that driver does.
    return urlunsplit(urlsplit(url)._replace(scheme="postgresql+psycopg2"))
