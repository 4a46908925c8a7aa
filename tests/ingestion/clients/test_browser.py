"""The browser tracker in a real Chromium, before the real service and its database.

Time in the page stands still and is moved by hand; network and storage are Chromium's own.
"""

import gzip
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from ingestion.events.plan import PLAN
from tests.conftest import REPOSITORY
from tests.ingestion.clients.serving import Front, served
from tests.ingestion.clients.stand_ins import LEARNER

TRACKER = REPOSITORY / "ingestion" / "clients" / "browser" / "study-tracker.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
MOST_BYTES = 4_000
KEY = "key-of-the-browser"
PAGE = """<!doctype html><title>Study</title><div style="height: 5000px">Read me</div>
<script type="module">
import { StudyTracker } from '/study-tracker.js'
window.refused = []
window.tracker = new StudyTracker({
  userId: new URLSearchParams(location.search).get('user'),
  key: new URLSearchParams(location.search).get('key') ?? undefined,
  onRefused: (event, verdict) => refused.push([event.event_type, verdict.code]),
})
</script>"""
QUEUED = "Object.keys(localStorage).filter((name) => name.startsWith('study:event:')).length"

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium on the PATH")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # without a sandbox of its own: as root there is none
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def front(database_url: str) -> Front:
    files = {
        "/page": (PAGE.encode(), "text/html"),
        "/study-tracker.js": (TRACKER.read_bytes(), "text/javascript"),
        "/favicon.ico": (b"", "image/png"),
    }
    return Front(database_url, write_keys=(KEY,), files=files)


@pytest.fixture
def context(front: Front, browser: Browser) -> Iterator[BrowserContext]:
    with served(front) as url:
        context = browser.new_context(base_url=url, timezone_id="Europe/Berlin")
        context.set_default_timeout(10_000)
        now = datetime.now(UTC)
        context.clock.install(time=now)
        context.clock.pause_at(now + timedelta(seconds=1))
        yield context
        context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return open_page(context)


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


def test_tracker_is_small() -> None:
    assert len(gzip.compress(TRACKER.read_bytes(), 9)) < MOST_BYTES


def test_declared_event_types_are_those_of_the_plan() -> None:
    declared = TRACKER.with_suffix(".d.ts").read_text()
    names = re.search(r"type EventType =\n((?:  \| '\w+'\n)+)", declared)
    assert names is not None
    assert re.findall(r"'(\w+)'", names[1]) == list(PLAN)


@needs_chromium
def test_tenth_event_sends_all(page: Page, front: Front, database_url: str) -> None:
    track(page, 8)
    assert front.batches == []
    track(page, 1, "last")
    wait_until_sent(page)
    assert stored_searches(database_url) == searches(8) + searches(1, "last")
    (start,) = stored(database_url, "session_start")
    assert start["properties"] == {"device_type": "web", "timezone": "Europe/Berlin"}
    assert len(front.batches) == 1
    assert json.loads(front.batches[0]).keys() == {"sent_at", "events"}
    assert page.evaluate("tracker.counts.accepted") == 10


@needs_chromium
def test_thirty_seconds_send_fewer(page: Page, front: Front, database_url: str) -> None:
    track(page, 3)
    let_pass(page, 28)
    assert front.batches == []
    let_pass(page, 3)
    wait_until_sent(page)
    assert stored_searches(database_url) == searches(3)


@needs_chromium
def test_hidden_page_sends_what_it_has(page: Page, front: Front, database_url: str) -> None:
    track(page, 3)
    page.goto("about:blank")
    assert front.answered.acquire(timeout=30)
    assert stored_searches(database_url) == searches(3)


@needs_chromium
def test_hidden_page_without_a_key_sends_by_beacon_and_again_with_one(
    context: BrowserContext, front: Front, database_url: str
) -> None:
    page = open_page(context, key="")
    page.evaluate("""() => { const send = navigator.sendBeacon.bind(navigator)
        navigator.sendBeacon = (...said) => (localStorage.beacon = send(...said)) }""")
    track(page, 3)
    page.goto("about:blank")
    assert front.answered.acquire(timeout=30)
    assert stored(database_url) == []  # this service asks for a key
    page = open_page(context)
    assert page.evaluate("localStorage.beacon") == "true"
    let_pass(page, 32)
    wait_until_sent(page)
    assert stored_searches(database_url) == searches(3)


@needs_chromium
def test_offline_events_arrive_once_when_online(
    page: Page, context: BrowserContext, database_url: str
) -> None:
    context.set_offline(True)
    track(page, 25)
    let_pass(page, 120)
    assert page.evaluate(QUEUED) == 26
    context.set_offline(False)
    wait_until_sent(page)
    assert stored_searches(database_url) == searches(25)


@needs_chromium
def test_answer_that_is_lost_stores_nothing_twice(
    page: Page, front: Front, database_url: str
) -> None:
    front.keep_answers_back = True
    track(page, 9)
    assert front.arrived.acquire(timeout=30)
    front.keep_answers_back = False
    page.reload()
    let_pass(page, 40)
    wait_until_sent(page)
    assert len(front.batches) >= 2
    assert stored_searches(database_url) == searches(9)


@needs_chromium
def test_reload_in_mid_queue_goes_on_with_queue_and_session(page: Page, database_url: str) -> None:
    track(page, 4, "before")
    page.reload()
    page.wait_for_function("window.tracker")
    track(page, 5, "after")
    let_pass(page, 32)
    wait_until_sent(page)
    assert stored_searches(database_url) == searches(4, "before") + searches(5, "after")
    assert len({event["session_id"] for event in stored(database_url)}) == 1
    assert len(stored(database_url, "session_start")) == 1


