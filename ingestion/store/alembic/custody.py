"""Statements of migration 0015: the chain of accesses, erasure, and cohorts."""

from ingestion.store.alembic.versions.v0001_roles import make_roles

ROLES = (make_roles("study_collector", "study_bi_cohort"),)

_DATA_ACCESS = """
create table audit.data_access (
    access_id bigint primary key,
    recorded_at timestamptz not null,
    source text not null
    check (source in ('statement', 'refused', 'request', 'command', 'gap')),
    occurred_at timestamptz not null,
    login text not null,
    role text,
    address text,
    application text,
    action text not null,
    tables text[],
    learners text[] not null,
    row_count bigint,
    sqlstate text,
    message text,
    place text not null,
    previous bytea not null,
    digest bytea not null
)
"""

# A reader's request is written down before it is answered, and must not wait for its turn in the
# chain: it lies here, out of everybody's reach, until the next collection.
_REQUESTS = """
create table audit.requests (
    request_id text not null,
    occurred_at timestamptz not null default clock_timestamp(),
    login text not null,
    address text,
    action text not null,
    tables text[] not null,
    learners text[] not null,
    row_count bigint not null
)
"""

_LOG_POSITIONS = """
create table audit.log_positions (
    file text primary key,
    position bigint not null check (position >= 0),
    collected_at timestamptz not null default clock_timestamp()
)
"""

# Rows go in here and nowhere else: one at a time over all sessions, each with the digest of the
# one before. Given a file, only where nobody has collected this part of it meanwhile: then NULL,
# and nothing is done. The text digested is that of `digest_entry` in ingestion/audit/entry.py.
_APPEND = """
create function audit.append(
    entries jsonb,
    file text default null,
    from_position bigint default null,
    to_position bigint default null
)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
    last record;
    entry record;
    number bigint;
    link bytea;
    moment timestamptz := clock_timestamp();
    form constant text := 'YYYY-MM-DD"T"HH24:MI:SS.US';
    added bigint := 0;
begin
    perform pg_advisory_xact_lock(9165243107);
    if append.file is not null then
        if from_position is distinct from coalesce(
            (select known.position from audit.log_positions as known where known.file = append.file), 0
        ) then
            return null;
        end if;
        insert into audit.log_positions as known (file, position) values (append.file, to_position)
        on conflict on constraint log_positions_pkey
        do update set position = excluded.position, collected_at = clock_timestamp();
    end if;
    select access_id, digest into last from audit.data_access order by access_id desc limit 1;
    number := coalesce(last.access_id, 0);
    link := coalesce(last.digest, decode(repeat('00', 32), 'hex'));
    for entry in
        select told.*
        from jsonb_array_elements(entries) with ordinality as listed (element, place_in_list)
        cross join lateral jsonb_to_record(listed.element) as told (
            source text, occurred_at timestamptz, login text, role text, address text,
            application text, action text, tables text[], learners text[], row_count bigint,
            sqlstate text, message text, place text
        )
        order by listed.place_in_list
    loop
        number := number + 1;
        insert into audit.data_access values (
            number, moment, entry.source, entry.occurred_at, entry.login, entry.role,
            entry.address, entry.application, entry.action, entry.tables,
            coalesce(entry.learners, '{}'), entry.row_count, entry.sqlstate, entry.message,
            entry.place, link,
            sha256(link || convert_to(jsonb_build_array(
                number::text, to_char(moment at time zone 'UTC', form), entry.source,
                to_char(entry.occurred_at at time zone 'UTC', form), entry.login, entry.role,
                entry.address, entry.application, entry.action, entry.tables,
                coalesce(entry.learners, '{}'), entry.row_count::text, entry.sqlstate,
                entry.message, entry.place
            )::text, 'UTF8'))
        )
        returning digest into link;
        added := added + 1;
    end loop;
    return added;
end
$function$
"""

_COLLECT_REQUESTS = """
create function audit.collect_requests(most integer)
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $function$
declare
    entries jsonb;
begin
    with taken as (
        delete from audit.requests
        where ctid in (
            select ctid from audit.requests order by occurred_at limit most for update skip locked
        )
        returning *
    )
    select jsonb_agg(
        to_jsonb(taken) - 'request_id'
        || jsonb_build_object(
            'source', 'request', 'role', 'study_bi', 'application', 'study-ingestion',
            'place', request_id
        )
        order by occurred_at, request_id
    ) into entries from taken;
    return case when entries is null then 0 else audit.append(entries) end;
end
$function$
"""

_REFUSE_CHANGE = """
create function audit.refuse_change() returns trigger language plpgsql as $function$
begin
    raise exception 'audit.data_access only grows: % is refused', tg_op using errcode = '42501';
end
$function$
"""

_DAILY_ACCESS = """
create view audit.daily_access as
select
    (occurred_at at time zone 'UTC')::date as day,
    login,
    role,
    count(*) filter (where source in ('statement', 'request', 'command')) as accesses,
    count(*) filter (where source = 'refused') as refused,
    sum(cardinality(learners)) as learners_named,
    sum(row_count) as rows_counted,
    min(occurred_at) as first_at,
    max(occurred_at) as last_at
from audit.data_access
group by 1, 2, 3
"""

CHAIN = (
    _DATA_ACCESS,
    "create index data_access_occurred_at on audit.data_access (occurred_at)",
    "create index data_access_learners on audit.data_access using gin (learners)",
    _REQUESTS,
    "create index requests_occurred_at on audit.requests (occurred_at)",
    _LOG_POSITIONS,
    _APPEND,
    _COLLECT_REQUESTS,
    _REFUSE_CHANGE,
    """
    create trigger data_access_only_grows
    before update or delete or truncate on audit.data_access
    for each statement execute function audit.refuse_change()
    """,
    _DAILY_ACCESS,
    "revoke execute on all functions in schema audit from public",
    "grant usage on schema audit to study_collector, study_ingest",
    "grant execute on function audit.append, audit.collect_requests to study_collector",
    "grant select on audit.log_positions to study_collector",
    """
    grant insert (request_id, login, address, action, tables, learners, row_count)
    on audit.requests to study_ingest
    """,
)

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
