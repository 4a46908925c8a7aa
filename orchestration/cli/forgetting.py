"""The command that forgets a learner."""

from typing import Annotated
from uuid import UUID

import typer

from orchestration.cli.app import app, out
from orchestration.cli.failure import FailedWorkError
from orchestration.cli.pipeline import AsOf, read_instant


@app.command(epilog="Example: study forget 7b5de3c9-2ac8-4c0c-8b3d-5b9b5f1b0c11 --dry-run")
def forget(
    user_id: Annotated[UUID, typer.Argument(help="The learner's anonymous id.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say where the learner is, change nothing.")
    ] = False,
    as_of: AsOf = None,
) -> None:
    """Erase a learner everywhere, for good, and print a receipt that does not say whose.

    Events, marts, logs and archives are gone through, the cohorts' figures computed again, and
    what is still sent of the learner is turned away from now on. Killed, run it again.
    """
    from orchestration.erasure.command import forget_learner, look_for_learner
    from orchestration.settings import read_settings

    settings = read_settings()
    if dry_run:
        found = look_for_learner(settings, user_id).all
        for place, count in found.items():
            out.print(f"{count:>10,}  {place}", markup=False)
        out.print("nothing was changed" if found else "the learner is nowhere; nothing was changed")
        return
    receipt, outcome = forget_learner(settings, user_id, as_of=read_instant(as_of))
    out.print(receipt.text, markup=False)
    out.print(f"SHA-256 {receipt.digest}; in ops.erasures and in the audit")
    if outcome is not None and outcome.failed_checks:
        failed = ", ".join(sorted({check.name for check in outcome.failed_checks}))
        raise FailedWorkError(f"the learner is forgotten, but checks of the marts failed: {failed}")
