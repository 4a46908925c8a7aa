"""How the marts of standings are distributed at each run of the checks, kept to compare with."""

from collections.abc import Iterable
from datetime import datetime

import psycopg
from psycopg import sql

from quality.suites.history import STANDING

_KEEP = """
insert into quality.profiles (as_of, table_name, bucket, row_count)
select %(as_of)s, %(table)s, coalesce(cast({measure} as text), 'null'), count(*)
from {mart}
group by 3
on conflict do nothing
"""


def keep_profiles(url: str, as_of: datetime, tables: Iterable[str]) -> None:
    """Keep the profiles of those of these marts that are of standings; of an instant once.

    `url`: a libpq URL whose role may read the marts and write `quality.profiles`. Raises
    psycopg.Error where it cannot.
    """
    with psycopg.connect(url) as connection:
        for table in STANDING.keys() & set(tables):
            query = sql.SQL(_KEEP).format(
                measure=sql.SQL(STANDING[table].measure), mart=sql.Identifier("marts", table)
            )
            connection.execute(query, {"as_of": as_of, "table": table})
