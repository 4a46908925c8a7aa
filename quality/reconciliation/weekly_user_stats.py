"""`marts.weekly_user_stats` against the days they are made of."""

from quality.reconciliation.added_up import ADDED_UP, sum_each, told_apart
from quality.reconciliation.statement import Reconciliation, Relation

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "weeks_are_the_sums_of_their_days",
        "What a week adds up (counts, XP and seconds) is in its days, and every day is in a week; "
        "the key is learner, column and Monday.",
        "weekly_user_stats",
        f"""
        select concat_ws(' ', user_id, name, week_start_date) as key, counted as amount
        -- Added up before they are told apart: a twelfth of the rows to add.
        from (
            select
                user_id,
                local_date - cast(extract(isodow from local_date) as integer) + 1
                    as week_start_date,
                {sum_each(*ADDED_UP)}
            from marts.daily_user_stats
            group by 1, 2
        ) as weeks
        {told_apart(*ADDED_UP)}
        """,  # noqa: S608 (constants only)
        f"""
        select concat_ws(' ', user_id, name, week_start_date) as key, counted as amount
        from marts.weekly_user_stats
        {told_apart(*ADDED_UP)}
        """,  # noqa: S608 (constants only)
    ),
    Reconciliation(
        "weeks_count_their_active_days",
        "A week's active days are those of its days that a streak counts.",
        "weekly_user_stats",
        """
        select
            concat_ws(
                ' ', user_id, local_date - cast(extract(isodow from local_date) as integer) + 1
            ) as key,
            count(*) as amount
        from marts.daily_user_stats
        where streak_days > 0
        group by 1
        """,
        """
        select concat_ws(' ', user_id, week_start_date) as key, days_active as amount
        from marts.weekly_user_stats
        """,
    ),
    Reconciliation(
        "weeks_study_the_topics_of_each_day",
        "A week has at least the topics of its day of most topics.",
        "weekly_user_stats",
        """
        select
            concat_ws(
                ' ', user_id, local_date - cast(extract(isodow from local_date) as integer) + 1
            ) as key,
            max(topics_studied) as amount
        from marts.daily_user_stats
        group by 1
        """,
        """
        select concat_ws(' ', user_id, week_start_date) as key, topics_studied as amount
        from marts.weekly_user_stats
        """,
        Relation.AT_MOST,
    ),
    Reconciliation(
        "weeks_study_no_topics_but_those_of_their_days",
        "A week has at most the topics of its days together: one of two days counts once.",
        "weekly_user_stats",
        """
        select concat_ws(' ', user_id, week_start_date) as key, topics_studied as amount
        from marts.weekly_user_stats
        """,
        """
        select
            concat_ws(
                ' ', user_id, local_date - cast(extract(isodow from local_date) as integer) + 1
            ) as key,
            sum(topics_studied) as amount
        from marts.daily_user_stats
        group by 1
        """,
        Relation.AT_MOST,
    ),
)
