"""Trying a step again, where it failed because the connection to the database was lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import dagster as dg
import psycopg

Step: TypeAlias = dg.OpExecutionContext | dg.AssetExecutionContext | dg.AssetCheckExecutionContext

MOST_RETRIES = 6
"""The last comes 63 seconds after the first failure: a server is restarted in less."""

_FIRST_DELAY_SECONDS = 1.0

# Connection exceptions, and the server's own word that it ends or is not up yet.
_LOST = ("08", "57P")


@contextmanager
def retrying_lost(step: Step, is_lost: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Have Dagster try the step again, later each time, where the block lost its connection.

    `is_lost` asks the run's own session, where it has one, for those who do not say why they
    failed: dbt runs in a process of its own. Whatever else fails would fail again, and is raised as
    it is.
    """
    try:
        yield
    except Exception as error:
        if not (tells_of_lost_connection(error) or is_lost()):
            raise
        raise dg.RetryRequested(
            max_retries=MOST_RETRIES, seconds_to_wait=_FIRST_DELAY_SECONDS * 2**step.retry_number
        ) from error


def tells_of_lost_connection(error: BaseException | None) -> bool:
    """Whether an exception, or what caused it, is psycopg's for a connection that was lost."""
    while error is not None:
        if isinstance(error, psycopg.OperationalError):
            # Without a code it is libpq's: there was no server to give one.
            return error.sqlstate is None or error.sqlstate.startswith(_LOST)
        error = error.__cause__ or error.__context__
    return False
