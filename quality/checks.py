"""All checks of the marts in one call: the suites, and the reconciliation between layers."""

from collections.abc import Sequence

from quality.reconciler import reconcile
from quality.reconciliation import RECONCILIATIONS
from quality.results import CheckResult
from quality.runner import run_suites
from quality.suites import SUITES


def run_checks(url: str, *, tables: Sequence[str] | None = None) -> list[CheckResult]:
    """Run every check of these marts; of all marts without `tables`.

    `url`: a libpq URL with a host, whose role may read staging and marts. Raises ValueError for a
    table that has no suite, and what `run_suites` and `reconcile` raise when they cannot read.
    """
    chosen = [*SUITES] if tables is None else tables
    unknown = [table for table in chosen if table not in SUITES]
    if unknown:
        raise ValueError(f"no checks for {', '.join(unknown)}; there are for {', '.join(SUITES)}")
    results = run_suites([SUITES[table] for table in chosen], url)
    of_tables = [each for each in RECONCILIATIONS if each.table in chosen]
    return results + reconcile(url, of_tables)
