"""What the marts hold, in a few numbers, and whether it is what they held before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

from ingestion.store.database import Role, role_url

# By mart: what to tell of it, each figure a label and an expression over its rows. Of a mart
# that is not here only the rows are told.
FIGURES: Mapping[str, Sequence[tuple[str, LiteralString]]] = {
    "study_sessions": (
        ("learners", "count(distinct user_id)"),
        ("active hours", "round((sum(active_seconds) / 3600)::numeric, 1)"),
        (
            "median active minutes",
            "round((percentile_cont(0.5) within group (order by active_seconds) / 60)::numeric, 1)",
        ),
        ("ended by timeout", "count(*) filter (where end_reason = 'timeout')"),
        ("still open", "count(*) filter (where is_active)"),
    ),
    "question_attempts": (
        ("questions", "count(distinct question_id)"),
        ("correct", "round(100.0 * avg(is_correct::int), 1) || ' %'"),
        ("first attempts", "count(*) filter (where is_first_attempt)"),
        ("with a hint", "count(*) filter (where hint_used)"),
    ),
    "material_interactions": (
        ("materials", "count(distinct material_id)"),
        ("completed", "count(*) filter (where is_complete)"),
        ("hours read", "round((sum(duration_seconds) / 3600)::numeric, 1)"),
    ),
    "daily_user_stats": (
        ("learners", "count(distinct user_id)"),
        ("study hours", "round((sum(study_seconds) / 3600)::numeric, 1)"),
        ("longest streak in days", "max(streak_days)"),
        ("XP", "sum(xp_earned)"),
    ),
    "weekly_user_stats": (
        ("learners", "count(distinct user_id)"),
        ("mean days active", "round(avg(days_active), 1)"),
        ("rising accuracy", "count(*) filter (where accuracy_change > 0)"),
    ),
    "topic_daily_stats": (
        ("topics", "count(distinct topic_id)"),
        ("study hours", "round((sum(study_seconds) / 3600)::numeric, 1)"),
        ("questions to the coach", "sum(ai_questions)"),
    ),
    "user_gamification": (
        ("learners on a streak", "count(*) filter (where current_streak > 0)"),
        ("highest level", "max(level)"),
        ("achievements", "sum(jsonb_array_length(achievements))"),
    ),
    "topic_mastery": (
        ("learners", "count(distinct user_id)"),
        ("topics", "count(distinct topic_id)"),
        ("mean mastery", "round(avg(mastery_score)::numeric, 2)"),
        ("mastered", "count(*) filter (where mastery_level = 'mastered')"),
        ("unseen", "count(*) filter (where mastery_level = 'unseen')"),
    ),
    "knowledge_gaps": (
        ("open", "count(*) filter (where status = 'open')"),
        ("resolved", "count(*) filter (where status = 'resolved')"),
        (
            "open misconceptions",
            "count(*) filter (where status = 'open' and gap_type = 'misconception')",
        ),
        ("open decayed", "count(*) filter (where status = 'open' and gap_type = 'decayed')"),
    ),
    "user_learning_metrics": (
        ("active in 28 days", "count(*) filter (where days_active_28 > 0)"),
        ("mean sessions a week", "round(avg(sessions_per_week)::numeric, 1)"),
        ("favourite hour", "mode() within group (order by preferred_hour)"),
        ("rising accuracy", "count(*) filter (where learning_velocity > 0)"),
    ),
}

_TABLES = """
select tablename from pg_tables where schemaname = 'marts' order by tablename
"""

_ROWS = """
select count(*), coalesce(sum(hashtextextended(mart::text, 0)::numeric), 0)::text
from {} as mart
"""


@dataclass(frozen=True)
class MartSummary:
    """One mart: its rows, a fingerprint that any changed row changes, and its figures."""

    table: str
    rows: int
    fingerprint: str
    figures: Mapping[str, object]


def summarise_marts(url: str) -> dict[str, MartSummary]:
    """Sum up the marts that exist, by name; those with figures come first."""
    own = role_url(url, Role.BI, application_name="study-summary")
    with psycopg.connect(own) as connection:
        existing = [name for (name,) in connection.execute(_TABLES).fetchall()]
        known = [name for name in FIGURES if name in existing]
        return {
            table: _summarise(connection, table)
            for table in (*known, *(name for name in existing if name not in FIGURES))
        }


def find_changes(before: Mapping[str, MartSummary], after: Mapping[str, MartSummary]) -> list[str]:
    """Marts whose rows are not those they were."""
    return [
        table
        for table, summary in after.items()
        if table not in before or before[table].fingerprint != summary.fingerprint
    ]


def _summarise(connection: psycopg.Connection, table: str) -> MartSummary:
    mart = sql.Identifier("marts", table)
    rows, fingerprint = connection.execute(sql.SQL(_ROWS).format(mart)).fetchone() or (0, "")
    figures = FIGURES.get(table, ())
    expressions = sql.SQL(", ").join(sql.SQL(expression) for _, expression in figures)
    query = sql.SQL("select {} from {}").format(expressions, mart)
    values = connection.execute(query).fetchone() or () if figures else ()
    labels = [label for label, _ in figures]
    return MartSummary(table, rows, fingerprint, dict(zip(labels, values, strict=True)))
