"""All checks in one call: the suites, and the reconciliation between layers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from quality.reconciler import reconcile
from quality.reconciliation import RECONCILIATIONS
from quality.results import CheckResult
from quality.runner import Judged, judge_suites
from quality.suites import SUITES


@dataclass(frozen=True)
class Checked:
    """What all checks found: their results, and the suites that ran, to write Data Docs of."""

    results: Sequence[CheckResult]
    judged: Sequence[Judged]


def run_checks(
    url: str, *, tables: Sequence[str] | None = None, as_of: datetime | None = None
) -> Checked:
    """Run every check of these tables, in the order of the layers; of all without `tables`.

    `url`: a libpq URL with a host, whose role may read raw, staging and marts. `as_of`: the instant
    they are judged at, now unless given.
    Raises ValueError for a table that has no suite, and what `run_suites` and `reconcile` raise
    when they cannot read.
    """
    chosen = [*SUITES] if tables is None else tables
    unknown = [table for table in chosen if table not in SUITES]
    if unknown:
        raise ValueError(f"no checks for {', '.join(unknown)}; there are for {', '.join(SUITES)}")
    judged = judge_suites([SUITES[table] for table in chosen], url, as_of)
    of_tables = [each for each in RECONCILIATIONS if tables is None or each.table in chosen]
    of_suites = [found for each in judged for found in each.results]
    return Checked(of_suites + reconcile(url, of_tables), judged)
