"""Landing failed events again: by the same code, as of their first receipt, each at most once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby, islice
from types import MappingProxyType
from typing import Any, TypeAlias

from psycopg import AsyncConnection, Rollback
from psycopg.types.json import Jsonb

from ingestion.events.codes import Code
from ingestion.events.identity import EPOCH, derive_uuid7
from ingestion.events.instants import parse_instant
from ingestion.landing.dialect import PROTOCOL, Dialect
from ingestion.landing.failure_log import Failure, Selection, State, read_failures
from ingestion.landing.land import land_again
from ingestion.landing.verdict import Status, Verdict
from ingestion.privacy.masking import mask_text

Dialects: TypeAlias = Mapping[str, Dialect]
NO_DIALECTS: Dialects = MappingProxyType({})
_BATCH = 500
# One replay at a time: two would both find an event open, and one of them fail on the index.
_LOCK = 0x5354554459_04

_MARK = """
insert into raw.replays (failed_event_id, status, event_id, code, path, message)
select failed_event_id, status, event_id, code, path, message
from jsonb_to_recordset(%s) as replay (
    failed_event_id uuid, status text, event_id uuid, code text, path text, message text
)
"""


@dataclass(frozen=True, slots=True)
class Replay:
    """What became, or would become, of a failed event.

    `verdict` is None where it was not tried, for what is kept is not what was said: see `reason`.
    """

    failure: Failure
    verdict: Verdict | None
    reason: str | None = None


async def replay_failures(
    connection: AsyncConnection,
    selection: Selection,
    *,
    dialects: Dialects = NO_DIALECTS,
    dry_run: bool = False,
    on_batch: Callable[[int], None] = lambda _: None,
) -> list[Replay]:
    """Land the open failed events of a selection again.

    What came by one of the `dialects` (by their names) is translated as they say today.

    Each batch lands and is marked in one transaction: killed in between, it is as if it had not
    begun. With `dry_run` everything is done in one transaction that is then taken back.
    """
    if dry_run:
        replays: list[Replay] = []
        async with connection.transaction():
            replays = await _replay_all(connection, selection, dialects, on_batch)
            raise Rollback
        return replays
    return await _replay_all(connection, selection, dialects, on_batch)


async def _replay_all(
    connection: AsyncConnection,
    selection: Selection,
    dialects: Dialects,
    on_batch: Callable[[int], None],
) -> list[Replay]:
    chosen = [failure.failed_event_id for failure in await read_failures(connection, selection)]
    replays: list[Replay] = []
    identifiers = iter(chosen)
    while batch := list(islice(identifiers, _BATCH)):
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
            # Read again behind the lock: another replay may have landed them meanwhile.
            failures = await read_failures(connection, Selection(ids=batch, state=State.OPEN))
            done = await _replay(connection, failures, dialects)
        replays += done
        on_batch(len(batch))
    return replays


async def _replay(
    connection: AsyncConnection, failures: Sequence[Failure], dialects: Dialects
) -> list[Replay]:
    """Land and mark, in the caller's transaction."""
    refused = [
        Replay(failure, None, why) for failure in failures if (why := _why_not(failure, dialects))
    ]
    replays: list[Replay] = []
    tried = [failure for failure in failures if not _why_not(failure, dialects)]
    for request in _by_request(tried):
        dialect = dialects.get(_protocol(request[0]))
        report = await land_again(
            connection,
            [_restore(failure, dialect) for failure in request],
            received_at=request[0].received_at,
            sent_at=request[0].sent_at,
            context=request[0].context,
            dialect=dialect,
        )
        replays += map(Replay, request, report.results)
    await connection.execute(_MARK, (Jsonb([_mark(replay) for replay in replays]),))
    return [*replays, *refused]


_NOT_AS_SAID = {
    Code.UNSTORABLE_TEXT.value: "its text could be kept only in a changed spelling",
    Code.PRIVATE_DATA.value: "its id was private and is not kept",
    Code.PRIVATE_TRAITS.value: "it says traits and no event",
    Code.TRAITS_NOT_STORED.value: "it says traits and no event",
}


def _why_not(failure: Failure, dialects: Dialects) -> str | None:
    """Why a failed event is not even tried."""
    if failure.kind == "conflict":
        return "an event with its id is stored and says something else: which one holds is for you"
    protocol = _protocol(failure)
    if protocol and protocol not in dialects:
        return f"it came by the protocol {protocol}, which cannot be read here"
    return _NOT_AS_SAID.get(failure.code)


def _protocol(failure: Failure) -> str:
    return str(failure.context.get(PROTOCOL, ""))


def _by_request(failures: Sequence[Failure]) -> Iterator[list[Failure]]:
    """Part failures, in their order, into those that share a receipt."""
    same = groupby(
        failures, lambda failure: (failure.received_at, failure.sent_at, failure.context)
    )
    return (list(request) for _, request in same)


def _restore(failure: Failure, dialect: Dialect | None) -> object:
    """The event to land: with an id of its failure's where the client gave none.

    A random one would land it twice if it were replayed twice.
    """
    id_field, time_field = ("event_id", "occurred_at")
    if dialect is not None:
        id_field, time_field = dialect.id_field, dialect.time_field
    payload = failure.payload
    if not isinstance(payload, dict) or payload.get(id_field) is not None:
        return payload
    moment = failure.received_at
    with suppress(ValueError):
        moment = parse_instant(payload.get(time_field))
    name = f"failed event {failure.failed_event_id}"
    # Before 1970 no id can be made, and no event is accepted.
    return payload | {id_field: str(derive_uuid7(max(moment, EPOCH), name))}


def _mark(replay: Replay) -> dict[str, Any]:
    verdict, failure = replay.verdict, replay.failure
    if verdict is None:
        raise ValueError("what was not tried is not marked")
    landed = verdict.status in (Status.ACCEPTED, Status.DUPLICATE)
    why = verdict.why
    return {
        "failed_event_id": str(failure.failed_event_id),
        "status": verdict.status.value,
        "event_id": verdict.event_id if landed else None,
        "code": why.code if why else None,
        "path": mask_text(why.path) if why else None,
        "message": mask_text(why.message) if why else None,
    }
