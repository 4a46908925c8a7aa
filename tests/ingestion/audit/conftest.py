"""A login that may only read, on a migrated database whose log is collected."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from ingestion.audit.arming import arm
from ingestion.audit.collecting import collect
from ingestion.privacy.pseudonyms import Pseudonyms
from ingestion.store.database import Role

PSEUDONYMS = Pseudonyms([b"k" * 32])

Login = Callable[..., str]


@contextmanager
def making_login(url: str, role: Role) -> Iterator[str]:
    """The URL of a new login of a role, logged as the house logs them; dropped at the end."""
    name = f"reader_{uuid4().hex}"
    parts = urlsplit(url)
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(
            sql.SQL("create role {} login password 'reader' in role {}").format(
                sql.Identifier(name), sql.Identifier(role)
            )
        )
        try:
            arm(admin)
            yield urlunsplit(parts._replace(netloc=f"{name}:reader@{parts.hostname}:{parts.port}"))
        finally:
            admin.execute(sql.SQL("drop owned by {}").format(sql.Identifier(name)))
            admin.execute(sql.SQL("drop role {}").format(sql.Identifier(name)))


@pytest.fixture
def make_login(database_url: str) -> Iterator[Login]:
    """Make logins on the test's database."""
    with ExitStack() as stack:
        yield lambda role=Role.BI: stack.enter_context(making_login(database_url, role))


@pytest.fixture
def furnished_url(database_url: str) -> str:
    """The test's database with a table among the marts."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("set role study_transform")
        connection.execute(
            "create table marts.here as select gen_random_uuid() as user_id, 1 as number"
        )
    return database_url


def login_name(url: str) -> str:
    name = urlsplit(url).username
    assert name
    return name


def collected(url: str) -> list[dict[str, Any]]:
    """Collect, and return the whole chain."""
    collect(url, PSEUDONYMS)
    return read_chain(url)


def read_chain(url: str) -> list[dict[str, Any]]:
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return connection.execute("select * from audit.data_access order by access_id").fetchall()
