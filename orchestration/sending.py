"""Bring a stream of events to the raw log: over HTTP, or in this process."""

from collections.abc import Callable, Iterable

from ingestion.api.settings import split_key
from ingestion.clients.poster import Poster
from ingestion.clients.tally import Tally
from orchestration.database import open_warehouse
from orchestration.landing import land_events, land_texts
from orchestration.pseudonyms import open_pseudonyms
from orchestration.settings import Settings


def send_events(
    settings: Settings,
    events: Iterable[object],
    *,
    url: str | None,
    open_months: bool = False,
    on_batch: Callable[[int], None] = lambda _: None,
) -> Tally:
    """Send events to the service at `url`, or without one land them here, and tally the verdicts.

    `open_months` is an operator's right and has no meaning over HTTP. Raises PostingError or
    StoreError.
    """
    if url is not None:
        keys = settings.clear_write_keys or settings.clear_server_keys
        key = split_key(keys[0])[1] if keys else None
        return Poster(url=url, write_key=key).post(events, on_batch=on_batch)
    with open_warehouse(settings) as database:
        return land_events(
            database,
            events,
            open_months=open_months,
            on_batch=on_batch,
            pseudonyms=open_pseudonyms(settings, database),
        )


def land_lines(
    settings: Settings, texts: Iterable[bytes], *, on_batch: Callable[[int], None] = lambda _: None
) -> Tally:
    """Land events given as JSON texts in this process and tally the verdicts. Raises StoreError."""
    with open_warehouse(settings) as database:
        known = open_pseudonyms(settings, database)
        return land_texts(database, texts, on_batch=on_batch, pseudonyms=known)
