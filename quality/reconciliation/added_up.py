"""What a learner's days add up: weeks and lifetimes are sums of the same columns."""

from typing import LiteralString

ADDED_UP: tuple[LiteralString, ...] = (
    "session_count",
    "study_seconds",
    "active_seconds",
    "materials_viewed",
    "materials_completed",
    "chunks_read",
    "questions_attempted",
    "questions_correct",
    "ai_interactions",
    "searches",
    "xp_earned",
    "event_count",
)


def sum_each(*columns: LiteralString) -> LiteralString:
    """The select list that adds up each of some columns under its own name."""
    return ", ".join(f"sum({column}) as {column}" for column in columns)


def told_apart(*columns: LiteralString) -> LiteralString:
    """The join that makes of a row one for each of some columns: its `name` and its `counted`."""
    rows = ", ".join(f"('{column}', {column})" for column in columns)
    return f"cross join lateral (values {rows}) as counts (name, counted)"
