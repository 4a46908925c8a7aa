"""A simulated history of any size, kept on disk, and put into the raw log as if it had landed.

Few students are simulated and their sessions dealt to many learners: a student of the simulation
leaves 18,000 events in 180 days, and the histories wanted hold 500 a learner.
"""

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID, uuid5

import psycopg
from psycopg import sql

from ingestion.simulation import simulate
from ingestion.store.partitions import make_months

COLUMNS = (
    "event_id",
    "event_type",
    "schema_version",
    "user_id",
    "session_id",
    "occurred_at",
    "original_occurred_at",
    "received_at",
    "material_id",
    "chunk_id",
    "question_id",
    "topic_id",
    "properties",
    "context",
)
END = datetime(2026, 6, 1, tzinfo=UTC)
"""Where every history ends: the same instant on every machine, on every day."""

_SEED = 20260601
# A student leaves 98 a day on average. A little more than enough is simulated, and then thinned.
_EVENTS_PER_STUDENT_DAY = 95
_FORMAT = 3  # of the file; a change makes another file
_CONTEXT = json.dumps({"ip": "192.0.2.0", "user_agent": "Mozilla/5.0 (X11; rv:140.0)"})
_ROWS_PER_COMMIT = 10_000

_COPY = sql.SQL("copy raw.study_events ({}) from stdin (format csv)").format(
    sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
)


@dataclass(frozen=True)
class Size:
    """How much history: `events` in all, dealt to `learners`, over `days` before END."""

    events: int = 5_000_000
    learners: int = 10_000
    days: int = 180


def ensure_history(home: Path, size: Size) -> Path:
    """The file of a history, simulated first if it is not there yet: gzipped CSV of COLUMNS.

    In order of event_id, one line an event, without a header. Raises RuntimeError where the
    simulation gives fewer than `size.events` events.
    """
    home.mkdir(parents=True, exist_ok=True)
    path = home / f"history-{_FORMAT}-{size.events}-{size.learners}-{size.days}.csv.gz"
    if not path.exists():
        # under another name until it is whole: a run that is stopped must leave no half history
        simulated, thinned = path.with_suffix(".simulated"), path.with_suffix(".thinned")
        total, counts = _write_simulated(simulated, size)
        if total < size.events:
            raise RuntimeError(f"only {total} events in {size.days} days: ask for fewer")
        _thin(simulated, thinned, _choose_dropped(counts, total - size.events), size.events)
        simulated.unlink()
        thinned.rename(path)
    return path


def land_history(url: str, path: Path, events: int) -> None:
    """Copy the first `events` of a history into the raw log of a migrated, empty database.

    In commits of 10,000 events, as loads of one batch after another would have left them, with
    statistics and visibility maps as autovacuum leaves them.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        for lines in _read_batches(path, events):
            copy_lines(connection, lines)
        connection.execute("vacuum (analyze) raw.study_events")


def copy_lines(connection: psycopg.Connection[Any], lines: list[str]) -> None:
    """Copy CSV lines of COLUMNS into the raw log in one transaction, their months made first."""
    instants = [
        datetime.fromtimestamp(int(line[:8] + line[9:13], 16) / 1000, UTC) for line in lines
    ]
    with connection.transaction(), connection.cursor() as cursor:
        make_months(connection, min(instants).date(), max(instants).date())
        with cursor.copy(_COPY) as copy:
            copy.write("".join(lines))


def row_of(event: dict[str, Any]) -> list[Any]:
    """The raw log's COLUMNS of an event in the HTTP shape, as landing would write them.

    Straight, not by way of `validate_event`, which would take three times as long as simulating;
    a test holds the two against each other.
    """
    occurred_at = event["occurred_at"]
    return [
        event["event_id"],
        event["event_type"],
        1,
        event["user_id"],
        event.get("session_id"),
        occurred_at,
        occurred_at,
        occurred_at,
        event.get("material_id"),
        event.get("chunk_id"),
        event.get("question_id"),
        event.get("topic_id"),
        json.dumps(event.get("properties", {}), separators=(",", ":"), ensure_ascii=False),
        _CONTEXT,
    ]


def _write_simulated(path: Path, size: Size) -> tuple[int, Counter[str]]:
    """Write all that is simulated; returns its events, and those of what may be left out of it.

    By session or, without one, by event; of each learner the first must stay, or there would be
    fewer learners.
    """
    counts: Counter[str] = Counter()
    firsts: dict[str, str] = {}
    with _open_to_write(path) as sink:
        writer = csv.writer(sink, lineterminator="\n")
        for event in _deal(size):
            writer.writerow(row_of(event))
            key = event.get("session_id") or event["event_id"]
            counts[key] += 1
            firsts.setdefault(event["user_id"], key)
    total = counts.total()
    for key in firsts.values():
        del counts[key]
    return total, counts


def _choose_dropped(counts: Counter[str], surplus: int) -> set[str]:
    """Choose whole sessions at random that hold so many events together, or a few less."""
    dropped = set()
    for key in sorted(counts, key=lambda key: _draw(key, 1 << 64)):
        if counts[key] <= surplus:
            dropped.add(key)
            surplus -= counts[key]
    return dropped


def _thin(source: Path, target: Path, dropped: set[str], events: int) -> None:
    """Copy what is not dropped, and no more events than that: the last few may be cut off."""
    with gzip.open(source, "rt", encoding="utf-8") as lines, _open_to_write(target) as sink:
        for line in islice((line for line in lines if _key(line) not in dropped), events):
            sink.write(line)


def _key(line: str) -> str:
    event_id, _, _, _, session_id, _ = line.split(",", 5)
    return session_id or event_id


def _open_to_write(path: Path) -> TextIO:
    # level 1: three times as fast as the default, for a file a fifth larger
    return gzip.open(path, "wt", compresslevel=1, encoding="utf-8", newline="")


def _read_batches(path: Path, events: int) -> Iterator[list[str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as source:
        remaining = islice(source, events)
        while batch := list(islice(remaining, _ROWS_PER_COMMIT)):
            yield batch


def _deal(size: Size) -> Iterator[dict[str, Any]]:
    """Give each simulated student's sessions, whole, to the learners who share the student."""
    students = min(size.learners, 1 + size.events // (size.days * _EVENTS_PER_STUDENT_DAY))
    deck = _Deck(students, size.learners)
    for event in simulate(students, size.days, _SEED, END):
        yield {**event, "user_id": deck.deal(event)}


class _Deck:
    """Who gets a session. Every learner gets one before chance gives some of them more."""

    def __init__(self, students: int, learners: int) -> None:
        self._students = students
        self._learners = learners
        self._hands: dict[str, list[str]] = {}
        self._given: dict[str, int] = {}
        self._owners: dict[str, str] = {}

    def deal(self, event: dict[str, Any]) -> str:
        """The learner of an event: of its session or, without one, of its UTC date."""
        student = event["user_id"]
        hand = self._hands.get(student) or self._open_hand(student)
        session = event.get("session_id")
        if session is None:
            return hand[_draw(f"{student} {event['occurred_at'][:10]}", len(hand))]
        owner = self._owners.get(session)
        if owner is None:
            given = self._given[student]
            self._given[student] += 1
            owner = hand[given if given < len(hand) else _draw(session, len(hand))]
            self._owners[session] = owner
        return owner

    def _open_hand(self, student: str) -> list[str]:
        number = len(self._hands)
        count = len(range(number, self._learners, self._students))
        hand = [str(uuid5(UUID(student), str(index))) for index in range(count)]
        self._hands[student] = hand
        self._given[student] = 0
        return hand


def _draw(key: str, count: int) -> int:
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") % count
