"""The defects that the suite has to catch: those of loads, and those of definitions."""

from tests.exactness.planting import Defect

BY_KEY = "macros/incremental/by_key.sql"
TOUCHED_ALSO = "macros/incremental/touched_also.sql"
EVENTS_PLACED = "models/intermediate/int_events_placed.sql"
ENDED_PAUSES = "'claims_of_ended_pauses', "
MOVED_TIMEZONES = ", 'claims_of_moved_timezones'"

# What a load has to make anew, and does not.
OF_LOADS = (
    Defect(
        "rows whose key has vanished stay",
        BY_KEY,
        "left join {{ made }} as made on",
        "inner join {{ made }} as made on",
    ),
    Defect(
        "the old day of a moved session is forgotten",
        BY_KEY,
        "else 'removed as changed' }}",
        "else 'removed as changed where false' }}",
    ),
    Defect(
        "the new day of a moved session is forgotten",
        BY_KEY,
        "else 'added as changed' }}",
        "else 'added as changed where false' }}",
    ),
    Defect(
        "a pause ended late from elsewhere is forgotten",
        EVENTS_PLACED,
        "'touched_also': ['new_claims', " + ENDED_PAUSES,
        "'touched_also': ['new_claims', ",
    ),
    Defect(
        "events moved by a late timezone are forgotten",
        EVENTS_PLACED,
        ENDED_PAUSES + MOVED_TIMEZONES.removeprefix(", ") + "]",
        ENDED_PAUSES.removesuffix(", ") + "]",
    ),
    Defect(
        "a session's learners are kept from its first load",
        "models/intermediate/int_session_learners.sql",
        "'touched_also': ['new_sessions'],",
        "",
    ),
    Defect(
        "open sessions are not looked at again when as_of moves",
        "models/marts/study_sessions.sql",
        "'touched_also': ['sessions_timed_otherwise'],",
        "",
    ),
    Defect(
        "as_of is taken to move forwards only",
        TOUCHED_ALSO,
        "last_event_at > least({{ before }}, {{ as_of() }}) - {{ limit }}",
        "last_event_at > {{ before }} - {{ limit }}",
    ),
    Defect(
        "a session that times out at the very instant is passed over",
        TOUCHED_ALSO,
        "last_event_at <= greatest({{ before }}, {{ as_of() }}) - {{ limit }}",
        "last_event_at < greatest({{ before }}, {{ as_of() }}) - {{ limit }}",
    ),
    Defect(
        "streaks are not broken by another date",
        "models/intermediate/int_learners.sql",
        "'touched_also': ['learners_on_another_date'],",
        "",
    ),
    Defect(
        "the week after a changed one keeps its comparison",
        "models/marts/weekly_user_stats.sql",
        "'user_id, week_start_date + 7 as week_start_date',",
        "",
    ),
    Defect(
        "the day after midnight is not touched by a span over it",
        "models/intermediate/int_days.sql",
        "'user_id, local_date', 'user_id, ended_date as local_date'",
        "'user_id, local_date'",
    ),
    Defect(
        "streaks are counted over the touched days only",
        "models/intermediate/int_streaks.sql",
        "meta={'key': ['user_id'], 'logged'",
        "meta={'key': ['user_id', 'local_date'], 'logged'",
    ),
    Defect(
        "attempts are numbered within the touched sessions only",
        "models/marts/question_attempts.sql",
        "'key': ['user_id', 'question_id'],",
        "'key': ['user_id', 'question_id', 'session_id'],",
    ),
    Defect(
        "a topic's day does not follow its renumbered attempts",
        "models/marts/topic_daily_stats.sql",
        "meta={'key'",
        "meta={'touched_by': {'question_attempts': []}, 'key'",
    ),
    Defect(
        "events that are late by over a year are looked over",
        TOUCHED_ALSO,
        "ingest_xid >= cast('{{ last_state()[\"to_xid\"] }}' as xid8)",
        "occurred_at > {{ as_of() }} - interval '1 year'"
        " and ingest_xid >= cast('{{ last_state()[\"to_xid\"] }}' as xid8)",
    ),
    Defect(
        "the first transaction of a window is left out",
        TOUCHED_ALSO,
        "ingest_xid >= cast('{{ last_state()[\"to_xid\"] }}' as xid8)",
        "ingest_xid > cast('{{ last_state()[\"to_xid\"] }}' as xid8)",
    ),
)

# What is wrong in a whole build as well: only the oracle can tell.
OF_DEFINITIONS = (
    Defect(
        "another learner's events count in a session",
        EVENTS_PLACED,
        "events.session_id = owners.session_id\n            and events.user_id = owners.user_id",
        "events.session_id = owners.session_id",
    ),
    Defect(
        "a span of exactly the idle limit is idle",
        EVENTS_PLACED,
        "when span_microseconds > {{ idle_limit_microseconds() }} then 0",
        "when span_microseconds >= {{ idle_limit_microseconds() }} then 0",
    ),
    Defect(
        "spans are cut at midnight of UTC",
        EVENTS_PLACED,
        "{{ local_midnight('ended_date', 'located_in') }}",
        "{{ local_midnight('ended_date', \"'UTC'\") }}",
    ),
    Defect(
        "an event names its own timezone",
        "macros/asof_joins.sql",
        "(earlier.occurred_at, earlier.event_id) < ({{ seeker }}",
        "(earlier.occurred_at, earlier.event_id) <= ({{ seeker }}",
    ),
    Defect(
        "two tabs at a time count twice",
        "models/intermediate/int_days.sql",
        "coalesce(swept_days.active_microseconds, added_days.active_microseconds, 0)",
        "coalesce(added_days.active_microseconds, 0)",
    ),
)

DEFECTS = (*OF_LOADS, *OF_DEFINITIONS)
