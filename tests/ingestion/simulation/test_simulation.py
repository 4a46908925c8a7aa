"""The cohort: the same on every run, sound, whole, and as varied as real students."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from ingestion.events.plan import PLAN
from ingestion.readers.stream import EventDict
from ingestion.simulation import simulate
from tests.ingestion.readers.streams import assert_sound, occurred_at

END_AT = datetime(2026, 3, 29, 18, tzinfo=UTC)  # the day Europe's clocks go forward

_DIGEST = """
import hashlib, json
from datetime import datetime
from ingestion.simulation import simulate
end_at = datetime.fromisoformat("2026-03-29T18:00:00+00:00")
print(hashlib.sha256(json.dumps(list(simulate(5, 10, 3, end_at))).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def events() -> list[EventDict]:
    return list(simulate(20, 14, 7, END_AT))


@pytest.fixture(scope="module")
def sessions(events: list[EventDict]) -> dict[str, list[EventDict]]:
    by_session = defaultdict(list)
    for event in events:
        if "session_id" in event:
            by_session[event["session_id"]].append(event)
    return by_session


def types_of(events: list[EventDict]) -> list[str]:
    return [event["event_type"] for event in events]


def test_stream_is_sound(events: list[EventDict]) -> None:
    assert_sound(events)
    assert END_AT - timedelta(days=14) < occurred_at(events[0])
    assert END_AT - timedelta(hours=12) < occurred_at(events[-1]) <= END_AT
    assert len({event["user_id"] for event in events}) == 20


@pytest.mark.parametrize("seed", [0, 1, 2, 7, 42])
def test_small_cohort_shows_every_event_type(seed: int) -> None:
    assert set(types_of(list(simulate(20, 14, seed, END_AT)))) == set(PLAN)


def test_same_arguments_give_the_same_events_in_any_process() -> None:
    digest = hashlib.sha256(json.dumps(list(simulate(5, 10, 3, END_AT))).encode()).hexdigest()
    for hash_seed in ("1", "2"):
        other = subprocess.run(
            [sys.executable, "-c", _DIGEST],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "TZ": "Asia/Tokyo"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert other.stdout.strip() == digest


def test_other_arguments_give_other_learners() -> None:
    streams = [
        list(simulate(3, 5, 1, END_AT)),
        list(simulate(3, 5, 2, END_AT)),
        list(simulate(3, 6, 1, END_AT)),
        list(simulate(3, 5, 1, END_AT + timedelta(days=1))),
    ]
    for key in ("user_id", "session_id", "event_id"):
        kept = [{event.get(key) for event in stream} - {None} for stream in streams]
        assert len(set.union(*kept)) == sum(map(len, kept))


def test_learner_does_not_depend_on_the_size_of_the_cohort() -> None:
    alone = list(simulate(1, 10, 5, END_AT))
    among = list(simulate(4, 10, 5, END_AT))
    assert [event for event in among if event["user_id"] == alone[0]["user_id"]] == alone


@pytest.mark.parametrize(
    ("users", "days", "seed", "end_at"),
    [
        (0, 1, 1, END_AT),
        (1, 0, 1, END_AT),
        (1, 1, -1, END_AT),
        (1, 1, 1, END_AT.replace(tzinfo=None)),
    ],
)
def test_senseless_arguments_are_refused(
    users: int, days: int, seed: int, end_at: datetime
) -> None:
    with pytest.raises(ValueError, match="must be"):
        simulate(users, days, seed, end_at)


def test_session_belongs_to_one_learner_and_begins_with_its_start(
    sessions: dict[str, list[EventDict]],
) -> None:
    started = 0
    for session in sessions.values():
        assert len({event["user_id"] for event in session}) == 1
        starts = [at for at, event in enumerate(session) if event["event_type"] == "session_start"]
        assert starts in ([], [0])
        started += len(starts)
    assert 0.9 < started / len(sessions) < 1


def test_hard_cases_occur(events: list[EventDict], sessions: dict[str, list[EventDict]]) -> None:
    seen: Counter[str] = Counter()
    last_of: dict[str, tuple[str, datetime]] = {}
    for session in sessions.values():
        types = types_of(session)
        zone = ZoneInfo(session[0]["properties"].get("timezone", "UTC"))
        days = {occurred_at(event).astimezone(zone).date() for event in session}
        seen["over midnight"] += len(days) > 1
        seen["without start"] += "session_start" not in types
        seen["without end"] += "session_end" not in types
        seen["after the end"] += (
            "session_end" in types and "material_read" in types[types.index("session_end") :]
        )
        seen["pause without resume"] += types.count("session_pause") > types.count("session_resume")
        times = [occurred_at(event) for event in session]
        seen["idle"] += any(
            later - earlier > timedelta(minutes=30) for earlier, later in pairwise(times)
        )
    for event in events:
        seen["outside sessions"] += "session_id" not in event
        user, session_id = event["user_id"], event.get("session_id")
        if session_id and user in last_of:
            other, at = last_of[user]
            seen["two tabs"] += (
                other != session_id
                and session_id in sessions
                and occurred_at(sessions[session_id][0]) < at
            )
        if session_id:
            last_of[user] = (session_id, occurred_at(event))
        seen["self-graded"] += (
            event["event_type"] == "question_attempt" and "is_correct" in event["properties"]
        )
    wanted = {"over midnight", "without start", "without end", "after the end", "idle"}
    wanted |= {"pause without resume", "outside sessions", "two tabs", "self-graded"}
    assert {name for name, count in seen.items() if count} == wanted


def test_timezones_are_of_the_world() -> None:
    stream = simulate(60, 7, 1, END_AT)
    starts = [event for event in stream if event["event_type"] == "session_start"]
    names = {event["properties"]["timezone"] for event in starts}
    offsets = {ZoneInfo(name).utcoffset(END_AT.replace(tzinfo=None)) for name in names}
    assert len(names) > 12
    assert any(offset % timedelta(hours=1) for offset in offsets if offset is not None)
    assert {event["properties"]["device_type"] for event in starts} == {
        "web",
        "mobile",
        "tablet",
        "desktop",
    }


def test_days_have_a_rhythm() -> None:
    by_hour: Counter[int] = Counter()
    by_weekday: Counter[int] = Counter()
    for event in simulate(30, 21, 2, END_AT):
        if event["event_type"] == "session_start":
            local = occurred_at(event).astimezone(ZoneInfo(event["properties"]["timezone"]))
            by_hour[local.hour] += 1
            by_weekday[local.weekday()] += 1
    evening = sum(by_hour[hour] for hour in range(18, 24))
    assert evening > sum(by_hour[hour] for hour in range(18))
    assert sum(by_hour[hour] for hour in range(5)) < 0.02 * by_hour.total()
    assert by_weekday[5] < 0.8 * by_weekday[1]
    assert by_weekday[4] < by_weekday[2]


def test_questions_come_again_after_days(events: list[EventDict]) -> None:
    last: dict[tuple[str, str], datetime] = {}
    gaps = []
    for event in events:
        if event["event_type"] == "question_submit":
            key = event["user_id"], event["question_id"]
            if key in last:
                gaps.append(occurred_at(event) - last[key])
            last[key] = occurred_at(event)
    assert sum(gap > timedelta(days=1) for gap in gaps) > 200


def test_answers_are_told_as_they_are(events: list[EventDict]) -> None:
    answers = [event["properties"] for event in events if event["event_type"] == "question_submit"]
    for told in answers:
        assert told["is_correct"] == (told["selected_answer"] == told["correct_answer"])
        assert told["time_to_answer_seconds"] > 0
    sure = [told for told in answers if "confidence_level" in told]
    assert {told["confidence_level"] for told in sure} == {1, 2, 3, 4, 5}
    assert 0.55 < sum(told["is_correct"] for told in answers) / len(answers) < 0.85

    def rate(*levels: int) -> float:
        verdicts = [told["is_correct"] for told in sure if told["confidence_level"] in levels]
        return float(sum(verdicts) / len(verdicts))

    assert rate(1, 2) < rate(3) < rate(4, 5)
