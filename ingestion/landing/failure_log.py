"""What failed and what became of it: dead letters chosen by code, type, kind and time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row


class State(StrEnum):
    """Whether a failed event has been landed since."""

    OPEN = "open"
    LANDED = "landed"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which failed events: those that meet every condition that is set.

    `code` is the latest: that of the last replay, or of the landing where there was none. `since`
    is included, `until` is not; both are of the receipt.
    """

    ids: Sequence[UUID] | None = None
    code: str | None = None
    event_type: str | None = None
    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    state: State = State.OPEN
    limit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failed event with the latest reason. `replays` counts the tries to land it again.

    `landed_as` is the id of the stored event where one of them did.
    """

    failed_event_id: UUID
    received_at: datetime
    sent_at: datetime | None
    kind: str
    code: str
    path: str
    message: str
    event_type: str | None
    event_id: str | None
    payload: Any
    context: Mapping[str, Any]
    replays: int
    last_replayed_at: datetime | None
    landed_as: UUID | None


_SELECT = """
select
    failed.failed_event_id, failed.received_at, failed.sent_at, failed.kind,
    coalesce(last.code, failed.code) as code,
    coalesce(case when last.code is null then failed.path else last.path end, '') as path,
    coalesce(last.message, failed.message) as message,
    failed.event_type, failed.event_id, failed.payload, failed.context,
    coalesce(tries.replays, 0) as replays,
    last.replayed_at as last_replayed_at,
    last.event_id as landed_as
from raw.failed_events as failed
left join lateral (
    select count(*) as replays
    from raw.replays as replay
    where replay.failed_event_id = failed.failed_event_id
) as tries on true
left join lateral (
    select replay.*
    from raw.replays as replay
    where replay.failed_event_id = failed.failed_event_id
    order by replay.replay_id desc
    limit 1
) as last on true
where
    (%(ids)s::uuid[] is null or failed.failed_event_id = any (%(ids)s))
    and (%(code)s::text is null or coalesce(last.code, failed.code) = %(code)s)
    and (%(event_type)s::text is null or failed.event_type = %(event_type)s)
    and (%(kind)s::text is null or failed.kind = %(kind)s)
    and (%(since)s::timestamptz is null or failed.received_at >= %(since)s)
    and (%(until)s::timestamptz is null or failed.received_at < %(until)s)
    and (%(state)s = 'all' or (%(state)s = 'landed') = (last.event_id is not null))
-- one request's together: they are landed again as one batch
order by failed.received_at, failed.sent_at, failed.context, failed.failed_event_id
limit %(limit)s
"""


async def read_failures(connection: AsyncConnection, selection: Selection) -> list[Failure]:
    """Read the failed events of a selection, those received first first."""
    parameters = {
        "ids": None if selection.ids is None else list(selection.ids),
        "code": selection.code,
        "event_type": selection.event_type,
        "kind": selection.kind,
        "since": selection.since,
        "until": selection.until,
        "state": selection.state.value,
        "limit": selection.limit,
    }
    async with connection.cursor(row_factory=class_row(Failure)) as cursor:
        await cursor.execute(_SELECT, parameters)
        return await cursor.fetchall()
