"""Statements of migration 0015: the chain of accesses, and the one way into it."""

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
            (
                select known.position from audit.log_positions as known
                where known.file = append.file
            ),
            0
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
