"""A red check as people see it: Dagster's UI and the Data Docs in a headless Chromium.

The pictures go to SCREENSHOTS, where that names a folder, to be looked at.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from playwright.sync_api import Page, sync_playwright

from orchestration.automation import clock_config
from orchestration.definitions import defs
from orchestration.instance import prepare_dagster
from orchestration.landing import land_events
from orchestration.pipeline import run_pipeline
from orchestration.services import dagster_services, dagster_url
from orchestration.settings import Settings, exported, read_settings
from orchestration.supervisor import find_free_port
from quality.docs import docs_page
from tests.ingestion.clients.browser.chromium import CHROMIUM, needs_chromium
from tests.orchestration.conftest import clean_environment, make_events, settings

__all__ = ["clean_environment", "settings"]

AS_OF = datetime(2026, 3, 1, 0, 30, tzinfo=UTC)
CHECK = "idle_seconds_are_what_remains"
LOADS_WITHIN_MS = 120_000


@pytest.fixture
def red_check(settings: Settings) -> tuple[str, str]:
    """A green run, then its checks again with a mart that was changed; the run, and the session
    changed.
    """
    url = settings.given_url
    assert url
    land_events(url, make_events(5))
    green = run_pipeline(settings, as_of=AS_OF)
    assert green.finished
    with psycopg.connect(url) as owner:
        owner.execute("update marts.study_sessions set idle_seconds = idle_seconds + 77")
        (session,) = owner.execute("select session_id from marts.study_sessions").fetchone() or ()
    definitions = defs()
    keys = definitions.resolve_asset_graph().asset_check_keys
    selection = dg.AssetSelection.checks(*(key for key in keys if key.name == CHECK))
    job = dg.Definitions(jobs=[dg.define_asset_job("checks", selection=selection)])
    with (
        exported(prepare_dagster(settings, url)),
        dg.DagsterInstance.get() as instance,
    ):
        resolved = dg.Definitions.merge(definitions, job).resolve_job_def("checks")
        resolved.execute_in_process(
            instance=instance, run_config=clock_config(AS_OF), raise_on_error=False
        )
    return green.run_id, str(session)


@pytest.fixture
def webserver(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The UI on a free port, with its definitions loaded."""
    for port in ("DAGSTER", "CODE_SERVER"):
        monkeypatch.setenv(f"STUDY_{port}_PORT", str(find_free_port()))
    chosen = read_settings()
    assert chosen.given_url
    code_server, ui, _ = dagster_services(chosen, chosen.given_url)
    processes = [
        subprocess.Popen(
            service.command,
            env=service.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for service in (code_server, ui)
    ]
    try:
        while not ui.is_healthy():
            for process in processes:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(0.5)
                    pytest.fail("a service ended by itself")
        yield dagster_url(chosen)
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(30)


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page(viewport={"width": 1600, "height": 1100})
        opened.set_default_timeout(LOADS_WITHIN_MS)
        yield opened
        browser.close()


def keep_picture(page: Page, name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png")


@needs_chromium
@pytest.mark.slow
def test_red_check_shows_its_rows_and_leads_to_the_pages(
    red_check: tuple[str, str], settings: Settings, webserver: str, page: Page
) -> None:
    run, session = red_check
    page.goto(f"{webserver}/runs/{run}")
    # The last of its events: what is above it has been drawn by then.
    page.get_by_text("RUN_SUCCESS").first.wait_for()
    keep_picture(page, "green-run")

    page.goto(f"{webserver}/assets/marts/study_sessions?view=checks&checkDetail={CHECK}")
    page.get_by_text(
        "idle_seconds is the duration without its active and paused parts"
    ).first.wait_for()
    page.get_by_text("data_docs").first.wait_for()
    page.get_by_text(session).first.wait_for()
    keep_picture(page, "red-check")

    page.goto(f"{webserver}/assets/marts/study_sessions?view=lineage")
    page.get_by_text("study_sessions").first.wait_for()
    page.wait_for_load_state("networkidle")
    keep_picture(page, "lineage")

    page.goto(docs_page(settings.data_docs).as_uri())
    row = page.get_by_role("row", name="study_sessions")
    row.get_by_text("1 failed").wait_for()
    keep_picture(page, "data-docs")
    row.get_by_role("link").first.click()
    page.get_by_text("idle_seconds is the duration").first.wait_for()
    keep_picture(page, "data-docs-suite")
    assert session in page.content()
