"""Faults to plant in the healthy warehouse, and the check that must find each."""

from tests.quality.faults import (
    daily_user_stats,
    knowledge_gaps,
    mastery_history,
    material_interactions,
    question_attempts,
    recent,
    study_events,
    study_sessions,
    topic_daily_stats,
    topic_mastery,
    user_gamification,
    user_learning_metrics,
    weekly_user_stats,
)

FAULTS = [
    *study_sessions.FAULTS,
    *question_attempts.FAULTS,
    *material_interactions.FAULTS,
    *daily_user_stats.FAULTS,
    *weekly_user_stats.FAULTS,
    *topic_daily_stats.FAULTS,
    *user_gamification.FAULTS,
    *topic_mastery.FAULTS,
    *knowledge_gaps.FAULTS,
    *mastery_history.FAULTS,
    *user_learning_metrics.FAULTS,
    *recent.FAULTS,
]
LOG_FAULTS = study_events.FAULTS
