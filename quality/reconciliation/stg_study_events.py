"""Staging, with what is kept of archived months, against the raw log and the archive."""

from quality.reconciliation.statement import Reconciliation

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "staging_holds_every_event_of_the_log",
        "Staging, with what is kept of archived months, has as many events as the log and the "
        "archive: none is filtered out, none doubled by a join.",
        "stg_study_events",
        """
        select 'all' as key, sum(amount) as amount from (
            select count(*) as amount from raw.study_events
            union all
            select archives.row_count
            from ops.archives as archives
            inner join ops.months_away as away using (month)
        ) as everywhere
        """,
        "select 'all' as key, sum(event_count) as amount from counted_events",
        schema="staging",
    ),
)
