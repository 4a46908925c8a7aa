"""What the app knows of its content, and which keys may do more than write."""

from alembic import op

from ingestion.store.errors import StoreError

revision = "0010_activity"
down_revision = "0009_views"
branch_labels = None
depends_on = None

# A key may stand in a browser, where anybody reads it: the old ones are taken for such.
_SCOPE = (
    """
    alter table ops.write_keys
    add column scope text not null default 'write' check (scope in ('write', 'server'))
    """,
    "grant select (scope) on ops.write_keys to study_audit",
)

_CATALOGUE = (
    "create schema content",
    """
    create table content.items (
        kind text not null check (kind in ('question', 'material', 'topic')),
        item_id text not null check (char_length(item_id) between 1 and 128),
        attributes jsonb not null check (jsonb_typeof(attributes) = 'object'),
        updated_at timestamptz not null default clock_timestamp(),
        primary key (kind, item_id)
    )
    """,
    # the service alone: the answers that are right are in here
    "grant usage on schema content to study_ingest",
    "grant select, insert, update on content.items to study_ingest",
)

_COMMENTS = {
    "column ops.write_keys.scope": (
        "write: lands events and activity. server: besides reads learners and sets the catalogue."
    ),
    "schema content": "What the app knows of its content, as it told the service.",
    "table content.items": "One row per question, material or topic, as last put.",
    "column content.items.item_id": "The id by which events name it.",
    "column content.items.attributes": (
        "What events about it may take from here, by the names of the tracking plan."
    ),
    "column content.items.updated_at": "When it was last put.",
}


def upgrade() -> None:
    """Make the table, widen the keys, and grant."""
    for statement in (*_SCOPE, *_CATALOGUE):
        op.execute(statement)
    for subject, text in _COMMENTS.items():
        op.execute(f"comment on {subject} is '{text}'")


def downgrade() -> None:
    """Refuse: what has been stored stays."""
    raise StoreError("a migration is not taken back: restore a backup instead")
