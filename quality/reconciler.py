"""Runs the reconciliations of `quality/reconciliation/` in the database."""

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, LiteralString

from psycopg import Connection, IsolationLevel, connect, sql

from quality.reconciliation import RECONCILIATIONS, Reconciliation
from quality.results import SAMPLE_SIZE, CheckResult, show_row
from quality.suites.suite import Severity

SUITE_NAME = "reconciliation"

# Sums of seconds are sums of doubles: they may differ by rounding, counts never come near this.
_BOTH_SIDES: LiteralString = """
    select
        key,
        coalesce(cast(left_side.amount as double precision), 0) as left_amount,
        coalesce(cast(right_side.amount as double precision), 0) as right_amount
    from ({left}) as left_side
    full join ({right}) as right_side using (key)
"""
_DISAGREES: LiteralString = """
    case when %(relation)s = 'equals' then abs(left_amount - right_amount)
        else left_amount - right_amount end > 1e-6
"""
COMPARISON: LiteralString = f"""
    select
        count(*) as keys,
        coalesce(sum(left_amount), 0) as left_total,
        coalesce(sum(right_amount), 0) as right_total,
        count(*) filter (where {_DISAGREES}) as disagreeing
    from ({_BOTH_SIDES}) as both_sides
"""  # noqa: S608 (constants only)
# Asked only where some disagree: to keep all keys for it would cost as much as to compare them.
SAMPLE: LiteralString = f"""
    select coalesce(json_agg(sample), '[]')
    from (
        select cast(key as text) as key, left_amount, right_amount
        from ({_BOTH_SIDES}) as both_sides
        where {_DISAGREES}
        order by cast(key as text)
        limit %(sample_size)s
    ) as sample
"""  # noqa: S608 (constants only)


# What most of them count in staging, read from it once: the log is by far the longest table, and
# each statement that read it would cost as much as all marts together.
_COUNTED = """
create temporary table counted_events on commit drop as
select
    user_id,
    session_id,
    topic_id,
    count(*) as event_count,
    count(*) filter (where event_type not in (
        'xp_earned', 'level_up', 'achievement_unlocked', 'streak_continued', 'streak_broken'
    )) as study_count,
    count(*) filter (where event_type = 'session_pause') as pause_count,
    count(*) filter (where event_type = 'ai_question_asked') as question_count,
    count(*) filter (where event_type = 'search_performed') as search_count,
    count(*) filter (where event_type = 'achievement_unlocked') as unlocked_count,
    coalesce(sum(xp_amount) filter (where event_type = 'xp_earned'), 0) as xp_amount,
    max(new_level) filter (where event_type = 'level_up') as highest_level
from staging.stg_study_events
group by user_id, session_id, topic_id
"""
_ANSWERS = """
create temporary table answer_events on commit drop as
select event_id, event_type = 'question_submit' as is_submit
from staging.stg_study_events
where event_type in ('question_attempt', 'question_submit')
"""
# The longest of the marts, which most others count.
_ATTEMPTS = """
create temporary table counted_attempts on commit drop as
select
    user_id,
    session_id,
    topic_id,
    local_date,
    cast(attempted_at at time zone 'UTC' as date) as utc_date,
    count(*) as attempt_count,
    count(*) filter (where is_correct) as correct_count
from marts.question_attempts
group by 1, 2, 3, 4, 5
"""
_READ_BEFORE: Mapping[str, LiteralString] = {
    "counted_events": _COUNTED,
    "answer_events": _ANSWERS,
    "counted_attempts": _ATTEMPTS,
}


def reconcile(
    url: str, reconciliations: Sequence[Reconciliation] = RECONCILIATIONS
) -> list[CheckResult]:
    """Run reconciliations in one snapshot; give a result for each.

    `url`: a libpq URL whose role may read raw, staging and marts, and make temporary tables.
    Raises psycopg.Error when a relation they name is missing or may not be read.
    """
    # By two at once, as the models are built. What is made beforehand is one session's own; whoever
    # has done with those who read it goes on with those who read marts alone.
    counting = [each for each in reconciliations if _reads(each, "counted_events")]
    rest = [each for each in reconciliations if each not in counting]
    answering = [each for each in rest if _reads(each, "answer_events", "counted_attempts")]
    others = deque(each for each in rest if each not in answering)
    with connect(url) as holder, ThreadPoolExecutor(2) as pool:
        holder.isolation_level = IsolationLevel.REPEATABLE_READ
        (snapshot,) = _read_row(holder, sql.SQL("select pg_export_snapshot()"), {})
        groups = pool.map(
            partial(_reconcile_some, url, snapshot, others=others), (counting, answering)
        )
        found = {result.check_name: result for results in groups for result in results}
    return [found[each.name] for each in reconciliations]


def _reads(reconciliation: Reconciliation, *tables: str) -> bool:
    return any(table in reconciliation.left + reconciliation.right for table in tables)


def _reconcile_some(
    url: str, snapshot: str, own: Sequence[Reconciliation], *, others: deque[Reconciliation]
) -> list[CheckResult]:
    found = []
    with connect(url, options="-c work_mem=128MB") as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.execute(sql.SQL("set transaction snapshot {}").format(sql.Literal(snapshot)))
        for table, statement in _READ_BEFORE.items():
            if any(_reads(each, table) for each in own):
                connection.execute(statement)
                connection.execute(sql.SQL("analyze {}").format(sql.Identifier(table)))
        connection.execute("set transaction read only")
        found += [_reconcile(connection, each) for each in own]
        while (each := _take(others)) is not None:
            found.append(_reconcile(connection, each))
    return found


def _take(others: deque[Reconciliation]) -> Reconciliation | None:
    try:
        return others.popleft()
    except IndexError:
        return None


def _reconcile(connection: Connection, each: Reconciliation) -> CheckResult:
    sides = {"left": sql.SQL(each.left), "right": sql.SQL(each.right)}
    parameters = {"relation": each.relation, "sample_size": SAMPLE_SIZE}
    keys, left_total, right_total, disagreeing = _read_row(
        connection, sql.SQL(COMPARISON).format(**sides), parameters
    )
    sample: list[object] = []
    if disagreeing:
        (sample,) = _read_row(connection, sql.SQL(SAMPLE).format(**sides), parameters)
    return CheckResult(
        suite=SUITE_NAME,
        schema=each.schema,
        table=each.table,
        check_name=each.name,
        column=None,
        severity=Severity.CRITICAL,
        success=disagreeing == 0,
        observed={
            "keys": keys,
            "left_total": left_total,
            "relation": str(each.relation),
            "right_total": right_total,
        },
        unexpected_count=disagreeing,
        unexpected_sample=[show_row(found) for found in sample],
        description=each.description,
    )


def _read_row(
    connection: Connection, query: sql.SQL | sql.Composed, parameters: Mapping[str, object]
) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(query, parameters).fetchone()
    if row is None:
        raise RuntimeError("an aggregate returned no row")
    return row
