"""Commands on events that failed to land: list, show, replay."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from orchestration.cli.app import app, out
from orchestration.cli.events import counting, in_utc
from orchestration.cli.failure import FailedWorkError

if TYPE_CHECKING:
    from ingestion.landing.failure_log import Failure, Selection
    from ingestion.landing.replaying import Replay

failed = typer.Typer(help="Events that were refused: list, show, replay.", no_args_is_help=True)
app.add_typer(failed, name="failed")

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]


class Kind(StrEnum):
    """Why an event is in the list at all."""

    REJECTED = "rejected"
    CONFLICT = "conflict"


class State(StrEnum):
    """Whether it has been landed since."""

    OPEN = "open"
    LANDED = "landed"
    ALL = "all"


Code = Annotated[
    str | None, typer.Option(help="Only of this code, such as unknown_property.", metavar="CODE")
]
Type = Annotated[str | None, typer.Option("--type", help="Only this event type.", metavar="TYPE")]
KindOption = Annotated[Kind | None, typer.Option(help="Only these.")]
Since = Annotated[
    datetime | None, typer.Option(help="Received at or after (UTC).", formats=_FORMATS)
]
Until = Annotated[datetime | None, typer.Option(help="Received before (UTC).", formats=_FORMATS)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@failed.command(
    "list", epilog="Example: study failed list --code unknown_property --since 2026-11-01"
)
def list_(  # noqa: PLR0913, PLR0917 (each option is an argument)
    code: Code = None,
    type_: Type = None,
    kind: KindOption = None,
    since: Since = None,
    until: Until = None,
    state: Annotated[State, typer.Option(help="Whether they have landed since.")] = State.OPEN,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the oldest.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List failed events, those received first first, with the latest reason of each."""
    from orchestration.failed import list_failures
    from orchestration.settings import read_settings

    chosen = _select(code, type_, kind, since, until, state=state, limit=limit)
    failures = list_failures(read_settings(), chosen)
    if as_json:
        return _print_json([_describe(failure) for failure in failures])
    _show_failures(failures)
    more = " (there may be more: --limit)" if len(failures) == limit else ""
    out.print(f"{len(failures):,} failed events{more}")
    return None


@failed.command(epilog="Example: study failed show 0b9f3c5a-7a1e-4b52-8f0d-2f6f6a3f9e10")
def show(
    failed_event_id: Annotated[UUID, typer.Argument(help="As study failed list shows it.")],
    as_json: AsJson = False,
) -> None:
    """Show one failed event: the reason, the place, and the payload as far as it may be kept."""
    from ingestion.landing.failure_log import Selection
    from ingestion.landing.failure_log import State as AnyState
    from orchestration.failed import list_failures
    from orchestration.settings import read_settings

    chosen = Selection(ids=[failed_event_id], state=AnyState.ALL)
    found = list_failures(read_settings(), chosen)
    if not found:
        raise FailedWorkError(
            f"there is no failed event {failed_event_id}: see `study failed list --state all`."
        )
    whole = {**_describe(found[0]), "payload": found[0].payload}
    if as_json:
        return _print_json(whole)
    for name, value in whole.items():
        if name != "payload" and value is not None:
            out.print(f"{name:<16} {value}", markup=False)
    out.print(json.dumps(found[0].payload, indent=2, ensure_ascii=False), markup=False)
    return None


