"""Token buckets with a clock of the test's own."""

import pytest

from ingestion.api.limiting import RateLimiter


class HandClock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


def test_wait_that_is_told_is_true(clock: HandClock) -> None:
    limiter: RateLimiter[str] = RateLimiter(clock=clock)

    def take(cost: float) -> int:
        return limiter.take("web", cost, rate=10, burst=100)

    assert take(100) == 0
    assert take(30) == 3
    clock.now += 2.9
    assert take(30) == 1
    clock.now += 0.1
    assert take(30) == 0
    assert take(1) == 1


def test_long_run_is_the_rate_however_it_is_cut(clock: HandClock) -> None:
    for cost in (1, 7, 100, 250):
        limiter: RateLimiter[str] = RateLimiter(clock=clock)
        taken, start = 0, clock.now
        while clock.now < start + 1000:
            wait = limiter.take("web", cost, rate=10, burst=100)
            clock.now += wait
            taken += 0 if wait else cost
        assert abs(taken - 100 - 10 * 1000) <= max(10, 2 * cost)


def test_batch_above_the_burst_waits_for_a_full_bucket_and_leaves_a_debt(clock: HandClock) -> None:
    limiter: RateLimiter[str] = RateLimiter(clock=clock)
    assert limiter.take("web", 250, rate=10, burst=100) == 0
    assert limiter.take("web", 250, rate=10, burst=100) == 25
    assert limiter.take("web", 1, rate=10, burst=100) == 16


def test_subjects_do_not_share(clock: HandClock) -> None:
    limiter: RateLimiter[str] = RateLimiter(clock=clock)
    assert limiter.take("one", 100, rate=10, burst=100) == 0
    assert limiter.take("two", 100, rate=10, burst=100) == 0
    assert limiter.look("one", 1) == 1
    assert limiter.look("three", 1) == 0


def test_flood_of_subjects_is_forgotten_oldest_first(clock: HandClock) -> None:
    limiter: RateLimiter[int] = RateLimiter(most=3, clock=clock)
    for subject in (1, 2, 3, 1, 4):
        limiter.take(subject, 1, rate=1, burst=1)
    assert [limiter.look(subject, 1) for subject in (1, 2, 3, 4)] == [1, 0, 1, 1]
