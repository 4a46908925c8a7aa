"""The oracle's `material_interactions`: one row per (`session_id`, `material_id`)."""

from decimal import Decimal

import pandas as pd

from quality.oracle.ground_rules import chunks, count, distinct, first_named, of_type, reported

COLUMNS = (
    "session_id",
    "material_id",
    "user_id",
    "topic_id",
    "material_type",
    "interaction_type",
    "started_at",
    "ended_at",
    "duration_seconds",
    "scroll_depth_percent",
    "chunks_read",
    "is_complete",
    "highlights_count",
    "notes_count",
    "is_bookmarked",
)
BY = ["session_id", "material_id"]
READING = ("material_open", "material_read", "material_complete")
READ_TO_THE_END = 90.0
"""Scroll depth, in percent, from which a material counts as complete."""


def build_material_interactions(placed: pd.DataFrame) -> pd.DataFrame:
    """Build the mart from placed events."""
    is_material = placed["event_type"].str.startswith("material_")
    events = placed[is_material].dropna(subset=BY)
    grouped = events.groupby(BY, sort=False)
    opens = of_type(events, "material_open")
    opens = opens.assign(material_type=reported(opens, "material_type"))
    reads = of_type(events, "material_read")
    reads = reads.assign(
        # Added as the decimals that were sent: ten times 0.1 is 1.
        seconds=reported(reads, "time_spent_seconds").map(str).map(Decimal),
        depth=reported(reads, "scroll_depth_percent").astype(float),
    )

    mart = pd.DataFrame(index=grouped.size().index)
    mart["user_id"] = first_named(events, BY, "user_id")
    mart["topic_id"] = first_named(events, BY, "topic_id")
    mart["material_type"] = first_named(opens, BY, "material_type")
    mart["interaction_type"] = "annotate"
    mart.loc[_has(mart, of_type(events, *READING)), "interaction_type"] = "read"
    mart["started_at"] = pd.to_datetime(grouped["at"].first(), unit="us", utc=True)
    mart["ended_at"] = pd.to_datetime(grouped["at"].last(), unit="us", utc=True)
    mart["duration_seconds"] = reads.groupby(BY)["seconds"].sum().astype(float)
    mart["scroll_depth_percent"] = reads.groupby(BY)["depth"].max()
    mart["is_complete"] = _has(mart, of_type(events, "material_complete")) | (
        mart["scroll_depth_percent"] >= READ_TO_THE_END
    )
    mart["is_bookmarked"] = _has(mart, of_type(events, "material_bookmark"))
    counts = {
        "chunks_read": distinct(chunks(events), BY, "chunk"),
        "highlights_count": count(of_type(events, "material_highlight"), BY),
        "notes_count": count(of_type(events, "material_note"), BY),
    }
    for name, counted in counts.items():
        mart[name] = counted.reindex(mart.index, fill_value=0).astype("int64")
    mart["duration_seconds"] = mart["duration_seconds"].fillna(0.0)
    return mart.reset_index()[[*COLUMNS]]


def _has(mart: pd.DataFrame, events: pd.DataFrame) -> pd.Series:
    """Say of each row of the mart whether it has one of these events."""
    keys = pd.MultiIndex.from_frame(events[BY])
    return pd.Series(mart.index.isin(keys), index=mart.index)
