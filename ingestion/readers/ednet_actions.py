"""What each EdNet action means: the facts it becomes, or the reason it has no counterpart."""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from ingestion.readers.ednet_content import Content, Question
from ingestion.readers.stream import EventDict

UNKNOWN_ACTION = "unknown action"
UNKNOWN_ITEM = "item not in questions.csv"
AWAY = "away for over 30 minutes: no time to tell"
TOLD_BY_CLOSE = "begins a span that its pause or quit tells"
ALREADY_PLAYING = "was playing already"
NOT_PLAYING = "nothing was playing"
TOLD_BY_PAUSES = "watching told by its pauses"
NOT_OPEN = "was not open"
NO_RESPONSE = "submit without a response"
NO_ANSWER = "response without an answer"
AUDIO_IN_EXPLANATION = "audio within an explanation: part of its reading time"
AUDIO = "question audio has no counterpart"

NO_COUNTERPART = {
    ("erase_choice", "q"): "eliminated choice",
    ("undo_erase_choice", "q"): "eliminated choice",
    ("quit", "b"): "bundle left without a submit",
}


class Action(NamedTuple):
    """One row of a learner's file; `millisecond` is Unix time."""

    millisecond: int
    name: str
    item: str
    answer: str
    platform: str


class _Moment(NamedTuple):
    """When something began, and in which session."""

    millisecond: int
    session_id: str


Outcome: TypeAlias = list[EventDict] | str


class Interpreter:
    """Reads one learner's actions in order and remembers what is open, playing and answered."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._opened: dict[str, _Moment] = {}
        self._playing: dict[str, _Moment] = {}
        self._watched: set[str] = set()
        self._responses: dict[str, str] = {}
        self._seen: set[str] = set()
        self._handlers: dict[tuple[str, str], Callable[[Action, _Moment], Outcome]] = {
            ("enter", "b"): self._enter_bundle,
            ("respond", "q"): self._respond,
            ("submit", "b"): self._submit,
            ("enter", "e"): self._enter_explanation,
            ("quit", "e"): self._quit_explanation,
            ("enter", "l"): self._enter_lecture,
            ("play_video", "l"): self._play_video,
            ("pause_video", "l"): self._pause_video,
            ("quit", "l"): self._quit_lecture,
        }

    def interpret(self, action: Action, session_id: str) -> Outcome:
        """Give the facts an action becomes (at least one), or the reason there is none."""
        kind = action.item[:1]
        handler = self._handlers.get((action.name, kind))
        if handler is not None:
            return handler(action, _Moment(action.millisecond, session_id))
        if action.name in {"play_audio", "pause_audio"}:
            within = f"e{action.item[1:]}" in self._opened
            return AUDIO_IN_EXPLANATION if within else AUDIO
        return NO_COUNTERPART.get((action.name, kind), UNKNOWN_ACTION)

    def _enter_bundle(self, action: Action, now: _Moment) -> Outcome:
        questions = self._content.bundles.get(action.item)
        if not questions:
            return UNKNOWN_ITEM
        self._opened[action.item] = now
        for question in questions:
            self._responses.pop(question.question_id, None)
        return [self._view(question) for question in questions]

    def _view(self, question: Question) -> EventDict:
        is_first_view = question.question_id not in self._seen
        self._seen.add(question.question_id)
        properties = {"question_type": "multiple_choice", "is_first_view": is_first_view}
        return _about(question, "question_view", properties)

    def _respond(self, action: Action, _: _Moment) -> Outcome:
        question = self._content.questions.get(action.item)
        if question is None:
            return UNKNOWN_ITEM
        if not action.answer:
            return NO_ANSWER
        self._responses[action.item] = action.answer
        return [_about(question, "question_attempt", {"selected_answer": action.answer})]

    def _submit(self, action: Action, now: _Moment) -> Outcome:
        questions = self._content.bundles.get(action.item)
        if not questions:
            return UNKNOWN_ITEM
        entered = self._opened.pop(action.item, None)
        answers = [
            (question, self._responses.pop(question.question_id, None)) for question in questions
        ]
        submits = [
            _about(question, "question_submit", _judge(question, answer, entered, now))
            for question, answer in answers
            if answer is not None
        ]
        return submits or NO_RESPONSE

    def _enter_explanation(self, action: Action, now: _Moment) -> Outcome:
        if action.item not in self._content.explanation_topics:
            return UNKNOWN_ITEM
        self._opened[action.item] = now
        return [self._material(action.item, "material_open", {"material_type": "explanation"})]

    def _quit_explanation(self, action: Action, now: _Moment) -> Outcome:
        return self._read(action.item, self._opened.pop(action.item, None), now, NOT_OPEN)

    def _enter_lecture(self, action: Action, now: _Moment) -> Outcome:
        self._opened[action.item] = now
        self._playing.pop(action.item, None)
        self._watched.discard(action.item)
        return [self._material(action.item, "material_open", {"material_type": "lecture"})]

    def _play_video(self, action: Action, now: _Moment) -> Outcome:
        if action.item in self._playing:
            return ALREADY_PLAYING
        self._playing[action.item] = now
        self._watched.add(action.item)
        return TOLD_BY_CLOSE

    def _pause_video(self, action: Action, now: _Moment) -> Outcome:
        return self._read(action.item, self._playing.pop(action.item, None), now, NOT_PLAYING)

    def _quit_lecture(self, action: Action, now: _Moment) -> Outcome:
        """Tell what still plays; of a lecture never played, the time its page was open."""
        opened = self._opened.pop(action.item, None)
        if action.item in self._playing:
            return self._pause_video(action, now)
        if action.item in self._watched:
            return TOLD_BY_PAUSES
        return self._read(action.item, opened, now, NOT_OPEN)

    def _read(self, item: str, since: _Moment | None, now: _Moment, otherwise: str) -> Outcome:
        if since is None:
            return otherwise
        seconds = _seconds_between(since, now)
        if seconds is None:
            return AWAY
        return [self._material(item, "material_read", {"time_spent_seconds": seconds})]

    def _material(self, item: str, event_type: str, properties: EventDict) -> EventDict:
        """Tell a fact of a material; lectures have no topic, for no file here names it."""
        topic_id = self._content.explanation_topics.get(item)
        topic = {} if topic_id is None else {"topic_id": topic_id}
        return {"event_type": event_type, "material_id": item, **topic, "properties": properties}


def _judge(question: Question, answer: str, entered: _Moment | None, now: _Moment) -> EventDict:
    seconds = None if entered is None else _seconds_between(entered, now)
    timed = {} if seconds is None else {"time_to_answer_seconds": seconds}
    return {
        "selected_answer": answer,
        "correct_answer": question.correct_answer,
        "is_correct": answer == question.correct_answer,
        **timed,
    }


def _about(question: Question, event_type: str, properties: EventDict) -> EventDict:
    return {
        "event_type": event_type,
        "question_id": question.question_id,
        "topic_id": question.topic_id,
        "properties": properties,
    }


def _seconds_between(since: _Moment, now: _Moment) -> float | None:
    """Measure a span within one session; one with an absence in it, or over a day, is unknown."""
    milliseconds = now.millisecond - since.millisecond
    if since.session_id != now.session_id or milliseconds > 86_400_000:
        return None
    return milliseconds / 1000
