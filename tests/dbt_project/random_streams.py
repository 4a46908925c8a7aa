"""Random events that crowd where the definitions are hard.

Few learners share few sessions, many events fall on one instant or exactly half an hour apart, and
all lie around instants where a local day begins, ends, or has an hour too few or too many.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from tests.dbt_project.streams import StudyEvent

WORLDS = 60
NIGHTS = (
    ("America/Havana", datetime(2025, 11, 2, 4, tzinfo=UTC)),
    ("Asia/Beirut", datetime(2025, 3, 29, 22, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2025, 10, 26, 0, 30, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2025, 3, 29, 23, tzinfo=UTC)),
    ("America/New_York", datetime(2025, 6, 2, 4, tzinfo=UTC)),
    ("Asia/Kathmandu", datetime(2025, 6, 1, 18, 15, tzinfo=UTC)),
    ("Atlantic/Azores", datetime(2025, 10, 26, 0, tzinfo=UTC)),
    ("America/Santiago", datetime(2025, 9, 7, 4, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),
    ("UTC", datetime(2025, 6, 1, tzinfo=UTC)),
)
STEPS = (1, 60, 300, 900, 1_800, 3_600)
QUESTIONS = ("question_view", "question_attempt", "question_submit")
ABOUT_A_QUESTION = (*QUESTIONS, "ai_hint_requested", "ai_explanation_requested")
MATERIALS = (
    "material_open",
    "material_read",
    "material_complete",
    "material_highlight",
    "material_note",
    "material_bookmark",
)
TYPES = (
    *("session_start", "session_end", "session_pause", "session_pause", "session_resume"),
    *("quiz_start", "ai_question_asked", "xp_earned", "achievement_unlocked"),
    *("level_up", "streak_continued", "search_performed", "topic_explored"),
    *MATERIALS,
    *("material_read", "question_attempt", "question_submit"),
    *ABOUT_A_QUESTION,
)


def draw_events(seed: int) -> list[StudyEvent]:
    """Draw some 1,800 events, the same for the same seed; ingestion would accept each of them."""
    dice = Random(seed)
    return [event for world in range(WORLDS) for event in _draw_world(dice, f"{seed} {world}")]


def _draw_world(dice: Random, world: str) -> Iterator[StudyEvent]:
    _, night = dice.choice(NIGHTS)
    step = dice.choice(STEPS)
    learners = dice.randint(1, 3)
    sessions = dice.randint(1, 5)
    for number in range(dice.randint(1, 60)):
        at = night + timedelta(
            seconds=dice.randint(-20, 20) * step,
            microseconds=dice.choice((0, 0, 0, 1, -1, 333_333)),
            days=dice.randint(-3, 3) if dice.random() < 0.1 else 0,
        )
        event_type = dice.choice(TYPES)
        in_session = event_type.startswith("session") or dice.random() < 0.8
        yield StudyEvent(
            event_type,
            at,
            f"learner {world} {dice.randrange(learners)}",
            f"session {world} {dice.randrange(sessions)}" if in_session else None,
            _draw_ids(dice, event_type),
            _draw_properties(dice, event_type),
            str(number),
        )


def _draw_ids(dice: Random, event_type: str) -> dict[str, str]:
    ids = {}
    if event_type in MATERIALS:
        ids["material_id"] = dice.choice(("m1", "m2"))
    if event_type == "material_read" and dice.random() < 0.4:
        ids["chunk_id"] = dice.choice(("0", "c1", "c2"))
    if event_type in ABOUT_A_QUESTION:
        ids["question_id"] = dice.choice(("q1", "q2"))
    if event_type == "topic_explored" or dice.random() < 0.6:
        ids["topic_id"] = dice.choice(("t1", "t2"))
    return ids


def _draw_properties(dice: Random, event_type: str) -> dict[str, object]:
    possible: dict[str, dict[str, object]] = {
        "session_start": {
            "timezone": dice.choice(NIGHTS)[0],
            "device_type": dice.choice(("web", "mobile")),
        },
        "session_end": {
            "duration_seconds": dice.random() * 1_000,
            "active_seconds": dice.randint(0, 900),
        },
        "material_open": {"material_type": dice.choice(("pdf", "video"))},
        "material_read": {
            "scroll_depth_percent": dice.choice((10, 89.9, 90, 95, 100)),
            "chunk_index": dice.randint(0, 3),
        },
        "question_view": {"difficulty": dice.choice(("easy", "medium", "hard", 0.3, 1, 0))},
        "question_attempt": _draw_answer(dice),
        "question_submit": _draw_answer(dice),
        "xp_earned": {"new_total_xp": dice.randint(0, 1_000)},
    }
    required: dict[str, dict[str, object]] = {
        "material_read": {"time_spent_seconds": dice.choice((30, 12.3456789, 0.1, 0.2))},
        "question_submit": {"is_correct": dice.random() < 0.5},
        "xp_earned": {"xp_amount": dice.randint(0, 100)},
        "level_up": {"new_level": dice.randint(0, 5)},
        "achievement_unlocked": {"achievement_id": dice.choice(("a-1", "a1", "B", "é"))},
    }
    said = possible.get(event_type, {}).items()
    return {name: value for name, value in said if dice.random() < 0.6} | required.get(
        event_type, {}
    )


def _draw_answer(dice: Random) -> dict[str, object]:
    return {
        "is_correct": dice.random() < 0.5,
        "time_to_answer_seconds": dice.random() * 60,
        "confidence_level": dice.randint(1, 5),
        "selected_answer": dice.choice("ABCD"),
        "correct_answer": dice.choice("ABCD"),
        "hint_used": dice.random() < 0.3,
        "is_first_attempt": dice.random() < 0.5,
        "attempt_number": dice.randint(1, 4),
    }
