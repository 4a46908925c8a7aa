"""Post many events to an ingestion service, in batches, and tally what became of them."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from ingestion.clients.tally import Tally

ROUTE = "/api/analytics/events/batch"
BATCH_EVENTS = 500
# The service takes 4 MiB; the envelope around the events needs a little of it.
BATCH_BYTES = 3 * 1024 * 1024
ATTEMPTS = 8
# A service that was never reached is likelier misnamed than restarting.
ATTEMPTS_TO_REACH = 3
LONGEST_BACKOFF_SECONDS = 30.0
# A service that asks for more than this is not busy but down: better to say so than to hang.
LONGEST_WAIT_SECONDS = 300.0
_BUSY = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)


class PostingError(Exception):
    """A batch could not be delivered. The message says what, why and what to do, in one line."""


@dataclass(frozen=True, kw_only=True)
class Poster:
    """Posts events to the service at `url`.

    A batch the service is too busy for is sent again after the time it asks for; one that never
    reached it as well. A batch that was sent but not answered is *not* sent again by itself:
    events without an id of their own would be stored twice. (Run the same replay again: events
    with ids are recognised.) No `sent_at` is sent, for a replayed clock is not off: the times of
    the events stay as they are.
    """

    url: str
    write_key: str | None = None
    timeout_seconds: float = 60.0
    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], None] = field(default=time.sleep)

    def post(
        self,
        events: Iterable[object],
        *,
        on_batch: Callable[[int], None] = lambda _: None,
    ) -> Tally:
        """Post every event and return the tally of verdicts; `on_batch` is told each batch's size.

        Raises PostingError where the service cannot be reached or refuses a batch whole; what was
        answered before that is stored.
        """
        tally = Tally()
        key = {"Authorization": f"Bearer {self.write_key}"} if self.write_key else {}
        with httpx.Client(
            base_url=self.url,
            headers={"Content-Type": "application/json", **key},
            timeout=self.timeout_seconds,
            transport=self.transport,
        ) as client:
            for bodies in cut_batches(events):
                attempts = ATTEMPTS if tally.total else ATTEMPTS_TO_REACH
                body = b'{"events":[' + b",".join(bodies) + b"]}"
                answer = self._deliver(client, body, attempts_to_reach=attempts)
                tally.add(
                    (verdict["status"], *map(verdict.get, ("code", "path", "message")))
                    for verdict in answer.json()["results"]
                )
                on_batch(len(bodies))
        return tally

    def _deliver(
        self, client: httpx.Client, body: bytes, *, attempts_to_reach: int
    ) -> httpx.Response:
        for attempt in range(1, ATTEMPTS + 1):
            wait = min(0.25 * 2**attempt, LONGEST_BACKOFF_SECONDS)
            try:
                answer = client.post(ROUTE, content=body)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                why = f"it cannot be reached ({error})"
                if attempt >= attempts_to_reach:
                    break
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise PostingError(
                    f"posting to {self.url} failed: {error or type(error).__name__}. Replay the"
                    " same events once it is well: those already stored are recognised."
                ) from error
            else:
                if answer.is_success:
                    return answer
                if answer.status_code not in _BUSY:
                    raise PostingError(_refusal(self.url, answer))
                why = f"it keeps answering {answer.status_code}"
                wait = retry_after(answer.headers.get("Retry-After"), default=wait)
            if attempt < ATTEMPTS:
                self.sleep(min(wait, LONGEST_WAIT_SECONDS))
        raise PostingError(
            f"posting to {self.url} was given up after {attempt} attempts: {why}. Check that the"
            " service runs there (`study serve`), then replay the same events."
        )


def cut_batches(
    events: Iterable[object],
    *,
    most_events: int = BATCH_EVENTS,
    most_bytes: int = BATCH_BYTES,
) -> Iterator[list[bytes]]:
    """Cut a stream into batches of JSON texts within both bounds.

    An event larger than a batch goes alone: that it is too large is the service's to say.
    """
    batch: list[bytes] = []
    size = 0
    for event in events:
        body = json.dumps(event, separators=(",", ":")).encode()
        if batch and (len(batch) >= most_events or size + len(body) > most_bytes):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += len(body) + 1
    if batch:
        yield batch


def retry_after(header: str | None, *, default: float) -> float:
    """Seconds to wait by a `Retry-After` header (seconds or an HTTP date); else the default."""
    if header is None:
        return default
    if header.strip().isdigit():
        return float(header)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return default
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _refusal(url: str, answer: httpx.Response) -> str:
    try:
        why = answer.json()["message"]
    except (ValueError, KeyError, TypeError):
        why = answer.reason_phrase
    return f"{url} refused a batch with {answer.status_code}: {why}"
