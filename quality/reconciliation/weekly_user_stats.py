"""`marts.weekly_user_stats` against the days they are made of."""

from typing import LiteralString

from quality.reconciliation.added_up import ADDED_UP, sum_each, told_apart
from quality.reconciliation.statement import Reconciliation, Relation

_WEEK = ("user_id", "week_start_date")
_MONDAY: LiteralString = """
    local_date - cast(extract(isodow from local_date) as integer) + 1 as week_start_date
"""
_DAYS: LiteralString = f"""
select
    user_id,
    {_MONDAY},
    count(*) filter (where streak_days > 0) as days,
    max(topics_studied) as most_topics,
    sum(topics_studied) as all_topics
from marts.daily_user_stats
group by 1, 2
"""  # noqa: S608 (constants only)
_WEEKS: LiteralString = """
select user_id, week_start_date, days_active, topics_studied from marts.weekly_user_stats
"""

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "weeks_are_the_sums_of_their_days",
        "What a week adds up (counts, XP and seconds) is in its days, and every day is in a week; "
        "the key is learner, column and Monday.",
        "weekly_user_stats",
        f"""
        select user_id, name, week_start_date, counted as amount
        -- Added up before they are told apart: a twelfth of the rows to add.
        from (
            select user_id, {_MONDAY}, {sum_each(*ADDED_UP)}
            from marts.daily_user_stats
            group by 1, 2
        ) as weeks
        {told_apart(*ADDED_UP)}
        """,  # noqa: S608 (constants only)
        f"""
        select user_id, name, week_start_date, counted as amount
        from marts.weekly_user_stats
        {told_apart(*ADDED_UP)}
        """,  # noqa: S608 (constants only)
        key=("user_id", "name", "week_start_date"),
    ),
    Reconciliation(
        "weeks_count_their_active_days",
        "A week's active days are those of its days that a streak counts.",
        "weekly_user_stats",
        _DAYS,
        _WEEKS,
        key=_WEEK,
        amounts=("days", "days_active"),
    ),
    Reconciliation(
        "weeks_study_the_topics_of_each_day",
        "A week has at least the topics of its day of most topics.",
        "weekly_user_stats",
        _DAYS,
        _WEEKS,
        Relation.AT_MOST,
        key=_WEEK,
        amounts=("most_topics", "topics_studied"),
    ),
    Reconciliation(
        "weeks_study_no_topics_but_those_of_their_days",
        "A week has at most the topics of its days together: one of two days counts once.",
        "weekly_user_stats",
        _DAYS,
        _WEEKS,
        Relation.AT_LEAST,
        key=_WEEK,
        amounts=("all_topics", "topics_studied"),
    ),
)
