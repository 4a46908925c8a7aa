"""A real Chromium before the real service and its database.

Time in the page stands still and is moved by hand; network and storage are Chromium's own.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.ingestion.clients.browser.chromium import (
    CHROMIUM,
    KEY,
    PAGE,
    TRACKER,
    open_page,
)
from tests.ingestion.clients.serving import Front, served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # without a sandbox of its own: as root there is none
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def database_url(shared_database_url: str) -> str:
    return shared_database_url


@pytest.fixture(scope="module")
def service(database_url: str) -> Iterator[tuple[Front, str]]:
    # another origin is another port, and the service allows the pages of any
    front = Front(database_url, write_keys=(KEY,), cors_origins=("*",))
    front.files = {
        "/page": (PAGE.encode(), "text/html"),
        "/study-tracker.js": (TRACKER.read_bytes(), "text/javascript"),
        "/favicon.ico": (b"", "image/png"),
    }
    with served(front) as url:
        yield front, url


@pytest.fixture
def context(front: Front, service: tuple[Front, str], browser: Browser) -> Iterator[BrowserContext]:
    assert front is service[0]
    context = browser.new_context(base_url=service[1], timezone_id="Europe/Berlin")
    context.set_default_timeout(10_000)
    now = datetime.now(UTC)
    context.clock.install(time=now)
    context.clock.pause_at(now + timedelta(seconds=1))
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return open_page(context)
