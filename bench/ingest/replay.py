"""`study replay` of a file, and dlt appending the same file to the same PostgreSQL."""

import json
import subprocess
import sys
from datetime import datetime
from itertools import islice
from pathlib import Path
from time import perf_counter

import psycopg

from bench.ingest.stream import EventStream
from bench.transform.databases import make_database, settle
from ingestion.store.errors import one_line
from ingestion.store.migrations import migrate
from ingestion.store.partitions import make_months
from orchestration.settings import child_environment

PEER = Path(__file__).with_name("dlt_append.py")
MODES = ("defaults", "pages", "arrow")
REQUIREMENTS = ("dlt[postgres]", "pyarrow")
_LEARNERS, _SEED = 500, 11
_EVENTS_PER_LEARNER_DAY = 90


class NoPeerError(Exception):
    """dlt is not to be had here. The message says why, in one line."""


def ensure_file(home: Path, events: int) -> Path:
    """A file of so many simulated events, one JSON object a line; made once."""
    path = home / f"replay-{events}.ndjson"
    if not path.exists():
        days = 1 + events // (_LEARNERS * _EVENTS_PER_LEARNER_DAY)
        stream = EventStream(learners=_LEARNERS, days=days, seed=_SEED)
        # under another name until it is whole: a run that is stopped must leave no half file
        fresh = path.with_suffix(".new")
        with fresh.open("w") as lines:
            for event in stream.draw(events):
                lines.write(json.dumps(event, separators=(",", ":")) + "\n")
        fresh.rename(path)
    return path


def measure_replay(server_url: str, home: Path, file: Path, events: int) -> float:
    """Rows a second of `study replay`, the whole process by the clock, into an empty database.

    Raises RuntimeError where not every event is stored.
    """
    url = make_database(server_url, "bench_ingest_replay")
    migrate(url)
    _open_months(url, file)
    settle(url)
    start = perf_counter()
    _run(
        [sys.executable, "-m", "orchestration.cli", "replay", str(file)],
        STUDY_DATABASE_URL=url,
        STUDY_HOME=str(home),
    )
    seconds = perf_counter() - start
    with psycopg.connect(url) as connection:
        stored = connection.execute("select count(*) from raw.study_events").fetchone()
    if stored != (events,):
        raise RuntimeError(f"of {events} events {stored} were stored")
    return events / seconds


def ensure_peer(home: Path) -> Path:
    """The Python of an environment that has dlt, made where it is not there yet.

    Raises NoPeerError where the package registry is not reached.
    """
    python = home / "dlt" / "bin" / "python"
    if not python.exists():
        uv = Path(__file__).resolve().parents[2] / ".uv" / "bin" / "uv"
        try:
            _run([str(uv), "venv", "--quiet", "--python", sys.executable, str(home / "dlt")])
            _run([str(uv), "pip", "install", "--quiet", "--python", str(python), *REQUIREMENTS])
        except (OSError, RuntimeError) as error:
            raise NoPeerError(f"dlt could not be installed: {one_line(str(error))}") from error
    return python


def measure_peer(server_url: str, python: Path, file: Path, events: int, mode: str) -> float:
    """Rows a second of dlt in a mode, the whole process by the clock, into an empty database.

    The first `events` of the file. Raises RuntimeError where not every event is stored.
    """
    url = make_database(server_url, "bench_ingest_dlt")
    part = file.with_name("dlt.ndjson")
    with file.open() as lines, part.open("w") as sink:
        sink.writelines(islice(lines, events))
    settle(url)
    start = perf_counter()
    told = _run([str(python), str(PEER), str(part), url, mode])
    seconds = perf_counter() - start
    part.unlink()
    if told.strip() != str(events):
        raise RuntimeError(f"of {events} events dlt stored {told.strip()}")
    return events / seconds


def _open_months(url: str, file: Path) -> None:
    lines = file.read_text().splitlines()
    first, last = (
        datetime.fromisoformat(json.loads(line)["occurred_at"]) for line in (lines[0], lines[-1])
    )
    with psycopg.connect(url) as owner:
        make_months(owner, first.date(), last.date())


def _run(words: list[str], **environment: str) -> str:
    done = subprocess.run(
        words, check=False, capture_output=True, text=True, env=child_environment(**environment)
    )
    if done.returncode:
        raise RuntimeError(f"{words[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout
