"""Resident memory of the service while it works."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from statistics import linear_regression
from time import monotonic

import psutil

from bench.ingest.service import ServiceProcess

MEGABYTE = 1_000_000
_EVERY_SECONDS = 0.2
# What a process takes for good in its first moments is no growth.
_SETTLING = 0.2


@dataclass
class Memory:
    """Samples (seconds since the first, bytes of all processes together)."""

    samples: list[tuple[float, int]] = field(default_factory=list)

    @property
    def peak_mb(self) -> float:
        """The most of all samples, in MB (10^6 bytes)."""
        return max(size for _, size in self.samples) / MEGABYTE

    @property
    def growth_mb_per_min(self) -> float:
        """The slope of a line through all samples but those of the first fifth of the time."""
        return slope_per_minute(self.samples) / MEGABYTE


def slope_per_minute(samples: Sequence[tuple[float, int]]) -> float:
    """Bytes a minute by least squares, the first fifth of the time left out.

    Raises ValueError for fewer than two samples after it.
    """
    begins = samples[0][0] + _SETTLING * (samples[-1][0] - samples[0][0])
    kept = [(at, size) for at, size in samples if at >= begins]
    if len(kept) < 2:
        raise ValueError(f"{len(kept)} samples have no slope")
    line = linear_regression([at for at, _ in kept], [size for _, size in kept])
    return line.slope * 60


@contextmanager
def watching(service: ServiceProcess) -> Iterator[Memory]:
    """Sample the memory of all the service's processes for the length of the block.

    What they share is counted for each: the sum is never less than what they take.
    """
    memory, done = Memory(), threading.Event()
    start = monotonic()

    def sample() -> None:
        memory.samples.append((monotonic() - start, resident_bytes(service)))

    def watch() -> None:
        while not done.wait(_EVERY_SECONDS):
            sample()

    sample()
    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield memory
    finally:
        done.set()
        thread.join()
        sample()


def resident_bytes(service: ServiceProcess) -> int:
    """The resident sets of the service's processes, summed."""
    total = 0
    for process in service.family():
        with suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return total
