"""A warehouse of a simulated history, refreshed and checked, each by the clock."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TypeVar

import psycopg

from bench.transform.databases import make_warehouse, settle, vacuum
from bench.transform.history import END, Size, ensure_history
from bench.transform.runs import Transforms
from ingestion.store.database import Role, role_url
from quality.docs import write_docs
from quality.gx import import_gx
from quality.reconciler import reconcile
from quality.runner import judge_suites
from quality.suites import SUITES

AS_OF = END + timedelta(hours=12)
T = TypeVar("T")


@dataclass(frozen=True)
class Checks:
    """Seconds of one run of all checks: of each suite, of the pages, of the reconciliations.

    `failed` names the checks that failed, by table.
    """

    suites: Mapping[str, float]
    docs: float
    reconciliation: float
    failed: Sequence[str]

    @property
    def total(self) -> float:
        """All of it."""
        return sum(self.suites.values()) + self.docs + self.reconciliation


@dataclass(frozen=True)
class Measured:
    """Everything one run of the benchmark saw.

    `first` are the checks of a log of which nothing has been judged before, `nightly` of one that
    was loaded, but for the last two days, by earlier runs.
    """

    size: Size
    import_seconds: float
    refreshes: Sequence[float]
    first: Sequence[Checks]
    nightly: Sequence[Checks]


def measure(server_url: str, home: Path, size: Size, repetitions: int) -> Measured:
    """Build a history, refresh it and run the checks so many times. Minutes in full size."""
    start = perf_counter()
    import_gx()
    imported = perf_counter() - start
    history = ensure_history(home / "history", size)
    url = make_warehouse(server_url, "bench_quality", history, size.events)
    transforms = Transforms(url, home / "dbt" / "quality")
    refreshes = [_refresh(transforms) for _ in range(repetitions)]
    vacuum(url)
    first = [_check(url) for _ in range(repetitions)]
    _pretend_loaded(url, AS_OF - timedelta(days=2, hours=1))
    return Measured(size, imported, refreshes, first, [_check(url) for _ in range(repetitions)])


def figures(measured: Measured) -> dict[str, object]:
    """What is worth a row in a table, in seconds unless the name says otherwise."""
    refresh = median(measured.refreshes)
    first = median(checks.total for checks in measured.first)
    nightly = median(checks.total for checks in measured.nightly)
    slowest = measured.first[0].suites
    return {
        "events": measured.size.events,
        "checks": sum(len(suite.checks) for suite in SUITES.values()),
        "full_refresh": refresh,
        "import_of_great_expectations": measured.import_seconds,
        "checks_of_a_log_never_judged": first,
        "checks_of_a_nightly_run": nightly,
        "first_share_percent": 100 * first / refresh,
        "nightly_share_percent": 100 * nightly / refresh,
        "nightly_share_percent_with_import": 100 * (nightly + measured.import_seconds) / refresh,
        "reconciliation": median(checks.reconciliation for checks in measured.first),
        "data_docs": median(checks.docs for checks in measured.first),
        **{f"suite_{name}": slowest[name] for name in slowest},
        "failed": list(measured.first[0].failed),
    }


def _refresh(transforms: Transforms) -> float:
    settle(transforms.url)
    return transforms.run(AS_OF, full_refresh=True).seconds


def _check(url: str) -> Checks:
    own = role_url(url, Role.TRANSFORM, application_name="bench-quality")
    seconds, judged = {}, []
    for name, suite in SUITES.items():
        seconds[name], found = _time(partial(judge_suites, [suite], own, AS_OF))
        judged += found
    with tempfile.TemporaryDirectory() as folder:
        docs, _ = _time(lambda: write_docs(Path(folder), judged, run_id="bench", as_of=AS_OF))
    reconciliation, reconciled = _time(lambda: reconcile(own))
    results = [found for each in judged for found in each.results] + reconciled
    failed = [str(found) for found in results if not found.success]
    return Checks(seconds, docs, reconciliation, failed)


def _time(work: Callable[[], T]) -> tuple[float, T]:
    start = perf_counter()
    done = work()
    return perf_counter() - start, done


def _pretend_loaded(url: str, until: datetime) -> None:
    """Let all but the events received last have been loaded days ago, as of a nightly run."""
    with psycopg.connect(url) as owner:
        owner.execute(
            """
            insert into ops.loads (kind, to_xid, as_of, state, cluster_id, finished_at)
            select 'load', min(ingest_xid), %s, 'done',
                (select system_identifier::text from pg_control_system()), now()
            from raw.study_events where received_at >= %s
            """,
            [until, until],
        )
