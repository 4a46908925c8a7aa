"""Liveness apart from readiness: a process that runs is not yet one that can store."""

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel

from ingestion.api.errors import RETRY_AFTER_SECONDS, Problem, RequestRefusedError
from ingestion.api.settings import IngestionSettings
from ingestion.store.errors import StoreError
from ingestion.store.migrations import pending

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The service's state."""

    status: str


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> Health:
    """Answer as long as the process does; touches nothing else."""
    return Health(status="ok")


@router.get(
    "/readyz",
    summary="Can it store events?",
    responses={503: {"model": Problem, "description": "Database away or schema behind."}},
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
