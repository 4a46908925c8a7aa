"""A forgotten learner is nowhere, and everything else is as if they had never been."""

import gzip
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pandas as pd
import psycopg
import pytest

from ingestion.privacy.pseudonyms import Pseudonyms
from ingestion.store.database import Role
from ingestion.store.errors import StoreError
from orchestration.data_docs import publish
from orchestration.erasure.forgetting import Means, Receipt, forget, look_for
from orchestration.landing import land_events
from orchestration.loads.lock import LoadRunningError, hold_lock
from orchestration.settings import Settings, read_settings
from quality.oracle import compare
from quality.oracle.comparison import KEYS
from quality.runner import judge_suites
from quality.suites import SUITES
from tests.end_to_end.hostile import Event, make_hostile_stream
from tests.end_to_end.test_oracle import land_all
from tests.exactness.conftest import Fresh
from tests.exactness.warehouse import LoadDied, Warehouse
from tests.ingestion.audit.conftest import making_login, read_chain
from tests.orchestration.conftest import Study, make_events

AS_OF = datetime(2025, 11, 20, 12, tzinfo=UTC)
PSEUDONYMS = Pseudonyms([b"k" * 32])
EVERY_TABLE = """
select format('%I.%I', table_schema, table_name) from information_schema.tables
where table_schema !~ '^pg_' and table_schema <> 'information_schema'
"""

Marts = Mapping[str, pd.DataFrame]


@pytest.fixture(scope="module")
def stream() -> list[Event]:
    """Pairs of learners who share sessions, so that one who goes leaves traces in the other."""
    return [*make_hostile_stream(7, rounds=1, events_per_round=25)]


@pytest.fixture(scope="module")
def learner(stream: Sequence[Event]) -> UUID:
    """The learner with the most sessions that another learner has an event in, too."""
    visitors = defaultdict(set)
    for event in stream:
        visitors[event.get("session_id")].add(event["user_id"])
    shared: dict[object, int] = defaultdict(int)
    for session, learners in visitors.items():
        for each in learners if session and len(learners) > 1 else ():
            shared[each] += 1
    assert shared
    return UUID(str(max(sorted(shared, key=str), key=shared.__getitem__)))


@contextmanager
def loaded(fresh: Fresh, events: Sequence[Event]) -> Iterator[Warehouse]:
    with fresh() as warehouse:
        land_all(warehouse.url, events)
        warehouse.load(AS_OF)
        yield warehouse


def means(warehouse: Warehouse, settings: Settings, **changes: object) -> Means:
    usual = {
        "settings": settings,
        "url": warehouse.url,
        "pseudonyms": PSEUDONYMS,
        "load": lambda: warehouse.load(AS_OF),
        "archives": None,
        "patience_seconds": 0,
    }
    return Means(**{**usual, **changes})  # type: ignore[arg-type]


def differ(expected: Marts, actual: Marts) -> dict[str, list[str]]:
    found = {table: compare(table, expected[table], actual[table]) for table in KEYS}
    return {table: [str(each) for each in told[:3]] for table, told in found.items() if told}


def texts_of(url: str) -> dict[str, str]:
    """Every row of every table and view, as one text each, in lower case."""
    with psycopg.connect(url) as connection:
        names = [row[0] for row in connection.execute(EVERY_TABLE).fetchall()]
        texts = {}
        for name in names:
            row = connection.execute(
                f"select string_agg(lower(t::text), ' ') from {name} as t".encode()
            ).fetchone()
            texts[name] = (row and row[0]) or ""
        statistics = connection.execute(
            "select string_agg(concat(most_common_vals, histogram_bounds), ' ') from pg_stats"
            " where schemaname not in ('pg_catalog', 'information_schema')"
        ).fetchone()
    return {**texts, "pg_stats": (statistics and statistics[0]) or ""}


