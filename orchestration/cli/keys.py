"""Commands on write keys: keys create, keys list, keys revoke."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from ingestion.store.scopes import Scope
from orchestration.cli.app import app, err, out

keys = typer.Typer(help="Make, list and revoke the keys that senders show.", no_args_is_help=True)
app.add_typer(keys, name="keys")

Name = Annotated[str, typer.Argument(help="Who it is for, e.g. web-2026; stands in the logs.")]
Rate = Annotated[float | None, typer.Option(min=0.001, help="Unset: as the settings say.")]


@keys.command(epilog="Example: study keys create web-2026 --events-per-second 5000 --days 400")
def create(  # noqa: PLR0913, PLR0917 (the options of a command)
    name: Name,
    events_per_second: Rate = None,
    requests_per_second: Rate = None,
    burst_seconds: Annotated[
        float, typer.Option(min=1, max=3600, help="So many seconds of a rate may come at once.")
    ] = 10,
    days: Annotated[
        int | None, typer.Option(min=1, help="Lets in for so long; else always.")
    ] = None,
    scope: Annotated[
        Scope,
        typer.Option(help="write: may stand in a browser. server: reads learners, sets content."),
    ] = Scope.WRITE,
) -> None:
    """Make a key and print it, once: the database keeps only its digest.

    Running services let it in within seconds. To rotate: make one of another name, hand it
    out, and revoke the old one.
    """
    from ingestion.store.write_keys import KeyLimits, create_key
    from orchestration.database import open_warehouse
    from orchestration.settings import read_settings

    limits = KeyLimits(requests_per_second, events_per_second, burst_seconds)
    expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
    with open_warehouse(read_settings()) as url:
        key = create_key(url, name, limits=limits, expires_at=expires_at, scope=scope)
    # The key alone on standard output: `KEY=$(study keys create web)` works.
    err.print(f"The key of {name} follows. It is shown this once and kept nowhere.")
    out.print(key, markup=False)


@keys.command("list", epilog="Example: study keys list")
def list_all() -> None:
    """Show every key ever made: name, limits, when it was last used (to the hour)."""
    from rich.table import Table

    from ingestion.store.write_keys import list_keys
    from orchestration.database import open_warehouse
    from orchestration.settings import read_settings

    with open_warehouse(read_settings()) as url:
        records = list_keys(url)
    now = datetime.now(UTC)
    table = Table(
        *("name", "scope", "state", "created", "expires", "last used", "events/s", "requests/s"),
        box=None,
        pad_edge=False,
    )
    for record in records:
        lives = record.expires_at is None or record.expires_at > now
        state = "revoked" if record.revoked_at else "living" if lives else "expired"
        table.add_row(
            record.name,
            record.scope,
            state,
            _day(record.created_at),
            _day(record.expires_at),
            f"{record.last_used_at:%Y-%m-%d %H:00}" if record.last_used_at else "-",
            _rate(record.events_per_second),
            _rate(record.requests_per_second),
        )
    out.print(table if records else "There are no keys: only this machine is served.")


@keys.command(epilog="Example: study keys revoke web-2025")
def revoke(name: Name) -> None:
    """Revoke a key: running services turn it away within seconds, for good."""
    from ingestion.store.write_keys import revoke_key
    from orchestration.database import open_warehouse
    from orchestration.settings import read_settings

    with open_warehouse(read_settings()) as url:
        revoke_key(url, name)
    out.print(f"Revoked {name}.", markup=False)


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else "-"


def _rate(rate: float | None) -> str:
    return f"{rate:g}" if rate else "as set"
