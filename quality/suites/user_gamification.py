"""What must hold in `marts.user_gamification`."""

from quality.suites.suite import Severity, fact, make_suite, never_negative, query

COLUMNS = {
    "user_id": "uuid",
    "total_xp": "bigint",
    "level": "bigint",
    "current_streak": "bigint",
    "longest_streak": "bigint",
    "achievements": "jsonb",
    "reported_total_xp": "bigint",
}
NULLABLE = ("reported_total_xp",)

SUITE = make_suite(
    "user_gamification",
    key=("user_id",),
    columns=COLUMNS,
    nullable=NULLABLE,
    checks=(
        never_negative(
            "counts_are_never_negative",
            "total_xp",
            "level",
            "current_streak",
            "longest_streak",
            "reported_total_xp",
        ),
        fact(
            "current_streak_never_exceeds_longest",
            "The streak of now is among those that longest_streak is the greatest of.",
            broken_when="current_streak > longest_streak",
            column="current_streak",
        ),
        fact(
            "achievements_are_distinct_and_in_order",
            "achievements is an array of text, each achievement once, in order of their bytes.",
            broken_when="""
                case
                    when jsonb_typeof(achievements) <> 'array' then true
                    when jsonb_typeof(achievements) = 'array' then achievements <> (
                        select coalesce(jsonb_agg(name order by name collate "C"), '[]')
                        from (
                            select distinct name
                            from jsonb_array_elements_text(achievements) as names (name)
                            where name is not null
                        ) as distinct_names
                    )
                end
            """,
            column="achievements",
        ),
        query(
            "clients_mostly_agree_on_total_xp",
            "Of the learners whose client reported a total, nine in ten have ours: else the client "
            "adds up otherwise, or awards are lost on the way.",
            """
            select * from (
                select count(*) filter (where reported_total_xp <> total_xp) as learners,
                    count(reported_total_xp) as all_learners
                from {batch}
            ) as share
            where learners > 0.1 * all_learners
            """,
            column="reported_total_xp",
            severity=Severity.WARNING,
        ),
    ),
)
