"""The client: when it sends, what it does when it cannot, what it tells."""

import asyncio
import json
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

import httpx
import pytest

from ingestion.clients import (
    AsyncStudyClient,
    EventName,
    StudyClient,
    UnsendableEventError,
)
from ingestion.events.plan import PLAN
from tests.ingestion.clients.stand_ins import (
    LEARNER,
    PATIENCE_SECONDS,
    Bench,
    accept,
    ids,
    judge,
    track,
    unreachable,
)


def test_client_sends_at_the_tenth_event(bench: Bench, client: StudyClient) -> None:
    sent = track(client, 9)
    assert bench.clock.asleep_for() == 30
    assert bench.service.requests.empty()
    sent += track(client)
    assert ids(bench.service.next_batch()) == sent


def test_client_sends_fewer_after_thirty_seconds_though_nothing_more_comes(
    bench: Bench, client: StudyClient
) -> None:
    sent = track(client, 3)
    bench.clock.advance(29)
    assert bench.clock.asleep_for() == 1
    assert bench.service.requests.empty()
    bench.clock.advance(1)
    assert ids(bench.service.next_batch()) == sent


def test_client_sends_again_after_the_first_batch(bench: Bench, client: StudyClient) -> None:
    for _ in range(3):
        sent = track(client, 2)
        bench.clock.advance(30)
        assert ids(bench.service.next_batch()) == sent
    assert client.flush()
    assert client.statistics().accepted == 6


def test_client_dates_the_sending_at_each_attempt(bench: Bench, client: StudyClient) -> None:
    bench.service.answer(unreachable)
    track(client)
    bench.clock.advance(30)
    first = bench.service.next_batch()
    bench.clock.advance(5)
    second = bench.service.next_batch()
    assert first["events"] == second["events"]
    assert first["events"][0]["occurred_at"] == "2026-03-01T09:00:00+00:00"
    assert first["sent_at"] == "2026-03-01T09:00:30+00:00"
    assert second["sent_at"] == "2026-03-01T09:00:35+00:00"


def test_ids_are_made_here_or_the_applications_own(bench: Bench, client: StudyClient) -> None:
    sent = track(client, 3)
    assert {UUID(event_id).version for event_id in sent} == {7}
    assert len(set(sent)) == 3
    own = client.track_event(user_id=LEARNER, event_type="search_performed", event_id="mine")
    assert own == "mine"
    client.close()
    assert ids(bench.service.next_batch()) == [*sent, own]


@pytest.mark.parametrize("status", [429, 503])
def test_client_comes_back_when_it_is_asked_to(bench: Bench, status: int) -> None:
    bench.service.answer(lambda _: httpx.Response(status, headers={"Retry-After": "700"}))
    with StudyClient(bench.settings()) as client:
        sent = track(client, 10)
        bench.service.next_batch()
        assert bench.clock.asleep_for() == 700
        track(client, 10)
        assert bench.service.requests.empty()
        bench.clock.advance(700)
        assert ids(bench.service.next_batch())[:10] == sent
        assert client.flush()
        assert client.statistics().accepted == 20
        assert client.statistics().failures == 1


def test_flush_does_not_overrule_the_services_wish(bench: Bench) -> None:
    bench.service.answer(lambda _: httpx.Response(429, headers={"Retry-After": "700"}))
    client = StudyClient(bench.settings())
    track(client, 10)
    bench.service.next_batch()
    bench.clock.asleep_for()
    assert not client.flush(timeout_seconds=0)
    client.close()
    assert bench.service.requests.empty()
    assert client.statistics().waiting == 10


def test_waits_grow_and_are_never_the_same_for_all(bench: Bench, client: StudyClient) -> None:
    bench.service.answer(*[unreachable] * 12)
    track(client, 10)
    waits = []
    for _ in range(12):
        bench.service.next_batch()
        waits.append(bench.clock.asleep_for() or 0.0)
        bench.clock.advance(waits[-1])
    full = [min(0.5 * 2**attempt, 60) for attempt in range(12)]
    assert all(most / 2 <= wait <= most for wait, most in zip(waits, full, strict=True))
    assert waits[-1] != waits[-2]


@pytest.mark.parametrize("status", [401, 403, 404, 500, 502])
def test_client_keeps_events_whatever_goes_wrong(bench: Bench, status: int) -> None:
    bench.service.answer(
        lambda _: httpx.Response(status), lambda _: httpx.Response(200, text="hello")
    )
    with StudyClient(bench.settings()) as client:
        sent = track(client, 10)
        for _ in range(2):
            assert ids(bench.service.next_batch()) == sent
            bench.clock.advance(2)
        assert ids(bench.service.next_batch()) == sent


