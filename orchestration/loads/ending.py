"""The ways a load ends."""

from collections.abc import Mapping
from typing import Any

import psycopg

from ingestion.store.errors import one_line
from orchestration.loads.load import Load
from orchestration.loads.model import Kind, ModelState, list_incremental, read_states
from orchestration.loads.pruning import prune_logs
from orchestration.loads.record import Ending, LoadLostError, write_end

REASON_LENGTH = 500


def finish_load(own: str, load: Load) -> None:
    """Write down what the load did and forget what everybody has seen of the logs.

    `own` is the transform role's URL. Raises LoadLostError where another took the load up.
    """
    with psycopg.connect(own) as connection:
        states = read_states(connection)
        built = {name: state for name, state in states.items() if state.load_id == load.load_id}
        left_out = [name for name in list_incremental(load.models) if name not in built]
        counts = {name: _count(state, load.record.whole.get(name)) for name, state in built.items()}
        if load.kind is Kind.BACKFILL and left_out:
            # The days of a backfill are this load's alone: what it left out, no other would do.
            ending = Ending("failed", f"not built by it yet: {', '.join(left_out)}", counts)
        else:
            ending = Ending("done", None, counts)
        write_end(connection, load.record, ending)
        prune_logs(connection, load.models, states)


def fail_load(own: str, load: Load, error: BaseException) -> None:
    """Write down why the load failed; where that is not possible, note it on the error."""
    reason = one_line(f"{type(error).__name__}: {error}")[:REASON_LENGTH]
    try:
        with psycopg.connect(own) as connection:
            write_end(connection, load.record, Ending("failed", reason))
    except LoadLostError as lost:
        error.add_note(str(lost))
    except psycopg.OperationalError as unreachable:
        # It is taken up all the same: a load that runs while nobody holds the lock has died.
        error.add_note(f"load {load.load_id} still reads as running: {one_line(str(unreachable))}")


def _count(state: ModelState, whole: str | None) -> Mapping[str, Any]:
    counted: dict[str, Any] = {"rows_removed": state.rows_removed, "rows_added": state.rows_added}
    return counted if whole is None else {**counted, "whole": whole}
