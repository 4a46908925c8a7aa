"""Dead letters: what could not be landed, masked and kept once in `raw.failed_events`."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, Connection
from psycopg.types.json import Jsonb

from ingestion.events.validation import Rejection
from ingestion.landing.verdict import Status, Verdict
from ingestion.privacy.masking import mask_payload, mask_text

_DEEPEST = 32

_INSERT = """
insert into raw.failed_events (
    failed_event_id, received_at, sent_at, kind, code, path, message, event_type, event_id, payload,
    context
)
select
    failed_event_id, %(received_at)s, %(sent_at)s, kind, code, path, message, event_type, event_id,
    -- an event that is JSON's null is still a payload
    coalesce(payload, 'null'), %(context)s
from jsonb_to_recordset(%(rows)s) as failed (
    failed_event_id uuid, kind text, code text, path text, message text, event_type text,
    event_id text, payload jsonb
)
order by failed_event_id
on conflict (failed_event_id) do nothing
"""

_DROP = """
with past as (
    delete from raw.failed_events where received_at < %(before)s returning failed_event_id
),
replays as (
    delete from raw.replays where failed_event_id in (select failed_event_id from past)
)
select count(*) from past
"""


@dataclass(frozen=True, slots=True)
class FailedEvent:
    """A verdict of `rejected` or `conflict` beside the event as the client sent it."""

    verdict: Verdict
    why: Rejection
    payload: object


def drop_letters(connection: Connection[Any], before: date) -> int:
    """Delete what was received before a day, with its replays; returns how many dead letters.

    They hold what an event held, and live no longer. The session is the owner's.
    """
    ((count,),) = connection.execute(_DROP, {"before": before}).fetchall()
    return int(count)


async def keep(
    connection: AsyncConnection,
    failed: Sequence[FailedEvent],
    *,
    received_at: datetime,
    sent_at: datetime | None,
    context: Mapping[str, object],
) -> None:
    """Write dead letters in the caller's transaction; `sent_at` is the batch's.

    The key is a digest of code and masked payload, so a sender that retries for ever keeps one
    copy, and the digest tells nothing of what was masked.
    """
    rows = {row["failed_event_id"]: row for row in map(_row, failed)}
    if rows:
        await connection.execute(
            _INSERT,
            {
                "rows": Jsonb(list(rows.values())),
                "received_at": received_at,
                "sent_at": sent_at,
                "context": Jsonb(dict(context)),
            },
        )


def _row(failed: FailedEvent) -> dict[str, object]:
    verdict, why = failed.verdict, failed.why
    payload = mask_payload(storable(failed.payload))
    content = json.dumps([why.code, payload], sort_keys=True, ensure_ascii=True)
    digest = hashlib.sha256(content.encode()).digest()
    event_type = payload.get("event_type") if isinstance(payload, dict) else None
    return {
        "failed_event_id": str(UUID(bytes=digest[:16])),
        "kind": "conflict" if verdict.status is Status.CONFLICT else "rejected",
        "code": why.code,
        "path": _mask(why.path),
        "message": _mask(why.message),
        "event_type": event_type if isinstance(event_type, str) else None,
        "event_id": None if verdict.event_id is None else _mask(verdict.event_id),
        "payload": payload,
    }


def _mask(text: str) -> str:
    # A path holds names the client has given, and those may be anything.
    return mask_text(str(storable(text)))


def storable(value: object, depth: int = 0) -> object:
    """The nearest JSON that PostgreSQL can keep as jsonb.

    jsonb has no NaN, no NUL and no lone surrogate; a dead letter that failed to be kept because of
    the very fault it reports would fail its whole batch. What is replaced stays readable.
    """
    if depth > _DEEPEST:
        return "…nested too deeply"
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode().replace("\0", "\\u0000")
        case float() if not math.isfinite(value):
            return str(value)
        case dict():
            return {str(storable(k)): storable(v, depth + 1) for k, v in value.items()}
        case list():
            return [storable(item, depth + 1) for item in value]
        case _:
            return value
