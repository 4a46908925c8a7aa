"""Dagster's records: in PostgreSQL, in a schema of their own, made before anybody needs them."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import dagster as dg
import grpc  # type: ignore[import-untyped]
import psycopg
import pytest
from dagster._core.launcher import WorkerStatus
from dagster._core.remote_origin import (
    GrpcServerCodeLocationOrigin,
    RemoteJobOrigin,
    RemoteRepositoryOrigin,
)
from dagster._grpc.__generated__.dagster_api_pb2 import GetServerIdReply
from dagster._grpc.__generated__.dagster_api_pb2_grpc import (
    DagsterApiServicer,
    add_DagsterApiServicer_to_server,
)

from orchestration.defs.records.pruning import PruningConfig, prune_runs
from orchestration.instance import prepare_dagster
from orchestration.launcher import WORKER_TAG, WatchedRunLauncher, is_at_work, note_worker
from orchestration.records import make_records, records_url
from orchestration.settings import Settings
from orchestration.supervisor import find_free_port

DAY = timedelta(days=1)


@dg.job
def empty_job() -> None: ...


def start_run(instance: dg.DagsterInstance, **tags: str) -> dg.DagsterRun:
    return instance.create_run_for_job(empty_job, status=dg.DagsterRunStatus.STARTED, tags=tags)


class CodeServer(DagsterApiServicer):
    """Tells who it is, as a code server does."""

    def __init__(self) -> None:
        self.server_id = str(uuid4())

    def GetServerId(self, request: object, context: object) -> GetServerIdReply:  # noqa: N802
        assert request is not None
        assert context is not None
        return GetServerIdReply(server_id=self.server_id)


@contextmanager
def serving(port: int) -> Iterator[None]:
    server = grpc.server(ThreadPoolExecutor(1))
    add_DagsterApiServicer_to_server(CodeServer(), server)  # type: ignore[no-untyped-call]
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    try:
        yield
    finally:
        server.stop(None).wait()


def test_records_are_in_a_schema_of_their_own(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    run = start_run(instance)
    assert settings.given_url
    with psycopg.connect(settings.given_url) as owner:
        runs = owner.execute("select run_id from dagster.runs").fetchall()
        strays = owner.execute(
            "select tablename from pg_tables where schemaname = 'public'"
        ).fetchall()
    assert runs == [(run.run_id,)]
    assert strays == []
    assert not list(settings.home.rglob("*.db"))


def test_configuration_holds_no_secret(instance: dg.DagsterInstance, settings: Settings) -> None:
    assert settings.given_url
    written = (settings.dagster_home / "dagster.yaml").read_text()
    assert "STUDY_DAGSTER_DATABASE_URL" in written
    assert "postgresql://" not in written
    assert not instance.telemetry_enabled


def test_session_of_the_records_reads_no_event(settings: Settings) -> None:
    assert settings.given_url
    with psycopg.connect(records_url(settings.given_url)) as session:
        assert session.execute("select current_user, current_schema").fetchone() == (
            "study_dagster",
            "dagster",
        )
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("select * from raw.study_events")


def test_records_may_be_made_by_many_at_once(settings: Settings) -> None:
    assert settings.given_url
    url = records_url(settings.given_url)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(make_records, [url] * 4))
    with psycopg.connect(url) as session:
        made = session.execute("select count(*) from alembic_version").fetchone()
    assert made == (1,)


def test_records_of_an_older_dagster_are_upgraded(settings: Settings) -> None:
    assert settings.given_url
    url = records_url(settings.given_url)
    make_records(url)
    with psycopg.connect(url) as session:
        session.execute("comment on schema dagster is 'Made by Dagster 1.0.0.'")
        session.commit()
        make_records(url)
        (said,) = session.execute(
            "select obj_description(to_regnamespace('dagster'), 'pg_namespace')"
        ).fetchone() or ("",)
    assert said == f"Made by Dagster {dg.__version__}."


def test_run_outlives_a_restart_of_the_server_session(
    instance: dg.DagsterInstance, settings: Settings
) -> None:
    run = start_run(instance)
    assert settings.given_url
    with psycopg.connect(settings.given_url, autocommit=True) as owner:
        owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'study-dagster' and datname = current_database()"
        )
    found = instance.get_run_by_id(run.run_id)
    assert found is not None


def test_run_of_a_killed_process_is_seen_to_have_failed(instance: dg.DagsterInstance) -> None:
    launcher = instance.run_launcher
    assert isinstance(launcher, WatchedRunLauncher)
    run = start_run(instance)
    assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING
    note_worker(instance, run.run_id)
    assert launcher.check_run_worker_health(run).status is WorkerStatus.RUNNING

    program = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    program.kill()
    program.communicate()
    instance.add_run_tags(run.run_id, {WORKER_TAG: f"{socket.gethostname()} {program.pid} 1.00"})
    found = launcher.check_run_worker_health(run)
    assert found.status is WorkerStatus.FAILED
    assert "was killed" in str(found)


def test_killed_run_waits_for_a_code_server_that_can_start_it_again(
    instance: dg.DagsterInstance,
) -> None:
    launcher, port = instance.run_launcher, find_free_port()
    place = GrpcServerCodeLocationOrigin("127.0.0.1", port)
    origin = RemoteJobOrigin(RemoteRepositoryOrigin(place, "__repository__"), "empty_job")
    run = instance.create_run_for_job(
        empty_job,
        status=dg.DagsterRunStatus.STARTED,
        tags={WORKER_TAG: f"{socket.gethostname()} 1 1.00"},
        remote_job_origin=origin,
    )

    def look() -> WorkerStatus:
        return launcher.check_run_worker_health(run).status

    assert look() is WorkerStatus.RUNNING
    for _ in ("first", "started again"):
        with serving(port):
            # The daemon may not have seen it yet.
            assert look() is WorkerStatus.RUNNING
            assert look() is WorkerStatus.FAILED
        assert look() is WorkerStatus.RUNNING


def test_process_of_another_machine_counts_as_alive() -> None:
    assert is_at_work("another-machine 1 1.00")


def test_number_of_a_process_that_is_anothers_now_is_not_taken_for_it() -> None:
    assert not is_at_work(f"{socket.gethostname()} 1 1.00")


def test_old_runs_are_deleted_and_running_ones_kept(instance: dg.DagsterInstance) -> None:
    def end(**tags: str) -> str:
        run = instance.create_run_for_job(
            empty_job, status=dg.DagsterRunStatus.SUCCESS, tags={**tags}
        )
        return run.run_id

    running = start_run(instance).run_id
    hourly, nightly = end(**{"study/kind": "hourly"}), end(**{"study/kind": "nightly"})
    now = datetime.now(UTC)
    config = PruningConfig(days=400, frequent_days=30)
    assert prune_runs(instance, config, now=now + 29 * DAY) == 0
    assert prune_runs(instance, config, now=now + 31 * DAY) == 1
    assert instance.get_run_by_id(hourly) is None
    assert prune_runs(instance, config, now=now + 401 * DAY) == 1
    assert instance.get_run_by_id(nightly) is None
    assert instance.get_run_by_id(running) is not None


def test_preparing_twice_changes_nothing(settings: Settings) -> None:
    assert settings.given_url
    first = prepare_dagster(settings, settings.given_url)
    written = (settings.dagster_home / "dagster.yaml").stat().st_mtime_ns
    assert prepare_dagster(settings, settings.given_url) == first
    assert (settings.dagster_home / "dagster.yaml").stat().st_mtime_ns == written
