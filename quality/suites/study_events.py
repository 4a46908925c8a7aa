"""What must hold in `raw.study_events`, the log all else is made of.

Facts are judged of the events that came in lately (`Moment.since_xid`), each by two nightly runs at
least: the log only grows, and what has been found right in it does not change. The newest days are
compared with those before by the ids, which begin with the time: both without reading the whole.
"""

from types import MappingProxyType

from quality.suites.privacy import EMAIL, PRIVATE, WHOLE_ADDRESS, holds_email
from quality.suites.recent import Recent, recent_checks
from quality.suites.suite import (
    Severity,
    Suite,
    columns_have_types,
    fact,
    query,
)

COLUMNS = {
    "event_id": "uuid",
    "event_type": "text",
    "schema_version": "smallint",
    "user_id": "uuid",
    "session_id": "uuid",
    "occurred_at": "timestamp with time zone",
    "original_occurred_at": "timestamp with time zone",
    "sent_at": "timestamp with time zone",
    "received_at": "timestamp with time zone",
    "material_id": "text",
    "chunk_id": "text",
    "question_id": "text",
    "topic_id": "text",
    "client_event_id": "text",
    "properties": "jsonb",
    "context": "jsonb",
    "ingest_xid": "xid8",
}
ROWS = "select * from raw.study_events where ingest_xid >= cast('{since_xid}' as xid8)"
# A few hours ahead of the instant there may be events: of clients whose clocks are fast.
LATELY = "(select * from raw.study_events where event_id >= cast('{recent_id}' as uuid)) as judged"
IDS = "concat_ws(' ', material_id, chunk_id, question_id, topic_id, client_event_id)"
OUTSIDE_RAW = "('staging', 'intermediate', 'marts', 'live', 'changes')"
CUT_V6 = "^([0-9a-f]{1,4}:){0,3}:$"

