"""New events to load: one session of ten events each, of learners drawn from the history."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import UUID

import psycopg

from bench.transform.history import copy_lines, row_of
from ingestion.readers.identity import EventIds, to_millisecond, write_instant
from ingestion.simulation.catalogue import CHOICES, Topic, topics

_HOURS = 20  # of the UTC day; a session is over long before the next one

# Each learner's own timezone as of the last session that named one: another one would move what
# the learner did afterwards without a session, which is not what a usual load does.
_TIMEZONES = """
select distinct on (user_id) user_id, properties ->> 'timezone'
from raw.study_events
where event_type = 'session_start' and user_id = any(%s)
order by user_id, occurred_at desc, event_id desc
"""


@dataclass(frozen=True)
class Learners:
    """Learners with history; `known` in an order that is the same on every run."""

    known: tuple[UUID, ...]
    seed: int

    def draw(self, count: int, number: int) -> Sequence[UUID]:
        """Draw so many of them, or all there are; another number gives others."""
        dice = Random(f"{self.seed}/{number}")  # noqa: S311 (a benchmark, not a secret)
        return dice.sample(self.known, min(count, len(self.known)))


def list_learners(connection: psycopg.Connection[Any], seed: int = 0) -> Learners:
    """All learners of the raw log."""
    rows = connection.execute("select distinct user_id from raw.study_events order by 1").fetchall()
    return Learners(tuple(user_id for (user_id,) in rows), seed)


def land_sessions(
    connection: psycopg.Connection[Any], users: Sequence[UUID], day: date, number: int
) -> int:
    """Commit one new session of each learner on a UTC date; returns the events landed.

    `number` names the batch: two batches of one number hold the same ids.
    """
    timezones = dict(connection.execute(_TIMEZONES, [list(users)]).fetchall())
    dice = Random(f"{day}/{number}")  # noqa: S311
    rows = [
        row_of(event)
        for user in users
        for event in write_session(dice, user, timezones.get(user) or "UTC", day, number)
    ]
    rows.sort(key=lambda row: str(row[0]))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    copy_lines(connection, text.getvalue().splitlines(keepends=True))
    connection.commit()
    return len(rows)


def write_session(
    dice: Random, user: UUID, timezone: str, day: date, number: int
) -> Iterator[dict[str, Any]]:
    """Write a session of ten events in the HTTP shape, at an hour drawn from the UTC date."""
    ids = EventIds(f"bench/{number}/{user}")
    session_id = str(UUID(int=dice.getrandbits(128), version=4))
    midnight = datetime.combine(day, time(), tzinfo=UTC)
    clock = to_millisecond(midnight + timedelta(seconds=dice.uniform(0, _HOURS * 3600)))
    for fact in _list_facts(dice, dice.choice(topics()), timezone):
        yield {
            "event_id": ids.issue(clock),
            "user_id": str(user),
            "session_id": session_id,
            "occurred_at": write_instant(clock),
            **fact,
        }
        clock += dice.randrange(1_000, 180_000)


def _list_facts(dice: Random, topic: Topic, timezone: str) -> list[dict[str, Any]]:
    """What happens in a session: some reading, one question answered, its reward."""
    material, question = dice.choice(topic.materials), dice.choice(topic.questions)
    reading = {"material_id": material.material_id, "topic_id": topic.topic_id}
    asking = {"question_id": question.question_id, "topic_id": topic.topic_id}
    chosen = dice.choice(CHOICES)
    answer = {"selected_answer": chosen}
    verdict = {
        "correct_answer": question.correct_answer,
        "is_correct": chosen == question.correct_answer,
        "time_to_answer_seconds": round(dice.uniform(5, 90), 3),
        "confidence_level": dice.randint(1, 5),
    }
    facts: list[tuple[str, dict[str, str], dict[str, Any]]] = [
        ("session_start", {}, {"device_type": "web", "timezone": timezone}),
        (
            "material_open",
            reading,
            {"material_name": material.name, "material_type": material.material_type},
        ),
        ("material_read", reading, {"time_spent_seconds": dice.randint(20, 180), "chunk_index": 0}),
        ("material_read", reading, {"time_spent_seconds": dice.randint(20, 180), "chunk_index": 1}),
        ("question_view", asking, {"difficulty": question.shown_difficulty}),
        ("question_attempt", asking, answer),
        ("question_submit", asking, {**answer, **verdict}),
        ("xp_earned", {}, {"xp_amount": 5, "xp_source": "question_correct", "new_total_xp": 5}),
        ("search_performed", {}, {"query": topic.name, "result_count": dice.randint(0, 20)}),
        ("session_end", {}, {"duration_seconds": 600, "active_seconds": 600}),
    ]
    return [{"event_type": name, **ids, "properties": told} for name, ids, told in facts]
