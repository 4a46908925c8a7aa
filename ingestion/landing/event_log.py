"""The event log itself: what was said once is stored once."""

from collections.abc import Sequence
from operator import attrgetter

from psycopg import AsyncConnection, DataError, sql

from ingestion.events.codes import Code
from ingestion.events.validation import Rejection
from ingestion.landing.exchange import copy_and_execute
from ingestion.landing.judging import Row
from ingestion.landing.rows import COLUMNS, copy_stream, numbered_copy_stream
from ingestion.landing.verdict import Status, Verdict

# What the client said: equal in all of these, a second event of one id is the same event again.
# The clock's corrections and the request's context differ between retries and do not count.
_SAID = (
    "event_type",
    "schema_version",
    "user_id",
    "session_id",
    "original_occurred_at",
    "material_id",
    "chunk_id",
    "question_id",
    "topic_id",
    "properties",
)


def _said_by(side: str) -> str:
    # To the millisecond, as mapped ids are: a retry that writes its time shorter is no conflict.
    instant = "original_occurred_at"
    return ", ".join(
        f"date_trunc('milliseconds', {side}.{column})" if column == instant else f"{side}.{column}"
        for column in _SAID
    )


_COLUMNS = ", ".join(COLUMNS)
_COPY = f"copy raw.study_events ({_COLUMNS}) from stdin (format binary)"

# Made once a connection; named with its schema, so that no other table can be taken for it.
_INCOMING = f"""
create temporary table if not exists incoming on commit delete rows as
select 0 as place, {_COLUMNS} from raw.study_events with no data
"""  # noqa: S608 (constants only)
_EMPTY = "delete from pg_temp.incoming"
_FILL = f"copy pg_temp.incoming (place, {_COLUMNS}) from stdin (format binary)"

# In key order: two batches that share ids then wait for each other instead of deadlocking. Told
# is what the insert says it inserted, and of an id's copies only the first.
_INSERT = f"""
with inserted as (
    insert into raw.study_events ({_COLUMNS})
    select {_COLUMNS}
    from (select distinct on (event_id) * from pg_temp.incoming order by event_id, place) as firsts
    order by event_id
    on conflict (event_id) do nothing
    returning event_id
)
select min(incoming.place)
from inserted
inner join pg_temp.incoming as incoming on inserted.event_id = incoming.event_id
group by inserted.event_id
"""  # noqa: S608 (constants only)

_COMPARE = f"""
select
    incoming.place,
    ({_said_by("incoming")}) is not distinct from ({_said_by("stored")})
from pg_temp.incoming as incoming
inner join raw.study_events as stored on incoming.event_id = stored.event_id
where incoming.place = any(%s)
"""  # noqa: S608 (constants only)


def in_key_order(rows: Sequence[Row]) -> list[Row]:
    """Sort rows by key, those of one key in the order given.

    All who write must: writers that hold the same keys in different order deadlock.
    """
    return sorted(rows, key=attrgetter("key"))


async def append(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    """Store rows, sorted, whose keys are new; nothing else is ever stored.

    Raises `UniqueViolation` if one is stored already, `CheckViolation` if one has no partition, and
    then the caller's transaction is void.
    """
    async with connection.cursor() as cursor:
        async with cursor.copy(_COPY) as copy:
            await copy.write(_stream(rows))
        _require_all(rows, cursor.rowcount)


async def append_with(
    connection: AsyncConnection, rows: Sequence[Row], statement: sql.Composable
) -> None:
    """The same, and a statement in one transaction with it, which is committed when this returns.

    The connection is in autocommit, outside of any transaction.
    """
    _require_all(rows, await copy_and_execute(connection, _COPY, _stream(rows), statement))


def _stream(rows: Sequence[Row]) -> bytes:
    return copy_stream([row.content for row in rows])


def _require_all(rows: Sequence[Row], stored: int) -> None:
    # A trigger or a rule: whatever it is, `accepted` must not be said of these.
    if stored != len(rows):
        raise RuntimeError(f"{len(rows)} rows were sent and {stored} stored")


async def merge(connection: AsyncConnection, rows: Sequence[Row]) -> list[Verdict]:
    """Store those of the rows, sorted, that are new; one verdict for each, in their order.

    If the database refuses a row it is halved down to, only that one is turned away.
    """
    if not rows:
        return []
    try:
        async with connection.transaction():
            return await _merge(connection, rows)
    except DataError as error:
        if len(rows) == 1:
            words = f"the database cannot store it ({error.sqlstate})"
            refusal = Rejection(Code.UNSTORABLE_TEXT, "", words)
            return [rows[0].verdict(Status.REJECTED, refusal)]
        middle = len(rows) // 2
        first = await merge(connection, rows[:middle])
        return first + await merge(connection, rows[middle:])


async def _merge(connection: AsyncConnection, rows: Sequence[Row]) -> list[Verdict]:
    async with connection.cursor() as cursor:
        await cursor.execute(_INCOMING)
        await cursor.execute(_EMPTY)
        async with cursor.copy(_FILL) as copy:
            await copy.write(numbered_copy_stream([row.content for row in rows]))
        await cursor.execute(_INSERT)
        inserted = {place for (place,) in await cursor.fetchall()}
        again = [place for place in range(len(rows)) if place not in inserted]
        same: dict[int, bool] = {}
        if again:
            # A new statement sees what others committed while the insert waited for them.
            await cursor.execute(_COMPARE, [again])
            same = dict(await cursor.fetchall())
    # Accepted is said only of what the database says it inserted: never the default.
    return [
        row.verdict(Status.ACCEPTED) if place in inserted else _verdict_again(row, same[place])
        for place, row in enumerate(rows)
    ]


def _verdict_again(row: Row, says_the_same: bool) -> Verdict:
    if says_the_same:
        return row.verdict(Status.DUPLICATE)
    words = "another event with this id is already stored"
    return row.verdict(Status.CONFLICT, Rejection(Code.CONFLICT, "event_id", words))
