"""Forgetting by the settings in force: the marts are brought up by a run of the pipeline."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from ingestion.store.errors import StoreError
from orchestration.database import open_warehouse
from orchestration.erasure.archives import MonthArchives
from orchestration.erasure.forgetting import Found, Means, Receipt, forget, look_for
from orchestration.erasure.ledger import note_forgotten
from orchestration.pipeline import PipelineOutcome, run_pipeline
from orchestration.pseudonyms import open_pseudonyms
from orchestration.settings import Settings


def look_for_learner(settings: Settings, learner: UUID) -> Found:
    """Where a learner is now. Changes nothing."""
    with open_warehouse(settings) as url:
        return look_for(_means(settings, url, lambda: None), learner)


def forget_learner(
    settings: Settings, learner: UUID, *, as_of: datetime | None
) -> tuple[Receipt, PipelineOutcome | None]:
    """Forget a learner; the run that computed the marts again, None where there were none.

    Raises StoreError where something is left or the run did not finish, LoadRunningError.
    """
    runs: list[PipelineOutcome] = []

    def load() -> None:
        outcome = run_pipeline(settings, as_of=as_of or datetime.now(UTC))
        if not outcome.finished:
            raise StoreError(
                "the events are erased, but the marts could not be computed again:"
                f" {'; '.join(outcome.errors)}; correct that and run it again"
            )
        runs.append(outcome)

    with open_warehouse(settings) as url:
        means = _means(settings, url, load)
        note_forgotten(settings, learner, means.pseudonyms)
        receipt = forget(means, learner)
    return receipt, runs[-1] if runs else None


def _means(settings: Settings, url: str, load: Callable[[], object]) -> Means:
    return Means(
        settings=settings,
        url=url,
        pseudonyms=open_pseudonyms(settings, url),
        load=load,
        archives=MonthArchives(settings),
        records_url=settings.given_records_url,
    )
