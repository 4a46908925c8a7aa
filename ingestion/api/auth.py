"""Who may write: a key, or (with no keys at all) a process on this machine."""

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import Request

from ingestion.api.addresses import is_forwarded, is_loopback, neighbourhood, parse_address
from ingestion.api.errors import RequestRefusedError
from ingestion.api.keys import LOOPBACK_WRITER, KeyRing, Writer
from ingestion.api.limiting import RateLimiter
from ingestion.api.metrics import Throttle
from ingestion.api.settings import IngestionSettings
from ingestion.store.scopes import Scope

_LOGIN_BURST_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Gate:
    """What decides over a request, one for each worker."""

    settings: IngestionSettings
    keys: KeyRing
    requests: RateLimiter[str]
    events: RateLimiter[str]
    failed_logins: RateLimiter[str]


async def require_writer(request: Request) -> None:
    """Let the request pass, or raise `RequestRefusedError`: 401, 403, 429, or 503 (keys unknown).

    The writer is then in `request.scope["writer"]`.
    """
    await require_writer_with(request, _presented_key(request.headers.get("authorization", "")))


async def require_writer_with(request: Request, key: str | None) -> None:
    """The same for a key that came another way than in the header."""
    gate: Gate = request.app.state.gate
    writer = await _identify(request, gate, key)
    request.scope["writer"] = writer
    settings = gate.settings
    rate = writer.requests_per_second or settings.requests_per_second
    _spend(request, gate.requests, 1, rate=rate, limit="requests")


async def may_read_for_key(request: Request) -> bool:
    """Whether a body is to be read because the key may be in it: no header shows one.

    Raises `RequestRefusedError`: 403 for who needs no key and may not write, 429 for an address
    that has guessed too often, 503 (keys unknown).
    """
    if "authorization" in request.headers:
        return False
    gate: Gate = request.app.state.gate
    if await gate.keys.is_empty():
        _require_local(request)
        return False
    _require_no_guesser(request, gate)
    return True


async def require_server(request: Request) -> None:
    """As `require_writer`, but a write key is not enough: it may stand in a browser.

    Raises `RequestRefusedError` with 403 besides.
    """
    await require_writer(request)
    writer: Writer = request.scope["writer"]
    if writer.scope is not Scope.SERVER:
        raise RequestRefusedError(
            403,
            "server_key_required",
            "a write key may not do this: send a key of scope server, from your backend"
            " (`study keys create NAME --scope server`, or STUDY_SERVER_KEYS)",
        )


def spend_events(request: Request, count: int) -> None:
    """Charge the writer for a batch, before it is landed. Raises `RequestRefusedError` with 429."""
    gate: Gate = request.app.state.gate
    writer: Writer = request.scope["writer"]
    rate = writer.events_per_second or gate.settings.events_per_second
    _spend(request, gate.events, count, rate=rate, limit="events")


async def require_reader_of_metrics(request: Request) -> None:
    """Let in who is on this machine or has a key; raise `RequestRefusedError` for others."""
    if not _is_local(request):
        gate: Gate = request.app.state.gate
        await _identify(request, gate, _presented_key(request.headers.get("authorization", "")))


async def _identify(request: Request, gate: Gate, key: str | None) -> Writer:
    if await gate.keys.is_empty():
        _require_local(request)
        return LOOPBACK_WRITER
    # Not even compared: otherwise guessing would go on at any speed, and succeed in the end.
    address = _require_no_guesser(request, gate)
    writer = await gate.keys.identify(key) if key is not None else None
    if writer is not None:
        return writer
    if key is not None:
        rate = gate.settings.failed_logins_per_minute / 60 / gate.settings.workers
        gate.failed_logins.take(address, 1, rate=rate, burst=max(1, rate * _LOGIN_BURST_SECONDS))
    raise RequestRefusedError(
        401,
        "unknown_write_key",
        "send a write key as `Authorization: Bearer KEY` or as the Basic user name",
        {"WWW-Authenticate": "Bearer"},
    )


def _require_no_guesser(request: Request, gate: Gate) -> str:
    """The sender's neighbourhood, unless too many unknown keys came from there."""
    address = neighbourhood(request.scope["client"])
    if seconds := gate.failed_logins.look(address, 1):
        raise _throttled(request, "failed_logins", seconds, "too many unknown keys from here")
    return address


def _spend(
    request: Request,
    limiter: RateLimiter[str],
    cost: int,
    *,
    rate: float | None,
    limit: Throttle,
) -> None:
    if rate is None:
        return
    writer: Writer = request.scope["writer"]
    share = rate / request.app.state.settings.workers
    seconds = limiter.take(writer.name, cost, rate=share, burst=share * writer.burst_seconds)
    if seconds:
        raise _throttled(request, limit, seconds, f"over {rate:g} {limit} a second")


def _throttled(request: Request, limit: Throttle, seconds: int, why: str) -> RequestRefusedError:
    request.app.state.metrics.throttled.labels(limit).inc()
    return RequestRefusedError(
        429,
        "too_many_requests",
        f"{why}: nothing was stored; send the same again in {seconds} s",
        {"Retry-After": str(seconds)},
    )


def _presented_key(header: str) -> str | None:
    scheme, _, credentials = header.partition(" ")
    match scheme.lower():
        case "bearer":
            return credentials.strip() or None
        case "basic":
            try:
                decoded = base64.b64decode(credentials, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                return None
            return decoded.partition(":")[0] or None
        case _:
            return None


def _is_local(request: Request) -> bool:
    scope = request.scope
    return is_loopback(scope["client"]) and not is_forwarded(scope["headers"])


def _require_local(request: Request) -> None:
    if not _is_local(request):
        raise RequestRefusedError(
            403,
            "loopback_only",
            "there are no write keys: make one with `study keys create`, or set STUDY_WRITE_KEYS",
        )
    origin = request.headers.get("origin")
    if origin is not None and not _may_come_from(origin, request.app.state.settings.cors_origins):
        # A page of anybody's, open in a browser here, is not a program of this machine's.
        raise RequestRefusedError(
            403, "foreign_origin", "pages of this origin may not send: set STUDY_CORS_ORIGINS"
        )


def _may_come_from(origin: str, allowed: tuple[str, ...]) -> bool:
    if origin in allowed or "*" in allowed:
        return True
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    address = parse_address(host)
    return host == "localhost" or (address is not None and address.is_loopback)
