"""The database a command works on, as the settings say."""

from collections.abc import Iterator
from contextlib import contextmanager

from ingestion.store.database import open_database
from ingestion.store.errors import StoreError
from ingestion.store.migrations import migrate
from ingestion.store.revisions import pending
from orchestration.settings import Settings


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[str]:
    """Open the database with a current schema and yield the owner's URL.

    The embedded one is migrated by the way; a given server is somebody's, whose schema is changed
    by `study migrate` and `study up` only. Raises StoreError where it cannot be reached or is
    behind.
    """
    with open_unmigrated(settings) as url:
        if settings.given_url is None:
            migrate(url)
        elif behind := pending(url):
            raise StoreError(
                f"the database's schema is {len(behind)} migrations behind: run `study migrate`"
            )
        yield url


@contextmanager
def open_unmigrated(settings: Settings) -> Iterator[str]:
    """Open the database whatever its schema and yield the owner's URL."""
    with open_database(
        settings.given_url,
        home=settings.home,
        port=settings.postgres_port,
        bin_dir=settings.postgres_bin,
    ) as url:
        yield url
