"""How far a load may read: the transactions that have all ended, and what keeps the rest back."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg

# One statement, so one snapshot: a row it sees cannot have a number its bounds do not know.
# A snapshot lists what runs anywhere on the server, but no session writes to a database it is not
# connected to: what is known to run elsewhere is left out, or a forgotten transaction of a
# neighbour would hold every load back. What ended between the snapshot and the look at who runs
# is nowhere: it counts as here, and as unplaced. A pid says where a session is; its slot in
# pg_stat_activity, which has a number of its own, may be another's by the time that is read.
# The newest row costs one step down the index of each partition. Its number is made text outside:
# inside, the text would be what is ordered, every row would be read, and 999 be after 1000.
_HORIZON = """
with
taken as (select pg_current_snapshot() as snapshot),
here as (select oid from pg_database where datname = current_database()),
placed as (
    select locks.transactionid as xid, sessions.datid = here.oid as is_here
    from pg_locks as locks
    join pg_stat_activity as sessions on sessions.pid = locks.pid
    cross join here
    where locks.locktype = 'transactionid' and locks.mode = 'ExclusiveLock' and locks.granted
    union all
    select transaction, database = current_database() from pg_prepared_xacts
),
running as (
    select each.xid, placed.is_here
    from taken
    cross join pg_snapshot_xip(taken.snapshot) as each (xid)
    left join placed on placed.xid = each.xid::xid
)
select
    (select system_identifier::text from pg_control_system()),
    coalesce(
        (select xid from running where is_here is distinct from false order by xid limit 1),
        pg_snapshot_xmax(taken.snapshot)
    )::text,
    pg_snapshot_xmax(taken.snapshot)::text,
    (select ingest_xid from raw.study_events order by ingest_xid desc limit 1)::text,
    (select count(*) from running where is_here is null)
from taken
"""

# By then a transaction has been seen to run here, to run elsewhere, or not to run.
_LOOKS = 10

# Only transactions that write have a number, and only those hold the horizon. Rights to see
# what another's session does are not needed for any of these columns but the time.
_WRITERS = """
select who, since from (
    select
        'session ' || pid || coalesce(' of ' || nullif(application_name, ''), '') as who,
        clock_timestamp() - xact_start as since,
        age(backend_xid) as distance
    from pg_stat_activity
    where
        backend_xid is not null
        and pid <> pg_backend_pid()
        and datname = current_database()
    union all
    select
        'prepared transaction ' || gid,
        clock_timestamp() - prepared,
        age(transaction)
    from pg_prepared_xacts
    where database = current_database()
) as writers
order by distance desc
limit 1
"""

_COUNT = """
select count(*) from raw.study_events
where ingest_xid >= %s::xid8 and ingest_xid < %s::xid8
"""

_LAST = 2**64 - 1


@dataclass(frozen=True)
class Horizon:
    """Every transaction of this database before `ended` has ended; none from `unused` on has begun.

    `newest` is the highest transaction a stored event bears; None without events.
    """

    cluster_id: str
    ended: int
    unused: int
    newest: int | None


@dataclass(frozen=True)
class Writer:
    """A transaction that has written and not ended; `age` is None where it may not be seen."""

    name: str
    age: timedelta | None


def read_horizon(connection: psycopg.Connection[Any]) -> Horizon:
    """Where the horizon is now. The session must not be in a transaction that has written."""
    for _ in range(_LOOKS):
        ((cluster_id, ended, unused, newest, unplaced),) = connection.execute(_HORIZON).fetchall()
        if not unplaced:
            break
    return Horizon(cluster_id, int(ended), int(unused), None if newest is None else int(newest))


def find_oldest_writer(connection: psycopg.Connection[Any]) -> Writer | None:
    """The transaction of this database that holds the horizon back the longest."""
    row = connection.execute(_WRITERS).fetchone()
    return None if row is None else Writer(*row)


def count_events(connection: psycopg.Connection[Any], first: int | None, end: int | None) -> int:
    """Events of the transactions [first, end); None leaves that side open."""
    # As constants: from expressions the planner would not use the index.
    bounds = (str(first or 0), str(_LAST if end is None else end))
    ((count,),) = connection.execute(_COUNT, bounds).fetchall()
    return int(count)
