"""Two servers asked in turns, so that both meet the same moments of a busy machine."""

from http.client import HTTPConnection
from statistics import median, quantiles
from time import perf_counter
from urllib.parse import urlsplit

from bench.middleware.applications import LEARNER

MOST_ADDED_MS = 0.2
_WARM_UP_BLOCKS = 3


def measure(bare: str, tracked: str, *, rounds: int, requests: int) -> dict[str, float]:
    """Milliseconds a request takes, over one kept connection to each.

    `middleware_median_ms` is the median over the rounds of the difference between the medians of
    two neighbouring blocks, the order within a round changing from one to the next.
    `middleware_p99_ms` is the difference of the 99th percentiles over all requests.
    """
    connections = {"bare": _connect(bare), "tracked": _connect(tracked)}
    for _ in range(_WARM_UP_BLOCKS):
        for connection in connections.values():
            _block(connection, requests)
    times: dict[str, list[float]] = {"bare": [], "tracked": []}
    differences = []
    for number in range(rounds):
        medians = {}
        for kind in sorted(connections, reverse=bool(number % 2)):
            block = _block(connections[kind], requests)
            times[kind] += block
            medians[kind] = median(block)
        differences.append(medians["tracked"] - medians["bare"])
    for connection in connections.values():
        connection.close()
    tails = {kind: quantiles(found, n=100)[98] for kind, found in times.items()}
    return {
        "requests": float(2 * rounds * requests),
        "bare_median_ms": median(times["bare"]),
        "tracked_median_ms": median(times["tracked"]),
        "middleware_median_ms": median(differences),
        "bare_p99_ms": tails["bare"],
        "tracked_p99_ms": tails["tracked"],
        "middleware_p99_ms": tails["tracked"] - tails["bare"],
    }


def _connect(url: str) -> HTTPConnection:
    parts = urlsplit(url)
    return HTTPConnection(parts.hostname or "", parts.port, timeout=30)


def _block(connection: HTTPConnection, requests: int) -> list[float]:
    times = []
    for number in range(requests):
        began = perf_counter()
        connection.request("GET", f"/api/materials/m{number}", headers={"X-Learner": LEARNER})
        answer = connection.getresponse()
        answer.read()
        times.append((perf_counter() - began) * 1_000)
        if answer.status != 200:
            raise RuntimeError(f"the application answered {answer.status}")
    return times
