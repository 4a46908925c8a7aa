"""The oracle's `question_attempts`: one row per attempt, key `event_id`."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import pandas as pd

from quality.oracle.ground_rules import reported

COLUMNS = (
    "event_id",
    "user_id",
    "session_id",
    "question_id",
    "topic_id",
    "attempted_at",
    "local_date",
    "time_to_answer_seconds",
    "is_correct",
    "confidence_level",
    "selected_answer",
    "correct_answer",
    "is_first_attempt",
    "attempt_number",
    "days_since_last_attempt",
    "hint_used",
    "explanation_viewed",
    "difficulty",
    "reported_is_first_attempt",
    "reported_attempt_number",
)
QUESTION_EVENTS = (
    "question_view",
    "question_attempt",
    "question_submit",
    "ai_hint_requested",
    "ai_explanation_requested",
)
DIFFICULTY = {"easy": 0.25, "medium": 0.5, "hard": 0.75}
MICROSECONDS_PER_DAY = 86_400 * 1_000_000


class QuestionEvent(NamedTuple):
    """An event about a question: its place in the order, its type and its properties."""

    place: int
    event_type: str
    properties: dict[str, Any]


@dataclass
class Attempt:
    """What an attempt has from the events of its group."""

    place: int
    hint_used: bool
    difficulty: float | None
    explanation_viewed: bool = False


def build_question_attempts(placed: pd.DataFrame) -> pd.DataFrame:
    """Build the mart from placed events, in the order of the attempts."""
    about_questions = placed[
        placed["event_type"].isin(QUESTION_EVENTS) & placed["question_id"].notna()
    ]
    found: list[Attempt] = []
    # dropna=False: the events without a session are a group of their own.
    groups = about_questions.groupby(
        ["user_id", "session_id", "question_id"], dropna=False, sort=False
    )
    for places in groups.indices.values():
        group = about_questions.iloc[places]
        events = [
            QuestionEvent(place, event_type, properties)
            for place, event_type, properties in zip(
                group.index, group["event_type"], group["properties"], strict=True
            )
        ]
        found.extend(_walk(events))
    columns = [field.name for field in fields(Attempt)]
    from_group = pd.DataFrame(found, columns=columns).set_index("place").sort_index()
    return _assemble(placed.loc[from_group.index], from_group)


def _walk(events: list[QuestionEvent]) -> Iterator[Attempt]:
    """Go through one (learner, session, question) in order and yield its attempts."""
    submits = [event.place for event in events if event.event_type == "question_submit"]
    last_submit = max(submits, default=-1)
    difficulty: float | None = None
    is_hinted = False
    latest: Attempt | None = None
    for event in events:
        match event.event_type:
            case "question_view":
                difficulty = _difficulty(event.properties.get("difficulty"), difficulty)
            case "ai_hint_requested":
                is_hinted = True
            case "ai_explanation_requested":
                if latest:
                    latest.explanation_viewed = True
            case _ if _is_attempt(event, last_submit):
                if latest:
                    yield latest
                is_hinted = is_hinted or event.properties.get("hint_used") is True
                latest = Attempt(event.place, is_hinted, difficulty)
                is_hinted = False
    if latest:
        yield latest


def _is_attempt(event: QuestionEvent, last_submit: int) -> bool:
    if event.event_type == "question_submit":
        return True
    return event.place > last_submit and event.properties.get("is_correct") is not None


def _difficulty(named: Any, so_far: float | None) -> float | None:
    if named is None:
        return so_far
    if isinstance(named, str):
        return DIFFICULTY[named]
    return float(named)


def _assemble(attempts: pd.DataFrame, from_group: pd.DataFrame) -> pd.DataFrame:
    """Number the attempts of each (learner, question), and lay out the columns."""
    of_question = attempts.groupby(["user_id", "question_id"], sort=False)
    attempt_number = of_question.cumcount() + 1
    since_last = of_question["at"].diff()
    mart = pd.DataFrame(
        {
            "event_id": attempts["event_id"],
            "user_id": attempts["user_id"],
            "session_id": attempts["session_id"],
            "question_id": attempts["question_id"],
            "topic_id": attempts["topic_id"],
            "attempted_at": pd.to_datetime(attempts["at"], unit="us", utc=True),
            "local_date": attempts["local_date"],
            "time_to_answer_seconds": reported(attempts, "time_to_answer_seconds").astype(float),
            "is_correct": reported(attempts, "is_correct").astype(bool),
            "confidence_level": reported(attempts, "confidence_level").astype("Int64"),
            "selected_answer": reported(attempts, "selected_answer"),
            "correct_answer": reported(attempts, "correct_answer"),
            "is_first_attempt": attempt_number == 1,
            "attempt_number": attempt_number,
            "days_since_last_attempt": since_last / MICROSECONDS_PER_DAY,
            "hint_used": from_group["hint_used"].astype(bool),
            "explanation_viewed": from_group["explanation_viewed"].astype(bool),
            "difficulty": from_group["difficulty"].astype(float),
            "reported_is_first_attempt": reported(attempts, "is_first_attempt").astype("boolean"),
            "reported_attempt_number": reported(attempts, "attempt_number").astype("Int64"),
        },
        columns=[*COLUMNS],
    )
    return mart.reset_index(drop=True)