def leave_traces(home: Path, learner: UUID, others: UUID) -> None:
    """Files as services, runs and people leave them in a home."""
    line = json.dumps({"user_id": str(learner), "kept": "this"})
    other = json.dumps({"user_id": str(others)})
    for folder in ("logs", "dagster/storage", "demo"):
        (home / folder).mkdir(parents=True)
    (home / "logs" / "ingestion.log").write_text(f"{line}\n{learner.hex.upper()} and {others}\n")
    (home / "demo" / "events.ndjson").write_text(f"{line}\n{other}\n")
    (home / "demo" / "events.ndjson.gz").write_bytes(gzip.compress(f"{line}\n{other}\n".encode()))
    with closing(sqlite3.connect(home / "dagster" / "storage" / "index.db")) as database:
        database.execute("create table event_logs (id integer primary key, event text, raw blob)")
        database.execute(
            "insert into event_logs (event, raw) values (?, ?)", (line, str(others).encode())
        )
        database.commit()


def read_everything(home: Path) -> str:
    texts = []
    for path in sorted(home.rglob("*")):
        if path.is_file():
            opened = gzip.decompress if path.suffix == ".gz" else bytes
            texts.append(opened(path.read_bytes()).decode(errors="replace"))
    return " ".join(texts).lower()


def publish_red_check(warehouse: Warehouse, learner: UUID) -> None:
    """Data Docs that show a row of the learner, as it offends a check."""
    with psycopg.connect(warehouse.url, autocommit=True) as owner:
        owner.execute(
            "update marts.study_sessions set event_count = -1 where user_id = %s", (learner,)
        )
    judged = judge_suites([SUITES["study_sessions"]], warehouse.url, AS_OF)
    docs = read_settings().data_docs
    publish(docs, judged, run_id=str(uuid4()), as_of=AS_OF)
    assert str(learner) in read_everything(docs)


def leave_rows(warehouse: Warehouse, learner: UUID, other: UUID) -> None:
    """Rows as checks, refusals, alerts and people leave them."""
    with psycopg.connect(warehouse.url, autocommit=True) as owner:
        owner.execute(
            "insert into quality.check_results (suite, success, unexpected_sample, description)"
            " values ('raw', false, jsonb_build_object('user_id', %s::text), %s)",
            (str(learner), f"seen: {learner.hex}"),
        )
        owner.execute(
            "insert into access.cohort_learners values ('a', %s), ('a', %s)", (learner, other)
        )
        owner.execute(
            "insert into raw.failed_events (failed_event_id, received_at, kind, code, message,"
            " payload) values (gen_random_uuid(), now(), 'rejected', 'wrong_type', 'why', %s),"
            " (gen_random_uuid(), now(), 'rejected', 'wrong_type', 'why', %s)",
            (json.dumps({"user_id": learner.hex}), json.dumps({"user_id": str(other)})),
        )
        owner.execute(
            "insert into ops.alerts (kind, subject, message, opened_at, last_seen_at)"
            " values ('failed_check', %s, %s, now(), now())",
            (f"marts.study_sessions {learner}", f"rows of {learner.hex.upper()}"),
        )


def forget_in(
    warehouse: Warehouse, home: Path, learner: UUID, other: UUID
) -> tuple[Receipt, frozenset[str]]:
    """Forget where traces are everywhere; the receipt, and every id that had to go."""
    leave_traces(home, learner, other)
    leave_rows(warehouse, learner, other)
    publish_red_check(warehouse, learner)
    with (
        making_login(warehouse.url, Role.BI) as url,
        psycopg.connect(url, autocommit=True) as reader,
    ):
        reader.execute("select * from marts.study_sessions where user_id = %s", (learner,))
    settings = read_settings()
    with psycopg.connect(warehouse.url) as owner:
        rows = owner.execute(
            "select event_id::text from raw.study_events where user_id = %s", (learner,)
        ).fetchall()
    found = look_for(means(warehouse, settings), learner)
    assert found.tables["marts.daily_user_stats"]
    assert found.files["logs/ingestion.log"] == 2
    receipt = forget(means(warehouse, settings), learner)
    ids = frozenset({str(learner), learner.hex, *(row[0] for row in rows)})
    return receipt, ids


