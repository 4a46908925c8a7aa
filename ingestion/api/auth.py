"""Who may write: a key, or (with no keys configured) a process on this machine."""

import base64
import binascii
import hashlib
import hmac
import ipaddress

from fastapi import Request

from ingestion.api.errors import RequestRefusedError
from ingestion.api.settings import IngestionSettings


def require_writer(request: Request) -> None:
    """Let the request pass, or raise `RequestRefusedError` with status 401 or 403."""
    settings: IngestionSettings = request.app.state.settings
    if not settings.write_keys:
        if not _is_loopback(request):
            raise RequestRefusedError(
                403, "loopback_only", "no write keys are configured: set STUDY_WRITE_KEYS"
            )
        return
    key = _presented_key(request.headers.get("authorization", ""))
    if key is None or not _is_known(key, settings.write_keys):
        raise RequestRefusedError(
            401,
            "unknown_write_key",
            "send a write key as `Authorization: Bearer KEY` or as the Basic user name",
            {"WWW-Authenticate": "Bearer"},
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


def _is_known(key: str, known: tuple[str, ...]) -> bool:
    # Digests have one length and every key is compared: time tells nothing of the key.
    digest = hashlib.sha256(key.encode()).digest()
    matches = [
        hmac.compare_digest(digest, hashlib.sha256(other.encode()).digest()) for other in known
    ]
    return any(matches)


def _is_loopback(request: Request) -> bool:
    if request.client is None:
        return False
    try:
        return ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
