"""What each xAPI statement means: the facts it becomes, or the reason it has no counterpart."""

import math
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from ingestion.readers.stream import GAP_MILLISECONDS, EventDict
from ingestion.readers.xapi_statements import (
    Statement,
    read_duration,
    read_extension,
    read_number,
)

NO_COUNTERPART = "verb has no counterpart"
TOLD_BY_PAUSE = "begins a span that its pause or end tells"
NOTHING_WATCHED = "nothing was watched since it was told last"
NOT_PLAYING = "nothing was playing"
AWAY = "played for over 30 minutes without a word: no time to tell"
NO_SUCCESS = "answer without result.success"

Outcome: TypeAlias = list[EventDict] | str

_ANSWER_CHARACTERS = 2_000
_DAY_SECONDS = 86_400
_WEEK_SECONDS = 7 * _DAY_SECONDS
_LEAST_SECONDS = 0.5  # players round: less was not watched


class _Watched(NamedTuple):
    """What a player told last: seconds played in sum, and when."""

    seconds: float
    millisecond: int


class Interpreter:
    """Reads one learner's statements in order and remembers what was opened and watched."""

    def __init__(self) -> None:
        self._opened: dict[str, int] = {}
        self._playing: dict[str, int] = {}
        self._watched: dict[tuple[str, str], _Watched] = {}
        self._handlers: dict[str, Callable[[Statement], Outcome]] = {
            "initialized": self._open,
            "experienced": self._experience,
            "played": self._play,
            "paused": self._pause,
            "terminated": self._pause,
            "completed": self._complete,
            "answered": _answer,
        }

    def interpret(self, statement: Statement) -> Outcome:
        """Give the facts a statement becomes (at least one), or the reason there is none."""
        handler = self._handlers.get(statement.verb)
        return NO_COUNTERPART if handler is None else handler(statement)

    def _open(self, statement: Statement) -> Outcome:
        self._opened[statement.item] = statement.millisecond
        told = {"material_type": statement.activity} if statement.activity != "unknown" else {}
        return [_material(statement, "material_open", told)]

    def _experience(self, statement: Statement) -> Outcome:
        opened = self._open(statement)
        seconds = read_duration(statement.result.get("duration"), _DAY_SECONDS)
        if isinstance(opened, str) or seconds is None:
            return opened
        return [*opened, _material(statement, "material_read", {"time_spent_seconds": seconds})]

    def _play(self, statement: Statement) -> Outcome:
        self._playing[statement.item] = statement.millisecond
        opened = self._opened.get(statement.item)
        self._opened[statement.item] = statement.millisecond
        if opened is not None and statement.millisecond - opened <= GAP_MILLISECONDS:
            return TOLD_BY_PAUSE
        return self._open(statement)

    def _pause(self, statement: Statement) -> Outcome:
        self._opened[statement.item] = statement.millisecond
        seconds = self._measure(statement)
        if isinstance(seconds, str):
            return seconds
        told = {"time_spent_seconds": seconds, **_depth(statement)}
        return [_material(statement, "material_read", told)]

    def _complete(self, statement: Statement) -> Outcome:
        read = self._pause(statement)
        told: dict[str, float] = {}
        progress = read_number(read_extension(statement.result, "progress"))
        if progress is not None and 0 <= progress <= 1:
            told["completion_percentage"] = round(100 * progress, 1)
        total = _sum_segments(statement)
        if total is None:
            total = read_duration(statement.result.get("duration"), _WEEK_SECONDS)
        if total is not None and total <= _WEEK_SECONDS:
            told["total_time_seconds"] = total
        done = _material(statement, "material_complete", told)
        return [done] if isinstance(read, str) else [*read, done]

    def _measure(self, statement: Statement) -> float | str:
        """Seconds watched since they were told last, by the player's own count where it has one.

        That count misses nothing where statements are lost; but no more can have been watched
        than time has passed. A lower count than before is that of a player begun anew.
        """
        since = self._playing.pop(statement.item, None)
        total = _sum_segments(statement)
        if total is None:
            return self._measure_by_clock(statement, since)
        place = (statement.player, statement.item)
        last = self._watched.get(place)
        self._watched[place] = _Watched(total, statement.millisecond)
        seconds = total
        if last is not None:
            grown = total - last.seconds if total >= last.seconds else total
            seconds = min(grown, (statement.millisecond - last.millisecond) / 1000)
        if seconds < _LEAST_SECONDS:
            return NOTHING_WATCHED
        return round(min(seconds, _DAY_SECONDS), 3)

    def _measure_by_clock(self, statement: Statement, since: int | None) -> float | str:
        if since is None:
            return NOT_PLAYING
        passed = statement.millisecond - since
        return AWAY if passed > GAP_MILLISECONDS else passed / 1000


def _answer(statement: Statement) -> Outcome:
    success = statement.result.get("success")
    if not isinstance(success, bool):
        return NO_SUCCESS
    properties: EventDict = {"is_correct": success}
    response = statement.result.get("response")
    if isinstance(response, str) and 0 < len(response) <= _ANSWER_CHARACTERS:
        properties["selected_answer"] = response
    seconds = read_duration(statement.result.get("duration"), _DAY_SECONDS)
    if seconds is not None:
        properties["time_to_answer_seconds"] = seconds
    topic = {} if statement.topic is None else {"topic_id": statement.topic}
    about = {"event_type": "question_submit", "question_id": statement.item}
    return [{**about, **topic, "properties": properties}]


def _material(statement: Statement, event_type: str, properties: EventDict) -> EventDict:
    topic = {} if statement.topic is None else {"topic_id": statement.topic}
    about = {"event_type": event_type, "material_id": statement.item}
    return {**about, **topic, "properties": properties}


def _depth(statement: Statement) -> dict[str, float]:
    """How far into a video: the place reached against its length."""
    reached = read_number(read_extension(statement.result, "time"))
    length = read_number(read_extension(statement.context, "length"))
    if reached is None or length is None or length <= 0 or reached < 0:
        return {}
    return {"scroll_depth_percent": round(min(100.0, 100 * reached / length), 1)}


def _sum_segments(statement: Statement) -> float | None:
    """Seconds played in sum: `0[.]39.1[,]60[.]75`; a segment without an end is under way."""
    text = read_extension(statement.result, "played-segments")
    if not isinstance(text, str):
        return None
    total = 0.0
    for segment in text.split("[,]"):
        begin, _, end = segment.partition("[.]")
        try:
            length = float(end or begin or 0) - float(begin or 0)
        except ValueError:
            return None
        if not math.isfinite(length):
            return None
        total += max(0.0, length)
    return round(total, 3)
