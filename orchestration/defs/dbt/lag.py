"""How long events take from their receipt to the marts."""

from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg
import psycopg

from orchestration.loads import Load

# By the books, which have a row a transaction: the log itself is a thousand times as long.
_RECEIVED = """
select min(received_at), max(received_at) from raw.landings
where ingest_xid < cast(%(to_xid)s as xid8)
    and ingest_xid >= cast(coalesce(%(from_xid)s, '0') as xid8)
"""


@dataclass(frozen=True)
class Received:
    """When the events of a load were received, the first and the last; None where it has none."""

    first: datetime | None
    last: datetime | None

    def tell(self) -> dict[str, dg.MetadataValue]:
        """Metadata of what has just been built of them: the lag of each stage up to here."""
        if self.first is None or self.last is None:
            return {}
        now = datetime.now(UTC)
        return {
            "received_until": dg.MetadataValue.timestamp(self.last),
            "least_seconds_from_receipt": dg.MetadataValue.float(_seconds(self.last, now)),
            "most_seconds_from_receipt": dg.MetadataValue.float(_seconds(self.first, now)),
        }


def read_received(connection: psycopg.Connection, load: Load) -> Received:
    """Look up when the events of a load were received."""
    window = {
        "from_xid": None if load.from_xid is None else str(load.from_xid),
        "to_xid": str(load.to_xid),
    }
    first, last = connection.execute(_RECEIVED, window).fetchone() or (None, None)
    return Received(first, last)


def _seconds(instant: datetime, now: datetime) -> float:
    return round((now - instant).total_seconds(), 3)
