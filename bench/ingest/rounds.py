"""HTTP and COPY in turn, in rounds, so that what the machine does besides meets all alike."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from bench.ingest.copying import encode_commits, run_copy
from bench.ingest.load import Load, run_closed
from bench.ingest.stream import Event, EventStream, damaged, with_fresh_ids
from bench.ingest.wire import encode_requests
from bench.transform.databases import settle

BATCH = 100
# Enough that no worker waits for a sender: fewer measure the senders' patience as well.
CONNECTIONS = 64
_FEWER = (8, 16)
_LARGE_COMMIT = 2_000
# Small batches cost more an event: fewer events take as long.
_PART_IN_TENS, _PART_ALONE = 4, 20


@dataclass
class Rounds:
    """What the rounds saw: by kind of load the runs, by kind of COPY rows a second, and rows."""

    loads: dict[str, list[Load]] = field(default_factory=dict)
    copies: dict[str, list[float]] = field(default_factory=dict)
    rows: int = 0


@dataclass(frozen=True)
class Bench:
    """The database, the service's port, and the events to send."""

    url: str
    port: int
    stream: EventStream


def measure_rounds(bench: Bench, *, rounds: int, events: int) -> Rounds:
    """Send `events` in every way, `rounds` times over after one round that is not counted.

    The ways take turns in going first. All get the same events, each with ids of its own.
    Raises RuntimeError where an event met another fate than it should.
    """
    found = Rounds()
    for number in range(rounds + 1):
        one = _Round(bench, bench.stream.draw(events))
        turn = number % len(one.ways)
        for way in (*one.ways[turn:], *one.ways[:turn]):
            way()
        found.rows += one.found.rows
        if number > 0:
            for kind, loads in one.found.loads.items():
                found.loads.setdefault(kind, []).extend(loads)
            for kind, rates in one.found.copies.items():
                found.copies.setdefault(kind, []).extend(rates)
    return found


class _Round:
    """One round: the ways in which the same events come in, to be called in any order."""

    def __init__(self, bench: Bench, events: Sequence[Event]) -> None:
        self._bench, self._events = bench, events
        self.found = Rounds()
        self.ways: Sequence[Callable[[], None]] = (
            partial(self._copy, "copy", BATCH),
            partial(self._copy, "copy_2000", _LARGE_COMMIT),
            self._post_twice,
            *(partial(self._post, f"http_{few}", connections=few) for few in _FEWER),
            self._post_with_bad,
            partial(self._post, "tens", batch=10, part=_PART_IN_TENS),
            partial(self._post, "alone", batch=1, part=_PART_ALONE),
        )

    def _draw(self, part: int = 1) -> list[Event]:
        return list(with_fresh_ids(self._events[: len(self._events) // part]))

    def _copy(self, name: str, rows: int) -> None:
        events = self._draw()
        commits = encode_commits(events, rows)
        settle(self._bench.url)
        seconds = run_copy(self._bench.url, commits)
        self.found.copies.setdefault(name, []).append(len(events) / seconds)
        self.found.rows += len(events)

    def _post(
        self, name: str, *, batch: int = BATCH, part: int = 1, connections: int = CONNECTIONS
    ) -> None:
        events = self._draw(part)
        self._run(name, encode_requests(events, batch), {"accepted": len(events)}, connections)

    def _post_twice(self) -> None:
        """Post, and then the very same once more, as a sender does that missed every answer."""
        events = self._draw()
        requests = encode_requests(events, BATCH)
        self._run("http", requests, {"accepted": len(events)})
        self._run("duplicates", requests, {"duplicate": len(events)})

    def _post_with_bad(self) -> None:
        """Post with the middle event of each batch damaged."""
        middle = BATCH // 2
        events = [
            damaged(event) if number % BATCH == middle else event
            for number, event in enumerate(self._draw())
        ]
        bad = len(range(middle, len(events), BATCH))
        expected = {"accepted": len(events) - bad, "rejected": bad}
        self._run("one_bad", encode_requests(events, BATCH), expected)

    def _run(
        self,
        name: str,
        requests: Sequence[bytes],
        expected: Mapping[str, int],
        connections: int = CONNECTIONS,
    ) -> None:
        settle(self._bench.url)
        load = run_closed(self._bench.port, requests, connections=connections)
        if load.verdicts != Counter(expected):
            raise RuntimeError(f"{name}: {dict(load.verdicts)} instead of {dict(expected)}")
        self.found.loads.setdefault(name, []).append(load)
        self.found.rows += load.verdicts["accepted"]
