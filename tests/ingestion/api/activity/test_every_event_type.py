"""Each event type of the plan, from its route to the column of a mart that it is told by."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from psycopg import AsyncConnection
from psycopg.rows import dict_row

from ingestion.events.plan import PLAN
from ingestion.gamification.breaking import tell_broken_streaks
from ingestion.store.database import Role, role_url
from tests.exactness.warehouse import Warehouse
from tests.ingestion.api.activity.conftest import Learner

NOW = datetime.now(UTC)
MORNING = (NOW - timedelta(days=3)).replace(hour=9, minute=0, second=0, microsecond=0)
ALONE = ("quiz_start", "ai_response_received", "ai_feedback_positive", "ai_feedback_negative")


class Sitting:
    """A learner's session of one morning, told minute by minute."""

    def __init__(self, client: httpx.Client, morning: datetime = MORNING) -> None:
        self.learner = Learner(client)
        self.session_id = str(uuid4())
        self._at = morning

    def do(self, path: str, *, session_id: str | None = None, **body: Any) -> dict[str, Any]:
        self._at += timedelta(minutes=1)
        if "/api/sessions/{" not in path:
            body["session_id"] = session_id or self.session_id
        told = path.replace("{session_id}", self.session_id)
        return self.learner.do(told, occurred_at=self._at.isoformat(), **body)


def put_content(client: httpx.Client) -> None:
    content = {
        "questions": {
            "q-view": {"topic_id": "heart", "correct_answer": "A", "difficulty": "easy"},
            "q-try": {"topic_id": "lung"},
        },
        "materials": {"m-1": {"topic_id": "heart", "material_type": "pdf"}},
        "topics": {"kidney": {"name": "Kidney", "level": 2}},
    }
    assert client.put("/api/content", json=content).json() == {"stored": 4}


def study(client: httpx.Client) -> tuple[Sitting, dict[str, str]]:
    """Use every route; returns the sitting, and sessions that hold one event of a type only."""
    sitting, alone = Sitting(client), {name: str(uuid4()) for name in ALONE}
    do = sitting.do
    body = {"device_type": "tablet", "timezone": "Europe/Berlin"}
    do("/api/sessions/start", **body)
    do("/api/materials/m-1/open")
    do("/api/materials/m-1/read", time_spent_seconds=30, scroll_depth_percent=75, chunk_index=1)
    do("/api/materials/m-1/annotations", annotation_type="highlight", text="the sinus node")
    do("/api/materials/m-1/annotations", annotation_type="note", text="ask about this")
    do("/api/materials/m-1/annotations", annotation_type="bookmark")
    do("/api/materials/m-1/complete")
    do("/api/questions/q-view/view")
    do("/api/questions/q-view/hint", hint_type="guided")
    do("/api/questions/q-view/submit", answer="A", time_spent=45)
    do("/api/questions/q-view/explanation")
    do("/api/questions/q-try/submit", is_final=False, answer="C", is_correct=False, time_spent=7)
    do("/api/quizzes/quiz-1/start", session_id=alone["quiz_start"], total_questions=20)
    do("/api/quizzes/quiz-1/complete", correct_answers=20, total_questions=20)
    do("/api/ai-coach/ask", question="Why is the T wave inverted?", context={"page": 3})
    do("/api/ai-coach/response", session_id=alone["ai_response_received"], response="Because")
    do("/api/ai-coach/feedback", session_id=alone["ai_feedback_positive"], rating=5)
    do("/api/ai-coach/feedback", session_id=alone["ai_feedback_negative"], thumbs="down")
    do("/api/search", q="beta blockers", result_count=12)
    do("/api/topics/kidney/explored")
    do("/api/sessions/{session_id}/pause", reason="break")
    do("/api/sessions/{session_id}/resume")
    do("/api/sessions/{session_id}/end")
    return sitting, alone


async def break_streaks(url: str) -> None:
    ingest = role_url(url, Role.INGEST, application_name="test")
    async with await AsyncConnection.connect(ingest, autocommit=True) as connection:
        await tell_broken_streaks(connection, as_of=NOW, received_at=NOW)


@pytest.fixture(scope="module")
def told(built_client: httpx.Client, warehouse: Warehouse) -> Mapping[str, Any]:
    """All routes called once, the streak's end told, and one load: the names of what to look at."""
    put_content(built_client)
    sitting, alone = study(built_client)
    visitor = Learner(built_client)
    visitor.do("/api/gamification/checkin")
    asyncio.run(break_streaks(warehouse.url))
    warehouse.load(NOW)
    return {
        "user_id": sitting.learner.user_id,
        "session_id": sitting.session_id,
        "visitor": visitor.user_id,
        **alone,
    }