@needs_chromium
def test_two_tabs_share_queue_and_session(
    page: Page, context: BrowserContext, front: Front, database_url: str
) -> None:
    other = open_page(context)
    for _ in range(2):
        track(page, 7, "one")
        track(other, 7, "two")
    let_pass(page, 32)  # of the context, so in both
    wait_until_sent(page)
    once = searches(7, "one") + searches(7, "two")
    assert stored_searches(database_url) == once + once
    assert len({event["session_id"] for event in stored(database_url)}) == 1


@needs_chromium
def test_thirty_idle_minutes_end_the_session_and_activity_begins_another(
    page: Page, database_url: str
) -> None:
    track(page, 1)
    page.clock.fast_forward("31:00")
    let_pass(page, 2)
    track(page, 1, "later")
    page.evaluate("tracker.flush()")
    wait_until_sent(page)
    (end,) = stored(database_url, "session_end")
    before, after = stored(database_url)
    assert end["session_id"] == before["session_id"] != after["session_id"]
    gone = datetime.fromisoformat(end["occurred_at"]) - datetime.fromisoformat(
        before["occurred_at"]
    )
    assert timedelta() < gone < timedelta(seconds=5)
    assert len(stored(database_url, "session_start")) == 2


@needs_chromium
def test_another_learner_gets_a_session_of_their_own(
    page: Page, context: BrowserContext, database_url: str
) -> None:
    track(page, 1)
    let_pass(page, 1)
    page.close()
    other = "11111111-2222-4333-8444-555555555555"
    second = open_page(context, learner=other)
    track(second, 1, "other")
    second.evaluate("tracker.end()")
    wait_until_sent(second)
    assert [event["user_id"] for event in stored(database_url)] == [LEARNER, other]
    ends = stored(database_url, "session_end")
    assert {event["user_id"] for event in ends} == {LEARNER, other}


@needs_chromium
def test_reading_beats_every_thirty_seconds_of_attention(page: Page, database_url: str) -> None:
    page.evaluate("""() => { window.stop = tracker.startReading(
        { material_id: 'm1', chunk_id: 'c1', properties: { chunk_index: 3 } }) }""")
    let_pass(page, 30)
    page.evaluate("scrollTo(0, 2000)")
    page.wait_for_function("scrollY === 2000")
    page.mouse.move(10, 10)
    let_pass(page, 30)
    let_pass(page, 300)  # nobody moves any more: the third beat is the last
    page.clock.fast_forward(60_000)  # the machine sleeps
    page.evaluate("stop({ is_complete: true })")
    page.evaluate("tracker.flush()")
    wait_until_sent(page)
    beats = [event["properties"] for event in stored(database_url, "material_read")]
    assert [beat["time_spent_seconds"] for beat in beats] == [30, 30, 30, 0]
    assert beats[1]["scroll_depth_percent"] > beats[0]["scroll_depth_percent"]
    assert beats[3]["is_complete"] is True
    assert {beat["chunk_index"] for beat in beats} == {3}


@needs_chromium
def test_reading_stands_still_while_the_page_is_hidden(page: Page, database_url: str) -> None:
    page.evaluate("() => { tracker.startReading({ material_id: 'm1' }) }")
    let_pass(page, 10)
    set_hidden(page, hidden=True)
    let_pass(page, 50)
    set_hidden(page, hidden=False)
    let_pass(page, 20)
    page.evaluate("tracker.close()")
    wait_until_sent(page)
    beats = [event["properties"] for event in stored(database_url, "material_read")]
    assert [beat["time_spent_seconds"] for beat in beats] == [10, 20]


def set_hidden(page: Page, *, hidden: bool) -> None:
    page.evaluate(
        """(value) => {
        Object.defineProperty(document, 'hidden', { value, configurable: true })
        document.dispatchEvent(new Event('visibilitychange')) }""",
        hidden,
    )


@needs_chromium
def test_refused_events_are_told_of_and_hold_up_no_other(page: Page, database_url: str) -> None:
    page.evaluate("tracker.track('search_performed', { properties: { nonsense: 1 } })")
    track(page, 8)
    wait_until_sent(page)
    assert page.evaluate("refused") == [["search_performed", "unknown_property"]]
    assert stored_searches(database_url) == searches(8)


@needs_chromium
@pytest.mark.parametrize("status", [429, 503, 401])
def test_service_that_refuses_for_now_gets_the_events_later(
    page: Page, front: Front, database_url: str, status: int
) -> None:
    front.refuse_with = status
    track(page, 9)
    assert front.answered.acquire(timeout=30)
    let_pass(page, 40)
    front.refuse_with = None
    assert page.evaluate(QUEUED) == 10
    let_pass(page, 61)
    wait_until_sent(page)
    assert stored_searches(database_url) == searches(9)


@needs_chromium
def test_example_of_the_document_runs(
    context: BrowserContext, front: Front, database_url: str
) -> None:
    document = (REPOSITORY / "docs" / "clients.md").read_text()
    example = document.partition("```html\n")[2].partition("```")[0]
    front.files["/example"] = (example.replace("key-of-the-browser", KEY).encode(), "text/html")
    page = context.new_page()
    page.goto("/example")
    page.wait_for_function("window.tracker")
    let_pass(page, 31)
    page.evaluate("tracker.flush()")
    wait_until_sent(page)
    (opened,) = stored(database_url, "material_open")
    assert opened["properties"] == {"material_type": "pdf"}
    assert len(stored(database_url, "material_read")) == 1
