"""`marts.user_gamification` against staging and the days."""

from quality.reconciliation.statement import Reconciliation, Relation

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "gamification_is_of_the_learners_of_the_days",
        "Whoever has a day has a row of user_gamification, and nobody else.",
        "user_gamification",
        "select distinct user_id as key, 1 as amount from marts.daily_user_stats",
        "select user_id as key, 1 as amount from marts.user_gamification",
    ),
    Reconciliation(
        "gamification_holds_the_xp_of_the_days",
        "A learner's total XP are the sum of the learner's days.",
        "user_gamification",
        "select user_id as key, sum(xp_earned) as amount from marts.daily_user_stats group by 1",
        "select user_id as key, total_xp as amount from marts.user_gamification",
    ),
    Reconciliation(
        "longest_streak_is_that_of_the_days",
        "A learner's longest streak is the greatest of the learner's days.",
        "user_gamification",
        "select user_id as key, max(streak_days) as amount from marts.daily_user_stats group by 1",
        "select user_id as key, longest_streak as amount from marts.user_gamification",
    ),
    Reconciliation(
        "gamification_holds_no_more_achievements_than_unlocked",
        "A learner has at most one achievement for each achievement_unlocked event.",
        "user_gamification",
        """
        select user_id as key, jsonb_array_length(achievements) as amount
        from marts.user_gamification
        """,
        """
        select user_id as key, count(*) as amount
        from intermediate.int_events_logged where event_type = 'achievement_unlocked' group by 1
        """,
        Relation.AT_MOST,
    ),
)
