"""By which definition each view of the models was made, so that a load makes only what changed."""

from alembic import op

from ingestion.store.errors import StoreError

revision = "0009_views"
down_revision = "0008_write_keys"
branch_labels = None
depends_on = None

_VIEWS = """
create table ops.views (
    view text primary key,
    digest text not null,
    made_at timestamptz not null default clock_timestamp()
)
"""

_COMMENTS = {
    "table ops.views": (
        "One row per model that is a view, written with it: a load whose definition is the same "
        "leaves it as it is. Without a row the view is made."
    ),
    "column ops.views.view": "Name of the model.",
    "column ops.views.digest": "Of the definition it was made by.",
}


def upgrade() -> None:
    """Make the table, and grant."""
    op.execute(_VIEWS)
    op.execute("grant select, insert, update, delete on ops.views to study_transform")
    for subject, text in _COMMENTS.items():
        op.execute(f"comment on {subject} is '{text}'")


def downgrade() -> None:
    """Refuse: what has been stored stays."""
    raise StoreError("a migration is not taken back: restore a backup instead")
