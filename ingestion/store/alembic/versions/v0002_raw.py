"""The event log, and what could not enter it."""

from alembic import op

from ingestion.store.errors import StoreError

revision = "0002_raw"
down_revision = "0001_roles"
branch_labels = None
depends_on = None

# The key that deduplicates is the key that partitions: a unique index over partitions must hold
# the partition key, and a UUIDv7 carries the instant in its upper bits. No default partition: it
# would have to be scanned to attach a month, and forbids to detach one without a lock.
_STUDY_EVENTS = """
create table raw.study_events (
    event_id uuid primary key,
    event_type text not null,
    schema_version smallint not null default 1,
    user_id uuid not null,
    session_id uuid,
    occurred_at timestamptz not null,
    original_occurred_at timestamptz,
    sent_at timestamptz,
    received_at timestamptz not null,
    material_id text,
    chunk_id text,
    question_id text,
    topic_id text,
    client_event_id text,
    properties jsonb not null default '{}',
    context jsonb not null default '{}',
    ingest_xid xid8 not null default pg_current_xact_id()
) partition by range (event_id)
"""

_FAILED_EVENTS = """
create table raw.failed_events (
    failed_event_id uuid primary key,
    received_at timestamptz not null,
    kind text not null check (kind in ('rejected', 'conflict')),
    code text not null,
    path text,
    message text not null,
    event_type text,
    event_id text,
    payload jsonb not null,
    context jsonb not null default '{}',
    ingest_xid xid8 not null default pg_current_xact_id()
)
"""

_INDEXES = (
    "create index study_events_user_id_occurred_at on raw.study_events (user_id, occurred_at)",
    "create index study_events_ingest_xid on raw.study_events (ingest_xid)",
    "create index failed_events_received_at on raw.failed_events (received_at)",
)

_COMMENTS = (
    """
    comment on table raw.study_events is
    'One row per event, inserted once and never changed. Partitioned by month of event_id.'
    """,
    """
    comment on column raw.study_events.occurred_at is
    'When it happened, corrected by the error of the sender''s clock where sent_at tells it.'
    """,
    """
    comment on column raw.study_events.original_occurred_at is
    'When the client said it happened; null where it said nothing.'
    """,
    """
    comment on column raw.study_events.client_event_id is
    'The client''s own id where event_id was derived from it, else null.'
    """,
    """
    comment on column raw.study_events.ingest_xid is
    'The transaction that wrote the row. The change feed reads by it, so nobody may set it.'
    """,
    """
    comment on table raw.failed_events is
    'One row per event that was refused, and why. A payload sent again is kept once.'
    """,
)


def upgrade() -> None:
    """Make the tables of schema raw."""
    for statement in (_STUDY_EVENTS, _FAILED_EVENTS, *_INDEXES, *_COMMENTS):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what has been stored stays."""
    raise StoreError("a migration is not taken back: restore a backup instead")
