"""A stream made to break definitions: everything close together, at instants where clocks change.

Few learners share few sessions, questions and materials, so that foreign events, two tabs,
attempts without submits and pauses without resumes happen all the time; steps between events are
the edges themselves (nothing, a microsecond, exactly thirty minutes and a microsecond more).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

Event = dict[str, object]

# Where and when a clock does something odd; the stream of each begins two hours before.
CLOCKS = (
    ("America/Havana", datetime(2025, 11, 2, 4, tzinfo=UTC)),  # midnight comes twice
    ("America/Havana", datetime(2025, 3, 9, 5, tzinfo=UTC)),  # midnight never comes
    ("Asia/Beirut", datetime(2025, 3, 29, 22, tzinfo=UTC)),  # midnight never comes
    ("Europe/Berlin", datetime(2025, 10, 25, 22, tzinfo=UTC)),  # a day of 25 hours begins
    ("Europe/Berlin", datetime(2025, 3, 30, 22, tzinfo=UTC)),  # a day of 23 hours ends
    ("Australia/Lord_Howe", datetime(2025, 10, 4, 13, 30, tzinfo=UTC)),  # half an hour goes
    ("America/Sao_Paulo", datetime(2018, 2, 18, 3, tzinfo=UTC)),  # back from midnight to 23:00
    ("America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC)),  # back from 00:01 to 23:01
    ("Pacific/Apia", datetime(2011, 12, 30, 10, tzinfo=UTC)),  # a whole day is left out
    ("Asia/Kolkata", datetime(2025, 6, 1, 18, 30, tzinfo=UTC)),
    ("UTC", datetime(2025, 1, 1, tzinfo=UTC)),
)
STEPS = (
    timedelta(0),
    timedelta(microseconds=1),
    timedelta(seconds=1),
    timedelta(minutes=4, microseconds=333_333),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(minutes=30, microseconds=1),
    timedelta(minutes=47),
)
LIKELIHOOD_OF_STEPS = (4, 2, 4, 8, 4, 2, 2, 1)
EVENT_TYPES = {
    "session_start": 4,
    "session_end": 2,
    "session_pause": 5,
    "session_resume": 2,
    "material_open": 2,
    "material_read": 5,
    "material_complete": 1,
    "material_highlight": 1,
    "material_note": 1,
    "material_bookmark": 1,
    "question_view": 4,
    "question_attempt": 6,
    "question_submit": 6,
    "ai_question_asked": 1,
    "ai_hint_requested": 3,
    "ai_explanation_requested": 3,
    "xp_earned": 3,
    "level_up": 1,
    "achievement_unlocked": 2,
    "streak_broken": 1,
    "search_performed": 2,
    "topic_explored": 1,
}
REQUIRED: dict[str, dict[str, Sequence[object]]] = {
    "material_read": {"time_spent_seconds": [0, 30, 0.1, 29.999999]},
    "xp_earned": {"xp_amount": [0, 5, 2_147_483_647]},
    # Of different places in the order of bytes, of code units and of a language.
    "achievement_unlocked": {"achievement_id": ["b", "a", "a b", "Z", "é", "\ufb01", "\U0001f3c6"]},
    "level_up": {"new_level": [0, 2, 3, 40]},
}
OPTIONAL: dict[str, dict[str, Sequence[object]]] = {
    "xp_earned": {"new_total_xp": [0, 7, 2_147_483_647]},
    "session_end": {"duration_seconds": [60, 99.5], "active_seconds": [0, 12.25]},
    "material_open": {"material_type": ["pdf", "video"]},
    "material_read": {"scroll_depth_percent": [0, 89.99, 90, 100], "chunk_index": [0, 1, 2]},
    "question_view": {"difficulty": ["easy", "medium", "hard", 0, 1, 0.125]},
}


def make_hostile_stream(seed: int, *, rounds: int, events_per_round: int) -> Iterator[Event]:
    """Yield rounds of events about every odd clock, each round with learners of its own."""
    rng = Random(seed)
    for _ in range(rounds):
        for timezone, moment in CLOCKS:
            yield from _make_round(rng, timezone, moment, events_per_round)


def _make_round(rng: Random, timezone: str, moment: datetime, length: int) -> Iterator[Event]:
    learners = [_uuid(rng) for _ in range(2)]
    sessions = [_uuid(rng) for _ in range(5)]
    at = moment - timedelta(hours=2)
    for _ in range(length):
        at += rng.choices(STEPS, LIKELIHOOD_OF_STEPS)[0]
        event_type = rng.choices([*EVENT_TYPES], [*EVENT_TYPES.values()])[0]
        event: Event = {
            # No UUIDv7: what landing maps it to is in no order within an instant.
            "event_id": _uuid(rng),
            "event_type": event_type,
            "user_id": rng.choice(learners),
            "occurred_at": at.isoformat(),
            "properties": _properties(rng, event_type, timezone),
        }
        if event_type.startswith("session_") or rng.random() < 0.8:
            event["session_id"] = rng.choice(sessions)
        yield event | _subject(rng, event_type)
        if rng.random() < 0.02:
            at += timedelta(hours=rng.choice([6, 24, 49, 7 * 24]))


def _subject(rng: Random, event_type: str) -> Event:
    subject: Event = {}
    if event_type.startswith("material_"):
        subject["material_id"] = rng.choice(["m1", "m2"])
        if rng.random() < 0.5:
            subject["chunk_id"] = rng.choice(["c1", "c2", "1"])
    if event_type.startswith("question_") or event_type in (
        "ai_hint_requested",
        "ai_explanation_requested",
    ):
        subject["question_id"] = rng.choice(["q1", "q2"])
    if event_type == "topic_explored" or rng.random() < 0.5:
        subject["topic_id"] = rng.choice(["t1", "t2", "t3"])
    return subject


def _properties(rng: Random, event_type: str, timezone: str) -> Event:
    match event_type:
        case "question_attempt":
            return _maybe(rng, is_correct=[True, False]) | _answer(rng)
        case "question_submit":
            return {"is_correct": rng.random() < 0.5} | _answer(rng)
        case "session_start":
            zones = [timezone, timezone, "UTC", "Asia/Tokyo"]
            return _maybe(rng, timezone=zones, device_type=["web", "mobile"])
    required = {name: rng.choice(values) for name, values in REQUIRED.get(event_type, {}).items()}
    return required | _maybe(rng, **OPTIONAL.get(event_type, {}))


def _maybe(rng: Random, **values: Sequence[object]) -> Event:
    return {name: rng.choice(some) for name, some in values.items() if rng.random() < 0.6}


def _answer(rng: Random) -> Event:
    answer: Event = {
        "time_to_answer_seconds": rng.choice([0, 0.5, 0.1, 12, 86_400]),
        "confidence_level": rng.choice([1, 5]),
        "selected_answer": rng.choice(["A", "", "é"]),
        "correct_answer": "A",
        "is_first_attempt": rng.random() < 0.5,
        "attempt_number": rng.choice([1, 2, 3]),
        "hint_used": rng.random() < 0.2,
    }
    return {name: value for name, value in answer.items() if rng.random() < 0.5}


def _uuid(rng: Random) -> str:
    return str(UUID(int=rng.getrandbits(128), version=4))
