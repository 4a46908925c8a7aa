"""From a request's path to the spool without the request waiting for it."""

import logging
import threading
from collections import deque
from collections.abc import Callable

from ingestion.clients.event import EventFields
from ingestion.clients.statistics import Counting

LOG = logging.getLogger("study.client")
# Requests come in bursts, and one commit takes many events: a moment's gathering saves most of
# the work, and is all that a killed process can lose.
GATHERING_SECONDS = 0.05


class Handoff:
    """A bounded queue in memory, emptied by a thread of its own.

    `take` gets what was gathered, in order, and says how it goes by logging and counting.
    """

    def __init__(
        self, take: Callable[[list[EventFields]], None], *, most_events: int, counting: Counting
    ) -> None:
        self._take, self._most_events, self._counting = take, most_events, counting
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget thread and content: in a forked child both are the parent's."""
        self._queue: deque[EventFields] = deque()
        self._filled = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        # Held while events are moved: whoever has it knows that none is on its way.
        self.lock = threading.Lock()

    def put(self, fields: EventFields) -> bool:
        """Take an event without waiting; False and counted as dropped where there is no room."""
        if len(self._queue) >= self._most_events:
            self._counting.add("dropped")
            return False
        self._queue.append(fields)
        if not self._filled.is_set():
            self._filled.set()
            self._start()
        return True

    def drain(self) -> None:
        """Move all that is here."""
        with self.lock:
            gathered = []
            while self._queue:
                gathered.append(self._queue.popleft())
            if gathered:
                self._take(gathered)

    def close(self, timeout_seconds: float) -> None:
        """End the thread, and move what is left."""
        self._closing.set()
        self._filled.set()
        if self._thread is not None:
            self._thread.join(timeout_seconds)
        self.drain()

    def _start(self) -> None:
        if self._lives():
            return
        with self.lock:
            if not self._lives() and not self._closing.is_set():
                self._thread = threading.Thread(target=self._run, name="study-handoff", daemon=True)
                self._thread.start()

    def _lives(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._filled.wait()
            self._closing.wait(GATHERING_SECONDS)
            self._filled.clear()
            self.drain()
