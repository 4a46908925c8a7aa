"""An entry of the audit, and the digest that ties it to the one before."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

NOTHING_BEFORE = bytes(32)
"""What the first entry follows."""

# In the order they are digested in; function audit.append knows the same.
FIELDS = (
    "access_id",
    "recorded_at",
    "source",
    "occurred_at",
    "login",
    "role",
    "address",
    "application",
    "action",
    "tables",
    "learners",
    "row_count",
    "sqlstate",
    "message",
    "place",
)


class Source(StrEnum):
    """How an access became known."""

    STATEMENT = "statement"
    """The database's log: a statement that was begun."""
    REFUSED = "refused"
    """The database's log: a statement or a login that failed."""
    REQUEST = "request"
    """A read over the API."""
    COMMAND = "command"
    """A command of ours that reads the audit or removes a learner."""
    GAP = "gap"
    """A part of the log that could not be read: what stood there is not known."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One access. `learners` are pseudonyms; `tables` is None where they cannot be told.

    `row_count` is None where nobody counted: the database's log tells what was asked, not how much
    was answered. `place` is where it is from: session and line of the log, or id of the request.
    """

    source: Source
    occurred_at: datetime
    login: str
    action: str
    place: str
    role: str | None = None
    address: str | None = None
    application: str | None = None
    tables: tuple[str, ...] | None = None
    learners: tuple[str, ...] = ()
    row_count: int | None = None
    sqlstate: str | None = None
    message: str | None = None

    def as_json(self) -> dict[str, Any]:
        """As function `audit.append` takes it."""
        told = {name: getattr(self, name) for name in FIELDS if hasattr(self, name)}
        return {**told, "occurred_at": self.occurred_at.isoformat()}


def digest_entry(previous: bytes, stored: Mapping[str, Any]) -> bytes:
    """The digest of a stored row after another, by its columns.

    The text is that of PostgreSQL's jsonb, which is Python's JSON too: anybody can compute it,
    with nothing of ours.
    """
    told = [_told(stored[name]) for name in FIELDS]
    return sha256(previous + json.dumps(told, ensure_ascii=False).encode()).digest()


def _told(value: Any) -> Any:
    match value:
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
        case int():
            return str(value)
        case _:
            return value
