"""One row per landing transaction: what came in must be what is stored, told of and turned away."""

from alembic import op

from ingestion.store.errors import StoreError

revision = "0006_landings"
down_revision = "0005_loads"
branch_labels = None
depends_on = None

# No key: the transaction would be one, but events of a restored dump all get the same transaction.
_LANDINGS = """
create table raw.landings (
    ingest_xid xid8 not null default pg_current_xact_id(),
    received_at timestamptz not null,
    received integer not null,
    accepted integer not null check (accepted >= 0),
    duplicate integer not null check (duplicate >= 0),
    rejected integer not null check (rejected >= 0),
    conflict integer not null check (conflict >= 0),
    redacted integer not null check (redacted between 0 and received),
    constraint landings_account_for_every_event
    check (received = accepted + duplicate + rejected + conflict)
)
"""

_INDEX = "create index landings_ingest_xid on raw.landings (ingest_xid)"

# ingest_xid is left out, as in raw.study_events.
_COLUMNS = "received_at, received, accepted, duplicate, rejected, conflict, redacted"
_GRANTS = (
    "grant select on raw.landings to study_ingest, study_transform",
    f"grant insert ({_COLUMNS}) on raw.landings to study_ingest",
)

# Where some events of a transaction may be stored already, all are first put side by side.
_TEMPORARY = """
do $$
begin
    execute format('grant temporary on database %I to study_ingest', current_database());
end
$$
"""

_COMMENTS = {
    "table raw.landings": (
        "One row per transaction that landed events, written in it: what became of what it "
        "received. Its accepted events are those of raw.study_events with its ingest_xid."
    ),
    "column raw.landings.ingest_xid": "The transaction.",
    "column raw.landings.received_at": "When the first of its requests was received.",
    "column raw.landings.received": "Events in its requests.",
    "column raw.landings.accepted": "Events it stored.",
    "column raw.landings.duplicate": "Events that were stored already, saying the same.",
    "column raw.landings.rejected": "Events it turned away.",
    "column raw.landings.conflict": "Events whose id was stored already, saying something else.",
    "column raw.landings.redacted": "Events that held private data, taken out before the write.",
}


def upgrade() -> None:
    """Make the table and grant."""
    for statement in (_LANDINGS, _INDEX, *_GRANTS, _TEMPORARY):
        op.execute(statement)
    for subject, text in _COMMENTS.items():
        op.execute(f"comment on {subject} is '{text}'")


def downgrade() -> None:
    """Refuse: what has been stored stays."""
    raise StoreError("a migration is not taken back: restore a backup instead")
