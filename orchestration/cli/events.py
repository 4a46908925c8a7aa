"""Commands that bring events in: replay, import, simulate."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from orchestration.cli.app import app, err, out
from orchestration.cli.failure import FailedWorkError

if TYPE_CHECKING:
    from ingestion.clients.tally import Tally
    from ingestion.readers.accounting import Accounting
    from ingestion.readers.ndjson import BadLine

Url = Annotated[
    str | None,
    typer.Option(
        help="Ingestion service to post to; without it the events are landed by this process.",
        metavar="URL",
    ),
]
EndAt = Annotated[
    datetime | None,
    typer.Option(
        help="Move the stream in time so that its last event is at this instant (UTC).",
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"],
    ),
]


_Value = TypeVar("_Value")


class Source(StrEnum):
    """Data sets with a reader."""

    EDNET = "ednet"
    LKT = "lkt"
    XAPI = "xapi"


@app.command(
    epilog="Example: study replay events.ndjson.gz --url http://127.0.0.1:8000",
)
def replay(
    files: Annotated[
        list[Path], typer.Argument(help="NDJSON, plain or gzipped; - is standard input.")
    ],
    url: Url = None,
) -> None:
    """Send files of events, one JSON object a line, and count the verdicts.

    Sending a file again changes nothing: its events are recognised. Ends with 1 unless every
    event is stored.
    """
    from itertools import chain

    from ingestion.readers.ndjson import read_lines, read_texts
    from orchestration.sending import land_lines
    from orchestration.settings import read_settings

    bad = BadLines()
    # Opened before anything is sent: a misspelt second file must not leave half a replay.
    if url is not None:
        events = [bad.without(file, read_lines(file)) for file in files]
        _send(chain.from_iterable(events), url=url, unreadable=bad)
        return
    texts = [bad.without(file, read_texts(file)) for file in files]
    with counting("events") as on_batch:
        tally = land_lines(read_settings(), chain.from_iterable(texts), on_batch=on_batch)
    _conclude(tally, bad)


@app.command(
    "import",
    epilog="Example: study import ednet data/ednet --end-at 2026-11-20",
)
def import_(
    source: Annotated[Source, typer.Argument(help="Whose format the data are in.")],
    path: Annotated[
        Path, typer.Argument(help="Folder of EdNet KT4, file of LKT, or file of statements.")
    ],
    end_at: EndAt = None,
    url: Url = None,
) -> None:
    """Import real learners' data and account for every row of it.

    Without --url the months the events fall in are opened, however long ago.
    A service takes only what falls in its open months: old data need --end-at there.
    """
    from ingestion.readers.accounting import Accounting
    from ingestion.readers.ednet import read_ednet
    from ingestion.readers.lkt import read_lkt
    from ingestion.readers.shifting import shift
    from ingestion.readers.xapi import read_xapi

    accounting = Accounting()
    reader = {Source.EDNET: read_ednet, Source.LKT: read_lkt, Source.XAPI: read_xapi}[source]
    stream = reader(path, accounting)
    events = shift(stream, in_utc(end_at)) if end_at is not None else stream
    try:
        _send(events, url=url, open_months=True)
    finally:
        _show_accounting(accounting)


def in_utc(moment: datetime) -> datetime:
    """Read an instant without an offset as UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class BadLines:
    """Lines that are no JSON: no event to judge, so they are told and counted here."""

    MOST_SHOWN = 5

    def __init__(self) -> None:
        self.count = 0

    def without(
        self, file: Path, lines: "Iterator[tuple[int, _Value | BadLine]]"
    ) -> "Iterator[_Value]":
        """Yield the good ones of a file's lines."""
        from ingestion.readers.ndjson import BadLine

        for number, value in lines:
            if not isinstance(value, BadLine):
                yield value
                continue
            self.count += 1
            if self.count <= self.MOST_SHOWN:
                err.print(f"{file}, line {number} {value.reason}", markup=False)


def _send(
    events: Iterable[object],
    *,
    url: str | None,
    open_months: bool = False,
    unreadable: BadLines | None = None,
) -> None:
    from orchestration.sending import send_events
    from orchestration.settings import read_settings

    with counting("events") as on_batch:
        tally = send_events(
            read_settings(), events, url=url, open_months=open_months, on_batch=on_batch
        )
    _conclude(tally, unreadable)


def _conclude(tally: "Tally", unreadable: BadLines | None) -> None:
    show_tally(tally)
    lost = tally.refused + (unreadable.count if unreadable else 0)
    if lost:
        raise FailedWorkError(
            f"{lost} events were not stored: see the codes above. docs/events.md says what each"
            " wants; the rejected ones are kept in raw.failed_events."
        )


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """A progress bar for a stream whose length nobody knows; nothing where no one watches."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeElapsedColumn(), console=err, disable=not err.is_terminal
    ) as progress:
        task = progress.add_task(what, total=None)
        yield lambda size: progress.advance(task, size)


def show_tally(tally: "Tally") -> None:
    """Print how many events met which fate, and why."""
    counts = "  ".join(
        f"{status} {tally.statuses[status]:,}"
        for status in ("accepted", "duplicate", "rejected", "conflict")
    )
    out.print(f"{tally.total:,} events: {counts}")
    for code, count in tally.codes.most_common():
        out.print(f"  {code} {count:,}, e.g. {tally.examples[code]}", markup=False)


def _show_accounting(accounting: "Accounting") -> None:
    from rich.table import Table

    table = Table("action", "item", "rows", "became", box=None, pad_edge=False)
    for line in accounting.lines():
        what = line.what if line.landed else f"(nothing) {line.what}"
        table.add_row(line.action, line.item, f"{line.count:,}", what)
    out.print(table)
    out.print(
        f"{accounting.rows_read:,} rows: {accounting.landed:,} became events,"
        f" {accounting.dropped:,} have no counterpart, each named above"
    )


@app.command(
    epilog="Example: study simulate --users 40 --days 21 --seed 7 --out events.ndjson.gz",
)
def simulate(
    users: Annotated[int, typer.Option(min=1, help="Learners in the cohort.")],
    days: Annotated[int, typer.Option(min=1, help="Days the stream lasts.")],
    seed: Annotated[int, typer.Option(min=0, help="Other seeds give other learners.")] = 0,
    out_file: Annotated[
        Path, typer.Option("--out", help="File to write, gzipped if it ends so; - is the screen.")
    ] = Path("-"),
    end_at: EndAt = None,
) -> None:
    """Write the events of a simulated cohort of medical students, one JSON object a line.

    The same users, days, seed and --end-at give the same events. Send them by study replay.
    """
    from ingestion.readers.ndjson import write_events
    from ingestion.simulation import simulate as simulate_cohort

    end = in_utc(end_at) if end_at else datetime.now(UTC).replace(microsecond=0)
    count = write_events(out_file, simulate_cohort(users, days, seed, end))
    err.print(
        f"{count:,} events of {users} learners over {days} days until {end:%Y-%m-%d %H:%M} UTC"
    )
