"""One shape for every refusal: a code to switch on and a sentence to read."""

from collections.abc import Mapping

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from psycopg import Error, OperationalError
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from ingestion.api.settings import RETRY_AFTER_SECONDS

QUEUE_FULL_SECONDS = 1


class Problem(BaseModel):
    """Why a whole request was refused. Nothing of it was landed."""

    error: str = Field(description="Stable code.", examples=["malformed_json"])
    message: str = Field(description="What is wrong and what to do, in one line.")


class RequestRefusedError(Exception):
    """A request that is refused whole, before any of its events is looked at."""

    def __init__(
        self, status: int, error: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.error, self.headers = status, error, headers


def refuse_database_away() -> RequestRefusedError:
    """The refusal while the database is lost or overloaded: the same batch may be resent."""
    return RequestRefusedError(
        503,
        "database_unavailable",
        "the database cannot be reached: nothing was acknowledged; send the same batch again",
        {"Retry-After": str(RETRY_AFTER_SECONDS)},
    )


def answer(refusal: RequestRefusedError) -> JSONResponse:
    """The response a refusal is told by."""
    problem = Problem(error=refusal.error, message=str(refusal))
    return JSONResponse(problem.model_dump(), refusal.status, headers=refusal.headers)


async def answer_refusal(request: Request, refusal: Exception) -> JSONResponse:
    """Answer a `RequestRefusedError`."""
    if not isinstance(refusal, RequestRefusedError):
        raise TypeError(type(refusal)) from refusal
    request.scope["problem"] = refusal.error
    return answer(refusal)


async def answer_database_away(request: Request, error: Exception) -> JSONResponse:
    """Answer a lost or overloaded database: nothing was acknowledged, the batch may be resent."""
    # The class alone: a message of PostgreSQL's may quote the row it was about.
    kind = type(error).__name__
    request.app.state.metrics.database_errors.labels(kind).inc()
    request.app.state.log.warning(
        "database_away",
        request_id=request.scope.get("request_id"),
        error=kind,
        sqlstate=error.sqlstate if isinstance(error, Error) else None,
    )
    return await answer_refusal(request, refuse_database_away())


async def answer_queue_full(request: Request, _: Exception) -> JSONResponse:
    """Answer that too much waits to be written: the sender slows down, memory stays bounded."""
    refusal = RequestRefusedError(
        429,
        "too_many_waiting",
        "more events wait than may: nothing was stored; send the same batch again",
        {"Retry-After": str(QUEUE_FULL_SECONDS)},
    )
    return await answer_refusal(request, refusal)


async def answer_http_error(request: Request, error: Exception) -> JSONResponse:
    """Answer what the router itself refuses (404, 405) in the shape of all refusals."""
    if not isinstance(error, HTTPException):
        raise TypeError(type(error)) from error
    told = {
        404: ("not_found", "there is no such route: see /docs"),
        405: ("method_not_allowed", "the route does not take this method: see `Allow`"),
    }
    code, message = told.get(error.status_code, ("refused", error.detail))
    return await answer_refusal(
        request, RequestRefusedError(error.status_code, code, message, error.headers)
    )


async def answer_invalid_parameter(request: Request, error: Exception) -> JSONResponse:
    """Answer a parameter of the path or the query that is not what the route takes."""
    if not isinstance(error, RequestValidationError):
        raise TypeError(type(error)) from error
    first = error.errors()[0]
    # Never what was sent: it may be somebody's name.
    refusal = RequestRefusedError(422, "invalid_parameter", f"`{first['loc'][-1]}`: {first['msg']}")
    return await answer_refusal(request, refusal)


DATABASE_AWAY: tuple[type[Exception], ...] = (OperationalError, PoolTimeout)
