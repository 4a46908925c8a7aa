"""Sums that must agree between the layers: staging and marts, and the marts among themselves.

Each reconciliation is two queries that give an amount for each key; the keys on which they
disagree are the finding. They are independent of each other, so a fault shows where it is.
"""

from quality.reconciliation import (
    daily_user_stats,
    knowledge_gaps,
    mastery_history,
    material_interactions,
    question_attempts,
    stg_study_events,
    study_sessions,
    topic_daily_stats,
    topic_mastery,
    user_gamification,
    user_learning_metrics,
    weekly_user_stats,
)
from quality.reconciliation.statement import Reconciliation, Relation

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    *stg_study_events.RECONCILIATIONS,
    *study_sessions.RECONCILIATIONS,
    *material_interactions.RECONCILIATIONS,
    *question_attempts.RECONCILIATIONS,
    *daily_user_stats.RECONCILIATIONS,
    *weekly_user_stats.RECONCILIATIONS,
    *topic_daily_stats.RECONCILIATIONS,
    *user_gamification.RECONCILIATIONS,
    *topic_mastery.RECONCILIATIONS,
    *knowledge_gaps.RECONCILIATIONS,
    *mastery_history.RECONCILIATIONS,
    *user_learning_metrics.RECONCILIATIONS,
)

__all__ = ["RECONCILIATIONS", "Reconciliation", "Relation"]
