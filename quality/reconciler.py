"""Runs the reconciliations of `quality/reconciliation/` in the database."""

from collections.abc import Sequence
from typing import LiteralString

from psycopg import Connection, IsolationLevel, connect, sql

from quality.reconciliation import RECONCILIATIONS, Reconciliation
from quality.results import SAMPLE_SIZE, CheckResult, show_row
from quality.suites.suite import Severity

SUITE_NAME = "reconciliation"

# Sums of seconds are sums of doubles: they may differ by rounding, counts never come near this.
COMPARISON: LiteralString = """
    with left_side as ({left}),
    right_side as ({right}),
    both_sides as (
        select
            cast(key as text) as key,
            coalesce(cast(left_side.amount as double precision), 0) as left_amount,
            coalesce(cast(right_side.amount as double precision), 0) as right_amount
        from left_side full join right_side using (key)
    ),
    disagreeing as (
        select * from both_sides
        where case when %(relation)s = 'equals' then abs(left_amount - right_amount)
            else left_amount - right_amount end > 1e-6
    ),
    sample as (select * from disagreeing order by key limit %(sample_size)s)
    select
        (select count(*) from both_sides) as keys,
        (select coalesce(sum(left_amount), 0) from both_sides) as left_total,
        (select coalesce(sum(right_amount), 0) from both_sides) as right_total,
        (select count(*) from disagreeing) as disagreeing,
        (select coalesce(json_agg(sample), '[]') from sample) as sample
"""


# What most of them count of all events there ever were, archived ones too, read once: the log is by
# far the longest table, and each statement that read it would cost as much as all marts together.
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
from intermediate.int_events_logged
group by user_id, session_id, topic_id
"""


def reconcile(
    url: str, reconciliations: Sequence[Reconciliation] = RECONCILIATIONS
) -> list[CheckResult]:
    """Run reconciliations in one snapshot; give a result for each.

    `url`: a libpq URL whose role may read raw, staging and marts, and make temporary tables.
    Raises psycopg.Error when a relation they name is missing or may not be read.
    """
    with connect(url, options="-c work_mem=128MB") as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        if any("counted_events" in each.left + each.right for each in reconciliations):
            connection.execute(_COUNTED)
            connection.execute("analyze counted_events")
        connection.execute("set transaction read only")
        return [_reconcile(connection, each) for each in reconciliations]


def _reconcile(connection: Connection, each: Reconciliation) -> CheckResult:
    query = sql.SQL(COMPARISON).format(left=sql.SQL(each.left), right=sql.SQL(each.right))
    parameters = {"relation": each.relation, "sample_size": SAMPLE_SIZE}
    row = connection.execute(query, parameters).fetchone()
    if row is None:
        raise RuntimeError(f"{each.name}: an aggregate returned no row")
    keys, left_total, right_total, disagreeing, sample = row
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
