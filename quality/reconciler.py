"""Runs the reconciliations of `quality/reconciliation/` in the database."""

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, LiteralString, TypeAlias

from psycopg import Connection, IsolationLevel, connect, sql

from quality.reconciliation import RECONCILIATIONS, Reconciliation, Relation
from quality.results import SAMPLE_SIZE, CheckResult, show_row
from quality.suites.suite import Severity

SUITE_NAME = "reconciliation"

# Reconciliations of the same two queries: asked at once, for to read and join them is the work.
_Question: TypeAlias = tuple[Reconciliation, ...]

# Sums of seconds are sums of doubles: they may differ by rounding, counts never come near this.
_DISAGREES: Mapping[Relation, LiteralString] = {
    Relation.EQUAL: "abs({left} - {right}) > 1e-6",
    Relation.AT_MOST: "{left} - {right} > 1e-6",
    Relation.AT_LEAST: "{right} - {left} > 1e-6",
}
_BOTH_SIDES: LiteralString = """
    select {shown}, {amounts}
    from ({left}) as left_side
    full join ({right}) as right_side using ({key})
"""
_AMOUNT: LiteralString = "coalesce(cast({column} as double precision), 0) as {name}"
_COUNTED: LiteralString = """
    coalesce(sum({left}), 0), coalesce(sum({right}), 0), count(*) filter (where {disagrees})
"""
_COMPARISON: LiteralString = "select count(*), {counted} from ({both_sides}) as both_sides"
# Asked only where some disagree: to keep all keys for it would cost as much as to compare them.
_SAMPLE: LiteralString = """
    select coalesce(json_agg(sample), '[]')
    from (
        select key, {left} as left_amount, {right} as right_amount
        from ({both_sides}) as both_sides
        where {disagrees}
        order by key
        limit {sample_size}
    ) as sample
"""


# What most of them count of all events there ever were, archived ones too, read once: the log is by
# far the longest table, and each statement that read it would cost as much as all marts together.
_EVENTS = """
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
from intermediate.int_events_logged
group by user_id, session_id, topic_id
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
    "counted_events": _EVENTS,
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
    asked = _group(reconciliations)
    counting = [each for each in asked if _reads(each, "counted_events")]
    attempting = [each for each in asked if _reads(each, "counted_attempts")]
    others = deque(each for each in asked if each not in (*counting, *attempting))
    with connect(url) as holder, ThreadPoolExecutor(2) as pool:
        holder.isolation_level = IsolationLevel.REPEATABLE_READ
        (snapshot,) = _read_row(holder, sql.SQL("select pg_export_snapshot()"))
        groups = pool.map(
            partial(_reconcile_some, url, snapshot, others=others), (counting, attempting)
        )
        found = {result.check_name: result for results in groups for result in results}
    return [found[each.name] for each in reconciliations]


def _group(reconciliations: Sequence[Reconciliation]) -> list[_Question]:
    """Those of the same two queries, together."""
    groups: dict[tuple[str, str], list[Reconciliation]] = {}
    for each in reconciliations:
        groups.setdefault((each.left, each.right), []).append(each)
    return [tuple(group) for group in groups.values()]


def _reads(question: _Question, table: str) -> bool:
    return table in question[0].left + question[0].right


def _reconcile_some(
    url: str, snapshot: str, own: Sequence[_Question], *, others: deque[_Question]
) -> list[CheckResult]:
    found = []
    with connect(url) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.execute(sql.SQL("set transaction snapshot {}").format(sql.Literal(snapshot)))
        # Not as an option of the connection: it would take the place of the URL's, the role's.
        connection.execute("set local work_mem = '128MB'")
        for table, statement in _READ_BEFORE.items():
            if any(_reads(each, table) for each in own):
                connection.execute(statement)
                connection.execute(sql.SQL("analyze {}").format(sql.Identifier(table)))
        connection.execute("set transaction read only")
        for each in own:
            found += _ask(connection, each)
        while (next_one := _take(others)) is not None:
            found += _ask(connection, next_one)
    return found


def _take(others: deque[_Question]) -> _Question | None:
    try:
        return others.popleft()
    except IndexError:
        return None


def _ask(connection: Connection, question: _Question) -> list[CheckResult]:
    measures = [_Measure(number, each) for number, each in enumerate(question)]
    both_sides = _join(measures)
    counted = sql.SQL(", ").join(sql.SQL(_COUNTED).format(**each.parts) for each in measures)
    keys, *found = _read_row(
        connection, sql.SQL(_COMPARISON).format(counted=counted, both_sides=both_sides)
    )
    results = []
    for each in measures:
        left_total, right_total, disagreeing = found[3 * each.number :][:3]
        sample: list[object] = []
        if disagreeing:
            closer = sql.SQL(_SAMPLE).format(
                **each.parts, both_sides=both_sides, sample_size=SAMPLE_SIZE
            )
            (sample,) = _read_row(connection, closer)
        totals = {"keys": keys, "left_total": left_total, "right_total": right_total}
        results.append(_to_result(each.reconciliation, totals, disagreeing, sample))
    return results


@dataclass(frozen=True)
class _Measure:
    """One of the reconciliations of a question, and how its columns are called in it."""

    number: int
    reconciliation: Reconciliation

    @property
    def left(self) -> sql.Identifier:
        return sql.Identifier(f"left_{self.number}")

    @property
    def right(self) -> sql.Identifier:
        return sql.Identifier(f"right_{self.number}")

    @property
    def parts(self) -> dict[str, sql.Composable]:
        """What the texts above are filled in with."""
        names = {"left": self.left, "right": self.right}
        disagrees = sql.SQL(_DISAGREES[self.reconciliation.relation]).format(**names)
        return {**names, "disagrees": disagrees}

    @property
    def amounts(self) -> sql.Composed:
        """The amounts of both sides, of a side that does not have the key 0."""
        left, right = self.reconciliation.amounts
        columns = (
            (sql.Identifier("left_side", left), self.left),
            (sql.Identifier("right_side", right), self.right),
        )
        return sql.SQL(", ").join(
            sql.SQL(_AMOUNT).format(column=column, name=name) for column, name in columns
        )


def _join(measures: Sequence[_Measure]) -> sql.Composed:
    asked = measures[0].reconciliation
    key = sql.SQL(", ").join(map(sql.Identifier, asked.key))
    return sql.SQL(_BOTH_SIDES).format(
        # Made a text only where it is looked at.
        shown=sql.SQL("concat_ws(' ', {}) as key").format(key),
        amounts=sql.SQL(", ").join(each.amounts for each in measures),
        left=sql.SQL(asked.left),
        right=sql.SQL(asked.right),
        key=key,
    )


def _to_result(
    each: Reconciliation, totals: Mapping[str, float], disagreeing: int, sample: Sequence[object]
) -> CheckResult:
    return CheckResult(
        suite=SUITE_NAME,
        schema=each.schema,
        table=each.table,
        check_name=each.name,
        column=None,
        severity=Severity.CRITICAL,
        success=disagreeing == 0,
        observed={**totals, "relation": str(each.relation)},
        unexpected_count=disagreeing,
        unexpected_sample=[show_row(found) for found in sample],
        description=each.description,
    )


def _read_row(connection: Connection, query: sql.SQL | sql.Composed) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = connection.execute(query).fetchone()
    if row is None:
        raise RuntimeError("an aggregate returned no row")
    return row
