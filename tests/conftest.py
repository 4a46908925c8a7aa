"""What every test may ask for: a real PostgreSQL, databases of its own, the real data."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from ingestion.store.database import open_database
from ingestion.store.migrations import migrate

REPOSITORY = Path(__file__).resolve().parent.parent


LONG = frozenset({"slow", "fuzz", "exactness", "faults", "operation", "custody"})
"""Markers of what is left out of a run unless its `-m` names them."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the proofs that take many minutes, unless they are asked for."""
    asked_for = config.getoption("markexpr")
    unasked = [marker for marker in LONG if marker not in asked_for]
    left_out = {item for item in items if any(map(item.get_closest_marker, unasked))}
    config.hook.pytest_deselected(items=[item for item in items if item in left_out])
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def bin_dir() -> Path | None:
    """The PostgreSQL programs to test with; None for the packaged ones."""
    folder = os.environ.get("STUDY_POSTGRES_BIN")
    return Path(folder) if folder else None


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory, bin_dir: Path | None) -> Iterator[str]:
    """The administrator's URL of one server for the whole run, shared by pytest-xdist's workers.

    The server at STUDY_TEST_DATABASE_URL where that is set, else the embedded one.
    """
    given = os.environ.get("STUDY_TEST_DATABASE_URL")
    base = tmp_path_factory.getbasetemp()
    # each worker has a folder of its own inside the run's
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    with open_database(given, home=shared / "server", port=0, bin_dir=bin_dir) as url:
        if given is None:
            _forgo_durability(url)
        yield url


@pytest.fixture(scope="session")
def template_database(server_url: str) -> Iterator[str]:
    """The name of a migrated database that nobody is connected to, to make others from."""
    with make_database(server_url) as url:
        migrate(url)
        yield urlsplit(url).path.removeprefix("/")


@pytest.fixture
def empty_database_url(server_url: str) -> Iterator[str]:
    """A database of the test's own without any schema, dropped after it."""
    with make_database(server_url) as url:
        yield url


@pytest.fixture
def database_url(server_url: str, template_database: str) -> Iterator[str]:
    """A migrated database of the test's own, dropped after it."""
    with make_database(server_url, template=template_database) as url:
        yield url


@pytest.fixture(scope="module")
def shared_database_url(server_url: str, template_database: str) -> Iterator[str]:
    """A migrated database for the tests of one module, dropped after the last of them."""
    with make_database(server_url, template=template_database) as url:
        yield url


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real learners' data; tests that ask for it are skipped where it is absent."""
    given = os.environ.get("STUDY_REAL_DATA")
    folder = Path(given) if given else REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data in {folder}: set STUDY_REAL_DATA to their folder")
    return folder


@contextmanager
def make_database(
    server_url: str, *, template: str = "template0", encoding: str = "UTF8"
) -> Iterator[str]:
    """A new database on a server for the length of the block; yields its URL."""
    name = f"study_test_{uuid4().hex}"
    new, source = sql.Identifier(name), sql.Identifier(template)
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("create database {} template {} encoding {}").format(new, source, encoding)
        )
    try:
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(new))


def _forgo_durability(url: str) -> None:
    # databases come and go by the hundred here, and none is worth a wait for the disk
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"alter system set {setting} = off")
        connection.execute("select pg_reload_conf()")
