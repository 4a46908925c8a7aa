"""Commands on the audit of reads: audit verify, audit list, audit collect."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from orchestration.cli.app import app, out
from orchestration.cli.events import in_utc
from orchestration.cli.failure import FailedWorkError

audit = typer.Typer(help="Who read what: verify, list, collect.", no_args_is_help=True)
app.add_typer(audit, name="audit")


@audit.command(epilog="Example: study audit verify")
def verify() -> None:
    """Go through the whole chain of accesses: a changed, removed, added or moved row is named.

    Compared besides with what was noted down outside of the database. Ends with 1 on any fault.
    """
    from orchestration.auditing import anchors_file, verify_all
    from orchestration.settings import read_settings

    settings = read_settings()
    verified = verify_all(settings)
    out.print(
        f"{verified.rows:,} rows; the last has digest {verified.head};"
        f" {verified.anchors:,} anchors of {anchors_file(settings)}"
    )
    for fault in verified.faults:
        out.print(f"row {fault.access_id} {fault.text}", markup=False)
    if verified.faults:
        raise FailedWorkError(
            f"the audit is not as it was written: {len(verified.faults)} faults. Compare with a"
            " backup, and look for who may write the database."
        )


@audit.command(
    "list", epilog="Example: study audit list --user 7b5de3c9-2ac8-4c0c-8b3d-5b9b5f1b0c11"
)
def list_accesses(
    user: Annotated[UUID | None, typer.Option(help="Only reads that name this learner.")] = None,
    login: Annotated[str | None, typer.Option(help="Only those of this login or key.")] = None,
    since: Annotated[
        datetime | None, typer.Option(help="Only those not before; UTC without an offset.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the latest.")] = 100,
) -> None:
    """Show the latest accesses. That you did is on record, too."""
    from rich.table import Table

    from orchestration.auditing import Wanted, list_reads
    from orchestration.settings import read_settings

    wanted = Wanted(learner=user, login=login, since=in_utc(since) if since else None, limit=limit)
    table = Table("row", "when", "how", "login", "from", "tables", "rows", "what", box=None)
    found = list_reads(read_settings(), wanted)
    for row in found:
        table.add_row(
            str(row["access_id"]),
            f"{row['occurred_at']:%Y-%m-%d %H:%M:%S}",
            row["source"],
            row["login"],
            row["address"] or "-",
            "?" if row["tables"] is None else ", ".join(row["tables"]),
            "" if row["row_count"] is None else f"{row['row_count']:,}",
            " ".join(row["action"].split())[:200].replace("[", "\\["),
        )
    out.print(table if found else "There is no such access on record.")


@audit.command(epilog="Example: study audit collect")
def collect() -> None:
    """Collect at once what the database logged and the API was asked, as the schedule does."""
    from orchestration.auditing import collect_now, describe_blind_spots
    from orchestration.settings import read_settings

    told = collect_now(read_settings())
    out.print(f"{told.statements:,} statements and {told.requests:,} requests put on record")
    if faults := describe_blind_spots(told.arming):
        raise FailedWorkError(f"not all can be seen: {'; '.join(faults)}")
