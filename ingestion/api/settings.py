"""What the service needs to know; it reads no environment of its own."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Literal

from ingestion.landing.limits import QueueLimits
from ingestion.privacy.pseudonyms import Pseudonyms
from ingestion.store.write_keys import KEY_NAME

LogLevel = Literal["debug", "info", "warning", "error"]
ProxyHeader = Literal["x-forwarded-for", "forwarded"]

RETRY_AFTER_SECONDS = 5
"""What a sender is told to wait where nothing says how long it will take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestionSettings:
    """Settings of one ingestion service.

    `database_url` is an administrator's libpq URL: the service steps down to the role
    `study_ingest` on every connection. `write_keys` and `server_keys` (`KEY` or `NAME:KEY`)
    stand beside those of the database; with none at all only loopback is served. What is said of
    "all" is divided by `workers`: each holds its share without asking the others.
    """

    database_url: str
    write_keys: tuple[str, ...] = ()
    server_keys: tuple[str, ...] = ()
    keys_refresh_seconds: float = 5.0
    landing: QueueLimits = field(default_factory=QueueLimits)
    pool_timeout_seconds: float = 10.0
    max_body_bytes: int = 4 * 1024 * 1024
    max_batch_events: int = 1_000

    gamification: Path | None = None  # the rules of awards; None: the packaged ones
    activity_connections: int = 4  # of one worker; as many learners are served at a time
    max_activity_requests: int = 500  # of one worker, under way at a time
    max_activity_bytes: int = 256 * 1024
    reader_connections: int = 2  # of one worker, for the live views
    read_seconds: float = 10.0  # the longest a live view may take

    workers: int = 1
    requests_per_second: float | None = None  # of one key over all workers; None: no limit
    events_per_second: float | None = None
    failed_logins_per_minute: float = 60.0  # of one address over all workers
    max_connections: int = 1_000  # over all workers
    max_head_bytes: int = 32 * 1024  # request line and headers
    head_seconds: float = 10.0  # within which they must have come
    body_seconds: float = 60.0  # within which a body must have come whole
    body_idle_seconds: float = 10.0  # the longest wait between two pieces of it
    send_seconds: float = 30.0  # how long a sender may leave its answer unread
    keep_alive_seconds: int = 30
    drain_seconds: int = 5

    segment_rules: Path | None = None  # an operator's names for events, beside the plan's
    cors_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    proxy_header: ProxyHeader = "x-forwarded-for"
    metrics_folder: Path | None = None  # where workers put what they counted; None: in memory
    log_level: LogLevel = "warning"
    pseudonyms: Pseudonyms | None = None  # None: nobody is named in the audit, none is forgotten


def split_key(text: str) -> tuple[str | None, str]:
    """Part a configured `NAME:KEY` or `KEY` into its name, if any, and the key."""
    name, separator, key = text.partition(":")
    return (name, key) if separator and key and KEY_NAME.fullmatch(name) else (None, text)
