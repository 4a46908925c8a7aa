"""Which exceptions are an operator's to put right, and what to tell of them in one line."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError


class FailedWorkError(Exception):
    """The command ran and its answer is no. The message is the line to show."""


def explain(error: BaseException) -> str | None:
    """The line for an expected failure; None for a bug, which deserves its traceback."""
    # Imported here: this runs only when something has failed, the imports would cost every start.
    import psycopg
    from pydantic import ValidationError

    from ingestion.clients.poster import PostingError
    from ingestion.readers.errors import ReaderError
    from ingestion.segment.rules import SegmentRulesError
    from ingestion.store.errors import StoreError
    from orchestration.loads.archived import HistoryArchivedError
    from orchestration.loads.lock import LoadRunningError
    from orchestration.supervisor import SupervisorError

    match error:
        case (
            FailedWorkError()
            | HistoryArchivedError()
            | LoadRunningError()
            | PostingError()
            | ReaderError()
            | SegmentRulesError()
            | StoreError()
            | SupervisorError()
        ):
            return str(error)
        case ValidationError() if error.title == "Settings":
            return _explain_settings(error)
        case psycopg.errors.UndefinedTable():
            why = str(error).splitlines()[0]
            return f"a table is missing: {why}. Build it first: `study materialize`."
        case psycopg.OperationalError():
            why = " ".join(str(error).split())
            return f"the database cannot be reached: {why}. Check `study doctor`."
        case FileNotFoundError() | PermissionError() | IsADirectoryError():
            return f"{error.filename}: {error.strerror}. Check the path."
        case _:
            return None


def _explain_settings(error: "ValidationError") -> str:
    from orchestration.settings import variable_name

    faults = [
        f"{variable_name(str(fault['loc'][0]))}: {fault['msg'].lower()}" for fault in error.errors()
    ]
    return f"{'; '.join(faults)}. Correct it in the environment; `study doctor` lists them all."
