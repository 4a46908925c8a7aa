"""Write keys where they are kept: as digests, so that who reads the table can write nothing.

A key has 256 random bits, so one plain SHA-256 is enough: there is nothing to guess that a slow
hash would have to protect, and the service computes one for every request.
"""

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import class_row

from ingestion.store.database import connect
from ingestion.store.errors import StoreError
from ingestion.store.scopes import Scope

PREFIX = "sk_study_"
"""What every key starts with, so that scanners for leaked secrets know one when they see it."""

KEY_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
BURST_SECONDS = 10.0
_RANDOM_BYTES = 32


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """What one key may send. None: as the service's settings say for every key."""

    requests_per_second: float | None = None
    events_per_second: float | None = None
    burst_seconds: float = BURST_SECONDS


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A living key as the service compares it."""

    name: str
    digest: bytes
    expires_at: datetime | None
    requests_per_second: float | None
    events_per_second: float | None
    burst_seconds: float
    scope: str = Scope.WRITE


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is told of a key. Nothing of it lets anybody in."""

    name: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    requests_per_second: float | None
    events_per_second: float | None
    burst_seconds: float
    last_used_at: datetime | None
    scope: str


def digest_key(key: str) -> bytes:
    """The SHA-256 of a key (32 bytes)."""
    return hashlib.sha256(key.encode()).digest()


def create_key(
    url: str,
    name: str,
    *,
    limits: KeyLimits,
    expires_at: datetime | None = None,
    scope: Scope = Scope.WRITE,
) -> str:
    """Make a key as the owner and return it: it is stored nowhere, so this is the only time.

    Raises StoreError where the name is no name or a living key has it.
    """
    if not KEY_NAME.fullmatch(name):
        raise StoreError(
            f"{name[:64]!r} is no name for a key: take up to 64 of a-z, 0-9, - and _, and begin"
            " with a letter or digit"
        )
    key = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    with connect(url) as connection:
        try:
            connection.execute(
                "insert into ops.write_keys (name, digest, expires_at, requests_per_second,"
                " events_per_second, burst_seconds, scope) values (%s, %s, %s, %s, %s, %s, %s)",
                (
                    name,
                    digest_key(key),
                    expires_at,
                    limits.requests_per_second,
                    limits.events_per_second,
                    limits.burst_seconds,
                    scope.value,
                ),
            )
        except psycopg.errors.UniqueViolation as error:
            raise StoreError(
                f"there is a living key {name!r}: to rotate it make one of another name, hand it"
                f" out, then `study keys revoke {name}`"
            ) from error
        except psycopg.errors.CheckViolation as error:
            raise StoreError(
                "limits are above 0, a burst lasts 1 to 3600 s, and a key expires in the future"
            ) from error
    return key


def list_keys(url: str) -> list[KeyRecord]:
    """Every key ever made, the oldest first."""
    with connect(url) as connection, connection.cursor(row_factory=class_row(KeyRecord)) as cursor:
        return cursor.execute(
            "select name, created_at, expires_at, revoked_at, requests_per_second,"
            " events_per_second, burst_seconds, last_used_at, scope from ops.write_keys"
            " order by write_key_id"
        ).fetchall()


def revoke_key(url: str, name: str) -> None:
    """Revoke the living key of a name. Raises StoreError where there is none."""
    with connect(url) as connection:
        revoked = connection.execute(
            "update ops.write_keys set revoked_at = clock_timestamp()"
            " where name = %s and revoked_at is null",
            (name,),
        ).rowcount
    if not revoked:
        raise StoreError(f"there is no living key {name[:64]!r}: see `study keys list`")


async def read_living_keys(connection: AsyncConnection) -> list[StoredKey]:
    """The keys that let somebody in now, as the role of the service."""
    async with connection.cursor(row_factory=class_row(StoredKey)) as cursor:
        await cursor.execute(
            "select name, digest, expires_at, requests_per_second, events_per_second,"
            " burst_seconds, scope from ops.write_keys where revoked_at is null"
            " and (expires_at is null or expires_at > clock_timestamp())"
        )
        return await cursor.fetchall()


async def note_use(connection: AsyncConnection, names: Collection[str]) -> None:
    """Note that keys were used, to the hour: who sends when is nobody's business."""
    await connection.execute(
        "update ops.write_keys set last_used_at = date_trunc('hour', clock_timestamp())"
        " where name = any(%s) and revoked_at is null"
        " and (last_used_at is null or last_used_at < date_trunc('hour', clock_timestamp()))",
        (list(names),),
    )