def test_flush_tries_at_once_where_the_service_did_not_ask_for_patience(
    bench: Bench, client: StudyClient
) -> None:
    bench.service.answer(unreachable)
    track(client, 10)
    bench.service.next_batch()
    bench.clock.asleep_for()
    assert client.flush()
    assert client.statistics().accepted == 10


def test_refused_events_are_told_of_with_the_reason(bench: Bench, client: StudyClient) -> None:
    def verdict(event: dict[str, dict[str, str]]) -> dict[str, str]:
        number = event["properties"]["query"]
        why = {"code": "out_of_range", "path": "properties", "message": "is too much"}
        return {"1": {"status": "rejected", **why}, "2": {"status": "conflict"}}.get(
            number, {"status": "duplicate"}
        )

    bench.service.answer(lambda request: judge(request, verdict))
    sent = track(client, 10)
    first, second = (bench.refused.get(timeout=PATIENCE_SECONDS) for _ in range(2))
    assert (first.event["event_id"], first.status, first.code) == (
        sent[1],
        "rejected",
        "out_of_range",
    )
    assert (second.event["event_id"], second.status) == (sent[2], "conflict")
    assert client.flush()
    counts = client.statistics()
    assert (counts.rejected, counts.conflict, counts.duplicate, counts.waiting) == (1, 1, 8, 0)


def test_callback_that_fails_stops_nothing(bench: Bench) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("the application's mistake")

    bench.service.answer(lambda request: judge(request, lambda _: {"status": "rejected"}))
    with StudyClient(bench.settings(on_refused=fail)) as client:
        track(client, 10)
        assert client.flush()
        assert client.statistics().rejected == 10


@pytest.mark.parametrize("status", [400, 413, 422])
def test_one_event_the_service_chokes_on_holds_up_no_other(bench: Bench, status: int) -> None:
    def choke(request: httpx.Request) -> httpx.Response:
        if b'"query":"7"' in request.content:
            return httpx.Response(status, json={"error": "too_deep", "message": "is too deep"})
        return accept(request)

    bench.service.answer(*[choke] * 20)
    with StudyClient(bench.settings()) as client:
        sent = track(client, 10)
        assert client.flush()
        refused = bench.refused.get(timeout=PATIENCE_SECONDS)
        assert (refused.event["event_id"], refused.code) == (sent[7], "too_deep")
        assert bench.refused.empty()
        assert client.statistics().accepted == 9


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"user_id": "somebody"}, "user_id is no UUID"),
        ({"session_id": "today"}, "session_id is no UUID"),
        ({"occurred_at": datetime(2026, 3, 1)}, "no timezone"),  # noqa: DTZ001
        ({"properties": {"result_count": object()}}, "no JSON"),
        ({"properties": {"result_count": float("nan")}}, "no JSON"),
        ({"properties": {"query": "x" * 70_000}}, "at most 65536"),
    ],
)
def test_wrong_calls_are_refused_at_once(
    client: StudyClient, fields: dict[str, object], why: str
) -> None:
    event: Any = {"user_id": LEARNER, "event_type": "search_performed"} | fields
    with pytest.raises(UnsendableEventError, match=why):
        client.track_event(**event)
    assert client.statistics().waiting == 0


async def _track_async(bench: Bench) -> list[str]:
    async with AsyncStudyClient(bench.settings()) as client:
        sent = [
            await client.track_event(user_id=LEARNER, event_type="search_performed")
            for _ in range(3)
        ]
        assert await client.flush()
        assert (await client.statistics()).accepted == 3
        assert client.offer(user_id=LEARNER, event_type="search_performed")
    return sent


def test_async_client_does_the_same(bench: Bench) -> None:
    sent = asyncio.run(_track_async(bench))
    assert ids(bench.service.next_batch()) == sent
    assert len(bench.service.next_batch()["events"]) == 1


def test_key_is_sent_as_bearer(bench: Bench) -> None:
    with StudyClient(bench.settings(write_key="secret")) as client:
        track(client)
    request = bench.service.requests.get(timeout=PATIENCE_SECONDS)
    assert request.headers["Authorization"] == "Bearer secret"
    assert json.loads(request.content).keys() == {"sent_at", "events"}


def test_event_names_are_those_of_the_plan() -> None:
    assert get_args(EventName) == tuple(PLAN)
