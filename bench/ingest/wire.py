"""The least HTTP a load generator needs: whole requests out, whole answers in, nothing hidden.

A general client spends as much on a request as the service does, and both share the cores: what
would be measured is the client.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from ingestion.clients.poster import ROUTE, cut_batches

USER_AGENT = "study-bench/1"
STATUSES = ("accepted", "duplicate", "rejected", "conflict")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.I)
_RETRY_AFTER = re.compile(rb"\r\nretry-after: *(\d+)", re.I)
_HEAD_ENDS = b"\r\n\r\n"


class BrokenAnswerError(ConnectionError):
    """The connection ended, or said what is no answer, before the answer was whole."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response."""

    status: int
    head: bytes
    body: bytes

    @property
    def retry_after(self) -> float | None:
        """Seconds the service asks to wait, where it asks."""
        found = _RETRY_AFTER.search(self.head)
        return float(found[1]) if found else None


class Connection(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._answer: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, host: str, port: int) -> "Connection":
        """Connect. Raises OSError where nobody listens."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, host, port)
        return connection

    @property
    def is_open(self) -> bool:
        """Whether nothing was heard of its end."""
        return self._transport is not None and not self._transport.is_closing()

    async def exchange(self, request: bytes) -> Answer:
        """Send a request and wait for its answer. Raises BrokenAnswerError."""
        if self._transport is None or self._transport.is_closing():
            raise BrokenAnswerError("the connection is closed")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        # uvloop's transports have the methods of asyncio's, and not the type
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._received += data
        try:
            answer = self._take_answer()
        except BrokenAnswerError as error:
            self._fail(error)
            self.close()
            return
        if answer is not None and self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self._fail(BrokenAnswerError(str(exc) if exc else "the connection was closed"))

    def _fail(self, error: BrokenAnswerError) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)

    def _take_answer(self) -> Answer | None:
        end = self._received.find(_HEAD_ENDS)
        if end < 0:
            return None
        head = bytes(self._received[:end])
        found = _LENGTH.search(head)
        if found is None or not head.startswith(b"HTTP/1.1 "):
            raise BrokenAnswerError(f"an answer without a length: {head[:100]!r}")
        start = end + len(_HEAD_ENDS)
        whole = start + int(found[1])
        if len(self._received) < whole:
            return None
        body = bytes(self._received[start:whole])
        del self._received[:whole]
        return Answer(int(head[9:12]), head, body)


def encode_request(bodies: Sequence[bytes]) -> bytes:
    """The request that posts a batch of events, each given as its JSON."""
    body = b'{"events":[' + b",".join(bodies) + b"]}"
    head = (
        f"POST {ROUTE} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: {USER_AGENT}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def encode_requests(events: Sequence[object], batch: int) -> list[bytes]:
    """Requests of `batch` events each, the last one of what is left."""
    return [encode_request(bodies) for bodies in cut_batches(events, most_events=batch)]


def count_verdicts(body: bytes) -> Counter[str]:
    """How many events of a batch met which fate, counted from the events' own verdicts.

    Not from the sums that the answer begins with: those are what is to be checked. Raises
    ValueError where the two differ.
    """
    counts = Counter(
        {status: body.count(b'"status":"%b"' % status.encode()) for status in STATUSES}
    )
    told = _read_sums(body)
    if +counts != +told:
        raise ValueError(f"the verdicts are {dict(+counts)}, and their sums are {dict(+told)}")
    return +counts


def _read_sums(body: bytes) -> Counter[str]:
    # the list of results is cut off unread: parsing it would cost as much as judging it did
    head = body.partition(b',"results":')[0]
    sums = json.loads(head + b"}" if len(head) < len(body) else body)
    return Counter({status: sums[status] for status in STATUSES})
