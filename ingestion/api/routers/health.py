"""Liveness apart from readiness: a process that runs is not yet one that can store."""

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from ingestion.api.errors import RequestRefusedError
from ingestion.api.openapi import answered, refusals
from ingestion.api.settings import RETRY_AFTER_SECONDS, IngestionSettings
from ingestion.store.errors import StoreError
from ingestion.store.revisions import pending

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The service's state."""

    status: str


@router.get(
    "/healthz",
    operation_id="check_liveness",
    summary="Is the process alive?",
    responses={200: answered("It is.", {"status": "ok"})},
)
async def healthz() -> Health:
    """Answer as long as the process does; touches nothing else."""
    return Health(status="ok")


@router.get(
    "/readyz",
    operation_id="check_readiness",
    summary="Can it store events?",
    responses={
        200: answered("It can.", {"status": "ready"}),
        **refusals(
            {
                503: {
                    "database_unavailable": "the database at localhost:5433 cannot be reached: ...",
                    "schema_behind": "1 migrations to apply: run `study migrate`",
                }
            }
        ),
    },
)
async def readyz(request: Request) -> Health:
    """Answer 200 once the database is reached and its schema is this version's."""
    settings: IngestionSettings = request.app.state.settings
    retry = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    try:
        behind = await run_in_threadpool(pending, settings.database_url)
    except StoreError as error:
        raise RequestRefusedError(503, "database_unavailable", str(error), retry) from error
    if behind:
        raise RequestRefusedError(
            503, "schema_behind", f"{len(behind)} migrations to apply: run `study migrate`", retry
        )
    return Health(status="ready")
