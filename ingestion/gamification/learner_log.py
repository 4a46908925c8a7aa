"""A learner's state, read out of the event log by one statement over the learner's own events.

Whatever brought them: an award counts by being in the log, so one that was not committed counts
nowhere, and no counter beside the log can disagree with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import LiteralString

from psycopg import AsyncConnection
from psycopg.rows import DictRow

from ingestion.gamification.placing import PLACED_EVENTS, read_placed
from ingestion.gamification.state import Answer, LearnerState, Tally

_READ: LiteralString = f"""
with
{PLACED_EVENTS},

-- A submit takes the place of the attempts before it in its session and question.
answers as (
    select
        event_id,
        session_id,
        question_id,
        topic_id,
        occurred_at,
        event_type = 'question_attempt' as is_open,
        coalesce((properties ->> 'is_correct')::boolean, false) as is_right
    from (
        select
            *,
            count(*) filter (where event_type = 'question_submit') over (
                partition by session_id, question_id
                order by occurred_at desc, event_id desc
                rows between unbounded preceding and 1 preceding
            ) as later_submits
        from placed_events
        where event_type in ('question_attempt', 'question_submit') and not is_given
    ) as tries
    where
        properties ->> 'is_correct' is not null
        and (event_type = 'question_submit' or later_submits = 0)
),

questions as (
    select question_id, count(*) as answers
    from answers
    where %(is_whole)s or question_id = %(question_id)s
    group by question_id
),

topics as (
    select topic_id, count(*) as answers, count(*) filter (where is_right) as right_answers
    from answers
    where topic_id is not null and (%(is_whole)s or topic_id = %(topic_id)s)
    group by topic_id
),

sums as (
    select
        coalesce(sum((properties ->> 'xp_amount')::numeric) filter (
            where event_type = 'xp_earned'
        ), 0)::bigint as total_xp,
        coalesce(max((properties ->> 'new_level')::numeric) filter (
            where event_type = 'level_up'
        ), 1)::bigint as level
    from placed_events
    where not is_given
)

select
    sums.*,
    (select min(local_date) from placed_events where is_given) as local_day,
    exists (
        select
        from events
        where not is_given and event_id = (select event_id from events where is_given)
    ) as is_stored,
    -- Not aggregated as distinct: that sorts all events each time.
    array(
        select distinct properties ->> 'achievement_id'
        from placed_events
        where event_type = 'achievement_unlocked' and not is_given
    ) as unlocked,
    array(
        select distinct local_date
        from placed_events
        where not is_gamification and not is_given
    ) as study_days,
    array(
        select distinct local_date
        from placed_events
        where event_type = 'streak_continued' and not is_given
    ) as checked_in_days,
    (select count(*) from answers) as answered,
    (select jsonb_object_agg(question_id, answers) from questions) as questions,
    (
        select jsonb_object_agg(topic_id, jsonb_build_array(answers, right_answers))
        from topics
    ) as topics,
    (
        select
            jsonb_agg(
                jsonb_build_array(session_id, question_id, topic_id, is_right)
                order by occurred_at, event_id
            )
        from answers
        where
            is_open
            and (%(is_whole)s or question_id = %(question_id)s)
    ) as open_attempts
from sums
"""  # noqa: S608 (constants only)


class StoredFactError(Exception):
    """The fact is in the log already: to award it would be to award it twice."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A learner's state before an event, and the event's local day."""

    state: LearnerState
    local_day: date


async def read_before(connection: AsyncConnection, fact: Mapping[str, object]) -> Reading:
    """Read the state that a fact meets, and its local day.

    Of answers the state holds what can matter to the fact: those to its question and its topic.
    Raises StoredFactError.
    """
    concerned = {name: fact.get(name) for name in ("question_id", "topic_id")}
    rows = await read_placed(
        connection,
        _READ,
        {"is_whole": False, **concerned},
        learners=[str(fact["user_id"])],
        given=[fact],
    )
    if rows[0]["is_stored"]:
        raise StoredFactError(f"event {fact['event_id']} is stored: it was awarded when it was")
    return Reading(_state_of(rows[0]), rows[0]["local_day"])


async def read_state(connection: AsyncConnection, user_id: str) -> LearnerState:
    """Read the whole state of a learner, the empty one if there are no events."""
    all_of_it = {"is_whole": True, "question_id": None, "topic_id": None}
    rows = await read_placed(connection, _READ, all_of_it, learners=[user_id])
    return _state_of(rows[0])


def _state_of(row: DictRow) -> LearnerState:
    state = LearnerState(
        total_xp=row["total_xp"],
        level=row["level"],
        answered=row["answered"],
        study_days=set(row["study_days"]),
        checked_in_days=set(row["checked_in_days"]),
        unlocked=set(row["unlocked"]),
        answers=row["questions"] or {},
        topics={topic: Tally(*counts) for topic, counts in (row["topics"] or {}).items()},
    )
    for session_id, question_id, topic_id, is_right in row["open_attempts"] or ():
        state.open.setdefault((session_id, question_id), []).append(Answer(topic_id, is_right))
    return state
