"""`marts.knowledge_gaps` against the mastery it is of."""

from quality.reconciliation.statement import Reconciliation, Relation

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "gaps_are_of_topics_of_their_learner",
        "Whoever has a gap has met the topic; the key is learner and topic.",
        "knowledge_gaps",
        "select concat_ws(' ', user_id, topic_id) as key, 1 as amount from marts.knowledge_gaps",
        "select concat_ws(' ', user_id, topic_id) as key, 1 as amount from marts.topic_mastery",
        Relation.AT_MOST,
    ),
    Reconciliation(
        "gaps_have_the_score_of_mastery",
        "The score of a gap is the one that topic_mastery has.",
        "knowledge_gaps",
        """
        select concat_ws(' ', user_id, topic_id) as key, knowledge_gaps.mastery_score as amount
        from marts.knowledge_gaps inner join marts.topic_mastery using (user_id, topic_id)
        """,
        """
        select concat_ws(' ', user_id, topic_id) as key, topic_mastery.mastery_score as amount
        from marts.knowledge_gaps inner join marts.topic_mastery using (user_id, topic_id)
        """,
    ),
)
