"""`marts.knowledge_gaps` against the mastery it is of."""

from quality.reconciliation.statement import Reconciliation, Relation

_KEY = ("user_id", "topic_id")

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "gaps_are_of_topics_that_are_met_or_of_the_cohort",
        "Whoever has a gap has met the topic, or five others have; the key is learner and topic.",
        "knowledge_gaps",
        "select user_id, topic_id, 1 as amount from marts.knowledge_gaps",
        """
        select user_id, topic_id, 1 as amount
        from marts.knowledge_gaps as gaps
        where
            (user_id, topic_id) in (select user_id, topic_id from marts.topic_mastery)
            or user_id in (select user_id from marts.topic_mastery)
            and topic_id in (
                select topic_id from marts.topic_mastery group by topic_id having count(*) >= 5
            )
        """,
        Relation.AT_MOST,
        key=_KEY,
    ),
    Reconciliation(
        "open_gaps_are_ranked_without_a_hole",
        "The ranks of a learner's open gaps add up as 1, 2, 3 and so on do.",
        "knowledge_gaps",
        """
        select user_id as key, sum(gap_rank) as amount
        from marts.knowledge_gaps where status = 'open' group by 1
        """,
        """
        select user_id as key, count(*) * (count(*) + 1) / 2 as amount
        from marts.knowledge_gaps where status = 'open' group by 1
        """,
    ),
    Reconciliation(
        "prerequisites_are_open_gaps",
        "What is to be studied first is an open gap of its learner; the key is learner and topic.",
        "knowledge_gaps",
        """
        select user_id, study_first as topic_id, 1 as amount
        from marts.knowledge_gaps where study_first is not null
        group by user_id, study_first
        """,
        """
        select user_id, topic_id, 1 as amount
        from marts.knowledge_gaps where status = 'open'
        """,
        Relation.AT_MOST,
        key=_KEY,
    ),
    Reconciliation(
        "gaps_have_the_score_of_mastery",
        "The score of a gap is the one that topic_mastery has.",
        "knowledge_gaps",
        """
        select user_id, topic_id, knowledge_gaps.mastery_score as amount
        from marts.knowledge_gaps inner join marts.topic_mastery using (user_id, topic_id)
        """,
        """
        select user_id, topic_id, topic_mastery.mastery_score as amount
        from marts.knowledge_gaps inner join marts.topic_mastery using (user_id, topic_id)
        """,
        key=_KEY,
    ),
)
