"""Every event once: batches, hidden pages, lost networks, reloads, tabs, refusals."""

import gzip
import json
import re

import pytest
from playwright.sync_api import BrowserContext, Page

from ingestion.events.plan import PLAN
from tests.ingestion.clients.browser.chromium import (
    KEY,
    MOST_BYTES,
    QUEUED,
    TRACKER,
    let_pass,
    needs_chromium,
    open_page,
    pages,
    searches,
    stored,
    stored_searches,
    track,
    wait_until_sent,
)
from tests.ingestion.clients.serving import Front, served
from tests.ingestion.clients.stand_ins import LEARNER


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
    assert front.arrived.acquire(timeout=30)
    assert stored_searches(database_url) == searches(3)


@needs_chromium
def test_page_of_another_origin_sends_with_its_key(
    context: BrowserContext, front: Front, service: tuple[Front, str], database_url: str
) -> None:
    with served(pages(front)) as elsewhere:
        page = context.new_page()
        page.goto(f"{elsewhere}/page?user={LEARNER}&key={KEY}&url={service[1]}")
        page.wait_for_function("window.tracker")
        track(page, 9, "first")
        wait_until_sent(page)
        track(page, 3, "hidden")
        page.goto("about:blank")
        assert front.arrived.acquire(timeout=30)
        assert front.arrived.acquire(timeout=30)
    assert stored_searches(database_url) == searches(9, "first") + searches(3, "hidden")


@needs_chromium
def test_hidden_page_without_a_key_sends_by_beacon_and_again_with_one(
    context: BrowserContext, front: Front, database_url: str
) -> None:
    page = open_page(context, key="")
    page.evaluate("""() => { const send = navigator.sendBeacon.bind(navigator)
        navigator.sendBeacon = (...said) => (localStorage.beacon = send(...said)) }""")
    track(page, 3)
    page.goto("about:blank")
    assert front.arrived.acquire(timeout=30)
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
def test_whole_visit_lands_each_event_once(
    page: Page, context: BrowserContext, front: Front, database_url: str
) -> None:
    track(page, 9, "flushed at ten")
    wait_until_sent(page)
    context.set_offline(True)
    track(page, 12, "offline")
    let_pass(page, 60)
    context.set_offline(False)
    wait_until_sent(page)
    sent = len(front.batches)
    track(page, 3, "hidden")
    page.goto("about:blank")
    for _ in range(sent + 1):
        assert front.arrived.acquire(timeout=30)
    open_page(context)  # what no verdict came for is sent again
    once = searches(9, "flushed at ten") + searches(12, "offline") + searches(3, "hidden")
    assert stored_searches(database_url) == once


@needs_chromium
def test_beacon_of_a_hidden_page_lands_once_though_the_queue_is_sent_again(
    context: BrowserContext, front: Front, database_url: str
) -> None:
    keyless = Front(database_url)  # on this machine it asks for none
    keyless.files = front.files
    with served(keyless) as url:
        page = context.new_page()
        page.goto(f"{url}/page?user={LEARNER}&key=")
        page.wait_for_function("window.tracker")
        page.evaluate("""() => { const send = navigator.sendBeacon.bind(navigator)
            navigator.sendBeacon = (...said) => (localStorage.beacon = send(...said)) }""")
        track(page, 3)
        page.goto("about:blank")
        assert keyless.arrived.acquire(timeout=30)
        assert stored_searches(database_url) == searches(3)
        page.goto(f"{url}/page?user={LEARNER}&key=")
        page.wait_for_function("window.tracker")
        assert page.evaluate("localStorage.beacon") == "true"
        assert page.evaluate(QUEUED) == 4  # a beacon has no answer to learn from
        let_pass(page, 32)
        wait_until_sent(page)
        assert page.evaluate("tracker.counts.duplicate") == 4
    assert stored_searches(database_url) == searches(3)


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
    assert front.arrived.acquire(timeout=30)
    let_pass(page, 40)
    front.refuse_with = None
    assert page.evaluate(QUEUED) == 10
    let_pass(page, 61)
    wait_until_sent(page)
    assert stored_searches(database_url) == searches(9)
