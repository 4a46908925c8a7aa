"""Staging against the raw log it is a view of."""

from quality.reconciliation.statement import Reconciliation

RECONCILIATIONS: tuple[Reconciliation, ...] = (
    Reconciliation(
        "staging_holds_every_event_of_the_log",
        "Staging has as many events as the log: none is filtered out, none doubled by a join.",
        "stg_study_events",
        "select 'all' as key, count(*) as amount from raw.study_events",
        "select 'all' as key, sum(event_count) as amount from counted_events",
        schema="staging",
    ),
)
