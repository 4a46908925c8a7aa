"""A load in words, for whoever started it or wonders how it stands."""

from collections.abc import Iterator, Mapping
from itertools import groupby

from orchestration.loads.record import LoadRecord


def tell_load(load: LoadRecord) -> Iterator[str]:
    """What a load took, built whole and changed, a line each."""
    yield f"{_name(load)}: {_count(load.event_count)} events of {_window(load)}"
    if load.reason:
        yield f"  {load.reason}"
    yield from _tell_whole(load.whole)
    for model, counted in sorted(load.counts.items()):
        removed, added = counted.get("rows_removed"), counted.get("rows_added")
        if removed or added:
            yield f"  {model}: {_count(removed)} rows removed, {_count(added)} added"


def _name(load: LoadRecord) -> str:
    kind = load.kind.replace("_", " ")
    days = f" of {load.backfill_from} to {load.backfill_to}" if load.backfill else ""
    again = f", attempt {load.attempts}" if load.attempts > 1 else ""
    return f"load {load.load_id} ({kind}{days}{again}) {load.state}"


def _window(load: LoadRecord) -> str:
    start = "the first" if load.from_xid is None else str(load.from_xid)
    return f"transactions from {start} to before {load.to_xid}"


def _tell_whole(whole: Mapping[str, str]) -> Iterator[str]:
    by_reason = sorted((why, model) for model, why in whole.items())
    for why, pairs in groupby(by_reason, key=lambda pair: pair[0]):
        yield f"  built whole: {', '.join(model for _, model in pairs)} ({why})"


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"
