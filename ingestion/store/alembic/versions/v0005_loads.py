"""What has been loaded into the marts: loads, the state of each model, and their change logs."""

from alembic import op

from ingestion.store.errors import StoreError

revision = "0005_loads"
down_revision = "0004_grants"
branch_labels = None
depends_on = None

_LOADS = """
create table ops.loads (
    load_id bigint generated always as identity primary key,
    kind text not null check (kind in ('load', 'backfill', 'full_refresh')),
    from_xid xid8,
    to_xid xid8 not null,
    as_of timestamptz not null,
    backfill_from date,
    backfill_to date,
    state text not null check (state in ('running', 'done', 'failed')),
    reason text,
    cluster_id text not null,
    event_count bigint,
    counts jsonb not null default '{}',
    attempts integer not null default 1,
    started_at timestamptz not null default clock_timestamp(),
    finished_at timestamptz,
    check ((kind = 'backfill') = (backfill_from is not null)),
    check ((backfill_from is null) = (backfill_to is null)),
    check (backfill_from <= backfill_to),
    check ((state = 'running') = (finished_at is null))
)
"""

_MODEL_STATES = """
create table ops.model_states (
    model text primary key,
    step bigint not null,
    load_id bigint not null references ops.loads,
    to_xid xid8 not null,
    as_of timestamptz not null,
    digest text not null,
    rows_removed bigint,
    rows_added bigint,
    applied_at timestamptz not null default clock_timestamp()
)
"""

_REST = (
    # the database's own word that no two loads run at once, whatever happens to their lock
    "create unique index loads_running on ops.loads (state) where state = 'running'",
    "create sequence ops.steps",
    "create schema changes authorization study_transform",
    # the events of one session, or an event that claims none: what a load looks up by the thousand
    "create index study_events_claim on raw.study_events ((coalesce(session_id, event_id)))",
)

_GRANTS = (
    "grant select, insert, update on ops.loads to study_transform",
    "grant select, insert, update, delete on ops.model_states to study_transform",
    "grant usage on sequence ops.steps to study_transform",
)

_COMMENTS = {
    "table ops.loads": "One row per load of the marts: which events it took, and how it ended.",
    "column ops.loads.kind": (
        "load: what came since; backfill: the events of some days again; full_refresh: everything."
    ),
    "column ops.loads.from_xid": (
        "Transaction its window starts at, included: the least that some model had been loaded to. "
        "Null: from the first event on."
    ),
    "column ops.loads.to_xid": (
        "Transaction its window ends before. Every earlier one had ended when the load began."
    ),
    "column ops.loads.as_of": "The instant it was evaluated at, at its last attempt.",
    "column ops.loads.backfill_from": "First local date of a backfill.",
    "column ops.loads.backfill_to": "Last local date of a backfill, included.",
    "column ops.loads.state": "running, done or failed. What is not done is taken up again.",
    "column ops.loads.reason": "Why it failed, or why it is a full refresh.",
    "column ops.loads.cluster_id": (
        "System identifier of the server: another one counts transactions of its own."
    ),
    "column ops.loads.event_count": "Events of its window.",
    "column ops.loads.counts": (
        "By model: rows it removed and added, and why it was built whole where it was."
    ),
    "column ops.loads.attempts": "How often it was begun; more than once where it died.",
    "table ops.model_states": (
        "One row per model with a table: how far it has been loaded. Written with its rows, in one "
        "transaction. Without a row the model is built whole."
    ),
    "column ops.model_states.step": (
        "Number of its last run: it has seen the logs of its inputs up to here."
    ),
    "column ops.model_states.load_id": "The load it last ran in.",
    "column ops.model_states.to_xid": "It holds the events of every transaction before this one.",
    "column ops.model_states.as_of": "The instant its rows were last evaluated at.",
    "column ops.model_states.digest": (
        "Of the definition it was built by; empty while a whole build is due."
    ),
    "column ops.model_states.rows_removed": "Rows its last run deleted.",
    "column ops.model_states.rows_added": "Rows its last run inserted.",
    "sequence ops.steps": "Numbers the runs of models, in the order in which they change rows.",
    "schema changes": (
        "One log per model: the keys of the rows its runs removed or added, until all who read the "
        "model have seen them."
    ),
}


def upgrade() -> None:
    """Make the tables, the sequence, the schema of the logs, and grant."""
    for statement in (_LOADS, _MODEL_STATES, *_REST, *_GRANTS):
        op.execute(statement)
    for subject, text in _COMMENTS.items():
        op.execute(f"comment on {subject} is '{text}'")


def downgrade() -> None:
    """Refuse: what has been stored stays."""
    raise StoreError("a migration is not taken back: restore a backup instead")
