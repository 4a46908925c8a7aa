"""Judge the marts outside of a run: all checks at once, and the oracle."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg

from ingestion.store.database import Role, role_url
from orchestration.data_docs import publish
from orchestration.loads.archived import refuse_without_history
from quality.checks import run_checks
from quality.oracle import Difference, verify_marts
from quality.profiles import keep_profiles
from quality.results import CheckResult, find_failures, record
from quality.suites import SUITES

_LAST_AS_OF = """
select as_of from quality.check_results where as_of is not null order by check_id desc limit 1
"""


@dataclass(frozen=True)
class Judgement:
    """What the checks found, and what the oracle did where it was asked (by mart)."""

    results: Sequence[CheckResult]
    differences: Mapping[str, Sequence[Difference]]

    @property
    def failures(self) -> list[CheckResult]:
        """Failed checks that mean wrong numbers."""
        return find_failures(self.results)

    @property
    def by_table(self) -> Mapping[str, Sequence[CheckResult]]:
        """The results of each table, by `schema.table`, in the order of the checks."""
        found: dict[str, list[CheckResult]] = {}
        for result in self.results:
            found.setdefault(f"{result.schema}.{result.table}", []).append(result)
        return found

    @property
    def held(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.failures and not any(self.differences.values())


def judge(
    url: str, *, as_of: datetime | None, with_oracle: bool, docs: Path | None = None
) -> Judgement:
    """Run every check, keep the results, and compare with the oracle where asked.

    `as_of` is that of the run which built the marts. `docs`: the folder of the Data Docs, which are
    left as they are without. Raises ValueError where the oracle needs `as_of` and it is unknown,
    psycopg.Error where there are no marts, and HistoryArchivedError where the oracle would miss
    what is only in the archive.
    """
    own = role_url(url, Role.TRANSFORM, application_name="study-quality")
    if with_oracle and as_of is None:
        raise ValueError("as_of is unknown")
    if with_oracle:
        with psycopg.connect(own) as connection:
            refuse_without_history(connection, "the oracle builds the marts from the log, and")
    run_id = f"check-{uuid4()}"
    checked = run_checks(own, as_of=as_of)
    record(own, run_id, as_of, checked.results)
    if as_of is not None:
        keep_profiles(own, as_of, SUITES)
    if docs is not None:
        publish(docs, checked.judged, run_id=run_id, as_of=as_of)
    differences = verify_marts(own, as_of) if with_oracle and as_of is not None else {}
    return Judgement(checked.results, differences)


def find_last_as_of(url: str) -> datetime | None:
    """The instant the marts were last built for, as the checks of that run noted it."""
    with psycopg.connect(url) as connection:
        row = connection.execute(_LAST_AS_OF).fetchone()
    return row[0].astimezone(UTC) if row else None
