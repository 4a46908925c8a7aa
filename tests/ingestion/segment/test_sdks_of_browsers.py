"""Segment's and RudderStack's SDKs for browsers, unchanged, in a page of another origin."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from ingestion.api import IngestionSettings
from tests.ingestion.clients.browser.chromium import CHROMIUM, needs_chromium
from tests.ingestion.clients.serving import served
from tests.ingestion.segment.conftest import KEY
from tests.ingestion.segment.pages import page_files
from tests.ingestion.segment.watch import Watch

pytestmark = needs_chromium

Query = Callable[[str], list[dict[str, Any]]]
Open = Callable[[str], Page]

LEARNER = str(uuid4())
TRACK = """([learner, first, count]) => {
  for (let number = first; number < first + count; number++) {
    analytics.track('Search Performed', { query: `term ${number}`, resultCount: number })
  }
}"""


class Pages:
    """Another server than the service's: the pages and what they load."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[bytes, str]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a file."""
        if scope["type"] == "http":
            content, media_type = self.files[scope["path"]]
            headers = [(b"content-type", media_type.encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": content})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # without a sandbox of its own: as root there is none
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def pages() -> Iterator[tuple[Pages, str]]:
    """The other server, and its origin."""
    with served(pages := Pages()) as origin:
        yield pages, origin


@pytest.fixture
def watch(database_url: str, pages: tuple[Pages, str]) -> Watch:
    """The service, which lets pages of that one origin send."""
    settings = IngestionSettings(
        database_url=database_url, write_keys=(KEY,), cors_origins=(pages[1],)
    )
    return Watch(settings)


@pytest.fixture
def open_page(
    browser: Browser, pages: tuple[Pages, str], watched_url: str, sdks: Path
) -> Iterator[Open]:
    """Open a page with an SDK that has found its feet and knows the learner."""
    other, origin = pages
    other.files = page_files(sdks, watched_url, KEY)
    with ExitStack() as stack:

        def open_it(path: str) -> Page:
            context = browser.new_context(timezone_id="Europe/Berlin")
            stack.callback(context.close)
            context.set_default_timeout(20_000)
            page = context.new_page()
            page.goto(origin + path)
            page.wait_for_function("window.ready?.then(() => true)")
            page.evaluate("(learner) => { analytics.identify(learner) }", LEARNER)
            return page

        yield open_it


def track(page: Page, first: int, count: int) -> None:
    page.evaluate(TRACK, [LEARNER, first, count])


def assert_landed_once(query: Query, count: int) -> None:
    stored = query("select user_id, properties from raw.study_events order by occurred_at")
    found = sorted(int(row["properties"]["query"].split()[1]) for row in stored)
    assert found == list(range(count))
    assert {str(row["user_id"]) for row in stored} == {LEARNER}
    (books,) = query("select sum(accepted) as stored, sum(rejected) as refused from raw.landings")
    assert books == {"stored": count, "refused": 1}  # the identify call


def test_segment_lands_each_event_once_and_asks_before(
    open_page: Open, watch: Watch, query: Query
) -> None:
    page = open_page("/segment")
    track(page, 0, 19)  # with the identify call two batches of ten
    watch.wait_for_messages(20)
    assert_landed_once(query, 19)
    assert {seen.method for seen in watch.seen} == {"OPTIONS", "POST"}
    post = watch.posts()[0]
    assert post.path == "/v1/b"
    assert post.headers["content-type"] == "text/plain"
    assert post.headers["origin"] != f"http://{post.headers['host']}"


def test_segment_sends_what_it_has_when_the_page_goes(
    open_page: Open, watch: Watch, query: Query
) -> None:
    page = open_page("/segment?wait=600000")
    track(page, 0, 3)
    page.wait_for_function("analytics.instance.queue.queue.length === 0")
    assert watch.posts() == []
    page.goto("about:blank")
    watch.wait_for_messages(4)
    assert_landed_once(query, 3)


def test_segment_sends_again_what_was_refused_or_not_answered(
    open_page: Open, watch: Watch, query: Query
) -> None:
    page = open_page("/segment")
    watch.refuse_with, watch.answers_to_lose = [503], 1
    track(page, 0, 9)
    watch.wait_for_messages(30)
    assert len(query("select 1 from raw.study_events")) == 9
    (books,) = query("select sum(accepted) as stored, sum(duplicate) as again from raw.landings")
    assert books == {"stored": 9, "again": 9}


def test_rudderstack_asks_for_its_configuration_and_lands_each_event_once(
    open_page: Open, watch: Watch, query: Query
) -> None:
    page = open_page("/rudder")
    watch.refuse_with = [503]
    track(page, 0, 5)
    watch.wait_for_messages(7)
    assert_landed_once(query, 5)
    asked = {(seen.method, seen.path) for seen in watch.seen}
    assert {("GET", "/sourceConfig/"), ("POST", "/v1/track"), ("POST", "/v1/identify")} <= asked
