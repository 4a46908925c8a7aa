"""One suite of Great Expectations for the log and for each mart, by the name of the table."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from quality.suites import (
    daily_user_stats,
    knowledge_gaps,
    mastery_history,
    material_interactions,
    question_attempts,
    study_events,
    study_sessions,
    topic_daily_stats,
    topic_mastery,
    user_gamification,
    user_learning_metrics,
    weekly_user_stats,
)
from quality.suites.history import RECENT, STANDING
from quality.suites.privacy import texts_hold_nothing_private
from quality.suites.recent import recent_checks
from quality.suites.standing import standing_checks
from quality.suites.suite import Check, Severity, Suite


def complete(mart: Suite) -> Suite:
    """Give the suite of a mart what is asked of all: no personal data, and what the past tells."""
    if mart.table in RECENT:
        past = recent_checks(RECENT[mart.table])
    else:
        past = standing_checks(mart.table, STANDING[mart.table])
    return replace(mart, checks=(*mart.checks, *texts_hold_nothing_private(mart), *past))


MARTS: tuple[Suite, ...] = tuple(
    complete(suite)
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
)

SUITES: Mapping[str, Suite] = MappingProxyType(
    {suite.table: suite for suite in (study_events.SUITE, *MARTS)}
)

__all__ = ["MARTS", "SUITES", "Check", "Severity", "Suite"]
