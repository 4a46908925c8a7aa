"""Faults of the last days: as many rows as never, of another kind, none at all; and of privacy."""

from tests.quality.faults.planting import Fault, faults
from tests.quality.warehouse import NOTHING_CAME

# The newest whole day is 24 March, a Monday: these are the Mondays before it.
MONDAYS = ("2025-02-24", "2025-03-03", "2025-03-10", "2025-03-17")
LATELY = ("2025-03-20",)
BEFORE = ("2025-03-06",)
# Not random: what names neither `n` nor `d` would be made once.
NEW_ID = "cast(md5(concat(n, d)) as uuid)"

# By mart: the row that is copied, and what makes a copy another row of day `d`, the number `n`.
SESSION = (
    "pause_count = 1",
    (
        f"'session_id', {NEW_ID}, 'local_date', d, 'started_at', d + interval '9 hours',"
        " 'ended_at', d + interval '9 hours', 'last_event_at', d + interval '9 hours',"
        " 'duration_seconds', 0, 'active_seconds', 0, 'paused_seconds', 0, 'idle_seconds', 0"
    ),
)
ATTEMPT = (
    "question_id = 'q2'",
    (
        f"'event_id', {NEW_ID}, 'question_id', concat('new ', n, d), 'local_date', d,"
        " 'attempted_at', d + interval '12 hours'"
    ),
)
MATERIAL = (
    "material_id = 'n'",
    (
        f"'session_id', {NEW_ID}, 'started_at', d + interval '9 hours',"
        " 'ended_at', d + interval '10 hours'"
    ),
)
DAY = (
    "event_count = 2",
    (
        f"'user_id', {NEW_ID}, 'local_date', d, 'streak_days', 1,"
        " 'week_start_date', date_trunc('week', d)"
    ),
)
WEEK = (
    "event_count = 2",
    f"'user_id', {NEW_ID}, 'week_start_date', date_trunc('week', d)",
)
TOPIC = ("questions_attempted = 0", "'topic_id', concat('new ', n), 'local_date', d")
DATED = {
    "study_sessions": (
        SESSION,
        (
            "'duration_seconds', {x} * 4000, 'idle_seconds', {x} * 4000,"
            " 'ended_at', d + interval '9 hours' + {x} * interval '4000 seconds',"
            " 'last_event_at', d + interval '9 hours' + {x} * interval '4000 seconds'"
        ),
    ),
    "question_attempts": (ATTEMPT, "'is_correct', {x} = 1"),
    "material_interactions": (
        MATERIAL,
        "'duration_seconds', {x} * 100, 'interaction_type', 'read'",
    ),
    "daily_user_stats": (DAY, "'study_seconds', 4000 + {x} * 100"),
    "weekly_user_stats": (WEEK, "'study_seconds', 4000 + {x} * 100"),
    "topic_daily_stats": (TOPIC, "'learners', 1 + {x}"),
    "mastery_history": (
        (
            "mastery_level = 'novice'",
            f"'user_id', {NEW_ID}, 'utc_date', d, 'attempted_at', d + interval '12 hours'",
        ),
        (
            "'questions_attempted', 5, 'mastery_level', (array['novice', 'developing'])[1 + {x}],"
            " 'mastery_score', 0.45 + {x} * 0.1, 'mastery_low', 0, 'mastery_high', 1"
        ),
    ),
}
STANDING = {
    "user_gamification": "total_xp = 0",
    "topic_mastery": "topic_id = 'pancreas'",
    "knowledge_gaps": "topic_id = 'pancreas'",
    "user_learning_metrics": "searches = 1 and session_count = 0",
}
PRIVATE = {
    "study_sessions": ("device_type", "{}"),
    "question_attempts": ("selected_answer", "{}"),
    "material_interactions": ("material_id", "{}"),
    "topic_daily_stats": ("topic_id", "{}"),
    "user_gamification": ("achievements", '["{}"]'),
    "topic_mastery": ("topic_id", "{}"),
    "mastery_history": ("topic_id", "{}"),
    "knowledge_gaps": ("topic_id", "{}"),
    "user_learning_metrics": ("timezone", "{}"),
}
LEAKS = ("ann@example.org", "write to 192.168.17.4, please", "Mozilla/5.0 (X11)")


def copy_rows(table: str, row: tuple[str, str], dates: tuple[str, ...], count: int) -> str:
    """SQL that adds copies of a row of a mart, so many of each date."""
    where, changes = row
    days = ", ".join(f"date '{date}'" for date in dates)
    return f"""
        insert into marts.{table}
        select copied.*
        from (select * from marts.{table} where {where} limit 1) as template
        cross join generate_series(1, {count}) as n
        cross join unnest(array[{days}]) as d
        cross join lateral jsonb_populate_record(
            cast(row(template.*) as marts.{table}), jsonb_build_object({changes})
        ) as copied
    """


def _of_dates(table: str) -> list[Fault]:
    row, measure = DATED[table]
    weekly = table == "weekly_user_stats"
    # Of weeks the newest whole one begins on 17 March.
    mondays = ("2025-02-17", *MONDAYS[:3]) if weekly else MONDAYS
    low, high = ((row[0], f"{row[1]}, {measure.format(x=x)}") for x in (0, 1))
    lately, before = (("2025-03-17",), ("2025-03-05",)) if weekly else (LATELY, BEFORE)
    return faults(
        table,
        {
            "rows_come_as_in_the_weeks_before": [
                # Hardly any came, or far too many: a feed that stopped, a load that ran twice.
                [copy_rows(table, row, mondays, 30)],
                [
                    copy_rows(table, row, mondays, 30),
                    copy_rows(table, row, ("2025-03-17" if weekly else "2025-03-24",), 100),
                ],
            ],
            "recent_rows_are_distributed_as_before": [
                [copy_rows(table, low, lately, 210), copy_rows(table, high, before, 210)]
            ],
            "rows_are_recent": [[NOTHING_CAME]],
        },
    )


def _of_standings(table: str) -> list[Fault]:
    profile = f"insert into quality.profiles values ('2025-03-25', '{table}', 'another', {{}})"
    row = (STANDING[table], f"'user_id', {NEW_ID}, 'gap_rank', 1")
    return faults(
        table,
        {
            "rows_are_as_many_as_before": [[profile.format(100)]],
            "rows_are_distributed_as_before": [
                [copy_rows(table, row, LATELY, 250), profile.format(250)]
            ],
            "rows_are_recent": [[NOTHING_CAME]],
        },
    )


def _of_privacy(table: str) -> list[Fault]:
    column, text = PRIVATE[table]
    first = f"ctid = (select min(ctid) from marts.{table})"
    leaks = [
        [f"update marts.{table} set {column} = '{text.format(leak)}' where {first}"]
        for leak in LEAKS
    ]
    return faults(table, {"texts_hold_nothing_private": leaks})


FAULTS = [
    *(fault for table in DATED for fault in _of_dates(table)),
    *(fault for table in STANDING for fault in _of_standings(table)),
    *(fault for table in PRIVATE for fault in _of_privacy(table)),
]
