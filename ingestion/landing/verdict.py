"""What became of each event of a batch."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import attrgetter

import msgspec

from ingestion.events.validation import Rejection

_status_of = attrgetter("status")


class Status(StrEnum):
    """The four fates of an event; `received` is always their sum."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    CONFLICT = "conflict"


class Verdict(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The fate of the event at `index` of its batch.

    `event_id` is the stored id (or, for a rejected event, the id as the client sent it, if it sent
    text); `client_event_id` is the client's own id where it had to be mapped to a UUIDv7.
    `why` is set for `rejected` and `conflict` only.
    """

    index: int
    status: Status
    event_id: str | None = None
    client_event_id: str | None = None
    why: Rejection | None = None


@dataclass(frozen=True, slots=True)
class LandingReport:
    """One verdict for each event of the batch, in the batch's order."""

    results: Sequence[Verdict]
    counts: Counter[Status] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "counts", Counter(map(_status_of, self.results)))
