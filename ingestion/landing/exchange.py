"""One message to the database and one back: rows by COPY and a statement, committed together.

What a batch costs this process is mostly turns with the database: begin, COPY, its data, a
statement, commit make five. Statements sent as one message are one transaction, so two turns do:
the server says that it is ready for the rows, and later that all is committed.
"""

from collections.abc import Generator
from typing import Any

from psycopg import AsyncConnection, OperationalError, errors, generators, sql
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

_SHUTTING_DOWN = "57P"
"""Class of errors of a server that stops: it says so to whoever comes next."""


class StaleConnectionError(OperationalError):
    """The connection was lost before anything was sent on it: nothing is stored, try another."""


async def copy_and_execute(
    connection: AsyncConnection, copy: str, stream: bytes, statement: sql.Composable
) -> int:
    """Run `copy ... from stdin`, feed it the stream, run the statement; return the rows copied.

    The connection is in autocommit, outside of any transaction. Both are committed when this
    returns, and neither when it raises: what the database says, and `StaleConnectionError` where
    it was gone before it had taken a row.
    """
    # Constants, and values quoted by psycopg: one message takes no parameters.
    message = b"; ".join((copy.encode(), statement.as_bytes(connection)))
    async with connection.lock:
        copied, *_ = await connection.wait(_exchange(connection.pgconn, message, stream))
    if copied.command_tuples is None:
        raise RuntimeError(f"the database did not say how many rows it took: {copied!r}")
    return copied.command_tuples


def _exchange(pgconn: PGconn, message: bytes, stream: bytes) -> Generator[Any, Any, list[PGresult]]:
    """Speak with libpq; made for `AsyncConnection.wait`, which waits where it would block."""
    try:
        pgconn.send_query(message)
        (ready,) = yield from generators.execute(pgconn)
    except OperationalError as error:
        raise StaleConnectionError(str(error)) from error
    if ready.status != ExecStatus.COPY_IN:
        refusal = errors.error_from_result(ready)
        if (refusal.sqlstate or "").startswith(_SHUTTING_DOWN):
            raise StaleConnectionError(str(refusal)) from refusal
        raise refusal
    pgconn.put_copy_data(stream)
    pgconn.put_copy_end()
    done: list[PGresult] = yield from generators.execute(pgconn)
    for result in done:
        if result.status != ExecStatus.COMMAND_OK:
            raise errors.error_from_result(result)
    return done
