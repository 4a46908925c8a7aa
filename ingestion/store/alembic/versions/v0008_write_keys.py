"""The keys that senders show: their digests, never the keys themselves."""

from alembic import op

from ingestion.store.errors import StoreError

revision = "0008_write_keys"
down_revision = "0007_replays"
branch_labels = None
depends_on = None

_WRITE_KEYS = """
create table ops.write_keys (
    write_key_id bigint generated always as identity primary key,
    name text not null check (name ~ '^[a-z0-9][a-z0-9_-]{0,63}$'),
    digest bytea not null unique check (octet_length(digest) = 32),
    created_at timestamptz not null default clock_timestamp(),
    expires_at timestamptz check (expires_at > created_at),
    revoked_at timestamptz,
    requests_per_second double precision check (requests_per_second > 0),
    events_per_second double precision check (events_per_second > 0),
    burst_seconds double precision not null default 10 check (burst_seconds between 1 and 3600),
    last_used_at timestamptz
)
"""

_READABLE = (
    "write_key_id, name, created_at, expires_at, revoked_at, requests_per_second,"
    " events_per_second, burst_seconds, last_used_at"
)

_REST = (
    # of two living keys with one name nobody could say which was revoked
    "create unique index write_keys_name on ops.write_keys (name) where revoked_at is null",
    # the service compares digests and notes the hour of use; it can neither make a key nor
    # bring a revoked one back
    "grant select, update (last_used_at) on ops.write_keys to study_ingest",
    # who audits sees which keys there are; the digests serve nobody but the service
    "revoke select on ops.write_keys from study_audit",
    f"grant select ({_READABLE}) on ops.write_keys to study_audit",
)

_COMMENTS = {
    "table ops.write_keys": "One row per write key ever made. A leak of it lets nobody in.",
    "column ops.write_keys.name": "Who it was made for; stands in logs.",
    "column ops.write_keys.digest": "SHA-256 of the key, which has 256 random bits.",
    "column ops.write_keys.expires_at": "It lets nobody in from then on. Null: never.",
    "column ops.write_keys.revoked_at": "When it was revoked; null while it lives.",
    "column ops.write_keys.requests_per_second": "Its own limit. Null: that of the service.",
    "column ops.write_keys.events_per_second": "Its own limit. Null: that of the service.",
    "column ops.write_keys.burst_seconds": "So many seconds of its rate may come at once.",
    "column ops.write_keys.last_used_at": "The hour it last let somebody in, no finer.",
}


def upgrade() -> None:
    """Make the table, and grant as little of it as each role needs."""
    for statement in (_WRITE_KEYS, *_REST):
        op.execute(statement)
    for subject, text in _COMMENTS.items():
        op.execute(f"comment on {subject} is '{text}'")


def downgrade() -> None:
    """Refuse: what has been stored stays."""
    raise StoreError("a migration is not taken back: restore a backup instead")
