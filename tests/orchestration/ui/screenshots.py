"""Pages of Dagster's UI as a headless Chromium shows them."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.ingestion.clients.browser.chromium import CHROMIUM

_LOADS_WITHIN_MS = 120_000
# What the graph shows in place of what it has not been told yet.
_LOADING = re.compile(r"Loading\.\.\.|fetching statuses")


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A Chromium for the length of the block. Skip the test where there is none (CHROMIUM)."""
    with sync_playwright() as playwright:
        # without a sandbox of its own: as root there is none
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def take_screenshot(browser: Browser, url: str, *, shows: str, into: Path) -> str:
    """Wait until a page shows a text, take its picture, and return all the text it shows."""
    page = _open(browser)
    try:
        page.goto(url)
        page.get_by_text(shows).first.wait_for(timeout=_LOADS_WITHIN_MS)
        # Not for an idle network: the UI asks for news every second.
        page.get_by_text(_LOADING).first.wait_for(state="hidden", timeout=_LOADS_WITHIN_MS)
        into.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=into)
        return page.inner_text("body")
    finally:
        page.context.close()


def _open(browser: Browser) -> Page:
    context = browser.new_context(viewport={"width": 1800, "height": 1100})
    context.set_default_timeout(_LOADS_WITHIN_MS)
    return context.new_page()
