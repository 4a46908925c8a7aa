"""Dagster as it is operated: its UI looked at, and each of its processes killed in turn."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psutil
import psycopg
import pytest

from ingestion.store.database import Role, role_url
from orchestration.automation import clock_config
from orchestration.landing import land_events
from orchestration.process import Process
from quality.oracle import verify_marts
from tests.ingestion.clients.browser.chromium import needs_chromium
from tests.operation.conftest import Server
from tests.operation.stack import Stack, wait_until
from tests.orchestration.conftest import make_events
from tests.orchestration.ui.screenshots import open_browser, take_screenshot

pytestmark = pytest.mark.operation

PICTURES = Path(__file__).resolve().parents[2] / ".cache" / "screenshots"


@pytest.fixture
def stack(server: Server, home: Path) -> Iterator[Stack]:
    stack = Stack(server.url, home / "logs")
    try:
        yield stack
    finally:
        stack.stop()


def kill_worker(stack: Stack, run_id: str) -> None:
    worker = stack.worker(run_id)
    children = worker.children(recursive=True)
    # Before dbt, its child: else it would live to see its step fail.
    worker.kill()
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.kill()


def launch_half_way(stack: Stack) -> str:
    """Land events, launch a load of them, and wait until it is in the middle of it."""
    land_events(stack.url, make_events(30))
    after = stack.last_load()
    run = stack.launch("load_job")
    stack.wait_for_the_middle(run, after)
    return run


def assert_started_once_more(stack: Stack, run: str) -> None:
    stack.wait_for(run, "FAILURE")
    wait_until(lambda: stack.retry_of(run) is not None, "the killed run was not started once more")
    stack.wait_for(str(stack.retry_of(run)), "SUCCESS")


def test_every_process_may_be_killed_and_the_marts_are_right(stack: Stack, server: Server) -> None:
    stack.start_all()

    run = launch_half_way(stack)
    kill_worker(stack, run)
    assert_started_once_more(stack, run)

    # Together with the code server, which else would tell that its worker has gone.
    run = launch_half_way(stack)
    stack.kill(Process.CODE_SERVER)
    kill_worker(stack, run)
    stack.start(Process.CODE_SERVER)
    assert_started_once_more(stack, run)

    # Of UI and daemon a run knows nothing.
    run = launch_half_way(stack)
    for process in (Process.WEBSERVER, Process.DAEMON):
        stack.kill(process)
        stack.start(process)
    stack.wait_for(run, "SUCCESS")

    # PostgreSQL, with everybody's connections: the step is tried again, or the run started anew.
    run = launch_half_way(stack)
    server.kill()
    server.start()
    wait_until(lambda: stack.status(run) in ("SUCCESS", "FAILURE"), "the run never ends")
    if stack.status(run) == "FAILURE":
        assert_started_once_more(stack, run)
    wait_until(stack.is_loaded, "the UI does not come back")

    assert_marts_are_right(stack)


def assert_marts_are_right(stack: Stack) -> None:
    """Launch the night, and compare every row with the oracle."""
    as_of = datetime.now(UTC)
    stack.wait_for(stack.launch("pipeline_job", clock_config(as_of)), "SUCCESS")
    own = role_url(stack.url, Role.TRANSFORM, application_name="test")
    differences = verify_marts(own, as_of)
    assert {table: found[:3] for table, found in differences.items() if found} == {}
    assert stack.ask("select count(*) from marts.question_attempts") == [(120,)]
    assert stack.ask("select count(*) from ops.loads where state <> 'done'") == [(0,)]


@needs_chromium
def test_ui_shows_the_graph_and_a_green_run(stack: Stack, server: Server) -> None:
    land_events(server.url, make_events(30))
    stack.start_all()
    run = stack.launch("pipeline_job")
    stack.wait_for(run, "SUCCESS")
    with psycopg.connect(server.url) as owner:
        assert owner.execute("select count(*) from marts.study_sessions").fetchone() == (1,)
    with open_browser() as browser:
        shutil.rmtree(PICTURES, ignore_errors=True)
        graph = take_screenshot(
            browser,
            f"{stack.ui}/locations/study_analytics/asset-groups/marts/lineage",
            shows="daily_user_stats",
            into=PICTURES / "asset-graph.png",
        )
        green = take_screenshot(
            browser,
            f"{stack.ui}/runs/{run}",
            shows="RUN_SUCCESS",
            into=PICTURES / "nightly-run.png",
        )
    assert "topic_mastery" in graph
    assert "Failure" not in green
