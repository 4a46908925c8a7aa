"""Who reads far more than usual."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

TIMES = 10
"""So many times its usual day is unusual for a login."""

LEAST_ACCESSES = 1_000
"""Fewer in a day are nobody's worry: a new dashboard asks hundreds of questions."""

LEAST_REFUSED = 20
"""So many refused statements in a day are no slips of the keyboard any more."""

# The usual day is the median of the days on which the login did anything, of the four weeks before.
_UNUSUAL = """
with spans as (
    select
        login,
        case
            when occurred_at > %(as_of)s - interval '1 day' then 0
            else ceil(extract(epoch from %(as_of)s - occurred_at) / 86400)
        end as days_ago,
        count(*) filter (where source <> 'refused') as accesses,
        count(*) filter (where source = 'refused') as refused
    from audit.data_access
    where
        occurred_at > %(as_of)s - interval '29 days'
        and occurred_at <= %(as_of)s
        and source <> 'gap'
    group by 1, 2
),

usual as (
    select
        login,
        percentile_disc(0.5) within group (order by accesses) as accesses,
        percentile_disc(0.5) within group (order by refused) as refused
    from spans
    where days_ago > 0
    group by login
)

select
    spans.login,
    spans.accesses,
    spans.refused,
    coalesce(usual.accesses, 0) as usual_accesses,
    coalesce(usual.refused, 0) as usual_refused
from spans
left join usual using (login)
where
    spans.days_ago = 0
    and (
        spans.accesses > greatest(%(least)s, %(times)s * coalesce(usual.accesses, 0))
        or spans.refused > greatest(%(least_refused)s, %(times)s * coalesce(usual.refused, 0))
    )
order by spans.accesses desc
"""


@dataclass(frozen=True)
class Unusual:
    """A login's last day beside its usual one."""

    login: str
    accesses: int
    refused: int
    usual_accesses: int
    usual_refused: int

    def __str__(self) -> str:
        return (
            f"{self.login}: {self.accesses:,} accesses (usually {self.usual_accesses:,}),"
            f" {self.refused:,} refused (usually {self.usual_refused:,})"
        )


def find_unusual(connection: psycopg.Connection[Any], *, as_of: datetime) -> list[Unusual]:
    """Logins whose 24 hours before an instant are unusual, by `TIMES` and the least counts."""
    values = {
        "as_of": as_of,
        "least": LEAST_ACCESSES,
        "times": TIMES,
        "least_refused": LEAST_REFUSED,
    }
    with connection.cursor(row_factory=class_row(Unusual)) as cursor:
        return cursor.execute(_UNUSUAL, values).fetchall()
