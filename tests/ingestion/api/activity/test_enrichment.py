"""What is computed for an event, held against what the learner did before it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from tests.ingestion.api.activity.conftest import Learner

TEN = (datetime.now(UTC) - timedelta(days=2)).replace(hour=10, minute=0, second=0, microsecond=0)


class Clocked:
    """A learner in one session, at times of the test's choosing (minutes after ten)."""

    def __init__(self, learner: Learner, session_id: str | None = None) -> None:
        self.learner, self.session_id = learner, session_id or str(uuid4())

    def do(self, minute: float, path: str, **body: Any) -> dict[str, Any]:
        at = (TEN + timedelta(minutes=minute)).isoformat()
        if "/api/sessions/" not in path:
            body = {"session_id": self.session_id} | body
        told = self.learner.do(path.format(session_id=self.session_id), occurred_at=at, **body)
        properties: dict[str, Any] = told["properties"]
        return {key: told[key] for key in ("days_since_last_attempt", "session_id")} | properties


@pytest.fixture
def clocked(learner: Learner) -> Clocked:
    return Clocked(learner)


def test_first_view_is_the_first(clocked: Clocked) -> None:
    views = [clocked.do(minute, "/api/questions/q1/view") for minute in (0, 1)]
    other = clocked.do(2, "/api/questions/q2/view")
    assert [view["is_first_view"] for view in (*views, other)] == [True, False, True]


def test_attempts_are_numbered_across_sessions(clocked: Clocked) -> None:
    first = clocked.do(0, "/api/questions/q1/submit", is_correct=False)
    again = Clocked(clocked.learner).do(720, "/api/questions/q1/submit", is_correct=True)
    other = clocked.do(721, "/api/questions/q2/submit", is_correct=True)
    assert (first["attempt_number"], first["is_first_attempt"]) == (1, True)
    assert first["days_since_last_attempt"] is None
    assert (again["attempt_number"], again["is_first_attempt"]) == (2, False)
    assert again["days_since_last_attempt"] == 0.5
    assert other["is_first_attempt"] is True


def test_submit_takes_the_place_of_its_attempts(clocked: Clocked) -> None:
    def choose(minute: float) -> dict[str, Any]:
        return clocked.do(
            minute, "/api/questions/q1/submit", is_final=False, answer="A", is_correct=False
        )

    assert [choose(minute)["attempt_number"] for minute in (0, 1)] == [1, 2]
    submit = clocked.do(2, "/api/questions/q1/submit", is_correct=True)
    assert (submit["attempt_number"], submit["days_since_last_attempt"]) == (1, None)
    assert choose(3)["attempt_number"] == 2


def test_choice_not_final_needs_no_verdict(clocked: Clocked) -> None:
    told = clocked.do(0, "/api/questions/q1/submit", is_final=False, answer="A")
    assert "is_correct" not in told
    assert clocked.do(1, "/api/questions/q1/submit", is_correct=True)["attempt_number"] == 1


def test_hint_counts_until_the_next_attempt(clocked: Clocked) -> None:
    path = "/api/questions/q1/submit"
    without = clocked.do(0, path, is_correct=False)
    clocked.do(1, "/api/questions/q1/hint")
    other_session = Clocked(clocked.learner).do(2, path, is_correct=False)
    with_hint = clocked.do(3, path, is_correct=True)
    after = clocked.do(4, path, is_correct=True)
    said = clocked.do(5, path, is_correct=True, hint_used=True)
    told = [each["hint_used"] for each in (without, other_session, with_hint, after, said)]
    assert told == [False, False, True, False, True]


def test_help_is_timed_from_the_view(clocked: Clocked) -> None:
    assert "time_before_hint" not in clocked.do(0, "/api/questions/q1/hint")
    clocked.do(1, "/api/questions/q1/view")
    assert clocked.do(1.5, "/api/questions/q1/hint")["time_before_hint"] == 30
    assert clocked.do(2, "/api/questions/q1/explanation")["time_before_hint"] == 60
    assert clocked.do(3, "/api/questions/q1/hint", time_before_hint=5)["time_before_hint"] == 5


def test_session_end_tells_what_the_session_came_to(clocked: Clocked) -> None:
    do = clocked.do
    do(0, "/api/sessions/start", session_id=clocked.session_id)
    do(5, "/api/materials/m1/open")
    do(6, "/api/questions/q1/submit", is_correct=True)
    do(8, "/api/sessions/{session_id}/pause")
    do(11, "/api/sessions/{session_id}/resume")
    do(51, "/api/materials/m2/open")  # 40 minutes of silence count as nothing
    told = do(61, "/api/sessions/{session_id}/end")
    assert told["duration_seconds"] == 61 * 60
    assert told["active_seconds"] == (8 + 10) * 60
    assert (told["materials_viewed"], told["questions_attempted"]) == (2, 1)
    assert told["xp_earned"] == 5 + 10 + 10  # the day's, the answer's, the first question's


def test_pause_ends_with_what_the_learner_does_elsewhere(clocked: Clocked) -> None:
    clocked.do(0, "/api/sessions/start", session_id=clocked.session_id)
    clocked.do(2, "/api/sessions/{session_id}/pause")
    Clocked(clocked.learner).do(3, "/api/search", q="heart")
    told = clocked.do(10, "/api/sessions/{session_id}/end")
    assert told["active_seconds"] == (2 + 7) * 60


