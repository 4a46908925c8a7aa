"""`marts.user_learning_metrics` against the marts it sums up."""

from quality.reconciliation.added_up import ADDED_UP, sum_each, told_apart
from quality.reconciliation.statement import Reconciliation

_COLUMN = ("user_id", "name")

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "metrics_are_of_the_learners_of_the_days",
        "Whoever has a day has a row of user_learning_metrics, and nobody else.",
        "user_learning_metrics",
        "select distinct user_id as key, 1 as amount from marts.daily_user_stats",
        "select user_id as key, 1 as amount from marts.user_learning_metrics",
    ),
    Reconciliation(
        "metrics_are_the_sums_of_the_days",
        "What a learner's lifetime adds up is in the learner's days; the key is learner and "
        "column.",
        "user_learning_metrics",
        f"""
        select user_id, name, counted as amount
        from (
            select
                user_id,
                count(*) filter (where streak_days > 0) as days_active,
                {sum_each(*ADDED_UP)}
            from marts.daily_user_stats
            group by 1
        ) as lifetimes
        {told_apart("days_active", *ADDED_UP)}
        """,  # noqa: S608 (constants only)
        f"""
        select user_id, name, counted as amount
        from marts.user_learning_metrics
        {told_apart("days_active", *ADDED_UP)}
        """,  # noqa: S608 (constants only)
        key=_COLUMN,
    ),
    Reconciliation(
        "metrics_count_the_days_of_their_windows",
        "Active days and attempts of the last n dates are those of the days; the key is learner "
        "and column.",
        "user_learning_metrics",
        """
        select user_id, name, sum(counted) as amount
        from marts.daily_user_stats
        inner join marts.user_learning_metrics using (user_id)
        cross join lateral (
            select
                as_of_date - local_date as days_ago,
                case when streak_days > 0 then 1 else 0 end as is_active
        ) as placed
        cross join lateral (
            values
                ('days_active_7', case when days_ago between 0 and 6 then is_active end),
                ('days_active_28', case when days_ago between 0 and 27 then is_active end),
                ('days_active_90', case when days_ago between 0 and 89 then is_active end),
                ('questions_attempted_28', case when days_ago between 0 and 27
                    then daily_user_stats.questions_attempted end)
        ) as counts (name, counted)
        group by user_id, name
        """,
        """
        select user_id, name, counted as amount
        from marts.user_learning_metrics
        cross join lateral (
            values
                ('days_active_7', days_active_7),
                ('days_active_28', days_active_28),
                ('days_active_90', days_active_90),
                ('questions_attempted_28', questions_attempted_28)
        ) as counts (name, counted)
        """,
        key=_COLUMN,
    ),
    Reconciliation(
        "metrics_have_the_streaks_of_gamification",
        "A learner's longest streak is the same in both marts.",
        "user_learning_metrics",
        "select user_id as key, longest_streak as amount from marts.user_gamification",
        "select user_id as key, longest_streak_days as amount from marts.user_learning_metrics",
    ),
    Reconciliation(
        "metrics_count_the_topics_of_mastery",
        "A learner's topics, and those mastered, are rows of topic_mastery; the key is learner and "
        "column.",
        "user_learning_metrics",
        """
        select user_id, name, sum(counted) as amount
        from marts.topic_mastery
        cross join lateral (
            values
                ('topics_studied', 1),
                ('topics_mastered', case when mastery_level = 'mastered' then 1 else 0 end)
        ) as counts (name, counted)
        group by user_id, name
        """,
        """
        select user_id, name, counted as amount
        from marts.user_learning_metrics
        cross join lateral (
            values ('topics_studied', topics_studied), ('topics_mastered', topics_mastered)
        ) as counts (name, counted)
        """,
        key=_COLUMN,
    ),
)
