"""The service at a steady load for a while: how late it answers, and what memory it takes."""

import mmap
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import overload

from bench.ingest.load import Load, run_open
from bench.ingest.memory import Memory, watching
from bench.ingest.rounds import BATCH, CONNECTIONS, Bench
from bench.ingest.service import ServiceProcess
from bench.ingest.wire import encode_requests
from bench.transform.databases import settle

SHARE = 0.7
"""Of what the service takes at most."""
_EVENTS_AT_ONCE = 50_000


@dataclass(frozen=True)
class Soak:
    """One soak: the load, the memory it took, the events a second that were asked for."""

    load: Load
    memory: Memory
    events_per_s: float


class Spool(Sequence[bytes]):
    """Requests on disk: five minutes of them are gigabytes."""

    def __init__(self, pages: mmap.mmap, ends: Sequence[int]) -> None:
        self._pages = pages
        self._spans = list(pairwise((0, *ends)))

    def __len__(self) -> int:
        return len(self._spans)

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        if isinstance(index, slice):
            return [self._pages[begin:end] for begin, end in self._spans[index]]
        begin, end = self._spans[index]
        return self._pages[begin:end]


@contextmanager
def spooled(path: Path, requests: Iterator[bytes]) -> Iterator[Spool]:
    """Keep requests in a file for the length of the block. Raises ValueError where none come."""
    lengths = []
    try:
        with path.open("w+b") as file:
            for request in requests:
                lengths.append(file.write(request))
            file.flush()
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as pages:
                yield Spool(pages, list(accumulate(lengths)))
    finally:
        path.unlink(missing_ok=True)


def measure_soak(
    bench: Bench, service: ServiceProcess, home: Path, *, most_per_s: float, seconds: float
) -> Soak:
    """Send at 70 % of `most_per_s` events a second, in batches of 100 from independent senders.

    Raises RuntimeError where an event is not accepted.
    """
    rate = SHARE * most_per_s / BATCH
    requests = _write_requests(bench, int(rate * seconds))
    with spooled(home / "soak.requests", requests) as spool:
        settle(bench.url)
        with watching(service) as memory:
            load = run_open(bench.port, spool, per_second=rate, connections=CONNECTIONS)
        sent = len(spool) * BATCH
    if load.verdicts != Counter(accepted=sent):
        raise RuntimeError(f"of {sent} events only {dict(load.verdicts)}")
    return Soak(load, memory, rate * BATCH)


def _write_requests(bench: Bench, count: int) -> Iterator[bytes]:
    at_once = _EVENTS_AT_ONCE // BATCH
    for start in range(0, count, at_once):
        events = bench.stream.draw(min(at_once, count - start) * BATCH)
        yield from encode_requests(events, BATCH)
