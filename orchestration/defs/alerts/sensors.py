"""The sensors behind the alerts: two that see, and one that tells."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import dagster as dg
import psycopg

from ingestion.store.database import Role, role_url
from orchestration.alerts.runs import watch_runs
from orchestration.alerts.standing import watch_standing
from orchestration.alerts.telling import Links, tell_alerts
from orchestration.database import open_unmigrated
from orchestration.services import dagster_url
from orchestration.settings import Settings, read_settings

_RUNNING = dg.DefaultSensorStatus.RUNNING


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=_RUNNING,
    description="Writes down failed runs and failed checks of the runs that have ended.",
)
def ended_runs_sensor(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """Look at the runs that ended since the last look."""
    with open_session(read_settings(), Role.DAGSTER) as ledger:
        seen = watch_runs(ledger, context.instance, now=datetime.now(UTC))
    return dg.SkipReason(f"{seen} runs have ended")


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=_RUNNING,
    description="Writes down events that wait too long for a load, and growing dead letters.",
)
def standing_sensor() -> dg.SkipReason:
    """Look at what waits and what was refused."""
    settings = read_settings()
    with (
        open_session(settings, Role.DAGSTER) as ledger,
        open_session(settings, Role.TRANSFORM) as data,
    ):
        watch_standing(ledger, data, now=datetime.now(UTC))
    return dg.SkipReason("looked")


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=_RUNNING,
    description="Tells whom STUDY_ALERTS names what was written down, each once.",
)
def alerts_sensor() -> dg.SkipReason:
    """Tell what has not been told; what a receiver did not take is told at a later tick."""
    settings = read_settings()
    links = Links(runbook=settings.runbook_url, dagster=dagster_url(settings))
    with open_session(settings, Role.DAGSTER) as ledger:
        told = tell_alerts(ledger, settings.clear_alerts, links)
    return dg.SkipReason(f"{told.taken} messages taken, {told.failed} not")


@contextmanager
def open_session(settings: Settings, role: Role) -> Iterator[psycopg.Connection]:
    """A session on the database that works as a role."""
    with open_unmigrated(settings) as url:
        own = role_url(url, role, application_name="study-alerts")
        with psycopg.connect(own, autocommit=True) as connection:
            yield connection


@dg.definitions
def alert_defs() -> dg.Definitions:
    """The sensors."""
    return dg.Definitions(sensors=[ended_runs_sensor, standing_sensor, alerts_sensor])
