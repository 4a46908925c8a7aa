"""The manifest of the archive: which months left the log, where they lie, and how to know them."""

from alembic import op

from ingestion.store.errors import StoreError

revision = "0014_archive"
down_revision = "0013_check_history"
branch_labels = None
depends_on = None

_ARCHIVES = """
create table ops.archives (
    month date primary key check (extract(day from month) = 1),
    lower_id uuid not null,
    upper_id uuid not null,
    state text not null check (
        state in (
            'closing', 'verified', 'detaching', 'archived', 'restored', 'reopened'
        )
    ),
    location text,
    schema_version smallint,
    bucket_count smallint,
    row_count bigint,
    row_hash text check (row_hash ~ '^[0-9a-f]{16}$'),
    booked_count bigint,
    last_xid xid8,
    last_occurred_at timestamptz,
    erased_count bigint not null default 0,
    table_bytes bigint,
    key_name text,
    cluster_id text,
    restamped_from xid8,
    staging_digest text,
    closed_at timestamptz not null default clock_timestamp(),
    verified_at timestamptz,
    archived_at timestamptz,
    restored_at timestamptz,
    check (state in ('closing', 'restored', 'reopened') or row_count is not null),
    check (lower_id < upper_id)
)
"""

_FILES = """
create table ops.archive_files (
    month date not null references ops.archives,
    bucket smallint not null check (bucket >= 0),
    path text not null unique,
    row_count bigint not null check (row_count >= 0),
    row_hash text not null check (row_hash ~ '^[0-9a-f]{16}$'),
    bytes bigint not null check (bytes > 0),
    sha256 text not null,
    written_at timestamptz not null default clock_timestamp(),
    primary key (month, bucket)
)
"""

# What the log lacks at this moment, by one snapshot: a month is away as soon as its detaching is
# seen and no longer once its attaching is. A partition whose detaching has begun is read by nobody.
# The catalogue is asked of a month on its way only: loads look here session by session.
_AWAY = """
create view ops.months_away as
select
    archives.month, archives.lower_id, archives.upper_id, archives.last_occurred_at,
    archives.staging_digest
from ops.archives as archives
where
    archives.state = 'archived'
    or (
        archives.state = 'detaching'
        and not exists (
            select
            from pg_catalog.pg_inherits as links
            join pg_catalog.pg_class as partitions on partitions.oid = links.inhrelid
            where
                links.inhparent = 'raw.study_events'::pg_catalog.regclass
                and not links.inhdetachpending
                and partitions.relname
                = 'study_events_' || pg_catalog.to_char(archives.month, 'YYYY_MM')
        )
    )
"""

# As a check that failed: the landing code then reads the open months anew, and refuses by name.
_REFUSAL = """
create function raw.refuse_closed_month() returns trigger
language plpgsql
set search_path = pg_catalog
as $$
begin
    raise exception 'the month of % is closed: it is in the archive, or on its way there',
        tg_table_name
    using errcode = 'check_violation';
end
$$
"""

# A learner's archived events, as far as they are kept, for awards that look back over all years:
# made by name at each call, for the table is made anew by every refresh, and without rights.
_KEPT = """
create function intermediate.kept_events(learners uuid[])
returns table (
    event_id uuid, event_type text, user_id uuid, session_id uuid, occurred_at timestamptz,
    question_id text, topic_id text, properties jsonb
)
language plpgsql stable security definer rows 100
set search_path = pg_catalog
as $$
#variable_conflict use_column
begin
    if not exists (select from ops.months_away) then
        return;
    end if;
    return query
    select
        kept.event_id, kept.event_type, kept.user_id,
        case when kept.names_session then kept.claim_id end,
        kept.occurred_at, kept.question_id, kept.topic_id,
        jsonb_strip_nulls(jsonb_build_object(
            'timezone', kept.named_timezone,
            'is_correct', kept.is_correct,
            'xp_amount', kept.xp_amount,
            'new_level', kept.new_level,
            'achievement_id', kept.achievement_id
        ))
    from intermediate.int_events_placed as kept
    where
        kept.user_id = any(learners)
        and exists (
            select from ops.months_away as away
            where kept.event_id >= away.lower_id and kept.event_id < away.upper_id
        );
end
$$
"""

