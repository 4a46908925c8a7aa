"""All checks in one call: the suites, and the reconciliation between layers."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from quality.docs import write_docs
from quality.reconciler import reconcile
from quality.reconciliation import RECONCILIATIONS
from quality.results import CheckResult
from quality.runner import judge_suites
from quality.suites import SUITES


def run_checks(
    url: str,
    *,
    tables: Sequence[str] | None = None,
    as_of: datetime | None = None,
    docs: Path | None = None,
) -> list[CheckResult]:
    """Run every check of these tables, in the order of the layers; of all without `tables`.

    `url`: a libpq URL with a host, whose role may read raw, staging and marts. `as_of`: the instant
    they are judged at, now unless given. `docs`: a folder to write Data Docs of the suites to.
    Raises ValueError for a table that has no suite, and what `run_suites` and `reconcile` raise
    when they cannot read.
    """
    chosen = [*SUITES] if tables is None else tables
    unknown = [table for table in chosen if table not in SUITES]
    if unknown:
        raise ValueError(f"no checks for {', '.join(unknown)}; there are for {', '.join(SUITES)}")
    judged = judge_suites([SUITES[table] for table in chosen], url, as_of)
    if docs:
        write_docs(docs, judged)
    of_tables = [
        each
        for each in RECONCILIATIONS
        if each.table in chosen or (tables is None and each.table not in SUITES)
    ]
    return [found for each in judged for found in each.results] + reconcile(url, of_tables)
