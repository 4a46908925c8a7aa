"""The results of every check, kept."""

from alembic import op

from ingestion.store.errors import StoreError

revision = "0003_quality"
down_revision = "0002_raw"
branch_labels = None
depends_on = None

_CHECK_RESULTS = """
create table quality.check_results (
    check_id bigint generated always as identity primary key,
    run_id text,
    checked_at timestamptz default now(),
    as_of timestamptz,
    suite text,
    table_name text,
    check_name text,
    column_name text,
    severity text,
    success boolean,
    observed jsonb,
    unexpected_count bigint,
    unexpected_sample jsonb,
    description text
)
"""

_REST = (
    "create index check_results_checked_at on quality.check_results (checked_at)",
    "comment on table quality.check_results is 'One row per check and run: what it found.'",
)


def upgrade() -> None:
    """Make the table."""
    for statement in (_CHECK_RESULTS, *_REST):
        op.execute(statement)


def downgrade() -> None:
    """Refuse: what has been stored stays."""
    raise StoreError("a migration is not taken back: restore a backup instead")
