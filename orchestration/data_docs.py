"""Data Docs, written by one at a time: `study check` may run beside a run of Dagster's."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ingestion.store.locks import hold_exclusive
from quality.docs import write_docs
from quality.runner import Judged


def publish(folder: Path, judged: Sequence[Judged], *, run_id: str, as_of: datetime | None) -> Path:
    """Write pages of what suites found to a folder; return the first page of the site.

    Raises OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with hold_exclusive(folder / "write.lock"):
        return write_docs(folder, judged, run_id=run_id, as_of=as_of)
