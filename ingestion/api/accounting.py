"""What a route that lands events owes the rest: charge the batch before, account for it after."""

from fastapi import Request

from ingestion.api.auth import spend_events
from ingestion.landing.judging import JudgedBatch
from ingestion.landing.verdict import LandingReport


def admit_batch(request: Request, size: int) -> None:
    """Charge the writer's limits for a batch. Raises `RequestRefusedError` with status 429."""
    spend_events(request, size)


def account_batch(request: Request, batch: JudgedBatch, report: LandingReport) -> None:
    """Count the verdicts of a batch, and put them on the request's line in the log."""
    request.app.state.metrics.batch_answered(batch, report)
    request.scope["told"] = {"events": batch.size} | {
        str(status): count for status, count in report.counts.items()
    }
