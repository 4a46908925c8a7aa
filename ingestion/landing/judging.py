"""A batch judged before it is written: rows to store, and verdicts on what cannot be stored."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from ingestion.events.columns import microseconds
from ingestion.events.plan import PLAN
from ingestion.events.reading import ReadEvents, read_decoded, read_events
from ingestion.events.validation import AcceptedEvent, Rejection, validate_event
from ingestion.landing.dialect import PROTOCOL, Dialect
from ingestion.landing.failed_events import FailedEvent
from ingestion.landing.months import OpenMonths
from ingestion.landing.rows import RowWriter
from ingestion.landing.verdict import Status, Verdict

_ID_CHARACTERS = 128


class Row(msgspec.Struct, frozen=True, gc=False):
    """A valid event as it will be written, and its place in the batch.

    `client_event_id` is the client's own id where the key was derived from it; `occurred` is the
    corrected time in microseconds since 1970; `content` is for `copy_stream`.
    """

    position: int
    key: bytes
    event_id: str
    client_event_id: str | None
    occurred: int
    content: bytes

    def verdict(self, status: Status, why: Rejection | None = None) -> Verdict:
        """What became of it."""
        return Verdict(self.position, status, self.event_id, self.client_event_id, why)


@dataclass(slots=True, kw_only=True)
class JudgedBatch:
    """The events of one request: what can be stored as `rows`, the rest as `failed`.

    `unkept` are verdicts on events of forgotten learners, of which nothing is kept.

    `payload_at` gives the event at a position as the client sent it; `fast` is how many events
    were read by their shapes, `redacted` how many held private data, `redactions` what of each
    kind was taken out. `event_types` names those that say a type of the plan, by position.
    `dialect` is the protocol they came by where that is not our own.
    """

    size: int
    received_at: datetime
    sent_at: datetime | None
    context: Mapping[str, object]
    payload_at: Callable[[int], object]
    rows: list[Row] = field(default_factory=list)
    failed: list[FailedEvent] = field(default_factory=list)
    unkept: list[Verdict] = field(default_factory=list)
    fast: int = 0
    redacted: int = 0
    redactions: Counter[str] = field(default_factory=Counter)
    event_types: dict[int, str] = field(default_factory=dict)
    dialect: Dialect | None = None

    def fail(self, verdict: Verdict) -> None:
        """Add a verdict of `rejected` or `conflict` and with it a dead letter."""
        if verdict.why is None:
            raise ValueError("a failed event needs a reason")
        self.failed.append(FailedEvent(verdict, verdict.why, self.payload_at(verdict.index)))

    def reject(self, position: int, why: Rejection) -> Verdict:
        """The verdict on an event that is turned away: it names the id it came with, if any."""
        payload = self.payload_at(position)
        name = "event_id" if self.dialect is None else self.dialect.id_field
        event_id = payload.get(name) if isinstance(payload, dict) else None
        told = event_id if isinstance(event_id, str) and len(event_id) <= _ID_CHARACTERS else None
        return Verdict(position, Status.REJECTED, told, why=why)

    def close(self, months: OpenMonths) -> None:
        """Turn away the rows that have no open month."""
        kept = []
        for row in self.rows:
            why = months.refuse(row.key, row.occurred)
            if why is None:
                kept.append(row)
            else:
                self.fail(self.reject(row.position, why))
        self.rows = kept


def judge_values(
    events: Sequence[object],
    *,
    received_at: datetime,
    sent_at: datetime | None,
    context: Mapping[str, object],
    dialect: Dialect | None = None,
) -> JudgedBatch:
    """Judge events that were parsed from JSON already, one by one.

    With a dialect they are its messages; the context of each says so.
    """
    batch = JudgedBatch(
        size=len(events),
        received_at=received_at,
        sent_at=sent_at,
        context=context if dialect is None else {**context, PROTOCOL: dialect.name},
        payload_at=events.__getitem__,
        dialect=dialect,
    )
    _judge_singly(batch, range(len(events)), _writer(batch))
    return batch


def judge_texts(
    texts: Sequence[bytes],
    *,
    received_at: datetime,
    sent_at: datetime | None,
    context: Mapping[str, object],
    parse: Callable[[str], object] = json.loads,
) -> JudgedBatch:
    """Judge events by their JSON texts: by their shapes where that does, else one by one.

    `parse` reads what the shapes do not; what it raises is raised, as UnicodeDecodeError is where a
    text is not UTF-8.
    """
    batch = JudgedBatch(
        size=len(texts),
        received_at=received_at,
        sent_at=sent_at,
        context=context,
        payload_at=lambda position: parse(texts[position].decode()),
    )
    _judge_read(batch, read_events(texts, received_at=received_at, sent_at=sent_at))
    return batch


def judge_decoded(
    events: Sequence[Any],
    *,
    received_at: datetime,
    sent_at: datetime | None,
    context: Mapping[str, object],
    payload_at: Callable[[int], object],
) -> JudgedBatch:
    """Judge events that `decode_batch` has decoded; `payload_at` gives one as it was sent."""
    batch = JudgedBatch(
        size=len(events),
        received_at=received_at,
        sent_at=sent_at,
        context=context,
        payload_at=payload_at,
    )
    _judge_read(batch, read_decoded(events, received_at=received_at, sent_at=sent_at))
    return batch


def _judge_read(batch: JudgedBatch, read: ReadEvents) -> None:
    writer = _writer(batch)
    batch.fast = len(read.positions)
    types = [event.__struct_config__.tag for event in read.structs]
    batch.event_types = dict(zip(read.positions, types, strict=True))
    batch.rows = [
        Row(position, key, event_id, client_event_id, occurred, content)
        for position, (key, event_id, client_event_id), occurred, content in zip(
            read.positions, read.identities, read.occurred, writer.write_read(read), strict=True
        )
    ]
    _judge_singly(batch, read.odd, writer)


def _writer(batch: JudgedBatch) -> RowWriter:
    return RowWriter(received_at=batch.received_at, sent_at=batch.sent_at, context=batch.context)


def _judge_singly(batch: JudgedBatch, positions: Iterable[int], writer: RowWriter) -> None:
    for position in positions:
        event, outcome = _judge(batch, batch.payload_at(position))
        if (name := _event_type(event)) is not None:
            batch.event_types[position] = name
        if isinstance(outcome, AcceptedEvent):
            if outcome.redacted is not None:
                batch.redacted += 1
                batch.redactions.update(outcome.redacted)
            batch.rows.append(_row(position, outcome, writer))
        else:
            batch.fail(batch.reject(position, outcome))


def _judge(batch: JudgedBatch, payload: object) -> tuple[object, AcceptedEvent | Rejection]:
    """The event a payload says, and the verdict on it, whose path is in the sender's words."""
    paths: Mapping[str, str] = {}
    event = payload
    if batch.dialect is not None:
        translation = batch.dialect.translate(payload)
        if isinstance(translation, Rejection):
            return None, translation
        event, paths = translation.event, translation.paths
    outcome = validate_event(event, received_at=batch.received_at, sent_at=batch.sent_at)
    if isinstance(outcome, Rejection) and outcome.path in paths:
        outcome = replace(outcome, path=paths[outcome.path])
    return event, outcome


def _row(position: int, event: AcceptedEvent, writer: RowWriter) -> Row:
    return Row(
        position,
        event.event_id.bytes,
        str(event.event_id),
        event.client_event_id,
        microseconds(event.occurred_at),
        writer.write_accepted(event),
    )


def _event_type(event: object) -> str | None:
    name = event.get("event_type") if isinstance(event, dict) else None
    return name if isinstance(name, str) and name in PLAN else None
