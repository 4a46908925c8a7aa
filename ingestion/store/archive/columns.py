"""What an archived event is made of: the columns of a file, and the hash it is known by again.

Version 1 of the files. A change of columns is another version; files of an older one stay readable
as long as their version is in `docs/operations.md`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
from psycopg import sql

SCHEMA_VERSION = 1
_WORD = 1 << 64


class Form(StrEnum):
    """How a column of the log is kept in a file: ids as bytes, JSON and transactions as text."""

    UUID = "uuid"
    TEXT = "text"
    JSON = "json"
    SMALL = "small"
    TIME = "time"
    XID = "xid"


COLUMNS: dict[str, Form] = {
    "event_id": Form.UUID,
    "event_type": Form.TEXT,
    "schema_version": Form.SMALL,
    "user_id": Form.UUID,
    "session_id": Form.UUID,
    "occurred_at": Form.TIME,
    "original_occurred_at": Form.TIME,
    "sent_at": Form.TIME,
    "received_at": Form.TIME,
    "material_id": Form.TEXT,
    "chunk_id": Form.TEXT,
    "question_id": Form.TEXT,
    "topic_id": Form.TEXT,
    "client_event_id": Form.TEXT,
    "properties": Form.JSON,
    "context": Form.JSON,
    "ingest_xid": Form.XID,
}
"""The columns of raw.study_events, all of them: a test holds them against the table."""

_ARROW: dict[Form, pa.DataType] = {
    Form.UUID: pa.binary(16),
    Form.TEXT: pa.string(),
    Form.JSON: pa.string(),
    Form.SMALL: pa.int16(),
    Form.TIME: pa.timestamp("us", tz="UTC"),
    Form.XID: pa.string(),
}
SCHEMA = pa.schema(
    [pa.field(name, _ARROW[form]) for name, form in COLUMNS.items()],
    metadata={"study_events": str(SCHEMA_VERSION)},
)

# Ids, times and properties hardly repeat: a dictionary of them is made, found too large and put
# aside, at twice the cost of reading them back.
_UNIQUE = ("event_id", "occurred_at", "original_occurred_at", "sent_at", "received_at")
REPEATED = [name for name in COLUMNS if name not in (*_UNIQUE, "client_event_id", "properties")]
"""The columns of a file that are worth a dictionary."""

_SELECTED: dict[Form, str] = {
    Form.UUID: "uuid_send({0})",
    Form.TEXT: "{0}",
    Form.JSON: "{0}::text",
    Form.SMALL: "{0}",
    Form.TIME: "{0}",
    Form.XID: "{0}::text",
}

# What a row says, as one text: each column's own with U+001F between, U+001E where there is none.
# Times as the microseconds since 2000, in 16 hexadecimal digits: no setting changes those.
_SAID_BY_POSTGRES: dict[Form, str] = {
    Form.UUID: "{0}::text",
    Form.TEXT: "{0}",
    Form.JSON: "{0}::text",
    Form.SMALL: "{0}::text",
    Form.TIME: "encode(timestamptz_send({0}), 'hex')",
    Form.XID: "{0}::text",
}
_SAID_BY_DUCKDB: dict[Form, str] = {
    Form.UUID: "cast(cast({0} as uuid) as varchar)",
    Form.TEXT: "{0}",
    Form.JSON: "{0}",
    Form.SMALL: "cast({0} as varchar)",
    Form.TIME: "lpad(lower(to_hex(epoch_us({0}) - 946684800000000)), 16, '0')",
    Form.XID: "{0}",
}
_NULLABLE = {
    "session_id",
    "original_occurred_at",
    "sent_at",
    "material_id",
    "chunk_id",
    "question_id",
    "topic_id",
    "client_event_id",
}


@dataclass(frozen=True)
class Fingerprint:
    """How many events there are, and the sum of their 64-bit hashes: the same in any order.

    Two sets that differ agree in it by a chance of 2^-64. Without a learner's events it is the
    difference, so that erasure needs no other file than the learner's.
    """

    count: int
    total: int

    @property
    def digits(self) -> str:
        """The sum as 16 hexadecimal digits."""
        return f"{self.total:016x}"

    @classmethod
    def read(cls, count: int, digits: str) -> "Fingerprint":
        """From a row of the manifest."""
        return cls(count, int(digits, 16))

    def __add__(self, other: "Fingerprint") -> "Fingerprint":
        return Fingerprint(self.count + other.count, (self.total + other.total) % _WORD)

    def __sub__(self, other: "Fingerprint") -> "Fingerprint":
        return Fingerprint(self.count - other.count, (self.total - other.total) % _WORD)


NOTHING = Fingerprint(0, 0)


def select_columns() -> str:
    """The select list that reads events in the shape of SCHEMA."""
    return ", ".join(f"{_SELECTED[form].format(name)} as {name}" for name, form in COLUMNS.items())


def fingerprint_table(connection: psycopg.Connection[Any], table: sql.Identifier) -> Fingerprint:
    """The fingerprint of a table of events, by the database itself."""
    # the sum of the signed halves, as numeric: a bigint would overflow
    word = f"('x' || left(md5({_say(_SAID_BY_POSTGRES)}), 16))::bit(64)::bigint"
    query = sql.SQL(
        f"select count(*), coalesce(sum({word}), 0) from {{}}"  # noqa: S608 (constants only)
    ).format(table)
    ((count, total),) = connection.execute(query).fetchall()
    return Fingerprint(int(count), int(total) % _WORD)


def fingerprint_events(events: pa.Table) -> Fingerprint:
    """The fingerprint of events read from a file, by another engine than the database."""
    said = _say(_SAID_BY_DUCKDB)
    # One thread each: those who write files are several already.
    with duckdb.connect(config={"threads": 1}) as engine:
        engine.register("events", events)
        word = f"cast('0x' || left(md5({said}), 16) as ubigint)"
        query = f"select count(*), coalesce(sum({word}), 0) from events"  # noqa: S608 (constants)
        ((count, total),) = engine.execute(query).fetchall()
    return Fingerprint(int(count), int(total) % _WORD)


def as_text(events: pa.Table) -> pa.Table:
    """The same with ids in their usual spelling, for COPY in its text formats."""
    uuids = [name for name, form in COLUMNS.items() if form is Form.UUID]
    listed = ", ".join(f"cast(cast({name} as uuid) as varchar) as {name}" for name in uuids)
    with duckdb.connect() as engine:
        engine.register("events", events.select(uuids))
        spelt = engine.sql(f"select {listed} from events").to_arrow_table()  # noqa: S608
    for name in uuids:
        events = events.set_column(events.schema.get_field_index(name), name, spelt[name])
    return events


def _say(forms: dict[Form, str]) -> str:
    words = []
    for name, form in COLUMNS.items():
        word = forms[form].format(name)
        words.append(f"coalesce({word}, chr(30))" if name in _NULLABLE else word)
    return f"concat_ws(chr(31), {', '.join(words)})"