@pytest.mark.custody
def test_forgotten_learner_is_nowhere_and_the_rest_is_as_without_them(
    fresh: Fresh, stream: list[Event], learner: UUID, clean_environment: Path
) -> None:
    without = [event for event in stream if event["user_id"] != str(learner)]
    other = UUID(str(without[0]["user_id"]))
    with loaded(fresh, stream) as warehouse:
        before = warehouse.read_marts()
        receipt, ids = forget_in(warehouse, clean_environment, learner, other)
        after, live = warehouse.read_marts(), warehouse.read_live(AS_OF)
        everywhere = texts_of(warehouse.url)
        chain = read_chain(warehouse.url)
        with psycopg.connect(warehouse.url) as owner:
            books = owner.execute(
                "select sum(accepted), (select count(*) from raw.study_events) from raw.landings"
            ).fetchone()
            kept = owner.execute("select counts, digest from ops.erasures").fetchone()
    assert {name: [each for each in ids if each in text] for name, text in everywhere.items()} == {
        name: [] for name in everywhere
    }
    files = read_everything(clean_environment)
    assert [each for each in ids if each in files] == []
    assert str(other) in files
    assert str(other) in everywhere["raw.failed_events"]
    assert str(other) in everywhere["access.cohort_learners"]

    with loaded(fresh, without) as world:
        expected = world.read_marts()
        expected_live = world.read_live(AS_OF)
    assert differ(expected, after) == {}
    assert differ(expected, before) != {}
    assert {name: len(frame) for name, frame in live.items()} == {
        name: len(frame) for name, frame in expected_live.items()
    }

    assert books == (len(without), len(without))
    assert receipt.left == {}
    assert receipt.tables["raw.study_events"] == len(stream) - len(without)
    assert not [each for each in ids if each in receipt.text]
    assert kept is not None
    assert kept[1] == receipt.digest
    asked = next(entry for entry in chain if entry["action"] == "study forget")
    assert asked["login"] == receipt.requested_by
    assert receipt.digest in asked["message"]
    read = next(entry for entry in chain if "study_sessions" in entry["action"])
    assert read["learners"] == asked["learners"] == [PSEUDONYMS.name(learner)]


@pytest.mark.custody
def test_forgetting_that_was_killed_is_ended_by_the_next(
    fresh: Fresh, stream: list[Event], learner: UUID, clean_environment: Path
) -> None:
    def die() -> None:
        raise LoadDied("killed")

    clean_environment.mkdir()
    with loaded(fresh, stream) as warehouse:
        settings = read_settings()
        with pytest.raises(LoadDied):
            forget(means(warehouse, settings, load=die), learner)
        # From the first step on nothing more comes in of them.
        again = [event for event in stream if event["user_id"] == str(learner)]
        tally = land_events(warehouse.url, again, pseudonyms=PSEUDONYMS)
        assert tally.codes == {"learner_forgotten": len(again)}
        with (
            hold_lock(warehouse.url),
            pytest.raises(LoadRunningError),
        ):
            forget(means(warehouse, settings), learner)
        with pytest.raises(StoreError, match=r"not forgotten: still in .*marts.daily_user_stats"):
            forget(means(warehouse, settings, load=lambda: None), learner)
        assert forget(means(warehouse, settings), learner).left == {}
        found = texts_of(warehouse.url)
    assert [name for name, text in found.items() if str(learner) in text] == []


@pytest.mark.custody
def test_command_tells_first_and_leaves_a_receipt(settings: Settings, study: Study) -> None:
    assert settings.given_url
    events = make_events(3)
    land_events(settings.given_url, events)
    learner = str(events[0]["user_id"])
    told = study("forget", learner, "--dry-run")
    assert told.returncode == 0, told.stderr
    assert "3  raw.study_events" in told.stdout
    assert "nothing was changed" in told.stdout
    done = study("forget", learner)
    assert done.returncode == 0, done.stderr
    receipt = json.loads(done.stdout.splitlines()[0])
    assert receipt["tables"] == {"raw.study_events": 3}
    assert receipt["left"] == {}
    assert learner not in done.stdout
    assert "the learner is nowhere" in study("forget", learner, "--dry-run").stdout
