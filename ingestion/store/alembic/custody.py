"""Statements of migration 0015: roles, erasure and cohorts, and the words for all of it."""

from ingestion.store.alembic.versions.v0001_roles import make_roles

ROLES = (make_roles("study_collector", "study_bi_cohort"),)

ERASURE = (
    """
    create table ops.pseudonym_keys (
        fingerprint bytea primary key check (octet_length(fingerprint) = 16),
        noted_at timestamptz not null default clock_timestamp()
    )
    """,
    """
    create table ops.forgotten (
        digest bytea primary key check (octet_length(digest) = 32),
        forgotten_at timestamptz not null default clock_timestamp()
    )
    """,
    "grant select on ops.forgotten to study_ingest",
    "revoke select on ops.forgotten from study_audit",
    """
    create table ops.erasures (
        erasure_id uuid primary key,
        requested_by text not null,
        requested_at timestamptz not null default clock_timestamp(),
        finished_at timestamptz not null default clock_timestamp(),
        counts jsonb not null,
        digest text not null
    )
    """,
    """
    create table ops.erased_events (
        event_id uuid not null,
        claim_id uuid not null,
        session_id uuid,
        user_id uuid not null,
        occurred_at timestamptz not null,
        ingest_xid xid8 not null default pg_current_xact_id()
    )
    """,
    "create index erased_events_ingest_xid on ops.erased_events (ingest_xid)",
    "grant select on ops.erased_events to study_transform",
    "revoke select on ops.erased_events from study_audit",
)

COHORTS = (
    "create schema access",
    """
    create table access.cohort_learners (
        cohort text not null check (char_length(cohort) between 1 and 128),
        user_id uuid not null,
        primary key (cohort, user_id)
    )
    """,
    "create index cohort_learners_user_id on access.cohort_learners (user_id)",
    """
    create table access.cohort_readers (
        login name not null,
        cohort text not null,
        primary key (login, cohort)
    )
    """,
    """
    create view access.visible_learners as
    select learners.user_id
    from access.cohort_readers as readers
    inner join access.cohort_learners as learners using (cohort)
    where readers.login = current_user
    """,
    # Who may be study_transform sees all anyhow: that is the owner, who is a member of every role.
    """
    create function access.is_limited() returns boolean language sql stable parallel safe as $$
        select
            pg_catalog.pg_has_role('study_bi_cohort', 'member')
            and not pg_catalog.pg_has_role('study_transform', 'usage')
    $$
    """,
    "grant usage on schema access to study_transform, study_bi_cohort",
    "grant select on access.visible_learners to study_transform, study_bi_cohort",
    """
    do $$
    begin
        execute format(
            'grant connect on database %I to study_bi_cohort, study_collector', current_database()
        );
    end
    $$
    """,
)

# said by study_transform itself: default rights follow whoever makes the table. In `live` each
# view shows a limited reader its learners only; of the marts each table says so for itself.
TRANSFORM_GRANTS = (
    "grant usage on schema marts, live to study_bi_cohort",
    "alter default privileges in schema live grant select on tables to study_bi_cohort",
)

COMMENTS = {
    "table audit.data_access": (
        "One row per access to learners'' data or to this table: who, when, from where, what. It "
        "only grows, and each row holds the digest of the one before."
    ),
    "column audit.data_access.access_id": "Counts from 1 without a gap.",
    "column audit.data_access.recorded_at": "When it was written here.",
    "column audit.data_access.source": (
        "statement, refused: the database''s log. request: the API. command: a command of ours. "
        "gap: a part of the log that could not be read."
    ),
    "column audit.data_access.login": "The login, the name of the API key, or the system account.",
    "column audit.data_access.role": "The role of the house it works as.",
    "column audit.data_access.address": "From where: IPv4 /24, IPv6 /48. Null: this machine.",
    "column audit.data_access.action": "Statement or route, secrets masked, ids as pseudonyms.",
    "column audit.data_access.tables": "Tables it names. Null: they cannot be told.",
    "column audit.data_access.learners": "Pseudonyms of the learners it names.",
    "column audit.data_access.row_count": "Rows it was given, where somebody counted.",
    "column audit.data_access.place": "Session and line of the log, or id of the request.",
    "column audit.data_access.previous": "The digest of the row before.",
    "column audit.data_access.digest": "SHA-256 of previous and this row.",
    "table audit.requests": "Reads over the API until the next collection chains them.",
    "table audit.log_positions": "Up to which byte each file of the database''s log is collected.",
    "view audit.daily_access": "One row per day (UTC), login and role: how much it read.",
    "table ops.pseudonym_keys": "One row per key that pseudonyms here were made by.",
    "table ops.forgotten": (
        "One row per forgotten learner: a keyed digest, by which later events are turned away."
    ),
    "table ops.erasures": "One row per erasure: its receipt. Nothing in it tells whose.",
    "column ops.erasures.digest": "SHA-256 of the receipt as it was printed.",
    "table ops.erased_events": (
        "What a load must compute again because its events were erased. Empty once it has."
    ),
    "schema access": "Which logins see which learners.",
    "table access.cohort_learners": "One row per cohort and learner in it.",
    "table access.cohort_readers": "One row per limited login and cohort it may see.",
    "view access.visible_learners": "The learners that whoever asks may see, if limited.",
}
