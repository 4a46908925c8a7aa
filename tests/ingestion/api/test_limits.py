"""Limits as a sender meets them: 429 with a wait that is true."""

from collections.abc import Callable

import httpx
import pytest

from ingestion.api import IngestionSettings
from ingestion.store.write_keys import KeyLimits, create_key
from tests.ingestion.api.conftest import Serve

Make = Callable[..., dict[str, object]]
BATCH = "/api/analytics/events/batch"


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock of the limits alone: it moves when the test moves it."""
    now = [1000.0]
    monkeypatch.setattr("ingestion.api.stack.limit_clock", lambda: now[0])
    return now


def post(client: httpx.Client, key: str, events: list[dict[str, object]]) -> httpx.Response:
    return client.post(BATCH, json={"events": events}, headers={"Authorization": f"Bearer {key}"})


def test_batch_counts_by_its_events_and_the_wait_is_true(
    serve: Serve, database_url: str, make_event: Make, stopped_clock: list[float]
) -> None:
    settings = IngestionSettings(
        database_url=database_url, write_keys=("web:one", "app:two"), events_per_second=5
    )
    client = serve(settings)
    events = [make_event() for _ in range(30)]
    assert post(client, "one", events).json()["accepted"] == 30
    assert post(client, "one", events[:20]).status_code == 200
    refused = post(client, "one", events)
    assert (refused.status_code, refused.json()["error"]) == (429, "too_many_requests")
    assert refused.headers["retry-after"] == "6"
    assert "in 6 s" in refused.json()["message"]
    assert post(client, "two", events).status_code == 200
    stopped_clock[0] += 5
    assert post(client, "one", events).headers["retry-after"] == "1"
    stopped_clock[0] += 1
    assert post(client, "one", events).json()["duplicate"] == 30
    counted = client.get("/metrics").text
    assert 'study_throttled_total{limit="events"} 2.0' in counted


def test_requests_are_limited_by_their_number(
    serve: Serve, database_url: str, stopped_clock: list[float]
) -> None:
    client = serve(IngestionSettings(database_url=database_url, requests_per_second=1))
    codes = [client.post(BATCH, json={"events": []}).status_code for _ in range(12)]
    assert codes == [200] * 10 + [429] * 2
    stopped_clock[0] += 2
    assert [client.post(BATCH, content=b"x").status_code for _ in range(3)] == [400, 400, 429]


def test_key_has_limits_of_its_own(
    serve: Serve, database_url: str, make_event: Make, stopped_clock: list[float]
) -> None:
    limits = KeyLimits(events_per_second=2, burst_seconds=2)
    key = create_key(database_url, "slow", limits=limits)
    client = serve(IngestionSettings(database_url=database_url, events_per_second=1000))
    assert post(client, key, [make_event() for _ in range(4)]).status_code == 200
    assert post(client, key, [make_event()]).headers["retry-after"] == "1"
    stopped_clock[0] += 1
    assert post(client, key, [make_event()]).status_code == 200


def test_worker_holds_its_share(
    serve: Serve, database_url: str, stopped_clock: list[float]
) -> None:
    settings = IngestionSettings(database_url=database_url, requests_per_second=1, workers=2)
    client = serve(settings)
    codes = [client.post(BATCH, json={"events": []}).status_code for _ in range(7)]
    assert codes == [200] * 5 + [429] * 2
    assert stopped_clock


def test_guessing_keys_is_slowed_and_then_not_even_compared(
    serve: Serve, database_url: str, stopped_clock: list[float]
) -> None:
    settings = IngestionSettings(
        database_url=database_url, write_keys=("right",), failed_logins_per_minute=10
    )
    client = serve(settings)
    codes = [post(client, f"guess {number}", []).status_code for number in range(7)]
    assert codes == [401] * 5 + [429] * 2
    refused = post(client, "right", [])
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "6")
    stopped_clock[0] += 6
    assert post(client, "right", []).status_code == 200


def test_request_without_any_key_is_no_guess(serve: Serve, database_url: str) -> None:
    settings = IngestionSettings(
        database_url=database_url, write_keys=("right",), failed_logins_per_minute=1
    )
    client = serve(settings)
    assert {client.post(BATCH, json={"events": []}).status_code for _ in range(5)} == {401}