_SESSION = "from marts.study_sessions where session_id = %(session_id)s"
_READING = "from marts.material_interactions where session_id = %(session_id)s"
_ATTEMPT = "from marts.question_attempts where user_id = %(user_id)s and question_id = 'q-view'"
_DAY = "from marts.daily_user_stats where user_id = %(user_id)s and xp_earned > 0"
_TRY = "from marts.question_attempts where user_id = %(user_id)s and question_id = 'q-try'"
_BROKEN = "from marts.daily_user_stats where user_id = %(user_id)s and xp_earned = 0"
_VISIT = "from marts.daily_user_stats where user_id = %(visitor)s"
_KIDNEY = "from marts.topic_mastery where user_id = %(user_id)s and topic_id = 'kidney'"
_GAME = "from marts.user_gamification where user_id = %(user_id)s"

SEEN: Mapping[str, tuple[str, object]] = {
    "session_start": (f"select device_type || ' ' || timezone {_SESSION}", "tablet Europe/Berlin"),
    "session_pause": (f"select pause_count {_SESSION}", 1),
    "session_resume": (f"select paused_seconds {_SESSION}", 60),
    "session_end": (f"select end_reason {_SESSION}", "explicit"),
    "material_open": (f"select material_type {_READING}", "pdf"),
    "material_read": (f"select duration_seconds {_READING}", 30),
    "material_complete": (f"select is_complete {_READING}", True),
    "material_highlight": (f"select highlights_count {_READING}", 1),
    "material_note": (f"select notes_count {_READING}", 1),
    "material_bookmark": (f"select is_bookmarked {_READING}", True),
    "question_view": (f"select difficulty {_ATTEMPT}", 0.25),
    "question_submit": (f"select time_to_answer_seconds {_ATTEMPT}", 45),
    "question_attempt": (f"select time_to_answer_seconds {_TRY}", 7),
    "quiz_start": (
        "select event_count from marts.study_sessions where session_id = %(quiz_start)s",
        1,
    ),
    # Of the rules that come with the package: a day's 5, a material's 25, an answer's 10 and 2, the
    # first question's 10; what is left are 20 right answers of a quiz at 3.
    "quiz_complete": (f"select xp_earned - 52 {_SESSION}", 60),
    "ai_question_asked": (f"select ai_interactions {_SESSION}", 1),
    "ai_response_received": (
        "select event_count from marts.study_sessions where session_id = %(ai_response_received)s",
        1,
    ),
    "ai_feedback_positive": (
        "select event_count from marts.study_sessions where session_id = %(ai_feedback_positive)s",
        1,
    ),
    "ai_feedback_negative": (
        "select event_count from marts.study_sessions where session_id = %(ai_feedback_negative)s",
        1,
    ),
    "ai_hint_requested": (f"select hint_used {_ATTEMPT}", True),
    "ai_explanation_requested": (f"select explanation_viewed {_ATTEMPT}", True),
    "xp_earned": (f"select total_xp = reported_total_xp and total_xp > 0 {_GAME}", True),
    "level_up": (f"select level {_GAME}", 2),
    "achievement_unlocked": (f"select achievements ? 'first-question' {_GAME}", True),
    # A check-in without any study: the day has the event and its XP, and is no day of study.
    "streak_continued": (
        f"select array[event_count, xp_earned, streak_days] {_VISIT}",
        [2, 5, 0],
    ),
    # The day the streak is broken on has nothing but that.
    "streak_broken": (f"select event_count {_BROKEN}", 1),
    "search_performed": (f"select searches {_DAY}", 1),
    "topic_explored": (f"select mastery_level {_KIDNEY}", "unseen"),
}


def test_every_type_of_the_plan_is_looked_for() -> None:
    assert SEEN.keys() == PLAN.keys()


@pytest.mark.parametrize("event_type", list(PLAN))
def test_event_type_reaches_its_mart(
    told: Mapping[str, Any], warehouse: Warehouse, event_type: str
) -> None:
    statement, expected = SEEN[event_type]
    with psycopg.connect(warehouse.url) as connection:
        stored = connection.execute(
            "select count(*) from raw.study_events"
            " where event_type = %(event_type)s and user_id in (%(user_id)s, %(visitor)s)",
            {**told, "event_type": event_type},
        ).fetchone()
        assert stored is not None
        assert stored[0] > 0
        (row,) = connection.execute(statement.encode(), told).fetchall()
    assert row[0] == expected


def test_live_views_told_it_before_the_load(
    told: Mapping[str, Any], built_client: httpx.Client, warehouse: Warehouse
) -> None:
    """What was written after a load is in the views, and the next load stores the same."""
    learner = Learner(built_client, str(told["user_id"]))
    learner.do("/api/questions/q-view/submit", answer="B", time_spent=12)
    with psycopg.connect(warehouse.url, row_factory=dict_row) as connection:
        (attempt,) = connection.execute(
            "select * from live.question_attempts"
            " where user_id = %s and time_to_answer_seconds = 12",
            [told["user_id"]],
        ).fetchall()
    assert (attempt["attempt_number"], attempt["is_correct"]) == (2, False)
    assert attempt["attempt_number"] == attempt["reported_attempt_number"]
