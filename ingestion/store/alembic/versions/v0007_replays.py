"""Replays of failed events: each try a row of its own, for in `raw` nothing is ever changed."""

from alembic import op

from ingestion.store.errors import StoreError

revision = "0007_replays"
down_revision = "0006_landings"
branch_labels = None
depends_on = None

# Without a foreign key: what is known of a replay outlives the dead letter, and says so when the
# same payload comes again.
_REPLAYS = """
create table raw.replays (
    replay_id bigint generated always as identity primary key,
    failed_event_id uuid not null,
    replayed_at timestamptz not null default clock_timestamp(),
    status text not null check (status in ('accepted', 'duplicate', 'rejected', 'conflict')),
    event_id uuid,
    code text,
    path text,
    message text,
    ingest_xid xid8 not null default pg_current_xact_id(),
    check ((status in ('accepted', 'duplicate')) = (code is null)),
    check ((status in ('accepted', 'duplicate')) <= (event_id is not null))
)
"""

_REST = (
    # the database's own word that a failed event lands once, whoever replays it and how often
    """
    create unique index replays_landed on raw.replays (failed_event_id)
    where status in ('accepted', 'duplicate')
    """,
    "create index replays_failed_event_id on raw.replays (failed_event_id, replay_id)",
    # the batch's sent_at corrects the clock: without it a replay would land at another time
    "alter table raw.failed_events add column sent_at timestamptz",
    "grant insert (sent_at) on raw.failed_events to study_ingest",
    "grant select on raw.replays to study_ingest, study_transform",
    """
    grant insert (failed_event_id, status, event_id, code, path, message)
    on raw.replays to study_ingest
    """,
)

_COMMENTS = {
    "table raw.replays": "One row per try to land a failed event again. It lands at most once.",
    "column raw.replays.event_id": "The stored event; null where it failed again.",
    "column raw.replays.code": "Why it failed again; null where it landed.",
    "column raw.failed_events.sent_at": (
        "The batch''s sent_at, which corrects the event''s time; null where it had none."
    ),
}


def upgrade() -> None:
    """Make the table and grant."""
    for statement in (_REPLAYS, *_REST):
        op.execute(statement)
    for subject, text in _COMMENTS.items():
        op.execute(f"comment on {subject} is '{text}'")


def downgrade() -> None:
    """Refuse: what has been stored stays."""
    raise StoreError("a migration is not taken back: restore a backup instead")
