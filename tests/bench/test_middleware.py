"""The benchmark of the middleware, in small: that what it measures is tracked."""

import sqlite3
from pathlib import Path

import pytest

from bench.middleware.applications import serving
from bench.middleware.measure import measure


@pytest.mark.slow
def test_benchmark_measures_requests_that_are_tracked(tmp_path: Path) -> None:
    spool = tmp_path / "spool.db"
    with serving(spool) as (bare, tracked):
        figures = measure(bare, tracked, rounds=2, requests=5)
    assert figures["requests"] == 20
    assert figures["bare_median_ms"] > 0
    with sqlite3.connect(spool) as connection:
        (numbered,) = connection.execute("select seq from sqlite_sequence").fetchone()
    connection.close()
    assert numbered == 25  # 5 blocks of 5, with those to warm up
