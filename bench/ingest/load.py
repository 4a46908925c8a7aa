"""Load on the service: as fast as it answers, or at a rate of its own."""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from statistics import quantiles
from time import perf_counter

import uvloop

from bench.ingest.wire import Connection, count_verdicts

HOST = "127.0.0.1"
_SEED = 7


@dataclass
class Load:
    """What one run of requests met: seconds in all, seconds of each request, verdicts."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)

    @property
    def events_per_s(self) -> float:
        """Events answered, that is committed, a second."""
        return self.verdicts.total() / self.seconds

    def percentile_ms(self, percent: int) -> float:
        """Latency of a request at a percentile, in milliseconds."""
        return percentile(self.latencies, percent) * 1000


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that so many percent of the values do not exceed."""
    if len(values) == 1:
        return values[0]
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def run_closed(port: int, requests: Sequence[bytes], *, connections: int) -> Load:
    """Send requests over so many connections, each sending the next once it is answered."""

    async def drive(load: Load) -> None:
        waiting = deque(requests)

        async def keep_busy(connection: Connection) -> None:
            while waiting:
                request = waiting.popleft()
                await _post(connection, request, perf_counter(), load)

        await _with_connections(port, connections, keep_busy, load)

    return _run(drive)


def run_open(port: int, requests: Sequence[bytes], *, per_second: float, connections: int) -> Load:
    """Send requests at moments drawn beforehand, as independent senders would.

    A request's latency counts from the moment it was due, also where it then waits here for a
    free connection: a service that stalls is charged with everything that the stall held up.
    """

    async def drive(load: Load) -> None:
        due: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue()

        async def dispatch() -> None:
            start = perf_counter()
            for offset, request in zip(draw_arrivals(per_second), requests, strict=False):
                if (ahead := start + offset - perf_counter()) > 0:
                    await asyncio.sleep(ahead)
                due.put_nowait((start + offset, request))
            for _ in range(connections):
                due.put_nowait(None)

        async def work(connection: Connection) -> None:
            while (item := await due.get()) is not None:
                await _post(connection, item[1], item[0], load)

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(dispatch())
            tasks.create_task(_with_connections(port, connections, work, load))

    return _run(drive)


def draw_arrivals(per_second: float) -> Iterator[float]:
    """Moments, in seconds from the start, of independent arrivals (Poisson), without end."""
    chance = random.Random(_SEED)  # noqa: S311 (the same moments in every run)
    return accumulate(iter(lambda: chance.expovariate(per_second), None))


async def _with_connections(
    port: int, count: int, work: Callable[[Connection], Awaitable[None]], load: Load
) -> None:
    opened = [await Connection.open(HOST, port) for _ in range(count)]
    start = perf_counter()
    try:
        await asyncio.gather(*(work(connection) for connection in opened))
        load.seconds = perf_counter() - start
    finally:
        for connection in opened:
            connection.close()


async def _post(connection: Connection, request: bytes, due: float, load: Load) -> None:
    answer = await connection.exchange(request)
    load.latencies.append(perf_counter() - due)
    if answer.status != 200:
        raise RuntimeError(f"the service answered {answer.status}: {answer.body[:300]!r}")
    load.verdicts += count_verdicts(answer.body)


def _run(drive: Callable[[Load], Awaitable[None]]) -> Load:
    load = Load()

    async def main() -> None:
        await drive(load)

    # the loop that costs least, for the service has to live with what is left of two cores
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
    return load
