"""The oracle's `study_sessions`: one row per `session_id`."""

from datetime import datetime

import pandas as pd

from quality.oracle.days import to_instant
from quality.oracle.ground_rules import (
    IDLE_LIMIT,
    MICROSECONDS_PER_SECOND,
    chunks,
    count,
    distinct,
    first_named,
    of_type,
    reported,
)

COLUMNS = (
    "session_id",
    "user_id",
    "local_date",
    "timezone",
    "device_type",
    "started_at",
    "last_event_at",
    "ended_at",
    "end_reason",
    "is_active",
    "duration_seconds",
    "active_seconds",
    "paused_seconds",
    "idle_seconds",
    "pause_count",
    "materials_viewed",
    "materials_completed",
    "chunks_read",
    "questions_attempted",
    "questions_correct",
    "ai_interactions",
    "xp_earned",
    "achievements_unlocked",
    "event_count",
    "events_after_end_count",
    "reported_duration_seconds",
    "reported_active_seconds",
)
BY = ["session_id"]


def build_study_sessions(
    placed: pd.DataFrame, spans: pd.DataFrame, attempts: pd.DataFrame, as_of: datetime
) -> pd.DataFrame:
    """Build the mart from placed events, their spans and the mart of attempts."""
    events = placed.dropna(subset=["session_id"])
    first = events.drop_duplicates("session_id").set_index("session_id")
    sessions = first[["user_id", "local_date", "timezone"]]
    sessions = sessions.join(_times(events, as_of)).join(_durations(events, spans))
    counts = _counts(events, attempts).reindex(sessions.index)
    sessions = sessions.join(counts.fillna(0).astype("int64"))

    starts = of_type(events, "session_start")
    starts = starts.assign(device_type=reported(starts, "device_type"))
    sessions["device_type"] = first_named(starts, BY, "device_type")
    last_end = of_type(events, "session_end").drop_duplicates("session_id", keep="last")
    last_end = last_end.set_index("session_id")
    sessions["reported_duration_seconds"] = reported(last_end, "duration_seconds").astype(float)
    sessions["reported_active_seconds"] = reported(last_end, "active_seconds").astype(float)
    return sessions.reset_index()[[*COLUMNS]]


def _times(events: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    at = events.groupby("session_id", sort=False)["at"]
    started, last = at.first(), at.last()
    is_explicit = last.index.isin(of_type(events, "session_end")["session_id"])
    is_timeout = ~is_explicit & (to_instant(as_of) >= last + IDLE_LIMIT)
    end_reason = pd.Series("open", index=last.index, dtype=object)
    end_reason = end_reason.mask(is_timeout, "timeout").mask(is_explicit, "explicit")
    last_event_at = pd.to_datetime(last, unit="us", utc=True)
    is_active = end_reason == "open"
    return pd.DataFrame(
        {
            "started_at": pd.to_datetime(started, unit="us", utc=True),
            "last_event_at": last_event_at,
            "ended_at": last_event_at.mask(is_active),
            "end_reason": end_reason,
            "is_active": is_active,
        }
    )


def _durations(events: pd.DataFrame, spans: pd.DataFrame) -> pd.DataFrame:
    at = events.groupby("session_id", sort=False)["at"]
    duration = at.last() - at.first()
    # Paused time counts in idle spans too; active time does not.
    paused = (spans["active_from"] - spans["start"]).groupby(spans["session_id"]).sum()
    lively = spans[~spans["is_idle"]]
    active = (lively["end"] - lively["active_from"]).groupby(lively["session_id"]).sum()
    paused = paused.reindex(duration.index, fill_value=0)
    active = active.reindex(duration.index, fill_value=0)
    microseconds = pd.DataFrame(
        {
            "duration_seconds": duration,
            "active_seconds": active,
            "paused_seconds": paused,
            "idle_seconds": duration - active - paused,
        }
    )
    return microseconds / MICROSECONDS_PER_SECOND


def _counts(events: pd.DataFrame, attempts: pd.DataFrame) -> pd.DataFrame:
    """Every count of the mart; a session that has none of something is null here."""
    own_attempts = attempts.dropna(subset=["session_id"])
    materials = events[events["event_type"].str.startswith("material_")]
    xp = of_type(events, "xp_earned")
    ends = of_type(events, "session_end").drop_duplicates("session_id")
    first_end = events["session_id"].map(pd.Series(ends.index, index=ends["session_id"]).to_dict())
    return pd.DataFrame(
        {
            "pause_count": count(of_type(events, "session_pause"), BY),
            "materials_viewed": distinct(materials, BY, "material_id"),
            "materials_completed": distinct(
                of_type(events, "material_complete"), BY, "material_id"
            ),
            "chunks_read": distinct(chunks(events), BY, "material_id", "chunk"),
            "questions_attempted": count(own_attempts, BY),
            "questions_correct": count(own_attempts[own_attempts["is_correct"]], BY),
            "ai_interactions": count(of_type(events, "ai_question_asked"), BY),
            "xp_earned": reported(xp, "xp_amount").astype("Int64").groupby(xp["session_id"]).sum(),
            "achievements_unlocked": count(of_type(events, "achievement_unlocked"), BY),
            "event_count": count(events, BY),
            "events_after_end_count": count(events[events.index > first_end], BY),
        }
    )
