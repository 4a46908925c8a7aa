"""Commands on backups: backup create, backup restore, backup new-key."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from orchestration.cli.app import app, err, out

backup = typer.Typer(help="Encrypted backups, and the way back.", no_args_is_help=True)
app.add_typer(backup, name="backup")


@backup.command(epilog="Example: STUDY_BACKUP_RECIPIENT=age1... study backup create")
def create(
    file: Annotated[
        Path | None, typer.Option("--out", help="Where to; unset, `backups` in STUDY_HOME.")
    ] = None,
) -> None:
    """Dump the whole database, encrypted for STUDY_BACKUP_RECIPIENT; nothing lies in clear.

    Not in it: the archive, and the keys of pseudonyms, without which it cannot be used again.
    """
    from orchestration.backup import create_backup
    from orchestration.settings import read_settings

    made = create_backup(read_settings(), out=file, now=datetime.now(UTC))
    out.print(f"{made.file}: {made.size_bytes:,} bytes, SHA-256 {made.sha256}", markup=False)


@backup.command(epilog="Example: STUDY_HOME=/srv/again study backup restore FILE --identity KEY")
def restore(
    file: Annotated[Path, typer.Argument(help="The backup.")],
    identity: Annotated[Path, typer.Option(help="File of the secret key.")],
) -> None:
    """Bring a backup back into an empty database, all of it or nothing.

    Learners who were forgotten since are forgotten again. The next load builds the marts anew.
    """
    from orchestration.backup import restore_backup
    from orchestration.erasure.again import forget_again
    from orchestration.settings import read_settings

    settings = read_settings()
    restore_backup(settings, file, identity=identity)
    again = forget_again(settings)
    told = f"{again:,} learners forgotten since were forgotten again. " if again else ""
    out.print(f"Restored. {told}Run `study materialize` now.")


@backup.command("new-key", epilog="Example: study backup new-key /media/safe/study-backup.key")
def new_key(
    file: Annotated[Path, typer.Argument(help="Where the secret half is written to.")],
) -> None:
    """Make a key for backups: the secret half into a file, the public one on standard output."""
    from orchestration.backup import make_key

    public = make_key(file)
    err.print(
        f"{file} opens the backups: keep it off this machine, and a copy of it.", markup=False
    )
    out.print(public, markup=False)
