"""The oracle's `mastery_history`: one row per (`user_id`, `topic_id`, `utc_date`)."""

import pandas as pd

from quality.oracle.topic_mastery import BY, Beliefs

_STEP = (
    *("user_id", "topic_id", "attempted_at", "is_correct"),
    *("mastery_score", "mastery_low", "mastery_high", "mastery_level"),
)
COLUMNS = (
    *("user_id", "topic_id", "utc_date", "attempted_at"),
    *("questions_attempted", "questions_correct"),
    *("mastery_score", "mastery_low", "mastery_high", "mastery_level", "model_version"),
)


def build_mastery_history(beliefs: Beliefs) -> pd.DataFrame:
    """Build the mart from what was believed after each attempt, in their order."""
    steps = pd.DataFrame(beliefs.steps, columns=[*_STEP])
    steps["utc_date"] = [at.tz_convert("UTC").date() for at in steps["attempted_at"]]
    by_topic = steps.astype({"is_correct": bool}).groupby(BY, sort=False)["is_correct"]
    steps["questions_attempted"] = by_topic.cumcount() + 1
    steps["questions_correct"] = by_topic.cumsum().astype("int64")
    steps["model_version"] = beliefs.model["version"]
    return steps.drop_duplicates([*BY, "utc_date"], keep="last")[[*COLUMNS]]
