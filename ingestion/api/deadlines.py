"""Bodies that come too slowly are cut off: they hold a connection, and memory, for nothing."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ingestion.api.errors import RequestRefusedError

_ANNOUNCES_A_BODY = frozenset({b"content-length", b"transfer-encoding"})


class BodyDeadlines:
    """Middleware: a body comes whole within `total_seconds`, no wait longer than `idle_seconds`.

    Who reads a body that does not gets a `RequestRefusedError` with status 408 instead of it.
    """

    def __init__(self, app: ASGIApp, *, total_seconds: float, idle_seconds: float) -> None:
        self._app, self._total, self._idle = app, total_seconds, idle_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its body under the clock."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        now = asyncio.get_running_loop().time
        deadline = now() + self._total
        complete = False

        async def receive_in_time() -> Message:
            nonlocal complete
            if complete:  # what comes now is the end of the connection, however late
                return await receive()
            try:
                async with asyncio.timeout_at(min(deadline, now() + self._idle)):
                    message = await receive()
            except TimeoutError:
                raise _too_slow() from None
            complete = not message.get("more_body", False)
            return message

        await self._app(scope, receive_in_time, send)


def _has_body(scope: Scope) -> bool:
    return any(name in _ANNOUNCES_A_BODY for name, _ in scope["headers"])


def _too_slow() -> RequestRefusedError:
    return RequestRefusedError(
        408,
        "body_too_slow",
        "the body came too slowly: nothing was stored; send smaller batches",
        {"Connection": "close"},
    )
