"""Time and a service that do as the test says."""

import json
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Queue
from random import Random
from typing import Any

import httpx

from ingestion.clients import ClientSettings, RefusedEvent, StudyClient

LEARNER = "7b5de3c9-2ac8-4c0c-8b3d-5b9b5f1b0c11"
PATIENCE_SECONDS = 30.0  # how long a test waits for what must come; never for what must not


class StoppedClock:
    """A clock that moves when told. Who waits by it sleeps until then, or until notified."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._lock = threading.Condition()
        self._sleepers: dict[int, tuple[threading.Condition, float | None]] = {}

    def now(self) -> datetime:
        return datetime(2026, 3, 1, 9, tzinfo=UTC) + timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._seconds

    def wait(self, condition: threading.Condition, seconds: float | None) -> None:
        with self._lock:
            self._sleepers[threading.get_ident()] = (condition, seconds)
            self._lock.notify_all()
        condition.wait()
        with self._lock:
            self._sleepers.pop(threading.get_ident(), None)

    def advance(self, seconds: float) -> None:
        """Let time pass, once somebody sleeps."""
        self.asleep_for()
        with self._lock:
            self._seconds += seconds
            sleepers = list(self._sleepers.values())
            self._sleepers.clear()
        for condition, _ in sleepers:
            with condition:
                condition.notify_all()

    def asleep_for(self) -> float | None:
        """Wait until somebody sleeps; return for how many seconds it means to."""
        with self._lock:
            assert self._lock.wait_for(lambda: self._sleepers, PATIENCE_SECONDS)
            return next(iter(self._sleepers.values()))[1]


Answer = Callable[[httpx.Request], httpx.Response]


def accept(request: httpx.Request) -> httpx.Response:
    return judge(request, lambda _: {"status": "accepted"})


def judge(request: httpx.Request, verdict: Callable[[Any], dict[str, str]]) -> httpx.Response:
    events = json.loads(request.content)["events"]
    return httpx.Response(200, json={"results": [verdict(event) for event in events]})


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


@dataclass
class Service:
    """A service behind a transport: gives the answers in turn, then accepts everything.

    While it is `away` it cannot be reached.
    """

    answers: Iterable[Answer] = ()
    away: bool = False
    requests: Queue[httpx.Request] = field(init=False)

    def __post_init__(self) -> None:
        self.answer(*self.answers)

    def answer(self, *answers: Answer) -> None:
        """From now on give these answers in turn, then accept everything."""
        self._answers = iter(answers)
        self.requests = Queue()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        try:
            return (unreachable if self.away else next(self._answers, accept))(request)
        finally:
            self.requests.put(request)

    def next_batch(self) -> dict[str, Any]:
        """The next request's body."""
        batch: dict[str, Any] = json.loads(self.requests.get(timeout=PATIENCE_SECONDS).content)
        return batch


@dataclass
class Bench:
    """A client between a stopped clock and a service of the test's."""

    folder: Path
    service: Service = field(default_factory=Service)
    clock: StoppedClock = field(default_factory=StoppedClock)
    refused: Queue[RefusedEvent] = field(default_factory=Queue)

    def settings(self, **more: Any) -> ClientSettings:
        options: dict[str, Any] = {
            "url": "http://service",
            "spool": self.folder / "spool.db",
            "transport": httpx.MockTransport(self.service),
            "clock": self.clock,
            "random": Random(1),
            "on_refused": self.refused.put,
        }
        return ClientSettings(**options | more)


def track(client: StudyClient, count: int = 1) -> list[str]:
    return [
        client.track_event(
            user_id=LEARNER, event_type="search_performed", properties={"query": str(number)}
        )
        for number in range(count)
    ]


def ids(batch: dict[str, Any]) -> list[str]:
    return [event["event_id"] for event in batch["events"]]
