"""What a client believes a session came to, for its `session_end`."""

from ingestion.readers.stream import EventDict

_IDLE_MILLISECONDS = 30 * 60 * 1000


class Tally:
    """Counts one session as its own tab sees it; knows nothing of a second tab."""

    def __init__(self, started_at: int) -> None:
        self._started_at = self._last_at = started_at
        self._active = 0
        self._paused = False
        self._materials: set[str] = set()
        self._questions = 0
        self._xp = 0

    def add(self, millisecond: int, fact: EventDict) -> None:
        """Count one event of the session; call in time order."""
        span = millisecond - self._last_at
        if not self._paused and span <= _IDLE_MILLISECONDS:
            self._active += span
        self._last_at = millisecond
        event_type = fact["event_type"]
        self._paused = event_type == "session_pause"
        if event_type.startswith("material_"):
            self._materials.add(fact["material_id"])
        elif event_type == "xp_earned":
            self._xp += fact["properties"]["xp_amount"]
        elif event_type in {"question_submit", "question_attempt"}:
            self._questions += "is_correct" in fact["properties"]

    def report(self) -> EventDict:
        """Give the properties of a `session_end` as of the last event counted."""
        return {
            "duration_seconds": (self._last_at - self._started_at) / 1000,
            "active_seconds": self._active / 1000,
            "materials_viewed": len(self._materials),
            "questions_attempted": self._questions,
            "xp_earned": self._xp,
        }
