"""The site: a page for each run of a suite, and a first page that lists them."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quality.docs.pages import STYLE, render_index, render_page
from quality.suites.suite import Severity

if TYPE_CHECKING:
    from quality.runner import Judged

KEPT_RUNS = 10
"""Of each suite, the newest are kept to be looked at; `quality.check_results` knows all."""


def docs_page(folder: Path) -> Path:
    """The first page of the Data Docs in a folder, written or not."""
    return folder / "index.html"


def write_docs(
    folder: Path, judged: Sequence[Judged], *, run_id: str, as_of: datetime | None = None
) -> Path:
    """Write pages of what suites found to a folder, beside those of the runs before; return the
    first page of the site.

    They show what the results show: ids, and no private column. They load nothing from elsewhere.
    Raises OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    judged_at = datetime.now(UTC)
    # A nightly run and `study check` may write at once.
    with (folder / "write.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shutil.copyfile(STYLE, folder / STYLE.name)
        for each in judged:
            place = folder / each.suite.name
            place.mkdir(exist_ok=True)
            name = f"{judged_at:%Y%m%dT%H%M%S%f}-{run_id}"
            told = _sum_up(each, run_id=run_id, as_of=as_of or judged_at)
            (place / f"{name}.html").write_text(render_page(each.document, told))
            (place / f"{name}.json").write_text(json.dumps(told))
            _drop_old(place)
        docs_page(folder).write_text(render_index(list(_list_suites(folder))))
    return docs_page(folder)


def _sum_up(judged: Judged, *, run_id: str, as_of: datetime) -> Mapping[str, Any]:
    failed = [found for found in judged.results if not found.success]
    return {
        "table": f"{judged.suite.schema}.{judged.suite.table}",
        "run_id": run_id,
        "as_of": f"{as_of.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        "checks": len(judged.results),
        "errors": sum(found.severity is Severity.CRITICAL for found in failed),
        "warnings": sum(found.severity is not Severity.CRITICAL for found in failed),
    }


def _list_suites(folder: Path) -> Iterator[Mapping[str, Any]]:
    """Each suite there is a page of, with its runs, the newest first."""
    for place in sorted(each for each in folder.iterdir() if each.is_dir()):
        told = sorted(place.glob("*.json"), reverse=True)
        runs = [
            {**json.loads(path.read_text()), "page": f"{place.name}/{path.stem}.html"}
            for path in told
        ]
        if runs:
            yield {"name": place.name, "runs": runs}


def _drop_old(place: Path) -> None:
    # By name, which starts with the time.
    for past in sorted(place.glob("*.json"), reverse=True)[KEPT_RUNS:]:
        past.with_suffix(".html").unlink(missing_ok=True)
        past.unlink()
