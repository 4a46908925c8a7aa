"""The books: one row per landing transaction that says what became of what it received."""

from collections import Counter
from collections.abc import Sequence

from psycopg import sql

from ingestion.landing.judging import JudgedBatch
from ingestion.landing.verdict import LandingReport, Status

_RECORD = sql.SQL(
    "insert into raw.landings"
    " (received_at, received, accepted, duplicate, rejected, conflict, redacted)"
    " values ({})"
)
_FATES = (Status.ACCEPTED, Status.DUPLICATE, Status.REJECTED, Status.CONFLICT)


def entry(batches: Sequence[JudgedBatch], reports: Sequence[LandingReport]) -> sql.Composed:
    """The statement that enters a transaction's batches, to be executed in it."""
    counts = sum((report.counts for report in reports), Counter[Status]())
    return _RECORD.format(
        sql.SQL(", ").join(
            map(
                sql.Literal,
                (
                    min(batch.received_at for batch in batches),
                    sum(batch.size for batch in batches),
                    *(counts[fate] for fate in _FATES),
                    sum(batch.redacted for batch in batches),
                ),
            )
        )
    )
