"""What a route that lands events owes the rest: charge the batch before, account for it after."""

from collections.abc import Sequence
from datetime import datetime

from fastapi import Request

from ingestion.api.auth import spend_events
from ingestion.landing.verdict import LandingReport


def admit_batch(request: Request, events: Sequence[object]) -> None:
    """Charge the writer's limits for a batch. Raises `RequestRefusedError` with status 429."""
    spend_events(request, len(events))


def account_batch(
    request: Request, events: Sequence[object], report: LandingReport, received_at: datetime
) -> None:
    """Count the verdicts of a batch, and put them on the request's line in the log."""
    request.app.state.metrics.batch_answered(events, report, received_at)
    request.scope["told"] = {"events": len(events)} | {
        str(status): count for status, count in report.counts.items()
    }
