"""Sessions that begin and end by themselves, and reading that is paid attention to."""

from datetime import datetime, timedelta

from playwright.sync_api import BrowserContext, Page

from tests.conftest import REPOSITORY
from tests.ingestion.clients.browser.chromium import (
    KEY,
    let_pass,
    needs_chromium,
    open_page,
    set_hidden,
    stored,
    track,
    wait_until_sent,
)
from tests.ingestion.clients.serving import Front
from tests.ingestion.clients.stand_ins import LEARNER


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
