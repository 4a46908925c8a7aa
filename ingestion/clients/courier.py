"""Takes events from the spool to the service: when, how many at once, and when again."""

import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from ingestion.clients.clock import Clock
from ingestion.clients.exchange import Exchange, Judged, Later, Refused
from ingestion.clients.poster import BATCH_BYTES, BATCH_EVENTS
from ingestion.clients.spool import Spool, SpoolError, Waiting
from ingestion.clients.statistics import Counting, RefusedEvent
from ingestion.clients.tally import STORED

LOG = logging.getLogger("study.client")
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 60.0
# Waits of an hour and more are a proxy's mistake, and the spool is filling meanwhile.
LONGEST_RETRY_AFTER_SECONDS = 3600.0
_ANOTHER_SENDS = Later("another process is sending", 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """When to send: as soon as `events` wait, or the oldest of fewer has waited `seconds`."""

    events: int = 10
    seconds: float = 30.0


class Courier:
    """A thread that sends what the spool holds, oldest first, until the service has judged it.

    Delivery is at least once, and the events' ids make it exactly once in the log. The thread
    starts with the first event (or with `start`), in whatever process that is.
    """

    def __init__(  # noqa: PLR0913 (its parts)
        self,
        spool: Spool,
        exchange: Exchange,
        *,
        pace: Pace,
        clock: Clock,
        random: Random,
        counting: Counting,
        on_refused: Callable[[RefusedEvent], None],
    ) -> None:
        self._spool, self._exchange = spool, exchange
        self._pace, self._clock, self._random = pace, clock, random
        self._counting, self._on_refused = counting, on_refused
        self._most_events = BATCH_EVENTS
        self._failures = 0
        self._not_before = self._asked_until = 0.0
        self._stopping = False
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget the thread: there is none yet, or it stayed behind in the parent of a fork."""
        self.condition = threading.Condition(threading.RLock())
        self._thread: threading.Thread | None = None
        self._new_events = 0
        self._oldest_at: float | None = None
        self._wanted = False

    def notice(self, events: int) -> None:
        """Events were written to the spool."""
        with self.condition:
            before, self._new_events = self._new_events, self._new_events + events
            if not before:
                self._oldest_at = self._clock.monotonic()
            self._start()
            # To wake the thread for every event would cost more than the event.
            if not before or before < self._pace.events <= self._new_events:
                self.condition.notify_all()

    def start(self) -> None:
        """Send now what waits, or as soon as the service's `Retry-After` allows."""
        with self.condition:
            self._wanted = True
            self._not_before = self._asked_until
            self._start()
            self.condition.notify_all()

    def deliver(self, timeout_seconds: float) -> bool:
        """Send what waits now; tell whether all of it was judged within the time."""
        edges = self._spool.edges()
        if edges is None:
            return True
        deadline = self._clock.monotonic() + timeout_seconds
        self.start()
        with self.condition:
            while (now := self._spool.edges()) is not None and now[0] <= edges[1]:
                left = deadline - self._clock.monotonic()
                if left <= 0 or self._stopping:
                    return False
                self._clock.wait(self.condition, left)
        return True

    def stop(self, timeout_seconds: float) -> None:
        """Try once more, then end the thread; what was not sent stays in the spool."""
        with self.condition:
            self._stopping = True
            self._not_before = self._asked_until
            thread = self._thread
            self.condition.notify_all()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout_seconds)

    def _start(self) -> None:
        alive = self._thread is not None and self._thread.is_alive()
        if not alive and not self._stopping:
            self._thread = threading.Thread(target=self._run, name="study-courier", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        stopping = False
        while not stopping:
            with self.condition:
                while (wait := self._until_due()) is None or wait > 0:
                    if self._stopping:
                        break
                    self._clock.wait(self.condition, wait)
                stopping = self._stopping
                self._new_events, self._oldest_at, self._wanted = 0, None, False
                early = self._not_before > self._clock.monotonic()
            if not early:
                self._round()
            with self.condition:
                self.condition.notify_all()
        self._exchange.close()

    def _until_due(self) -> float | None:
        """Seconds until the next round; None if nothing waits."""
        now = self._clock.monotonic()
        if self._wanted or self._new_events >= self._pace.events:
            return self._not_before - now
        if self._oldest_at is None:
            return None
        return max(self._oldest_at + self._pace.seconds, self._not_before) - now

    def _round(self) -> None:
        try:
            later = self._send_all()
        except SpoolError as error:
            later = Later(str(error), lasting=True)
        if later is None:
            self._failures = 0
            return
        # A random share of the wait: clients that failed together do not come back together.
        most = FIRST_BACKOFF_SECONDS * 2 ** min(self._failures, 20)
        backoff = min(most, LONGEST_BACKOFF_SECONDS) * self._random.uniform(0.5, 1)
        asked = min(later.seconds, LONGEST_RETRY_AFTER_SECONDS)
        wait = max(backoff, asked)
        if later is not _ANOTHER_SENDS:
            self._failures += 1
            self._counting.add("failures")
            level = logging.ERROR if later.lasting else logging.WARNING
            LOG.log(level, "events wait, next attempt in %.1f s: %s", wait, later.why)
        with self.condition:
            now = self._clock.monotonic()
            self._not_before, self._asked_until = now + wait, now + asked
            self._wanted = True

    def _send_all(self) -> Later | None:
        """Send what is there now; None once all of it is judged."""
        with self._spool.sending() as ours:
            if not ours:
                return _ANOTHER_SENDS
            edges = self._spool.edges()
            while edges is not None and (batch := self._batch(edges[1])):
                bodies = [waiting.body for waiting in batch]
                self._counting.add("requests")
                answer = self._exchange.post(bodies, sent_at=self._clock.now())
                if isinstance(answer, Later):
                    return answer
                self._settle(batch, answer)
        return None

    def _batch(self, up_to: int) -> Sequence[Waiting]:
        return self._spool.oldest(
            most_events=self._most_events, most_bytes=BATCH_BYTES, up_to=up_to
        )

    def _settle(self, batch: Sequence[Waiting], answer: Judged | Refused) -> None:
        """Tell of the refused, then forget the batch; in this order, so that none goes untold."""
        if isinstance(answer, Refused) and len(batch) > 1:
            self._most_events = len(batch) // 2
            return
        self._most_events = min(BATCH_EVENTS, 2 * self._most_events)
        if isinstance(answer, Refused):
            refusal = {"code": answer.code, "message": answer.message}
            verdicts: Sequence[Mapping[str, Any]] = [{"status": "rejected", **refusal}]
        else:
            verdicts = answer.verdicts
        for waiting, verdict in zip(batch, verdicts, strict=True):
            if verdict["status"] not in STORED:
                self._tell(waiting, verdict)
        self._spool.remove_to(batch[-1].number)
        for verdict in verdicts:
            self._counting.add(verdict["status"])

    def _tell(self, waiting: Waiting, verdict: Mapping[str, Any]) -> None:
        status = verdict["status"]
        why = (verdict.get("code"), verdict.get("path"), verdict.get("message"))
        LOG.warning("an event was %s: %s at %s: %s", status, *why)
        try:
            self._on_refused(RefusedEvent(json.loads(waiting.body), status, *why))
        except Exception:  # the application's own: it must not stop the delivery
            LOG.exception("the callback for refused events failed")
