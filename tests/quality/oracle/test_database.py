from datetime import date

import psycopg
import pytest

from ingestion.store.database import Role, role_url
from quality.oracle import read_events, verify_marts
from quality.suites import MARTS
from tests.quality.streams import LONG_AFTER, named
from tests.quality.warehouse import AS_OF, build_warehouse, healthy_stream, plant

MARCH = date(2025, 3, 1)


@pytest.fixture
def filled_url(database_url: str) -> str:
    """The healthy warehouse, and the log of events it is made of."""
    url = role_url(database_url, Role.TRANSFORM, application_name="quality tests")
    build_warehouse(url)
    return url


def test_oracle_agrees_with_marts_that_are_right(filled_url: str) -> None:
    assert verify_marts(filled_url, AS_OF) == {suite.table: [] for suite in MARTS}


def test_oracle_reads_all_events_as_they_landed(filled_url: str) -> None:
    with psycopg.connect(filled_url) as connection:
        events = read_events(connection)

    assert len(events) == len(healthy_stream())
    read = {row["event_id"]: row for row in events.to_dict("records")}
    assert read == {row["event_id"]: row for row in healthy_stream()}


def test_oracle_finds_a_wrong_value_a_lost_row_and_a_row_too_many(filled_url: str) -> None:
    plant(
        filled_url,
        [
            "update marts.study_sessions set paused_seconds = 301 where pause_count = 1",
            "delete from marts.question_attempts where attempt_number = 22",
            "update marts.material_interactions set material_id = 'x' where material_id = 'n'",
            """update marts.user_gamification set achievements = '["day"]' where total_xp > 0""",
        ],
    )

    found = verify_marts(filled_url, AS_OF)

    rich = named("rich")
    assert [str(difference) for difference in found["study_sessions"]] == [
        f"study_sessions session_id={rich} paused_seconds: expected 300.0, is 301.0"
    ]
    assert [difference.actual for difference in found["question_attempts"]] == ["no row"]
    assert [str(difference) for difference in found["material_interactions"]] == [
        f"material_interactions session_id={rich}, material_id=n: expected a row, is no row",
        f"material_interactions session_id={rich}, material_id=x: expected no row, is a row",
    ]
    assert [str(difference) for difference in found["user_gamification"]] == [
        f"user_gamification user_id={named('ann')} achievements: expected ['week'], is ['day']"
    ]
    assert found["daily_user_stats"] == []


def test_oracle_depends_on_as_of_for_what_depends_on_now_alone(filled_url: str) -> None:
    found = verify_marts(filled_url, LONG_AFTER)

    columns = [difference.column for difference in found.pop("study_sessions")]
    assert columns == ["end_reason", "ended_at", "is_active"]
    columns = [difference.column for difference in found.pop("user_gamification")]
    assert columns == ["current_streak"]
    assert {difference.column for difference in found.pop("topic_mastery")} == {
        *("as_of", "mastery_score", "mastery_low", "mastery_high", "mastery_level"),
    }
    # Whatever was answered has decayed since, and nothing lies in any window.
    assert {difference.column for difference in found.pop("knowledge_gaps")} == {
        *(None, "gap_type", "recommended_action", "status", "severity", "evidence", "resolved_at"),
        *("mastery_score", "recommendation", "gap_rank"),
    }
    assert {difference.column for difference in found.pop("user_learning_metrics")} == {
        *("as_of_date", "current_streak_days", "days_active_7", "days_active_28"),
        *("days_active_90", "active_seconds_28", "questions_attempted_28", "accuracy_28"),
        *("sessions_per_week", "consistency", "mean_mastery"),
    }
    assert not any(found.values())


def test_oracle_looks_only_at_the_tables_asked_for(filled_url: str) -> None:
    assert verify_marts(filled_url, AS_OF, tables=["daily_user_stats"]) == {"daily_user_stats": []}
