"""Commands that run or look at services: up, serve, migrate, doctor, psql."""

from typing import Annotated

import typer

from orchestration.cli.app import app, err, out
from orchestration.cli.failure import FailedWorkError
from orchestration.process import Process


@app.command(epilog="Example: STUDY_DAGSTER_PORT=3100 study up")
def up() -> None:
    """Run everything: the database, the ingestion service, Dagster's UI and its daemon.

    Ctrl-C or SIGTERM stops it all. Logs are in the folder `logs` of STUDY_HOME.
    """
    from orchestration.services import run_everything
    from orchestration.settings import read_settings

    run_everything(read_settings(), announce=lambda line: out.print(line, markup=False))


@app.command(epilog="Example: STUDY_WRITE_KEYS=secret study serve --workers 4")
def serve(
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes; unset, as STUDY_WORKERS says.")
    ] = None,
) -> None:
    """Run the ingestion service alone, with the embedded database where none is given.

    A worker that dies is replaced. SIGINT or SIGTERM ends all: requests under way are answered.
    """
    from orchestration.serve import serve_ingestion
    from orchestration.settings import read_settings

    settings = read_settings()
    serve_ingestion(settings.model_copy(update={"workers": workers}) if workers else settings)


@app.command(epilog="Example: study dagster daemon")
def dagster(process: Annotated[Process, typer.Argument(help="Which of them.")]) -> None:
    """Become one of Dagster's processes, for a service manager: deploy/ has units that do this.

    The code server needs STUDY_DATABASE_URL; the others can do with STUDY_DAGSTER_DATABASE_URL.
    """
    from orchestration.dagster_processes import become
    from orchestration.settings import read_settings

    become(process, read_settings())


@app.command(epilog="Example: study migrate")
def migrate() -> None:
    """Bring the database's schema up to date and make the months around today."""
    from ingestion.store.migrations import migrate as apply_migrations
    from ingestion.store.revisions import pending
    from orchestration.database import open_unmigrated
    from orchestration.settings import read_settings

    with open_unmigrated(read_settings()) as url:
        behind = pending(url)
        apply_migrations(url)
    applied = f"applied {', '.join(behind)}" if behind else "nothing to apply"
    out.print(f"The schema is current: {applied}.")


@app.command(epilog="Example: study doctor")
def doctor() -> None:
    """Show every setting and its source, and what can be reached."""
    from rich.table import Table

    from orchestration.doctor import examine
    from orchestration.settings import list_settings, read_settings

    settings = read_settings()
    table = Table("setting", "value", "source", box=None, pad_edge=False)
    for setting in list_settings(settings):
        table.add_row(setting.variable, setting.value, setting.source)
    out.print(table)
    out.print()
    findings = examine(settings)
    for finding in findings:
        mark = "[green]ok  [/]" if finding.is_well else "[red]FAIL[/]"
        out.print(f"{mark} {finding.subject}: ", end="")
        out.print(finding.text, markup=False)
    unwell = [finding.subject for finding in findings if not finding.is_well]
    if unwell:
        raise FailedWorkError(f"not well: {', '.join(unwell)}. What to do is said above.")


@app.command(
    epilog='Example: study psql --role study_bi -- -c "select count(*) from marts.study_sessions"',
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def psql(
    context: typer.Context,
    role: Annotated[
        str | None,
        typer.Option(help="Work as this role, e.g. study_bi; without it as the owner."),
    ] = None,
) -> None:
    """Open psql on the database; what follows -- goes to psql."""
    from ingestion.store.database import Role
    from orchestration.psql import run_psql
    from orchestration.settings import read_settings

    try:
        chosen = Role(role) if role else None
    except ValueError as error:
        raise typer.BadParameter(
            f"{role!r} is no role of ours: {', '.join(Role)}", param_hint="--role"
        ) from error
    code = run_psql(read_settings(), role=chosen, arguments=context.args)
    if code != 0:
        err.print(f"psql ended with {code}", style="red")
        raise typer.Exit(1)
