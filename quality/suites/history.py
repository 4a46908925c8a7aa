"""What of each mart must not shift: of those whose rows are of a time, and of those that stand.

A mart is in one of the two; `SUITES` cannot be made without.
"""

from collections.abc import Mapping
from types import MappingProxyType

from quality.suites.recent import Recent
from quality.suites.standing import Standing

RECENT: Mapping[str, Recent] = MappingProxyType(
    {
        "study_sessions": Recent(
            date="local_date",
            latest="max(last_event_at)",
            measure="duration_seconds",
            column="duration_seconds",
            is_number=True,
        ),
        "question_attempts": Recent(
            date="local_date",
            latest="max(attempted_at)",
            measure="is_correct",
            column="is_correct",
        ),
        "material_interactions": Recent(
            date="cast(started_at at time zone 'UTC' as date)",
            latest="max(ended_at)",
            measure="duration_seconds",
            column="duration_seconds",
            is_number=True,
        ),
        "daily_user_stats": Recent(
            date="local_date",
            latest="cast(max(local_date + 1) as timestamptz)",
            measure="study_seconds",
            column="study_seconds",
            is_number=True,
        ),
        "weekly_user_stats": Recent(
            date="week_start_date",
            latest="cast(max(week_start_date) as timestamptz)",
            measure="study_seconds",
            column="study_seconds",
            is_number=True,
            weekly=True,
        ),
        "topic_daily_stats": Recent(
            date="local_date",
            latest="cast(max(local_date + 1) as timestamptz)",
            measure="learners",
            column="learners",
            is_number=True,
        ),
        "mastery_history": Recent(
            date="utc_date",
            latest="max(attempted_at)",
            measure="mastery_level",
            column="mastery_level",
        ),
    }
)

STANDING: Mapping[str, Standing] = MappingProxyType(
    {
        "user_gamification": Standing(
            measure="level",
            # Nothing in the mart says when a learner was seen: the metrics do.
            latest="(select max(last_seen_at) from marts.user_learning_metrics"
            " where user_id in (select user_id from {batch}))",
        ),
        "topic_mastery": Standing(measure="mastery_level", latest="max(last_seen_at)"),
        "knowledge_gaps": Standing(
            measure="gap_type",
            latest="greatest(max(first_detected_at), max(resolved_at))",
            # Gaps come and go with what learners do, not each day.
            age="28 days",
        ),
        "user_learning_metrics": Standing(
            measure="least(days_active_7, 7)", latest="max(last_seen_at)"
        ),
    }
)
