"""What is added to an event because the service knows it: one function for each name of the table.

Each adds to the draft and leaves what the request said. All run under the learner's lock, so what
they count cannot change before the event is stored.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from uuid import UUID, uuid4

from ingestion.activity.attempts import ANSWERS, days_between, find_attempts
from ingestion.activity.catalogue import read_item
from ingestion.activity.draft import Draft
from ingestion.activity.refusing import ActivityRefusedError
from ingestion.activity.session_totals import IDLE_LIMIT, sum_up
from ingestion.events.plan import PLAN

_USER_AGENT_CHARACTERS = 512
_LONGEST_TIME = timedelta(days=1)  # what the plan takes for a time before a hint
_WHOLE_PERCENT = 100
_QUESTION_EVENTS = ("ai_hint_requested", *ANSWERS)


async def _start_session(draft: Draft) -> None:
    draft.ids.setdefault("session_id", str(uuid4()))


async def _name_agent(draft: Draft) -> None:
    if draft.user_agent:
        draft.add({"user_agent": draft.user_agent.replace("\0", "")[:_USER_AGENT_CHARACTERS]})


async def _total_session(draft: Draft) -> None:
    events = await draft.read(*PLAN, about="session_id")
    pauses = [event.occurred_at for event in events if event.event_type == "session_pause"]
    after_pause = await draft.read(*PLAN, since=pauses[0]) if pauses else []
    draft.add(sum_up(events, after_pause, draft.moment))


async def _look_up(draft: Draft) -> None:
    """Take from the catalogue what the event may say and the request does not."""
    attributes = await read_item(draft.connection, draft.ids)
    if topic_id := attributes.get("topic_id"):
        draft.ids.setdefault("topic_id", topic_id)
    known = draft.said.event_type.properties.model_fields
    draft.add({name: value for name, value in attributes.items() if name in known})


async def _see_first(draft: Draft) -> None:
    seen = await draft.read("question_view", about="question_id")
    draft.properties["is_first_view"] = not seen


async def _judge_answer(draft: Draft) -> None:
    answer = draft.properties.get("selected_answer")
    right = draft.properties.get("correct_answer")
    if answer is not None and right is not None:
        draft.add({"is_correct": answer == right})
    if "is_correct" in draft.properties or draft.said.event_type.name != "question_submit":
        return
    raise ActivityRefusedError(
        "correctness_unknown",
        "is_correct",
        "cannot be computed: send `answer` and put the question's `correct_answer` in the"
        " catalogue (`PUT /api/questions/{question_id}`), or send `correct_answer` or `is_correct`",
    )


async def _note_hint(draft: Draft) -> None:
    """A hint in this session since the last attempt there was used for this one."""
    if "hint_used" in draft.properties:
        return
    events = [
        event
        for event in await draft.read(*_QUESTION_EVENTS, about="question_id")
        if event.session_id == draft.said.session_id
    ]
    hints = [event.occurred_at for event in events if event.event_type == "ai_hint_requested"]
    attempts = [event.occurred_at for event in find_attempts(events, submitted=_group(draft))]
    draft.properties["hint_used"] = bool(hints and (not attempts or hints[-1] > attempts[-1]))


async def _number_attempt(draft: Draft) -> None:
    """Count what is stored, whenever it says it happened: numbers are given in order of arrival."""
    events = await draft.read_all(*_QUESTION_EVENTS, about="question_id")
    attempts = find_attempts(events, submitted=_group(draft))
    number = len(attempts) + 1
    draft.properties |= {"attempt_number": number, "is_first_attempt": number == 1}
    before = [event for event in attempts if event.occurred_at <= draft.moment]
    draft.days_since_last_attempt = days_between(before, draft.moment)


def _group(draft: Draft) -> tuple[UUID | None, str] | None:
    if draft.said.event_type.name != "question_submit":
        return None
    return draft.said.session_id, draft.ids["question_id"]


async def _measure_reading(draft: Draft) -> None:
    reads = await draft.read("material_read", about="material_id")
    here = [event for event in reads if event.session_id == draft.said.session_id]
    if here:
        seconds = sum(event.properties["time_spent_seconds"] for event in here)
        draft.add({"total_time_seconds": seconds})


async def _complete(draft: Draft) -> None:
    draft.add({"completion_percentage": _WHOLE_PERCENT})


async def _time_help(draft: Draft) -> None:
    views = await draft.read(
        "question_view", about="question_id", since=draft.moment - _LONGEST_TIME
    )
    here = [event for event in views if event.session_id == draft.said.session_id]
    if here:
        waited = draft.moment - here[-1].occurred_at
        draft.add({"time_before_hint": waited.total_seconds()})


async def _sum_quiz(draft: Draft) -> None:
    """Complete a quiz by its start, and its accuracy by its answers."""
    starts = [
        event
        for event in await draft.read("quiz_start", about="quiz_id")
        if event.session_id == draft.said.session_id
    ]
    if starts:
        told = {name: starts[-1].properties.get(name) for name in ("total_questions", "quiz_type")}
        taken = draft.moment - starts[-1].occurred_at
        draft.add({**told, "total_time_seconds": taken.total_seconds()})
    total, right = (draft.properties.get(n) for n in ("total_questions", "correct_answers"))
    if total and right is not None and right <= total:
        draft.add({"accuracy": right / total})


async def _count_turn(draft: Draft) -> None:
    """Which question to the coach: in its session, else of a talk without half an hour's pause."""
    session_id = draft.said.session_id
    if session_id is not None:
        asked = await draft.read("ai_question_asked", about="session_id")
        draft.add({"conversation_turn": len(asked) + 1})
        return
    asked = [
        event
        for event in await draft.read("ai_question_asked", since=draft.moment - _LONGEST_TIME)
        if event.session_id is None
    ]
    turn, then = 1, draft.moment
    for event in reversed(asked):
        if then - event.occurred_at > IDLE_LIMIT:
            break
        turn, then = turn + 1, event.occurred_at
    draft.add({"conversation_turn": turn})


async def _tell_mastery(draft: Draft) -> None:
    if "current_mastery" not in draft.properties:
        score = await draft.mastery.read(draft.user_id, draft.ids["topic_id"])
        draft.add({"current_mastery": score})


ENRICHMENTS: Mapping[str, Callable[[Draft], Awaitable[None]]] = {
    "new_session": _start_session,
    "user_agent": _name_agent,
    "session_totals": _total_session,
    "catalogue": _look_up,
    "first_view": _see_first,
    "correctness": _judge_answer,
    "hint_used": _note_hint,
    "attempt": _number_attempt,
    "reading_time": _measure_reading,
    "completion": _complete,
    "time_before_hint": _time_help,
    "quiz_results": _sum_quiz,
    "conversation_turn": _count_turn,
    "current_mastery": _tell_mastery,
}
"""By the names of `Activity.enrichments`."""


async def enrich(draft: Draft) -> None:
    """Add all that the table names for the draft's route. Raises `ActivityRefusedError`."""
    for name in draft.said.activity.enrichments:
        await ENRICHMENTS[name](draft)
