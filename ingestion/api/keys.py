"""The keys the service knows: those of its settings, and those of the database, kept fresh."""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg import Error
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from structlog.typing import FilteringBoundLogger

from ingestion.api.errors import refuse_database_away
from ingestion.api.settings import split_key
from ingestion.store.scopes import Scope
from ingestion.store.write_keys import (
    BURST_SECONDS,
    StoredKey,
    digest_key,
    note_use,
    read_living_keys,
)

Fetch = Callable[[Collection[str]], Awaitable[Sequence[StoredKey]]]
FETCH_SECONDS = 2.0
_STRANGER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Writer:
    """Who sends: the name of a key, its own limits (None: the service's) and its scope."""

    name: str
    requests_per_second: float | None = None
    events_per_second: float | None = None
    burst_seconds: float = BURST_SECONDS
    scope: Scope = Scope.WRITE


LOOPBACK_WRITER = Writer("(loopback)", scope=Scope.SERVER)
_Known = tuple[bytes, datetime | None, Writer]


class KeyRing:
    """Tells whose key it is. Works from what it last read while the database is away."""

    def __init__(  # noqa: PLR0913 (two kinds of keys, and what time is)
        self,
        configured: Sequence[str],
        fetch: Fetch,
        *,
        servers: Sequence[str] = (),
        log: FilteringBoundLogger,
        refresh_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._configured = [
            *(_parse(f"setting-{n}", text, Scope.WRITE) for n, text in enumerate(configured, 1)),
            *(_parse(f"server-{n}", text, Scope.SERVER) for n, text in enumerate(servers, 1)),
        ]
        self._fetch, self._log, self._clock = fetch, log, clock
        self._refresh_seconds = refresh_seconds
        self._stored: list[_Known] | None = None
        self._used: set[str] = set()
        self._reading = asyncio.Lock()
        self._reads, self._read_at = 0, float("-inf")

    async def keep_fresh(self) -> None:
        """Read the keys again and again, until cancelled."""
        while True:
            await self._refresh()
            await asyncio.sleep(self._refresh_seconds)

    async def is_empty(self) -> bool:
        """Whether nobody has a key, so that only loopback is served.

        Raises `RequestRefusedError` with 503 where that was never learnt: to take the unknown for
        "no keys" would let everybody on this machine write while the database starts.
        """
        if self._configured:
            return False
        await self._ensure_read()
        return not self._stored

    async def identify(self, key: str) -> Writer | None:
        """The writer of a key, or None for a stranger.

        A key not known yet may have been made a moment ago: the database is asked, though at most
        once a second, whoever comes. Raises `RequestRefusedError` with 503 where it never answered.
        """
        digest = digest_key(key)
        writer = self._match(digest)
        if writer is None and self._clock() - self._read_at >= _STRANGER_SECONDS:
            await self._refresh()
            writer = self._match(digest)
        if writer is None and self._stored is None:
            raise refuse_database_away()
        if writer is not None:
            self._used.add(writer.name)
        return writer

    def _match(self, digest: bytes) -> Writer | None:
        # Digests have one length and every one is compared: time tells nothing of a key.
        now, found = datetime.now(UTC), None
        for known, expires_at, writer in (*self._configured, *(self._stored or ())):
            if hmac.compare_digest(digest, known) and (expires_at is None or expires_at > now):
                found = writer
        return found

    async def _ensure_read(self) -> None:
        if self._stored is None:
            if self._clock() - self._read_at >= _STRANGER_SECONDS:
                await self._refresh()
            if self._stored is None:
                raise refuse_database_away()

    async def _refresh(self) -> None:
        reads = self._reads
        async with self._reading:
            if self._reads != reads:
                return  # somebody else has tried since: a crowd of strangers asks once
            used, self._used = self._used, set()
            try:
                self._stored = [_known(stored) for stored in await self._fetch(used)]
            except (Error, PoolTimeout, OSError) as error:
                self._used |= used
                self._log.warning("keys_not_read", error=type(error).__name__)
            finally:
                self._reads += 1
                self._read_at = self._clock()


def fetch_from(pool: AsyncConnectionPool) -> Fetch:
    """Read the keys by a connection of the pool, and note which were used."""

    async def fetch(used: Collection[str]) -> Sequence[StoredKey]:
        async with pool.connection(timeout=FETCH_SECONDS) as connection:
            keys = await read_living_keys(connection)
            if used:
                await note_use(connection, used)
            return keys

    return fetch


def _parse(number: str, text: str, scope: Scope) -> _Known:
    name, key = split_key(text)
    return digest_key(key), None, Writer(name or number, scope=scope)


def _known(stored: StoredKey) -> _Known:
    writer = Writer(
        stored.name,
        stored.requests_per_second,
        stored.events_per_second,
        stored.burst_seconds,
        Scope(stored.scope),
    )
    return stored.digest, stored.expires_at, writer
