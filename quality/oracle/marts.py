"""The four marts from the events, as `docs/metrics.md` defines them."""

from datetime import datetime

import pandas as pd

from quality.oracle.daily_user_stats import build_daily_user_stats
from quality.oracle.ground_rules import place
from quality.oracle.material_interactions import build_material_interactions
from quality.oracle.question_attempts import build_question_attempts
from quality.oracle.spans import find_spans
from quality.oracle.study_sessions import build_study_sessions


def build_marts(events: pd.DataFrame, as_of: datetime) -> dict[str, pd.DataFrame]:
    """Build every mart from all events there are, evaluated at `as_of`.

    `events`: the columns of `raw.study_events`, `properties` as dicts, in any order.
    Returns the marts by name; uuids as text, times as UTC timestamps, dates as `datetime.date`.
    Raises ValueError when `as_of` has no time zone or an `event_id` occurs twice.
    """
    if as_of.tzinfo is None:
        raise ValueError("as_of has no time zone; give an aware datetime")
    placed = place(events)
    spans = find_spans(placed)
    attempts = build_question_attempts(placed)
    return {
        "study_sessions": build_study_sessions(placed, spans, attempts, as_of),
        "question_attempts": attempts,
        "material_interactions": build_material_interactions(placed),
        "daily_user_stats": build_daily_user_stats(placed, spans, attempts),
    }
