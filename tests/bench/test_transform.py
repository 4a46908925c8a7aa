"""The benchmark of the transforms, in small: what it works on, and what it tells."""

import csv
import gzip
import json
from collections import defaultdict
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from bench.transform.batches import write_session
from bench.transform.history import COLUMNS, END, Size, ensure_history, row_of
from bench.transform.markdown import render
from bench.transform.measure import Effort, measure
from bench.transform.report import BARS, describe_machine, figures
from ingestion.events.validation import AcceptedEvent, validate_event
from ingestion.simulation import simulate

SIZE = Size(events=8_000, learners=40, days=60)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


def test_history_deals_whole_sessions_to_every_learner(home: Path) -> None:
    rows = read_history(ensure_history(home / "history", SIZE))
    owners = defaultdict(set)
    for row in rows:
        owners[row["session_id"]].add(row["user_id"])
    of_no_session = owners.pop("")
    assert len(rows) == SIZE.events
    assert [row["event_id"] for row in rows] == sorted({row["event_id"] for row in rows})
    assert {len(users) for users in owners.values()} == {1}
    assert len(set.union(of_no_session, *owners.values())) == SIZE.learners


def test_history_is_simulated_once(home: Path) -> None:
    path = ensure_history(home / "history", SIZE)
    written = path.stat().st_mtime_ns
    assert ensure_history(home / "history", SIZE) == path
    assert path.stat().st_mtime_ns == written


def test_history_of_more_events_than_there_are_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="only"):
        ensure_history(tmp_path, Size(events=10_000, learners=1, days=1))
    assert list(tmp_path.glob("*.csv.gz")) == []


def test_history_rows_are_what_landing_makes_of_the_events() -> None:
    for event in simulate(2, 10, 7, END):
        accepted = validate_event(event, received_at=END, sent_at=None)
        assert isinstance(accepted, AcceptedEvent)
        row = dict(zip(COLUMNS, row_of(event), strict=True))
        for column in set(COLUMNS) - {"properties", "context", "received_at"}:
            assert str(row[column]) == as_written(getattr(accepted, column)), column


def test_batches_hold_ten_events_that_ingestion_accepts() -> None:
    events = list(write_session(Random(1), UUID(int=5), "UTC", date(2026, 1, 1), 1))
    verdicts = [
        validate_event(event, received_at=datetime(2026, 1, 3, tzinfo=UTC), sent_at=None)
        for event in events
    ]
    assert [verdict for verdict in verdicts if not isinstance(verdict, AcceptedEvent)] == []
    assert len(events) == 10


@pytest.mark.slow
def test_benchmark_reports_every_figure(server_url: str, home: Path) -> None:
    effort = Effort(refreshes=1, rounds=1, learners_per_load=5, readers=20)
    found = figures(measure(server_url, home, SIZE, effort))
    assert {bar.key for bar in BARS} <= found.keys()
    assert all(found[bar.key] > 0 for bar in BARS)
    assert found["duckdb_differences"] == []
    assert found["sizes"]["load_events"] == 50
    assert {"study_sessions", "daily_user_stats"} <= found["live_views"].keys()
    assert {"study_sessions", "whole run"} <= found["models"].keys()
    found["machine"] = describe_machine(server_url, END.date())
    written = render(json.loads(json.dumps(found)))
    assert all(bar.meaning in written for bar in BARS)


def read_history(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", newline="") as source:
        return list(csv.DictReader(source, fieldnames=COLUMNS))


def as_written(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return str(value)
