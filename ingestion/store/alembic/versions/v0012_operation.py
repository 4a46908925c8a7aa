"""Room for Dagster's own records, and the ledger of what was alerted."""

from alembic import op

from ingestion.store.alembic.versions.v0001_roles import make_roles
from ingestion.store.errors import StoreError

revision = "0012_operation"
down_revision = "0011_mastery"
branch_labels = None
depends_on = None

# Dagster makes and upgrades its tables by itself, so it owns the schema; nothing else is its own.
_SCHEMA = (
    "create schema dagster authorization study_dagster",
    """
    do $$
    begin
        execute format('grant connect on database %I to study_dagster', current_database());
    end
    $$
    """,
)

# A condition that is over and comes again is another row: `subject` says which condition it is.
_ALERTS = (
    """
    create table ops.alerts (
        alert_id bigint generated always as identity primary key,
        kind text not null,
        subject text not null,
        message text not null,
        run_id text,
        occurrences integer not null default 1,
        opened_at timestamptz not null,
        last_seen_at timestamptz not null,
        closed_at timestamptz,
        opening_told_to text[] not null default '{}',
        opening_told_at timestamptz,
        closing_told_to text[] not null default '{}',
        closing_told_at timestamptz,
        failure text,
        check (closed_at is not null or closing_told_at is null)
    )
    """,
    "create unique index alerts_open on ops.alerts (kind, subject) where closed_at is null",
    # what is still to be told: a handful among years of them
    """
    create index alerts_untold on ops.alerts (alert_id)
    where opening_told_at is null or (closed_at is not null and closing_told_at is null)
    """,
    """
    create table ops.alert_feeds (
        feed text primary key,
        position bigint not null
    )
    """,
    "grant usage on schema ops to study_dagster",
    "grant select, insert, update on ops.alert_feeds to study_dagster",
    "grant select, insert, update on ops.alerts to study_dagster",
)

_COMMENTS = {
    "schema dagster": "Dagster's own records: runs, their events, ticks. Made by Dagster.",
    "table ops.alerts": (
        "One row per condition that was worth an alert, from when it was first seen until it was "
        "over. Written before anything is sent, so that nothing is lost and nothing told twice."
    ),
    "column ops.alerts.kind": (
        "failed_run, failed_check, late_data or dead_letters: the entry of the runbook."
    ),
    "column ops.alerts.subject": "What of that kind: a job, a check, one word.",
    "column ops.alerts.message": "What was seen first.",
    "column ops.alerts.run_id": "Run of Dagster in which it was seen first.",
    "column ops.alerts.occurrences": "How often it was seen until it was over.",
    "column ops.alerts.opened_at": "When it was seen first.",
    "column ops.alerts.last_seen_at": "When it was seen last.",
    "column ops.alerts.closed_at": "When it was seen to be over.",
    "column ops.alerts.opening_told_to": "Digests of the receivers that have been told.",
    "column ops.alerts.opening_told_at": "When the last of all receivers was told.",
    "column ops.alerts.closing_told_to": "Receivers that have been told it is over.",
    "column ops.alerts.closing_told_at": "When the last of them was.",
    "table ops.alert_feeds": (
        "One row per feed of Dagster's events that alerts are made from. Written with them, so "
        "that no event makes one twice."
    ),
    "column ops.alert_feeds.feed": "A type of event.",
    "column ops.alert_feeds.position": "Storage id of the last one looked at.",
    "column ops.alerts.failure": "Why the last attempt to tell it failed; null once it was told.",
}


def upgrade() -> None:
    """Make the role, its schema and the ledger, and grant."""
    op.execute(make_roles("study_dagster"))
    for statement in (*_SCHEMA, *_ALERTS):
        op.execute(statement)
    for subject, text in _COMMENTS.items():
        op.execute(f"""comment on {subject} is '{text.replace("'", "''")}'""")


def downgrade() -> None:
    """Refuse: what has been stored stays."""
    raise StoreError("a migration is not taken back: restore a backup instead")
