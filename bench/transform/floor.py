"""The least a full refresh could do: read every event, type it, order it by learner and time."""

from dataclasses import dataclass
from time import perf_counter

import psycopg

from ingestion.store.database import Role, role_url

# The staging view is the transforms' own extraction. EXPLAIN ANALYZE executes the plan whole,
# every column of every row, and drops the rows on the server; without timing that adds next to
# nothing. A `count(*)` around it would let the planner leave out columns and sort.
_FLOOR = """
explain (analyze, timing off, costs off, summary off, verbose)
select * from staging.stg_study_events
order by user_id, occurred_at, event_id
"""
_WARM = "select count(properties) from raw.study_events"


@dataclass(frozen=True)
class Floor:
    """Seconds by one process, and by as many as the planner takes."""

    single_seconds: float
    planned_seconds: float


def measure_floor(url: str, work_mem: str) -> Floor:
    """Scan and sort the raw log, warm, with a model's own memory: both ways, one after the other.

    Raises RuntimeError where the plan leaves out the extraction or the sort.
    """
    own = role_url(url, Role.TRANSFORM, application_name="study-bench")
    with psycopg.connect(own, autocommit=True) as connection:
        connection.execute("select set_config('work_mem', %s, false)", [work_mem])
        connection.execute(_WARM)
        planned = _time_floor(connection)
        connection.execute("set max_parallel_workers_per_gather = 0")
        return Floor(_time_floor(connection), planned)


def _time_floor(connection: psycopg.Connection) -> float:
    start = perf_counter()
    lines = [line for (line,) in connection.execute(_FLOOR).fetchall()]
    seconds = perf_counter() - start
    plan = "\n".join(lines)
    if "Sort Key" not in plan or "properties ->> 'timezone'" not in plan:
        raise RuntimeError(f"the floor was planned away:\n{plan}")
    return seconds
