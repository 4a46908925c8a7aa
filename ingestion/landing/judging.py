"""A batch judged before it is written: rows to store, and verdicts on what cannot be stored."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from ingestion.events.columns import microseconds
from ingestion.events.plan import PLAN
from ingestion.events.reading import read_events
from ingestion.events.validation import AcceptedEvent, Rejection, validate_event
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

    `payload_at` gives the event at a position as the client sent it; `fast` is how many events
    were read by their shapes, `redacted` how many held private data, `redactions` what of each
    kind was taken out. `event_types` names those that say a type of the plan, by position.
    """

    size: int
    received_at: datetime
    sent_at: datetime | None
    context: Mapping[str, object]
    payload_at: Callable[[int], object]
    rows: list[Row] = field(default_factory=list)
    failed: list[FailedEvent] = field(default_factory=list)
    fast: int = 0
    redacted: int = 0
    redactions: Counter[str] = field(default_factory=Counter)
    event_types: dict[int, str] = field(default_factory=dict)

    def fail(self, verdict: Verdict) -> None:
        """Add a verdict of `rejected` or `conflict` and with it a dead letter."""
        if verdict.why is None:
            raise ValueError("a failed event needs a reason")
        self.failed.append(FailedEvent(verdict, verdict.why, self.payload_at(verdict.index)))

    def close(self, months: OpenMonths) -> None:
        """Turn away the rows that have no open month."""
        kept = []
        for row in self.rows:
            why = months.refuse(row.key, row.occurred)
            if why is None:
                kept.append(row)
            else:
                self.fail(_rejected(row.position, self.payload_at(row.position), why))
        self.rows = kept


def judge_values(
    events: Sequence[object],
    *,
    received_at: datetime,
    sent_at: datetime | None,
    context: Mapping[str, object],
) -> JudgedBatch:
    """Judge events that were parsed from JSON already, one by one."""
    batch = JudgedBatch(
        size=len(events),
        received_at=received_at,
        sent_at=sent_at,
        context=context,
        payload_at=events.__getitem__,
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
    writer = _writer(batch)
    read = read_events(texts, received_at=received_at, sent_at=sent_at)
    batch.fast = len(read.positions)
    types = (event.__struct_config__.tag for event in read.structs)
    batch.event_types = dict(zip(read.positions, types, strict=True))
    batch.rows = [
        Row(position, key, event_id, client_event_id, occurred, content)
        for position, (key, event_id, client_event_id), occurred, content in zip(
            read.positions, read.identities, read.occurred, writer.write_read(read), strict=True
        )
    ]
    _judge_singly(batch, read.odd, writer)
    return batch


def _writer(batch: JudgedBatch) -> RowWriter:
    return RowWriter(received_at=batch.received_at, sent_at=batch.sent_at, context=batch.context)


def _judge_singly(batch: JudgedBatch, positions: Iterable[int], writer: RowWriter) -> None:
    for position in positions:
        payload = batch.payload_at(position)
        outcome = validate_event(payload, received_at=batch.received_at, sent_at=batch.sent_at)
        if isinstance(outcome, AcceptedEvent):
            batch.event_types[position] = outcome.event_type
            if outcome.redacted is not None:
                batch.redacted += 1
                batch.redactions.update(outcome.redacted)
            batch.rows.append(_row(position, outcome, writer))
        else:
            if (name := _event_type(payload)) is not None:
                batch.event_types[position] = name
            batch.fail(_rejected(position, payload, outcome))


def _row(position: int, event: AcceptedEvent, writer: RowWriter) -> Row:
    return Row(
        position,
        event.event_id.bytes,
        str(event.event_id),
        event.client_event_id,
        microseconds(event.occurred_at),
        writer.write_accepted(event),
    )


def _event_type(payload: object) -> str | None:
    name = payload.get("event_type") if isinstance(payload, dict) else None
    return name if isinstance(name, str) and name in PLAN else None


def _rejected(position: int, payload: object, why: Rejection) -> Verdict:
    event_id = payload.get("event_id") if isinstance(payload, dict) else None
    told = event_id if isinstance(event_id, str) and len(event_id) <= _ID_CHARACTERS else None
    return Verdict(position, Status.REJECTED, told, why=why)
