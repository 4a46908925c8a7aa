"""The end of a session asks for one run, once, and costs nothing while nobody ends one."""

from datetime import UTC, datetime

import dagster as dg
import psycopg
import pytest

from orchestration.defs.sessions.ended import JOB, MART, session_ended_sensor
from orchestration.landing import land_events
from orchestration.loads import Model, open_load
from orchestration.settings import Settings
from tests.orchestration.conftest import make_events
from tests.orchestration.loads.warehouse import SmallWarehouse

MODELS = {MART: Model("marts", "d1")}


@dg.job(name=JOB)
def waiting_job() -> None: ...


class Sensor:
    """The sensor as the daemon calls it: it keeps the cursor."""

    def __init__(self, warehouse: SmallWarehouse, instance: dg.DagsterInstance) -> None:
        self.warehouse, self.instance = warehouse, instance
        self.cursor: str | None = None

    def tick(self) -> list[str | None]:
        context = dg.build_sensor_context(instance=self.instance, cursor=self.cursor)
        found = session_ended_sensor.evaluate_tick(context)
        self.cursor = found.cursor or self.cursor
        return [request.run_key for request in found.run_requests or []]

    def end_session(self) -> None:
        (event,) = make_events(1)
        ended = {name: event[name] for name in ("event_id", "user_id", "session_id", "occurred_at")}
        land_events(self.warehouse.url, [{**ended, "event_type": "session_end"}])

    def load(self) -> None:
        with open_load(self.warehouse.url, as_of=datetime.now(UTC), models=MODELS) as load:
            self.warehouse.build(load, MODELS)


@pytest.fixture
def sensor(settings: Settings) -> Sensor:
    assert settings.given_url
    return Sensor(SmallWarehouse(settings.given_url), dg.DagsterInstance.ephemeral())


def test_marts_that_were_never_built_are_left_to_the_hourly_load(sensor: Sensor) -> None:
    sensor.end_session()
    assert sensor.tick() == []


def test_end_of_a_session_asks_for_one_run(sensor: Sensor) -> None:
    sensor.load()
    assert sensor.tick() == []
    sensor.end_session()
    sensor.end_session()
    assert len(sensor.tick()) == 1
    assert sensor.tick() == []
    sensor.load()
    assert sensor.tick() == []
    sensor.end_session()
    assert len(sensor.tick()) == 1


def test_end_that_a_load_has_taken_asks_for_nothing(sensor: Sensor) -> None:
    sensor.load()
    sensor.end_session()
    sensor.load()
    assert sensor.tick() == []


def test_other_events_ask_for_nothing(sensor: Sensor) -> None:
    sensor.load()
    sensor.warehouse.land(5)
    assert sensor.tick() == []


def test_sensor_whose_cursor_was_lost_asks_by_the_same_key(sensor: Sensor) -> None:
    sensor.load()
    sensor.end_session()
    asked = sensor.tick()
    sensor.cursor = None
    assert sensor.tick() == asked


def test_run_that_waits_already_takes_the_end_too(sensor: Sensor) -> None:
    sensor.load()
    sensor.end_session()
    waiting = sensor.instance.create_run_for_job(
        waiting_job, status=dg.DagsterRunStatus.NOT_STARTED
    )
    assert sensor.tick() == []
    sensor.instance.report_run_canceled(waiting)
    assert len(sensor.tick()) == 1


def test_end_that_is_not_committed_yet_is_seen_later(sensor: Sensor) -> None:
    sensor.load()
    with psycopg.connect(sensor.warehouse.url) as writer:
        writer.execute("create table public.held ()")
        sensor.end_session()
        assert sensor.tick() == []
    assert len(sensor.tick()) == 1
