"""One attempt to hand a batch to the service, and what its answer means for the batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from ingestion.clients.poster import ROUTE, retry_after
from ingestion.clients.statistics import STATUSES

# Something in the batch is to blame: sent in halves, all but that comes through.
_BLAMES_THE_BATCH = (
    httpx.codes.BAD_REQUEST,
    httpx.codes.REQUEST_ENTITY_TOO_LARGE,
    httpx.codes.UNPROCESSABLE_ENTITY,
)
_PASSES = (httpx.codes.REQUEST_TIMEOUT, httpx.codes.TOO_MANY_REQUESTS)


@dataclass(frozen=True, slots=True)
class Judged:
    """The service has judged every event: one verdict for each, in order."""

    verdicts: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Refused:
    """The service will never take this batch as it is."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Later:
    """Nothing is known to be stored: send the same again, at the earliest after `seconds`.

    `lasting` is true where somebody has to do something first: a wrong key, a wrong address.
    """

    why: str
    seconds: float = 0.0
    lasting: bool = False


Answer = Judged | Refused | Later


class Exchange:
    """Posts batches to the service at `url`."""

    def __init__(
        self,
        url: str,
        *,
        write_key: str | None,
        timeout_seconds: float,
        transport: httpx.BaseTransport | None,
    ) -> None:
        self._url, self._timeout, self._transport = url, timeout_seconds, transport
        key = {"Authorization": f"Bearer {write_key}"} if write_key else {}
        self._headers = {"Content-Type": "application/json", **key}
        self._client: httpx.Client | None = None
        self._inherited: list[httpx.Client] = []

    def post(self, bodies: Sequence[str], *, sent_at: datetime) -> Answer:
        """Send events once. Whatever happens on the way is an answer; it raises nothing of HTTP."""
        if self._client is None:
            self._client = httpx.Client(
                base_url=self._url,
                headers=self._headers,
                timeout=self._timeout,
                transport=self._transport,
            )
        content = f'{{"sent_at":"{sent_at.isoformat()}","events":[{",".join(bodies)}]}}'
        try:
            response = self._client.post(ROUTE, content=content.encode())
        except httpx.TransportError as error:
            return Later(f"{self._url} cannot be reached ({type(error).__name__})")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Later(f"{self._url}: {error}", lasting=True)
        return _read(response, len(bodies))

    def abandon(self) -> None:
        """In a forked child: leave the parent's connections alone, and make own ones."""
        if self._client is not None:
            # Kept, for to be collected would close it, and with TLS that tells the service.
            self._inherited.append(self._client)
            self._client = None

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None


def _read(response: httpx.Response, events: int) -> Answer:
    status = response.status_code
    if response.is_success:
        verdicts = _member(response, "results")
        if _is_verdict_on_each(verdicts, events):
            return Judged(verdicts)
        return Later("the answer is not the service's: is there a proxy before it?", lasting=True)
    why = f"{status} {_member(response, 'message') or response.reason_phrase}"
    if status in _BLAMES_THE_BATCH:
        return Refused(str(_member(response, "error") or status), why)
    passes = status in _PASSES or response.is_server_error
    seconds = retry_after(response.headers.get("Retry-After"), default=0.0)
    return Later(why, seconds, lasting=not passes)


def _is_verdict_on_each(verdicts: Any, events: int) -> bool:
    return (
        isinstance(verdicts, list)
        and len(verdicts) == events
        and all(isinstance(one, dict) and one.get("status") in STATUSES for one in verdicts)
    )


def _member(response: httpx.Response, name: str) -> Any:
    try:
        return response.json()[name]
    except (ValueError, KeyError, TypeError):
        return None
