"""All marts from the events, as `docs/metrics.md` defines them."""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import available_timezones

import pandas as pd

from quality.oracle.daily_user_stats import build_daily_user_stats
from quality.oracle.ground_rules import place
from quality.oracle.knowledge_gaps import build_knowledge_gaps
from quality.oracle.mastery_history import build_mastery_history
from quality.oracle.material_interactions import build_material_interactions
from quality.oracle.question_attempts import build_question_attempts
from quality.oracle.spans import find_spans
from quality.oracle.study_sessions import build_study_sessions
from quality.oracle.topic_daily_stats import build_topic_daily_stats
from quality.oracle.topic_mastery import Beliefs, build_topic_mastery
from quality.oracle.user_gamification import build_user_gamification
from quality.oracle.user_learning_metrics import build_user_learning_metrics
from quality.oracle.weekly_user_stats import build_weekly_user_stats


def build_marts(
    events: pd.DataFrame, as_of: datetime, *, timezones: Collection[str] | None = None
) -> dict[str, pd.DataFrame]:
    """Build every mart from all events there are, evaluated at `as_of`.

    `events`: the columns of `raw.study_events`, `properties` as dicts, in any order.
    `timezones`: the names that the database under test knows; a name that it lacks, or Python
    does, counts as none. Without it those that Python knows.
    Returns the marts by name; uuids as text, times as UTC timestamps, dates as `datetime.date`,
    arrays as lists, objects as dicts.
    Raises ValueError when `as_of` has no time zone or an `event_id` occurs twice.
    """
    if as_of.tzinfo is None:
        raise ValueError("as_of has no time zone; give an aware datetime")
    known = available_timezones()
    placed = place(events, known if timezones is None else known.intersection(timezones))
    spans = find_spans(placed)
    attempts = build_question_attempts(placed)
    days = build_daily_user_stats(placed, spans, attempts)
    beliefs = Beliefs(attempts, as_of)
    mastery = build_topic_mastery(placed, attempts, beliefs)
    marts = {
        "study_sessions": build_study_sessions(placed, spans, attempts, as_of),
        "question_attempts": attempts,
        "material_interactions": build_material_interactions(placed),
        "daily_user_stats": days,
        "weekly_user_stats": build_weekly_user_stats(placed, days),
        "topic_daily_stats": build_topic_daily_stats(placed, spans, attempts),
        "user_gamification": build_user_gamification(placed, days, as_of),
        "topic_mastery": mastery,
        "knowledge_gaps": build_knowledge_gaps(mastery, attempts, beliefs),
        "mastery_history": build_mastery_history(beliefs),
    }
    return marts | {
        "user_learning_metrics": build_user_learning_metrics(placed, marts, as_of),
    }
