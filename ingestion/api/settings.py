"""What the service needs to know; it reads no environment of its own."""

from dataclasses import dataclass, field

from ingestion.landing.queue import QueueLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestionSettings:
    """Settings of one ingestion service.

    `database_url` is an administrator's libpq URL: the service steps down to the role
    `study_ingest` on every connection. With no `write_keys` only loopback is served.
    """

    database_url: str
    write_keys: tuple[str, ...] = ()
    landing: QueueLimits = field(default_factory=QueueLimits)
    pool_timeout_seconds: float = 10.0
    max_body_bytes: int = 4 * 1024 * 1024
    max_batch_events: int = 1_000
