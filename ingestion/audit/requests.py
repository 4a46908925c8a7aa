"""Reads over the API: each is written down before it is answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from psycopg_pool import AsyncConnectionPool

from ingestion.privacy.pseudonyms import Pseudonyms

_NOTE = """
insert into audit.requests (request_id, login, address, action, tables, learners, row_count)
values (%s, %s, %s, %s, %s, %s, %s)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A read of a learner's rows: by which key, from where (cut), by which route, how many."""

    request_id: str
    key_name: str
    address: str | None
    route: str
    tables: Sequence[str]
    learner: UUID
    row_count: int


async def note_read(pool: AsyncConnectionPool, read: Read, pseudonyms: Pseudonyms | None) -> None:
    """Commit a note of a read; what cannot be noted must not be answered.

    Without `pseudonyms` the note does not say who was read. Raises `psycopg.Error`, `PoolTimeout`.
    """
    learners = [] if pseudonyms is None else [pseudonyms.name(read.learner)]
    values = (read.request_id, read.key_name, read.address, read.route, list(read.tables), learners)
    async with pool.connection() as connection:
        await connection.execute(_NOTE, (*values, read.row_count))
