"""What each role may do: everything it needs, and nothing else."""

from alembic import op

from ingestion.store.errors import StoreError

revision = "0004_grants"
down_revision = "0003_quality"
branch_labels = None
depends_on = None

# ingest_xid is left out: a writer that sets it could hide a row from the change feed for ever
_EVENT_COLUMNS = (
    "event_id, event_type, schema_version, user_id, session_id, occurred_at, "
    "original_occurred_at, sent_at, received_at, material_id, chunk_id, question_id, topic_id, "
    "client_event_id, properties, context"
)
_FAILED_COLUMNS = (
    "failed_event_id, received_at, kind, code, path, message, event_type, event_id, payload, "
    "context"
)

# Rights on a partition are those asked of its parent; on the partitions themselves nobody has any.
_GRANTS = (
    "grant usage on schema raw to study_ingest, study_transform",
    "grant select on raw.study_events, raw.failed_events to study_ingest, study_transform",
    f"grant insert ({_EVENT_COLUMNS}) on raw.study_events to study_ingest",
    f"grant insert ({_FAILED_COLUMNS}) on raw.failed_events to study_ingest",
    "grant usage on schema quality to study_transform",
    "grant select, insert on quality.check_results to study_transform",
    # whoever serves or loads may see whether the schema is current
    "grant usage on schema ops to study_ingest, study_transform, study_audit",
    "grant select on ops.alembic_version to study_ingest, study_transform, study_audit",
    "grant usage on schema audit to study_audit",
    "alter default privileges in schema ops grant select on tables to study_audit",
    "alter default privileges in schema audit grant select on tables to study_audit",
)

_TEMPORARY = """
do $$
begin
    execute format(
        'grant connect, temporary on database %I to study_transform', current_database()
    );
    execute format(
        'grant connect on database %I to study_ingest, study_bi, study_audit', current_database()
    );
end
$$
"""

# said by study_transform itself: default rights follow whoever makes the table
_TRANSFORM_GRANTS = (
    "grant usage on schema marts, live to study_bi",
    "alter default privileges in schema marts grant select on tables to study_bi",
    "alter default privileges in schema live grant select on tables to study_bi",
)


def upgrade() -> None:
    """Grant."""
    for statement in (*_GRANTS, _TEMPORARY):
        op.execute(statement)
    op.execute("set local role study_transform")
    for statement in _TRANSFORM_GRANTS:
        op.execute(statement)
    op.execute("reset role")


def downgrade() -> None:
    """Refuse: what has been stored stays."""
    raise StoreError("a migration is not taken back: restore a backup instead")
