"""The page under test, and how to act on it and to look behind it."""

import shutil
from collections import Counter
from typing import Any

import psycopg
import pytest
from playwright.sync_api import BrowserContext, Page

from tests.conftest import REPOSITORY
from tests.ingestion.clients.serving import Front
from tests.ingestion.clients.stand_ins import LEARNER

TRACKER = REPOSITORY / "ingestion" / "clients" / "browser" / "study-tracker.js"

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

MOST_BYTES = 4_000

KEY = "key-of-the-browser"

PAGE = """<!doctype html><title>Study</title><div style="height: 5000px">Read me</div>
<script type="module">
import { StudyTracker } from '/study-tracker.js'
const asked = new URLSearchParams(location.search)
window.refused = []
window.tracker = new StudyTracker({
  userId: asked.get('user'),
  key: asked.get('key'),
  url: asked.get('url') ?? '',
  onRefused: (event, verdict) => refused.push([event.event_type, verdict.code]),
})
</script>"""

QUEUED = "Object.keys(localStorage).filter((name) => name.startsWith('study:event:')).length"

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium on the PATH")


def open_page(context: BrowserContext, learner: str = LEARNER, key: str = KEY) -> Page:
    page = context.new_page()
    page.goto(f"/page?user={learner}&key={key}")
    page.wait_for_function("localStorage['study:session']")
    return page


def track(page: Page, count: int, name: str = "x") -> None:
    page.evaluate(
        """([count, name]) => { for (let number = 0; number < count; number++)
        tracker.track('search_performed', { properties: { query: `${name} ${number}` } }) }""",
        [count, name],
    )


def searches(count: int, name: str = "x") -> Counter[str]:
    return Counter(f"{name} {number}" for number in range(count))


def stored(database_url: str, event_type: str = "search_performed") -> list[dict[str, Any]]:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "select to_jsonb(stored) from raw.study_events as stored"
            " where event_type = %s order by event_id",
            (event_type,),
        ).fetchall()
    return [row for (row,) in rows]


def stored_searches(database_url: str) -> Counter[str]:
    return Counter(event["properties"]["query"] for event in stored(database_url))


def let_pass(page: Page, seconds: int) -> None:
    """Let time pass in steps, each request under way being answered in between."""
    for passed in range(0, seconds, 5):
        page.clock.run_for(min(seconds - passed, 5) * 1_000)
        page.evaluate("navigator.locks.request('study:event:', () => {})")


def wait_until_sent(page: Page) -> None:
    page.wait_for_function(f"{QUEUED} === 0")


def set_hidden(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        """(value) => {
        Object.defineProperty(document, 'hidden', { value, configurable: true })
        document.dispatchEvent(new Event('visibilitychange')) }""",
        hidden,
    )


def pages(front: Front) -> Any:
    """The files alone, as another server has them."""

    async def serve(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await front(scope, receive, send)

    return serve
