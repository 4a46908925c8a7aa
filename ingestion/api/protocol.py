"""HTTP/1.1 with bounds: how long a head may take, how large it may be, how many may connect.

uvicorn knows a deadline only between two requests. Whoever sends a byte a minute before the end of
the headers, or never reads the answer, would hold a connection for ever; a few hundred of those
and nobody else gets in.
"""

import asyncio
import json
from asyncio.events import TimerHandle
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from ingestion.api.settings import RETRY_AFTER_SECONDS

if TYPE_CHECKING:
    from ingestion.api.configuration import BoundedConfig


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one worker. Times in seconds."""

    connections: int
    head_bytes: int
    head_seconds: float
    send_seconds: float


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def __init__(self, config: "BoundedConfig", *rest: Any, **named: Any) -> None:
        super().__init__(config, *rest, **named)
        self._bounds = config.bounds
        self._head_bytes = 0
        self._in_head = False
        self._head_timer: TimerHandle | None = None
        self._send_timer: TimerHandle | None = None

    def connection_made(  # type: ignore[override]
        self, transport: asyncio.Transport
    ) -> None:
        """Take the connection, or turn it away where there are too many."""
        super().connection_made(transport)
        if len(self.connections) > self._bounds.connections:
            self._turn_away(503, "too_many_connections", "too many connections: come back later")
        else:
            self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers, or they would keep the connection's memory."""
        self._stop_head_timer()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless it has become too much for a head."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > self._bounds.head_bytes:
                self._turn_away_large()
                return
        # Also where no head has begun: blank lines, or the rest of a body nobody waits for.
        if self._head_timer is None and not self._is_answering():
            self._start_head_timer()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head is whole."""
        self._in_head = False
        self._stop_head_timer()
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        if size > self._bounds.head_bytes:
            self._turn_away_large()
        elif not self.transport.is_closing():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body, unless its request was turned away."""
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """A body is whole."""
        if not self.transport.is_closing():
            super().on_message_complete()

    def pause_writing(self) -> None:
        """The answer is not read: give it some time."""
        super().pause_writing()
        if self._send_timer is None:
            self._send_timer = self.loop.call_later(self._bounds.send_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It is read again."""
        if self._send_timer is not None:
            self._send_timer.cancel()
            self._send_timer = None
        super().resume_writing()

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _start_head_timer(self) -> None:
        self._head_timer = self.loop.call_later(self._bounds.head_seconds, self._end_slow_head)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _end_slow_head(self) -> None:
        self._head_timer = None
        if self.transport.is_closing():
            return
        if self._is_answering():
            self._start_head_timer()  # the sender waits for us, not we for it
        elif self._in_head:
            self._turn_away(408, "head_too_slow", "the headers came too slowly")
        else:
            self.transport.close()

    def _turn_away_large(self) -> None:
        self._turn_away(431, "head_too_large", f"over {self._bounds.head_bytes} bytes of headers")

    def _turn_away(self, status: int, error: str, message: str) -> None:
        if self._is_answering():
            self.transport.close()  # a second answer would be read as the rest of the first
            return
        body = json.dumps({"error": error, "message": message}).encode()
        self.transport.write(
            b"%scontent-type: application/json\r\ncontent-length: %d\r\nretry-after: %d\r\n"
            b"connection: close\r\n\r\n%s"
            % (STATUS_LINE[status], len(body), RETRY_AFTER_SECONDS, body)
        )
        self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, in the shape of all refusals."""
        self._turn_away(400, "malformed_request", msg)