@failed.command(epilog="Example: study failed replay --code unknown_property --dry-run")
def replay(  # noqa: PLR0913, PLR0917 (each option is an argument)
    failed_event_ids: Annotated[
        list[UUID] | None, typer.Argument(help="Only these; without any, all that are selected.")
    ] = None,
    code: Code = None,
    type_: Type = None,
    kind: KindOption = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many, the oldest.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, change nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Land failed events again, as of their first receipt; what is now accepted lands once.

    Ends with 1 unless every selected event is stored. Conflicts are not tried: they are listed.
    """
    from orchestration import failed as work
    from orchestration.settings import read_settings

    chosen = _select(code, type_, kind, since, until, ids=failed_event_ids or None, limit=limit)
    with counting("failed events") as on_batch:
        replays = work.replay(read_settings(), chosen, dry_run=dry_run, on_batch=on_batch)
    if as_json:
        _print_json([_describe_replay(each) for each in replays])
    else:
        _show_replays(replays, dry_run=dry_run)
    left = sum(not _is_landed(each) for each in replays)
    if left:
        would = "would stay" if dry_run else "stay"
        raise FailedWorkError(
            f"{left} of {len(replays)} failed events {would} failed: `study failed show ID` tells"
            " why; correct the sender, the plan or the months."
        )


def _select(
    code: str | None,
    event_type: str | None,
    kind: Kind | None,
    since: datetime | None,
    until: datetime | None,
    **rest: Any,
) -> "Selection":
    from ingestion.landing.failure_log import Selection
    from ingestion.landing.failure_log import State as AnyState

    if since is not None and until is not None and in_utc(until) <= in_utc(since):
        raise typer.BadParameter("it is not after --since", param_hint="--until")
    return Selection(
        code=code,
        event_type=event_type,
        kind=kind.value if kind else None,
        since=in_utc(since) if since else None,
        until=in_utc(until) if until else None,
        **{**rest, "state": AnyState(rest.get("state", State.OPEN).value)},
    )


def _describe(failure: "Failure") -> dict[str, Any]:
    told = (
        *("failed_event_id", "received_at", "kind", "code", "path", "message", "event_type"),
        *("event_id", "replays", "last_replayed_at", "landed_as"),
    )
    values = {name: getattr(failure, name) for name in told}
    return {
        name: str(value) if isinstance(value, datetime | UUID) else value
        for name, value in values.items()
    }


def _describe_replay(replay: "Replay") -> dict[str, Any]:
    verdict = replay.verdict
    why = verdict.why if verdict else None
    return {
        "failed_event_id": str(replay.failure.failed_event_id),
        "event_type": replay.failure.event_type,
        "failed_with": replay.failure.code,
        "became": _became(replay),
        "event_id": verdict.event_id if verdict and why is None else None,
        "code": why.code if why else None,
        "path": why.path if why else None,
        "message": why.message if why else replay.reason,
    }


def _became(replay: "Replay") -> str:
    return replay.verdict.status.value if replay.verdict else "not_tried"


def _is_landed(replay: "Replay") -> bool:
    return replay.verdict is not None and replay.verdict.why is None


def _print_json(document: object) -> None:
    out.print(json.dumps(document, indent=2, ensure_ascii=False), markup=False)


def _show_failures(failures: "Sequence[Failure]") -> None:
    from rich.table import Table

    columns = ("failed_event_id", "received", "kind", "code", "type", "path", "replays")
    table = Table(*columns, box=None, pad_edge=False)
    for failure in failures:
        table.add_row(
            str(failure.failed_event_id),
            f"{failure.received_at:%Y-%m-%d %H:%M:%S}",
            failure.kind,
            failure.code,
            failure.event_type or "",
            failure.path,
            str(failure.replays),
        )
    if failures:
        out.print(table)


def _show_replays(replays: "Sequence[Replay]", *, dry_run: bool) -> None:
    from rich.table import Table

    counts = Counter(
        (
            each.failure.code,
            "not tried" if each.verdict is None else each.verdict.status.value,
            each.verdict.why.code if each.verdict and each.verdict.why else "",
            each.reason or "",
        )
        for each in replays
    )
    columns = ("failed with", "would become" if dry_run else "became", "code", "events", "why")
    table = Table(*columns, box=None, pad_edge=False)
    for (failed_with, became, code, reason), count in sorted(counts.items()):
        table.add_row(failed_with, became, code, f"{count:,}", reason)
    if replays:
        out.print(table)
    landed = sum(map(_is_landed, replays))
    words = "would land; nothing was changed" if dry_run else "landed"
    out.print(f"{len(replays):,} failed events: {landed:,} {words}")
