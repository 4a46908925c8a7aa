"""One shape for every refusal: a code to switch on and a sentence to read."""

from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import JSONResponse
from psycopg import OperationalError
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, Field

RETRY_AFTER_SECONDS = 5
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


def answer_refusal(_: Request, refusal: Exception) -> JSONResponse:
    """Answer a `RequestRefusedError`."""
    if not isinstance(refusal, RequestRefusedError):
        raise TypeError(type(refusal)) from refusal
    return JSONResponse(
        Problem(error=refusal.error, message=str(refusal)).model_dump(),
        refusal.status,
        headers=refusal.headers,
    )


def answer_database_away(_: Request, __: Exception) -> JSONResponse:
    """Answer a lost or overloaded database: nothing was acknowledged, the batch may be resent."""
    return JSONResponse(
        Problem(
            error="database_unavailable",
            message="the database cannot be reached: nothing was stored; send the same batch again",
        ).model_dump(),
        503,
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )


def answer_queue_full(_: Request, __: Exception) -> JSONResponse:
    """Answer that too much waits to be written: the sender slows down, memory stays bounded."""
    return JSONResponse(
        Problem(
            error="too_many_waiting",
            message="more events wait than may: nothing was stored; send the same batch again",
        ).model_dump(),
        429,
        headers={"Retry-After": str(QUEUE_FULL_SECONDS)},
    )


DATABASE_AWAY: tuple[type[Exception], ...] = (OperationalError, PoolTimeout)