# Rows of transactions of which all months are past are drawn together: one a transaction for ever
# would be as many as the log once had batches.
_BOOKS = "alter table raw.landings add column first_xid xid8 check (first_xid <= ingest_xid)"

_GRANTS = (
    "grant select (month, lower_id, upper_id, state) on ops.archives to study_ingest",
    "grant select on ops.archives, ops.archive_files, ops.months_away to study_transform",
    "grant select on ops.archives, ops.archive_files, ops.months_away to study_audit",
)

_KEPT_GRANTS = (
    "revoke all on function intermediate.kept_events from public",
    "grant execute on function intermediate.kept_events to study_ingest",
    "grant usage on schema intermediate to study_ingest",
)

_COMMENTS = {
    "table ops.archives": (
        "One row per month that left the log, or is about to: where it lies and what must come "
        "back. Events of a month in it are refused, but while it is reopened."
    ),
    "column ops.archives.month": "Its first day, UTC.",
    "column ops.archives.lower_id": "Least event_id of the month.",
    "column ops.archives.upper_id": "Least event_id of the month after it.",
    "column ops.archives.state": (
        "closing: refuses events, its files are being written. verified: they were read back and "
        "hold what the table holds. detaching: on its way out of the log. "
        "archived: only in the archive. restored: in the log again, read only. reopened: in the "
        "log again, and takes late events."
    ),
    "column ops.archives.location": "URL of the archive, without credentials.",
    "column ops.archives.schema_version": "Version of the files'' columns.",
    "column ops.archives.bucket_count": "Into how many files its learners are dealt.",
    "column ops.archives.row_count": "Events of the month that are in the archive.",
    "column ops.archives.row_hash": (
        "Sum of the events'' 64-bit hashes, modulo 2^64, in hexadecimal digits: the same in any "
        "order. docs/decisions/0018 says of what."
    ),
    "column ops.archives.booked_count": (
        "Events of the month of transactions that raw.landings has books of; null: not known, for "
        "some are of a server whose transactions are not this one''s."
    ),
    "column ops.archives.last_xid": "Highest transaction that landed one of its events.",
    "column ops.archives.last_occurred_at": (
        "Time of its latest event, which by a wrong clock may be long after the month."
    ),
    "column ops.archives.erased_count": "Events taken out of the archive since, by erasure.",
    "column ops.archives.table_bytes": "Size of the table it was, with its indexes.",
    "column ops.archives.key_name": "Name of the key its files are encrypted by; null: by none.",
    "column ops.archives.cluster_id": "System identifier of the server it was landed on.",
    "column ops.archives.restamped_from": (
        "From this transaction on they were another server''s: restored, its events are stamped as "
        "of long ago."
    ),
    "column raw.landings.first_xid": (
        "Of several transactions drawn together after two years: the first of them, ingest_xid "
        "being the last. Null: the row is one transaction''s."
    ),
    "column ops.archives.staging_digest": (
        "Of the staging by which the marts read it last. What they keep of it is of that."
    ),
    "table ops.archive_files": "One row per file of the archive. A file not named here is litter.",
    "column ops.archive_files.bucket": "First byte of md5(user_id), modulo bucket_count.",
    "column ops.archive_files.path": "Below the location of the archive.",
    "column ops.archive_files.row_hash": "As ops.archives.row_hash, of its events.",
    "column ops.archive_files.sha256": "Of the file''s bytes.",
    "function intermediate.kept_events": (
        "Events of learners that are only in the archive, as far as the marts'' tables keep them."
    ),
    "view ops.months_away": "One row per month whose events are only in the archive by now.",
}


def upgrade() -> None:
    """Make the manifest, what the log lacks, the refusal, and grant."""
    for statement in (_ARCHIVES, _FILES, _AWAY, _REFUSAL, _BOOKS, *_GRANTS):
        op.execute(statement)
    op.execute("set local role study_transform")
    for statement in (_KEPT, *_KEPT_GRANTS):
        op.execute(statement)
    op.execute("reset role")
    for subject, text in _COMMENTS.items():
        op.execute(f"comment on {subject} is '{text}'")


def downgrade() -> None:
    """Refuse: what has been stored stays."""
    raise StoreError("a migration is not taken back: restore a backup instead")
