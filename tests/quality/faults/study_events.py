"""Faults of the log itself, each planted in a database of its own: some change the table."""

from tests.quality.faults.planting import Fault, faults
from tests.quality.faults.recent import LEAKS
from tests.quality.warehouse import BOOK, NOTHING_CAME

EVENT = "update raw.study_events set "
ONE = " where topic_id = 'pancreas'"
REQUIRED = ("event_type", "schema_version", "user_id", "occurred_at", "received_at")
# An id of the month of an instant, as landing makes them.
ID = (
    "cast(overlay(cast(gen_random_uuid() as text) placing "
    "concat(left(lpad(to_hex(cast(extract(epoch from {at}) * 1000 as bigint)), 12, '0'), 8), '-', "
    "right(lpad(to_hex(cast(extract(epoch from {at}) * 1000 as bigint)), 12, '0'), 4), '-7') "
    "from 1 for 15) as uuid)"
)


def land(days: str, count: int, event_type: str = "session_start", lag: str = "0 hours") -> str:
    """SQL that lands so many events at noon of each of some days, received after a time."""
    made_id = ID.format(at="(d + interval '12 hours')")
    return f"""
        insert into raw.study_events
            (event_id, event_type, user_id, occurred_at, received_at, context)
        select {made_id}, '{event_type}', gen_random_uuid(), d + interval '12 hours',
            d + interval '12 hours' + interval '{lag}', '{{}}'
        from unnest(array[{days}]) as d cross join generate_series(1, {count})
    """


def dates(*days: int) -> str:
    """SQL of days before 26 March 2025, the day of the judgement."""
    return ", ".join(f"timestamptz '2025-03-26Z' - interval '{day} days'" for day in days)


LOADED_TWICE = f"""
insert into raw.study_events
    (event_id, event_type, user_id, session_id, occurred_at, received_at, topic_id, properties)
select {ID.format(at="occurred_at")}, event_type, user_id, session_id, occurred_at, received_at,
    topic_id, properties
from raw.study_events where occurred_at > '2025-03-24'
"""

FAULTS: list[Fault] = faults(
    "study_events",
    {
        "columns_are_all_there": [["alter table raw.study_events drop column sent_at"]],
        "columns_have_their_types": [
            ["alter table raw.study_events alter column topic_id type varchar"]
        ],
        "required_values_are_never_null": [
            [
                f"alter table raw.study_events alter column {name} drop not null",
                EVENT + f"{name} = null" + ONE,
            ]
            for name in REQUIRED
        ],
        "event_ids_begin_with_their_time": [
            [
                EVENT + "event_id = cast(overlay(cast(event_id as text) placing '4' from 15)"
                " as uuid)" + ONE
            ]
        ],
        "properties_and_context_are_objects": [
            [EVENT + "properties = '[]'" + ONE],
            [EVENT + "context = '1'" + ONE],
        ],
        "events_happen_before_they_are_received": [
            [EVENT + "occurred_at = received_at + interval '25 hours'" + ONE],
            [EVENT + "occurred_at = '1969-12-31T23:59:59Z'" + ONE],
        ],
        "schema_versions_are_positive": [[EVENT + "schema_version = 0" + ONE]],
        "ids_hold_no_email": [
            [EVENT + f"{name} = 'Ann@example.org'" + ONE]
            for name in ("material_id", "chunk_id", "question_id", "topic_id", "client_event_id")
        ],
        "addresses_are_cut": [
            [EVENT + f"""context = '{{"ip": "{address}"}}'""" + ONE]
            for address in ("192.0.2.7", "2001:db8:1::17")
        ],
        "properties_hold_nothing_private": [
            *([EVENT + f"""properties = '{{"query": "{leak}"}}'""" + ONE] for leak in LEAKS),
            # Where the app tells its user agent, that alone may be there.
            [
                EVENT + """properties = '{"user_agent": "Mozilla/5.0 (ann@example.org)"}'"""
                " where event_type = 'session_start' and occurred_at < '2025-03-02'"
            ],
        ],
        "columns_of_senders_stay_in_raw": [
            [f"create table marts.leak ({column} text)"]
            for column in ("user_agent", "context", "sender_email", "ip")
        ],
        "refused_events_hold_no_email": [
            [
                """
                insert into raw.failed_events
                    (failed_event_id, received_at, kind, code, message, payload)
                values (gen_random_uuid(), '2025-03-25', 'rejected', 'unknown_property', 'what',
                    '{"mail": "ann@example.org"}')
                """
            ]
        ],
        "events_are_those_that_were_booked": [
            ["delete from raw.study_events" + ONE],
            ["drop table raw.study_events_2025_03"],
            ["update raw.landings set received = received + 1, accepted = accepted + 1"],
            [land(dates(20), 1)],
        ],
        "events_are_told_once": [[LOADED_TWICE, BOOK]],
        "rows_come_as_in_the_weeks_before": [
            [land(dates(30, 23, 16, 9), 90), BOOK],
            [land(dates(30, 23, 16, 9), 90), land(dates(2), 400), BOOK],
        ],
        "recent_rows_are_distributed_as_before": [
            [land(dates(5), 300), land(dates(20), 600, "search_performed"), BOOK]
        ],
        "rows_are_recent": [[NOTHING_CAME]],
        # A timezone taken for another: the clock of a sender is nine hours slow from one day on.
        "clocks_are_as_far_off_as_before": [
            [land(dates(3, 4, 5), 100), land(dates(1), 250, lag="9 hours"), BOOK]
        ],
    },
)
