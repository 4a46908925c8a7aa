"""Commands on the archive: archive, restore."""

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.cli.app import app, out
from orchestration.cli.failure import FailedWorkError
from orchestration.cli.pipeline import AsOf, read_instant

if TYPE_CHECKING:
    from ingestion.store.archive.manifest import Archive
    from orchestration.retention import Retention

_MONTH = ["%Y-%m"]
Month = Annotated[
    datetime, typer.Option("--month", formats=_MONTH, metavar="YYYY-MM", help="The month.")
]


@app.command(epilog="Example: study archive --dry-run --as-of 2026-12-01")
def archive(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what is due, and what is archived.")
    ] = False,
    restored: Annotated[
        bool, typer.Option("--restored", help="Send restored months back now, not after a week.")
    ] = False,
    as_of: AsOf = None,
) -> None:
    """Make the coming months, move old ones to cold disks, archive those over two years old.

    A month leaves the log only when its files were read back and hold the same events. Marts do
    not change by it. Dead letters that old are deleted. Killed, it goes on where it was when run
    again. Ends with 1 if a month that is due has to stay.
    """
    moment = read_instant(as_of) or datetime.now(UTC)

    from orchestration.database import open_warehouse
    from orchestration.defs.dbt.manifest import dbt_project
    from orchestration.loads.digests import read_project
    from orchestration.loads.lock import hold_lock
    from orchestration.retention import open_archive, retain
    from orchestration.settings import read_settings

    settings = read_settings()
    target = open_archive(settings)
    with open_warehouse(settings) as url, hold_lock(url):
        done = retain(
            url,
            target,
            as_of=moment,
            models=read_project(dbt_project().manifest_path).models,
            cold_tablespace=settings.cold_tablespace,
            dry_run=dry_run,
            returning=restored,
            tell=out.print,
        )
        listed = _list_archives(url)
    show_retention(done, target.url, dry_run=dry_run)
    if dry_run:
        show_archives(listed)
    if done.waiting:
        raise FailedWorkError(f"{len(done.waiting)} months that are due stay: see above.")


@app.command(epilog="Example: study restore --month 2024-02")
def restore(
    month: Month,
    to: Annotated[
        datetime | None,
        typer.Option("--to", formats=_MONTH, metavar="YYYY-MM", help="And all up to this one."),
    ] = None,
    reopen: Annotated[
        bool,
        typer.Option("--reopen", help="Let it take late events again: `study failed replay` then."),
    ] = False,
) -> None:
    """Bring an archived month back into the log, verified, event for event.

    It is read-only unless reopened, and goes back after a week, or by `study archive --restored`.
    """
    first, last = month.date(), (to or month).date()
    if last < first:
        raise typer.BadParameter(f"{last:%Y-%m} lies before {first:%Y-%m}", param_hint="--to")

    from orchestration.database import open_warehouse
    from orchestration.loads.lock import hold_lock
    from orchestration.retention import open_archive
    from orchestration.retention import restore as bring_back
    from orchestration.settings import read_settings

    settings = read_settings()
    target = open_archive(settings)
    with open_warehouse(settings) as url, hold_lock(url):
        done = bring_back(url, target, first, last, reopen=reopen)
    if not done:
        raise FailedWorkError(f"no month from {first:%Y-%m} to {last:%Y-%m} is in the archive.")
    for each in done:
        out.print(f"{each.month:%Y-%m} {each.state}: {each.row_count or 0:,} events", markup=False)


def show_retention(done: "Retention", place: str, *, dry_run: bool) -> None:
    """Print what was done, or would be, and why what is due stays."""
    would = "would be " if dry_run else ""
    if done.made:
        out.print(f"made: {', '.join(done.made)}", markup=False)
    if done.cold_tablespace is None:
        out.print("cold disks: skipped, for STUDY_COLD_TABLESPACE is not set")
    else:
        out.print(f"{would}moved to {done.cold_tablespace}: {_tell(done.cooled)}", markup=False)
    ready = [month for month in done.due if month not in done.waiting]
    out.print(f"{would}archived in {place}: {_tell(ready)}", markup=False)
    if done.letters:
        out.print(f"dead letters of over two years ago, deleted: {done.letters:,}")
    for month, why in done.waiting.items():
        out.print(f"{month:%Y-%m} stays: {why}", markup=False)


def show_archives(listed: "list[Archive]") -> None:
    """Print the manifest."""
    from rich.table import Table

    table = Table("month", "state", "events", "erased", "key", "place", box=None, pad_edge=False)
    for each in listed:
        events = "" if each.row_count is None else f"{each.row_count:,}"
        table.add_row(
            f"{each.month:%Y-%m}",
            each.state,
            events,
            str(each.erased_count),
            each.key_name or "",
            each.location or "",
        )
    out.print(table)


def _list_archives(url: str) -> "list[Archive]":
    import psycopg

    from ingestion.store.archive.manifest import list_archives

    with psycopg.connect(url) as connection:
        return list_archives(connection)


def _tell(months: "list[date]") -> str:
    return ", ".join(f"{month:%Y-%m}" for month in months) or "none"