def test_session_too_long_for_the_plan_ends_all_the_same(clocked: Clocked) -> None:
    clocked.do(-20_000, "/api/sessions/start", session_id=clocked.session_id)
    told = clocked.do(0, "/api/sessions/{session_id}/end")
    assert "duration_seconds" not in told
    assert told["active_seconds"] == 0


def test_end_of_an_unknown_session_is_recorded(clocked: Clocked) -> None:
    told = clocked.do(0, "/api/sessions/{session_id}/end")
    assert "duration_seconds" not in told


def test_completion_adds_up_the_reading(clocked: Clocked) -> None:
    for minute in (1, 2):
        clocked.do(minute, "/api/materials/m1/read", time_spent_seconds=30)
    Clocked(clocked.learner).do(3, "/api/materials/m1/read", time_spent_seconds=30)
    told = clocked.do(4, "/api/materials/m1/complete")
    assert (told["total_time_seconds"], told["completion_percentage"]) == (60, 100)


def test_quiz_is_completed_by_its_start(clocked: Clocked) -> None:
    clocked.do(0, "/api/quizzes/z1/start", question_count=20, quiz_type="mock_exam")
    told = clocked.do(15, "/api/quizzes/z1/complete", correct_count=17)
    assert told["accuracy"] == 0.85
    assert (told["total_time_seconds"], told["quiz_type"]) == (900, "mock_exam")
    assert (told["total_questions"], told["quiz_id"]) == (20, "z1")


def test_turns_of_a_talk_are_counted(clocked: Clocked) -> None:
    ask = "/api/ai-coach/ask"
    in_session = [clocked.do(minute, ask)["conversation_turn"] for minute in (0, 90)]
    alone = [
        clocked.learner.do(ask, occurred_at=(TEN + timedelta(minutes=minute)).isoformat())
        for minute in (0, 20, 45, 90)
    ]
    assert in_session == [1, 2]
    assert [told["properties"]["conversation_turn"] for told in alone] == [1, 2, 3, 1]


def test_texts_are_measured_and_not_kept(clocked: Clocked, database: psycopg.Connection) -> None:
    text = "Dünndarm?"
    asked = clocked.do(0, "/api/ai-coach/ask", question=text, context={"page": {"number": 3}})
    bare = clocked.do(1, "/api/ai-coach/ask", question="", context={})
    answered = clocked.do(2, "/api/ai-coach/response", response=text, response_time=1850)
    noted = clocked.do(3, "/api/materials/m1/annotations", annotation_type="note", text=text)
    assert (asked["question_length"], asked["context_provided"]) == (9, True)
    assert (bare["question_length"], bare["context_provided"]) == (0, False)
    assert (answered["response_length"], answered["response_time_ms"]) == (9, 1850)
    assert noted["text_length"] == 9
    kept = database.execute(
        "select count(*) from raw.study_events as e where e::text like '%nndarm%'"
    )
    assert kept.fetchone() == (0,)


@pytest.mark.parametrize(
    ("said", "event_type"),
    [
        ({"thumbs": "up", "rating": 1}, "ai_feedback_positive"),
        ({"thumbs": "down"}, "ai_feedback_negative"),
        ({"rating": 4}, "ai_feedback_positive"),
        ({"rating": 2}, "ai_feedback_negative"),
        ({"rating": 3, "thumbs": "up"}, "ai_feedback_positive"),
    ],
)
def test_feedback_is_good_or_bad(
    learner: Learner, said: dict[str, object], event_type: str
) -> None:
    told = learner.do("/api/ai-coach/feedback", feedback="call me on 415-555-2671", **said)
    assert told["event_type"] == event_type
    assert told["properties"]["feedback_text"] == "call me on [phone]"


def test_agent_is_stored_and_not_told(learner: Learner, database: psycopg.Connection) -> None:
    assert "user_agent" not in learner.do("/api/sessions/start")["properties"]
    kept = database.execute(
        "select properties ->> 'user_agent' from raw.study_events"
        " where event_type = 'session_start'"
    ).fetchone()
    assert kept is not None
    assert kept[0].startswith("python-httpx")


def test_check_in_is_once_a_day(learner: Learner) -> None:
    first = learner.do("/api/gamification/checkin")
    second = learner.do("/api/gamification/checkin")
    assert (first["duplicate"], first["streak"]) == (False, 1)
    assert [award["event_type"] for award in first["awards"]] == ["xp_earned"]
    assert (second["duplicate"], second["event_id"], second["streak"]) == (True, None, 1)


def test_check_in_after_study_has_nothing_to_add(learner: Learner) -> None:
    awards = learner.do("/api/search", q="heart")["awards"]
    assert [award["event_type"] for award in awards] == ["streak_continued", "xp_earned"]
    assert learner.do("/api/gamification/checkin")["duplicate"] is True


def test_body_may_name_the_learner(client: httpx.Client, learner: Learner) -> None:
    body = {"user_id": learner.user_id.upper(), "q": "heart"}
    told = client.post("/api/search", json=body).json()
    assert told["user_id"] == learner.user_id
