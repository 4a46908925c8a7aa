"""The whole benchmark, in order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from time import time_ns

import psycopg

from bench.ingest.replay import (
    MODES,
    NoPeerError,
    ensure_file,
    ensure_peer,
    measure_peer,
    measure_replay,
)
from bench.ingest.rounds import Bench, Rounds, measure_rounds
from bench.ingest.service import serving
from bench.ingest.soak import Soak, measure_soak
from bench.ingest.stream import EventStream
from bench.transform.databases import make_database
from ingestion.store.migrations import migrate
from orchestration.supervisor import find_free_port

DURABILITY = ("fsync", "full_page_writes", "synchronous_commit")
_LEARNERS, _DAYS = 2_000, 120
_OVERRIDES = """
select count(*) from pg_db_role_setting
where array_to_string(setconfig, ' ') like '%%synchronous_commit%%'
"""


@dataclass(frozen=True)
class Effort:
    """How much of each: enough for medians that hold, or little for a smoke test.

    `events` are those of one measurement over HTTP or by COPY; of 0 `dlt_events` dlt is left out.
    """

    rounds: int = 5
    events: int = 40_000
    soak_seconds: float = 30.0
    replays: int = 2
    replay_events: int = 500_000
    dlt_events: int = 100_000


@dataclass(frozen=True)
class Measured:
    """Everything one run of the benchmark saw. Rates are rows a second."""

    effort: Effort
    durability: Mapping[str, str]
    rounds: Rounds
    soak: Soak
    replays: list[float]
    peers: Mapping[str, float] = field(default_factory=dict)
    without_peer: str | None = None


def measure(server_url: str, home: Path, effort: Effort) -> Measured:
    """Measure HTTP against COPY, soak the service, and replay a file as dlt appends it.

    Raises RuntimeError where the server would not survive a power cut with what it acknowledged,
    or what is stored at the end is not what was acknowledged.
    """
    durability = require_durable(server_url)
    url = make_database(server_url, "bench_ingest")
    migrate(url)
    stream = EventStream(learners=_LEARNERS, days=_DAYS, seed=time_ns() % 2**31)
    stream.open_months(url)
    with serving(url, port=find_free_port(), home=home / "service") as service:
        bench = Bench(url, service.port, stream)
        rounds = measure_rounds(bench, rounds=effort.rounds, events=effort.events)
        most = median(load.events_per_s for load in rounds.loads["http"])
        seconds = effort.soak_seconds
        soak = measure_soak(bench, service, home, most_per_s=most, seconds=seconds)
    require_stored(url, rounds.rows + soak.load.verdicts["accepted"])
    file = ensure_file(home, effort.replay_events)
    replays, peers, why_not = _measure_replays(server_url, home, file, effort)
    return Measured(effort, durability, rounds, soak, replays, peers, why_not)


def _measure_replays(
    server_url: str, home: Path, file: Path, effort: Effort
) -> tuple[list[float], dict[str, float], str | None]:
    replays = [measure_replay(server_url, home, file, effort.replay_events)]
    peers: dict[str, float] = {}
    why_not = None
    try:
        if effort.dlt_events:
            python = ensure_peer(home)
            for mode in MODES:
                peers[mode] = measure_peer(server_url, python, file, effort.dlt_events, mode)
        else:
            why_not = "dlt was not asked for"
    except NoPeerError as error:
        why_not = str(error)
    replays += [
        measure_replay(server_url, home, file, effort.replay_events)
        for _ in range(effort.replays - 1)
    ]
    return replays, peers, why_not


def require_durable(server_url: str) -> dict[str, str]:
    """The settings that a commit's durability hangs on. Raises RuntimeError unless all are on."""
    with psycopg.connect(server_url) as connection:
        found: dict[str, str] = dict(
            connection.execute(
                "select name, setting from pg_settings where name = any(%s)", [list(DURABILITY)]
            ).fetchall()
        )
        overrides = connection.execute(_OVERRIDES).fetchone()
    if set(found.values()) != {"on"} or overrides != (0,):
        raise RuntimeError(f"a commit would not be durable: {found}, {overrides} overrides")
    return found


def require_stored(url: str, rows: int) -> None:
    """Raise RuntimeError unless so many events are stored: no more, no fewer."""
    with psycopg.connect(url) as connection:
        stored = connection.execute("select count(*) from raw.study_events").fetchone()
    if stored != (rows,):
        raise RuntimeError(f"{rows} events were acknowledged or copied, and {stored} are stored")
