"""One suite of Great Expectations for each mart, by the mart's name."""

from collections.abc import Mapping
from types import MappingProxyType

from quality.suites import (
    daily_user_stats,
    knowledge_gaps,
    mastery_history,
    material_interactions,
    question_attempts,
    study_sessions,
    topic_daily_stats,
    topic_mastery,
    user_gamification,
    user_learning_metrics,
    weekly_user_stats,
)
from quality.suites.suite import Check, Severity, Suite

SUITES: Mapping[str, Suite] = MappingProxyType(
    {
        suite.table: suite
        for suite in (
            study_sessions.SUITE,
            question_attempts.SUITE,
            material_interactions.SUITE,
            daily_user_stats.SUITE,
            weekly_user_stats.SUITE,
            topic_daily_stats.SUITE,
            user_gamification.SUITE,
            topic_mastery.SUITE,
            knowledge_gaps.SUITE,
            mastery_history.SUITE,
            user_learning_metrics.SUITE,
        )
    }
)

__all__ = ["SUITES", "Check", "Severity", "Suite"]
