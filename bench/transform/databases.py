"""The databases measured: fresh ones, on the project's own server as it ships."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from bench.transform.history import END, land_history
from ingestion.store.migrations import migrate
from ingestion.store.server import EmbeddedServer


@contextmanager
def open_server(home: Path) -> Iterator[str]:
    """Run the embedded server on any free port; yields the owner's URL."""
    with EmbeddedServer(home / "server", port=0).lease() as url:
        yield url


def make_warehouse(server_url: str, name: str, history: Path, events: int) -> str:
    """A database of that name with the first `events` of a history; what it held before is gone.

    Returns the owner's URL.
    """
    url = make_database(server_url, name)
    migrate(url, today=END.date())
    land_history(url, history, events)
    return url


def make_database(server_url: str, name: str) -> str:
    """An empty database of that name; what it held before is gone. Returns the owner's URL."""
    identifier = sql.Identifier(name)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(identifier))
        connection.execute(sql.SQL("create database {} template template0").format(identifier))
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


def vacuum(url: str) -> None:
    """Do at once what autovacuum does in the minutes after tables were built whole.

    Left to it, the loads measured in these minutes would share two cores with its workers.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum (analyze)")


def settle(url: str) -> None:
    """Write out what was written before, so that the next measurement does not pay for it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("checkpoint")