SUITE = Suite(
    "study_events",
    ("event_id",),
    MappingProxyType(COLUMNS),
    schema="raw",
    rows=ROWS,
    private=frozenset({"properties", "context", "client_event_id"}),
    checks=(
        # Not as in the marts: to learn the columns of a query, all its rows would be fetched.
        query(
            "columns_are_all_there",
            "Every column that readers rely on exists; there may be more.",
            f"""
            select declared.column_name
            from (values {", ".join(f"('{name}')" for name in COLUMNS)}) as declared (column_name)
            left join information_schema.columns as actual
                on actual.table_schema = 'raw' and actual.table_name = 'study_events'
                and actual.column_name = declared.column_name
            where actual.column_name is null
            """,  # noqa: S608 (constants of a suite)
            blocking=True,
        ),
        columns_have_types("raw", "study_events", COLUMNS),
        fact(
            "required_values_are_never_null",
            "Every event has an id, a type, a learner, its times, properties and a context.",
            broken_when="num_nulls(event_id, event_type, schema_version, user_id, occurred_at,"
            " received_at, properties, context, ingest_xid) > 0",
            blocking=True,
        ),
        fact(
            "event_ids_begin_with_their_time",
            "An id is a UUID of version 7: the log is partitioned and read by the time in it.",
            broken_when="get_byte(uuid_send(event_id), 6) >> 4 <> 7",
            column="event_id",
            blocking=True,
        ),
        fact(
            "properties_and_context_are_objects",
            "properties and context are JSON objects.",
            broken_when="jsonb_typeof(properties) <> 'object' or jsonb_typeof(context) <> 'object'",
            column="properties",
            blocking=True,
        ),
        fact(
            "events_happen_before_they_are_received",
            "No event lies more than a day ahead of its receipt, or before 1970.",
            broken_when="occurred_at > received_at + interval '1 day'"
            " or occurred_at < '1970-01-01T00:00:00Z'",
            column="occurred_at",
            blocking=True,
        ),
        fact(
            "schema_versions_are_positive",
            "The properties of an event are of a version of its type, from 1 on.",
            broken_when="schema_version < 1",
            column="schema_version",
            blocking=True,
        ),
        fact(
            "ids_hold_no_email",
            "No id that the marts take over (material, chunk, question, topic) holds an e-mail "
            "address.",
            broken_when=holds_email(IDS),
            blocking=True,
        ),
        fact(
            "addresses_are_cut",
            "The address of a sender is cut to its /24, an IPv6 one to its /48.",
            broken_when=f"context ->> 'ip' not like '%.0' and context ->> 'ip' !~ '{CUT_V6}'",
            column="context",
        ),
        fact(
            "properties_hold_nothing_private",
            "No property holds an e-mail address or a whole IPv4 address, and none but those of "
            "session_start the user agent of a browser: ingestion takes them out.",
            broken_when=f"case when event_type = 'session_start'"
            f" then cast(properties as text) ~ '{EMAIL}|{WHOLE_ADDRESS}'"
            f" else cast(properties as text) ~ '{PRIVATE}' end",
            column="properties",
        ),
        query(
            "columns_of_senders_stay_in_raw",
            "No table or view outside of raw has a column of an address, a user agent, a context "
            "or a name.",
            f"""
            select table_schema, table_name, column_name from (
                -- Not information_schema, which hides the tables of other owners.
                select nspname as table_schema, relname as table_name, attname as column_name
                from pg_attribute
                join pg_class on pg_class.oid = attrelid
                join pg_namespace on pg_namespace.oid = relnamespace
                where nspname in {OUTSIDE_RAW} and attnum > 0 and relkind in ('r', 'v', 'm', 'p')
            ) as outside_raw
            where column_name in ('ip', 'context', 'properties')
                or column_name ~ '(^|_)(ip_address|user_agent|e?mail|phone)(_|$)'
            """,  # noqa: S608 (constants of a suite)
        ),
        query(
            "refused_events_hold_no_email",
            "What was refused in the last two days is kept without e-mail addresses.",
            f"""
            select failed_event_id, received_at, code from raw.failed_events
            where received_at >= cast('{{as_of}}' as timestamptz) - interval '2 days'
                and cast(payload as text) ~ '{EMAIL.replace("{", "{{").replace("}", "}}")}'
            """,  # noqa: S608 (constants of a suite)
        ),
        query(
            "events_are_those_that_were_booked",
            "Each transaction stored as many events as it booked as accepted: none is lost with a "
            "partition, none came in past the books.",
            """
            with booked as (
                -- 2 is what events of a restored dump are stamped with, booked or not.
                select ingest_xid, accepted from raw.landings
                where ingest_xid >= cast('{since_xid}' as xid8) and ingest_xid > cast('2' as xid8)
                    -- Events of these may be in the archive: dbt's is_in_the_books counts them.
                    and not exists (
                        select from ops.archives as archives
                        inner join ops.months_away as away using (month)
                        where archives.last_xid >= landings.ingest_xid
                    )
            ),
            transactions as (
                select ingest_xid, sum(booked) as booked, sum(stored) as stored from (
                    select ingest_xid, accepted as booked, 0 as stored from booked
                    union all
                    select ingest_xid, 0 as booked, count(*) as stored from {batch}
                    where ingest_xid >= (select ingest_xid from booked order by ingest_xid limit 1)
                    group by ingest_xid
                ) as both_sides
                group by ingest_xid
            )
            select * from transactions
            where booked <> stored
            """,
            blocking=True,
        ),
        query(
            "events_are_told_once",
            "Of the events of the last days at most one in a hundred is told again under another "
            "id: else something was loaded twice.",
            f"""
            select * from (
                select count(*) - count(distinct (user_id, occurred_at, told)) as again,
                    count(*) as events
                from (
                    select user_id, occurred_at, hashtextextended(
                        concat_ws(' ', event_type, session_id, {IDS}, cast(properties as text)), 0
                    ) as told
                    from {{batch}}
                    where occurred_at >= cast('{{as_of}}' as timestamptz) - interval '3 days'
                ) as events
            ) as counted
            where again > 0.01 * events
            """,  # noqa: S608 (constants of a suite)
        ),
        *recent_checks(
            Recent(
                date="cast(occurred_at at time zone 'UTC' as date)",
                latest="max(received_at)",
                measure="event_type",
                column="event_type",
                rows=LATELY,
                age="2 days",
            )
        ),
        query(
            "clocks_are_as_far_off_as_before",
            "The time from an event to its receipt is distributed in the last day as in the week "
            "before, by whole hours: else a sender's clock or timezone has shifted.",
            f"""
            select * from (
                select
                    percentile_disc(0.5) within group (order by hours) filter (where is_recent)
                        as median_hours,
                    percentile_disc(0.5) within group (order by hours) filter (where not is_recent)
                        as median_hours_before,
                    least(count(*) filter (where is_recent), count(*) filter (where not is_recent))
                        as sample_size
                from (
                    select round(extract(epoch from received_at - occurred_at) / 3600) as hours,
                        received_at >= cast('{{as_of}}' as timestamptz) - interval '1 day'
                            as is_recent
                    from {LATELY}
                    where received_at >= cast('{{as_of}}' as timestamptz) - interval '8 days'
                        and occurred_at >= received_at - interval '1 day'
                ) as lags
            ) as compared
            where sample_size >= 200 and abs(median_hours - median_hours_before) >= 1
            """,  # noqa: S608 (constants of a suite)
            column="occurred_at",
            severity=Severity.WARNING,
        ),
    ),
)
