"""Spans between the events of a session, what of them was paused, and the length of a union."""

from collections.abc import Iterable

import pandas as pd

from quality.oracle.ground_rules import IDLE_LIMIT


def find_spans(placed: pd.DataFrame) -> pd.DataFrame:
    """Give the spans: one row per event of a session that has a later one in the same session.

    Columns: user_id, session_id, timezone, `start`, `active_from`, `end` (microseconds; paused from
    `start` to `active_from`, active from there to `end`) and `is_idle`.
    """
    in_session = placed["session_id"].notna()
    at = placed["at"].astype("Int64")
    spans = placed[["user_id", "session_id", "timezone"]].assign(
        start=at,
        end=at[in_session].groupby(placed["session_id"][in_session]).shift(-1),
        # The pause ends with the learner's next event wherever it is: in the other tab too.
        next_anywhere=at.groupby(placed["user_id"]).shift(-1),
        is_pause=placed["event_type"] == "session_pause",
    )
    spans = spans.dropna(subset=["end"]).reset_index(drop=True)
    spans["active_from"] = spans["next_anywhere"].where(spans["is_pause"], spans["start"])
    for name in ("start", "active_from", "end"):
        spans[name] = spans[name].astype("int64")
    spans["is_idle"] = spans["end"] - spans["start"] > IDLE_LIMIT
    return spans.drop(columns=["next_anywhere", "is_pause"])


def length_of_union(stretches: Iterable[tuple[int, int]]) -> int:
    """Give the length of the union of stretches (start, end): what overlaps counts once."""
    length = 0
    covered_to: int | None = None
    for start, end in sorted(stretches):
        fresh = start if covered_to is None else max(start, covered_to)
        if end > fresh:
            length += end - fresh
            covered_to = end
    return length
