"""Data Docs: what the suites found, as pages to browse."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from quality.gx import import_gx, open_context

if TYPE_CHECKING:
    from quality.runner import Judged

KEPT_RUNS = 10
"""Of each suite, the newest are kept to be looked at; `quality.check_results` knows all."""

# Where Great Expectations keeps them in a project of its own.
_KEPT = "gx/uncommitted/validations"
_SITE = "gx/uncommitted/data_docs/local_site"


def docs_page(folder: Path) -> Path:
    """The first page of the Data Docs in a folder, written or not."""
    return folder / _SITE / "index.html"


def write_docs(
    folder: Path, judged: Sequence[Judged], *, run_id: str, as_of: datetime | None = None
) -> Path:
    """Write pages of what suites found to a folder, beside those of the runs before; return the
    first page of the site.

    They show what the results show: ids, and no private column. Raises OSError where the folder
    cannot be written.
    """
    import_gx()
    from great_expectations.core.run_identifier import RunIdentifier  # noqa: PLC0415
    from great_expectations.data_context.types.resource_identifiers import (  # noqa: PLC0415
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    folder.mkdir(parents=True, exist_ok=True)
    context = open_context(mode="file", project_root_dir=folder)
    run = RunIdentifier(run_name=run_id, run_time=as_of or datetime.now(UTC))
    pages = [
        ValidationResultIdentifier(
            expectation_suite_identifier=ExpectationSuiteIdentifier(each.suite.name),
            run_id=run,
            batch_identifier=f"{each.suite.schema}.{each.suite.table}",
        )
        for each in judged
    ]
    for page, each in zip(pages, judged, strict=True):
        _drop_old(folder, each.suite.name)
        each.document.meta["run_id"] = run
        context.validation_results_store.set(page, each.document)
    context.build_data_docs(resource_identifiers=pages)
    return docs_page(folder)


def _drop_old(folder: Path, suite: str) -> None:
    # One is about to be added.
    for kept in (folder / _KEPT / suite, folder / _SITE / "validations" / suite):
        if kept.is_dir():
            runs = sorted(kept.iterdir(), key=lambda run: run.stat().st_mtime, reverse=True)
            for past in runs[KEPT_RUNS - 1 :]:
                shutil.rmtree(past)
