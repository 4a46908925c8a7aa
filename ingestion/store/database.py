"""Which database the project works on, and as which role."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg

from ingestion.store.errors import StoreError, one_line
from ingestion.store.server import EmbeddedServer

MINIMUM_VERSION = 150000
CONNECT_SECONDS = 10
_HOST = re.compile(r"(\[[0-9a-fA-F:.%]+\]|[^:\[\]\s]*)(:\d*)?")


class Role(StrEnum):
    """The roles of the house; what each may do is in docs/decisions/0001."""

    INGEST = "study_ingest"
    TRANSFORM = "study_transform"
    BI = "study_bi"
    AUDIT = "study_audit"
    DAGSTER = "study_dagster"
    BI_COHORT = "study_bi_cohort"
    COLLECTOR = "study_collector"


@contextmanager
def open_database(
    url: str | None, *, home: Path, port: int = 5433, bin_dir: Path | None = None
) -> Iterator[str]:
    """The URL of a database that answers: the one given, or the embedded server's.

    Without a URL the embedded server runs at least as long as the block. Does not migrate.
    Raises StoreError when the database cannot be reached, is older than PostgreSQL 15 or does
    not store UTF-8.
    """
    if url is not None:
        check_server(url)
        yield url
        return
    with EmbeddedServer(home, port=port, bin_dir=bin_dir).lease() as embedded:
        yield embedded


def check_server(url: str) -> None:
    """Raise StoreError unless the database answers, is new enough and stores UTF-8."""
    with connect(url) as connection:
        version = connection.info.server_version
        encoding = connection.info.parameter_status("server_encoding")
    if version < MINIMUM_VERSION:
        raise StoreError(
            f"the database at {describe(url)} is PostgreSQL {version // 10000}, and 15 or later "
            "is needed; set STUDY_DATABASE_URL to a newer one, or unset it to use the embedded one"
        )
    if encoding != "UTF8":
        raise StoreError(
            f"the database at {describe(url)} stores {encoding}, and UTF8 is needed; "
            "create one with: create database ... encoding 'UTF8' template template0"
        )


def connect(url: str, *, autocommit: bool = True) -> psycopg.Connection:
    """A connection to a database given by URL. Raises StoreError when it cannot be reached."""
    place = describe(url)
    try:
        return psycopg.connect(url, autocommit=autocommit, connect_timeout=CONNECT_SECONDS)
    except psycopg.Error as error:
        raise StoreError(
            f"the database at {place} cannot be reached: {one_line(str(error))}; "
            "see that it runs and STUDY_DATABASE_URL is right"
        ) from error


def role_url(url: str, role: Role, *, application_name: str) -> str:
    """The URL that connects as the same login and works as a role, in UTC.

    The name shows in pg_stat_activity and in the server's log.
    """
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    options = [query.get("options", ""), f"-c role={role}", "-c timezone=UTC"]
    query["options"] = " ".join(filter(None, options))
    query["application_name"] = application_name
    # libpq reads %20 as a space but + as a plus
    return urlunsplit(parts._replace(query=urlencode(query, quote_via=quote)))


def describe(url: str) -> str:
    """A database's address without user or password.

    Raises StoreError when it is no proper URL. libpq is more lenient, but takes an unescaped
    password apart at the wrong place and shows a piece of it as the host it cannot find.
    """
    scheme, _, rest = url.partition("://")
    place, *query = re.split(r"[?#]", rest, maxsplit=1)
    hosts, *path = place.rpartition("@")[2].split("/", maxsplit=1)
    proper = (
        scheme in ("postgresql", "postgres")
        and url.count("@") <= 1
        and not any("@" in part for part in query)
        and "/" not in place.rpartition("@")[0]
        and not re.search(r"%(?![0-9a-fA-F]{2})", url)
        and all(_HOST.fullmatch(host) for host in hosts.split(","))
    )
    if not proper:
        raise StoreError(
            "the database's address is not a URL of PostgreSQL: set STUDY_DATABASE_URL to "
            "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with what is special in the password "
            "percent-encoded"
        )
    return "/".join([hosts or "localhost", *path])
