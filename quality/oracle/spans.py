"""Spans between the events of a session: what of them was paused, and their time by local date."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

import pandas as pd

from quality.oracle.days import cut_at_midnight
from quality.oracle.ground_rules import GAMIFICATION, IDLE_LIMIT


def find_spans(placed: pd.DataFrame) -> pd.DataFrame:
    """Give the spans: one row per event of a session that has a later one in the same session.

    Columns: user_id, session_id, timezone, `topic_id` (what the span is spent on, null where
    nothing is), `start`, `active_from`, `end` (microseconds; paused from `start` to `active_from`,
    active from there to `end`) and `is_idle`.
    """
    in_session = placed["session_id"].notna()
    at = placed["at"].astype("Int64")
    spans = placed[["user_id", "session_id", "timezone"]].assign(
        topic_id=_topic(placed),
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


def time_by_day(spans: pd.DataFrame, begin: str, by: list[str]) -> pd.Series:
    """Give the length of the union of the spans that count, from `begin` to their end, by day.

    Idle spans count nowhere, and each span is cut at the midnights of its own session's time zone.
    In whole microseconds, by the columns `by` and `local_date`; what has no time is not there, nor
    is a span with a null among `by`.
    """
    pieces: defaultdict[tuple[str | date, ...], list[tuple[int, int]]] = defaultdict(list)
    counting = spans[~spans["is_idle"]].dropna(subset=by)
    columns = ["start", begin, "end", "timezone", *by]
    for start, counted_from, end, timezone, *key in counting[columns].itertuples(
        index=False, name=None
    ):
        for day, from_, to in cut_at_midnight(start, end, timezone):
            if counted_from < to:
                pieces[*key, day].append((max(from_, counted_from), to))
    index = pd.MultiIndex.from_tuples([*pieces], names=[*by, "local_date"])
    lengths = [length_of_union(stretches) for stretches in pieces.values()]
    return pd.Series(lengths, index=index, dtype="int64")


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


def _topic(placed: pd.DataFrame) -> pd.Series:
    """The topic of each event, else of the last before it in its session that names one."""
    # A reward for cardiology while renal questions are answered does not change the subject.
    named = placed["topic_id"].where(~placed["event_type"].isin(GAMIFICATION), None)
    return named.groupby(placed["session_id"]).ffill()
