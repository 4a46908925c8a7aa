"""When a table is judged, and from where on: what the SQL of checks leaves open."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from psycopg import connect

JUDGED_AGAIN = timedelta(days=2)
"""Events of the log are judged until they have been loaded for so long: by two nightly runs."""

COMPARED = timedelta(days=36)
"""How far back the newest days are compared: seven, the 28 before them, and one for the clocks."""

# Transactions are numbered by the server: those of another one, before a restore, say nothing.
_SINCE = """
select coalesce(max(cast(cast(to_xid as text) as bigint)), 0) from ops.loads
where state = 'done' and as_of <= %s
    and cluster_id = (select cast(system_identifier as text) from pg_control_system())
"""


@dataclass(frozen=True)
class Moment:
    """The instant of a judgement, and the first transaction whose events it looks at."""

    as_of: datetime
    since_xid: int

    def put_into(self, text: str) -> str:
        """Give SQL of a check with its open names filled in.

        They are instants, dates, a number and an id made here: nothing that anybody could type.
        """
        utc = self.as_of.astimezone(UTC)
        names = {
            "{as_of}": utc.isoformat(),
            "{day}": (utc.date() - timedelta(days=2)).isoformat(),
            "{since_xid}": str(self.since_xid),
            "{recent_id}": str(first_event_id(utc - COMPARED)),
        }
        for name, value in names.items():
            text = text.replace(name, value)
        return text


def first_event_id(instant: datetime) -> UUID:
    """The least id that an event of an instant can have: ids begin with the milliseconds."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)


def read_moment(url: str, as_of: datetime) -> Moment:
    """Find out from where on the log is judged at an instant; from its beginning if unknown.

    `url`: a libpq URL whose role may read `ops`. Raises psycopg.Error where it cannot.
    """
    with connect(url) as connection:
        row = connection.execute(_SINCE, [as_of - JUDGED_AGAIN]).fetchone()
    return Moment(as_of, row[0] if row else 0)
