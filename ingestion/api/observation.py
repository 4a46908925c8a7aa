"""Each request: an id, a line in the log, a place in the counters; and no exception beyond."""

import asyncio
import re
import time
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import FilteringBoundLogger

from ingestion.api.errors import RequestRefusedError, answer
from ingestion.api.logs import describe_exception
from ingestion.api.metrics import ServiceMetrics
from ingestion.api.settings import RETRY_AFTER_SECONDS

# Hexadecimal and nothing else: it is logged and sent back, and free text may be somebody's name.
_SANE_ID = re.compile(rb"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_NO_ROUTE = "(none)"


class ObservedRequests:
    """Middleware, the outermost: nothing inside may keep a request from being seen."""

    def __init__(self, app: ASGIApp, *, metrics: ServiceMetrics, log: FilteringBoundLogger) -> None:
        self._app, self._metrics, self._log = app, metrics, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; a bug in what is inside becomes a 500 in the shape of all refusals."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = scope["request_id"] = _request_id(scope)
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except asyncio.CancelledError:
            # The server cancels only what its drain leaves unanswered: the sender is told that.
            scope["problem"] = "shutting_down"
            if not status:
                await answer(_shutting_down())(scope, receive, send_with_id)
        except Exception as error:  # noqa: BLE001 (whatever it is, it is told, counted, answered)
            self._log.error("request_failed", request_id=request_id, **describe_exception(error))
            scope["problem"] = "internal_error"
            if status:
                raise ConnectionAbortedError("the answer broke off") from None
            await answer(_bug(request_id))(scope, receive, send_with_id)
        finally:
            self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", _NO_ROUTE)
        method = scope["method"] if scope["method"] in _METHODS else "(other)"
        self._metrics.requests.labels(method, route, status).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)
        told: dict[str, object] = scope.get("told", {})
        if problem := scope.get("problem"):
            told = {**told, "error": problem}
        if writer := scope.get("writer"):
            told = {**told, "writer": writer.name}
        self._log.info(
            "request",
            request_id=scope["request_id"],
            method=method,
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 1),
            **told,
        )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            if _SANE_ID.fullmatch(value):
                return str(value, "ascii")
            break
    return uuid4().hex


def _shutting_down() -> RequestRefusedError:
    return RequestRefusedError(
        503,
        "shutting_down",
        "the service ended before the answer: nothing is known of what was stored; send the same"
        " batch again",
        {"Retry-After": str(RETRY_AFTER_SECONDS), "Connection": "close"},
    )


def _bug(request_id: str) -> RequestRefusedError:
    return RequestRefusedError(
        500,
        "internal_error",
        f"an error of the service's own, logged under {request_id}: nothing is known of what was"
        " stored; the same batch may be sent again",
        {"Retry-After": str(RETRY_AFTER_SECONDS)},
    )
