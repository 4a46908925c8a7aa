"""How the verdicts on a batch are told."""

import msgspec
from pydantic import BaseModel, Field

from ingestion.landing.verdict import LandingReport, Status, Verdict


class EventVerdict(BaseModel):
    """What became of one event."""

    index: int = Field(description="Its place in the batch, from 0.")
    status: Status
    event_id: str | None = Field(
        default=None,
        description="The id it is stored under; of a rejected event the id it came with, if any.",
    )
    client_event_id: str | None = Field(
        default=None, description="The client's own id, where it is not the stored one."
    )
    code: str | None = Field(default=None, description="Why it was not stored.")
    path: str | None = Field(default=None, description="The field at fault.")
    message: str | None = None


class BatchVerdict(BaseModel):
    """What became of a batch. It is sent after the commit: `accepted` means stored for good."""

    accepted: int
    duplicate: int
    rejected: int
    conflict: int
    results: list[EventVerdict]


class _Told(msgspec.Struct, omit_defaults=True, gc=False):
    """A verdict with its reason, as `EventVerdict` says."""

    index: int
    status: Status
    event_id: str | None = None
    client_event_id: str | None = None
    code: str | None = None
    path: str | None = None
    message: str | None = None


class Answer(msgspec.Struct, gc=False, omit_defaults=True):
    """What `BatchVerdict` describes: written in C, a pydantic model is dear."""

    accepted: int
    duplicate: int
    rejected: int
    conflict: int
    results: list[Verdict | _Told]
    success: bool | None = None


encode = msgspec.json.Encoder().encode


def tell_report(report: LandingReport, *, success: bool | None = None) -> Answer:
    """The answer to a batch; `success` is in it where that is given."""
    counts = report.counts
    return Answer(
        accepted=counts[Status.ACCEPTED],
        duplicate=counts[Status.DUPLICATE],
        rejected=counts[Status.REJECTED],
        conflict=counts[Status.CONFLICT],
        results=[verdict if verdict.why is None else _tell(verdict) for verdict in report.results],
        success=success,
    )


def _tell(verdict: Verdict) -> _Told:
    why = verdict.why
    if why is None:
        raise ValueError("there is no reason to tell")
    return _Told(
        verdict.index,
        verdict.status,
        verdict.event_id,
        verdict.client_event_id,
        why.code,
        why.path,
        why.message,
    )
