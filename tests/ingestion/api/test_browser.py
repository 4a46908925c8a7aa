"""Pages: which may send, and what their preflights are told."""

from collections.abc import Callable

import httpx
import pytest

from ingestion.api import IngestionSettings
from tests.ingestion.api.conftest import Serve

Make = Callable[..., dict[str, object]]
BATCH = "/api/analytics/events/batch"
APP = "https://app.example"


@pytest.fixture
def client(serve: Serve, database_url: str) -> httpx.Client:
    settings = IngestionSettings(
        database_url=database_url, write_keys=("key",), cors_origins=(APP,)
    )
    return serve(settings)


def preflight(client: httpx.Client, origin: str) -> httpx.Response:
    return client.options(
        BATCH,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type, content-encoding",
        },
    )


def test_page_of_a_named_origin_may_send_with_its_key_in_the_header(
    client: httpx.Client, make_event: Make
) -> None:
    answer = preflight(client, APP)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == APP
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "authorization" in answer.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-credentials" not in answer.headers
    sent = client.post(
        BATCH,
        json={"events": [make_event()]},
        headers={"Origin": APP, "Authorization": "Bearer key"},
    )
    assert sent.json()["accepted"] == 1
    assert sent.headers["access-control-allow-origin"] == APP
    assert "Retry-After" in sent.headers["access-control-expose-headers"]


def test_page_of_another_origin_may_not(client: httpx.Client) -> None:
    answer = preflight(client, "https://evil.example")
    assert answer.status_code == 400
    assert "access-control-allow-origin" not in answer.headers


def test_refusal_can_be_read_by_the_page(client: httpx.Client) -> None:
    answer = client.post(BATCH, json={"events": []}, headers={"Origin": APP})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == APP


def test_without_origins_no_preflight_is_answered(serve: Serve, database_url: str) -> None:
    client = serve(IngestionSettings(database_url=database_url, write_keys=("key",)))
    answer = preflight(client, APP)
    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


def test_beacon_lands(serve: Serve, database_url: str, make_event: Make) -> None:
    client = serve(IngestionSettings(database_url=database_url, cors_origins=(APP,)))
    sent = client.post(
        BATCH,
        content=httpx.Request("POST", "http://x", json={"events": [make_event()]}).content,
        headers={"Origin": APP, "Content-Type": "text/plain;charset=UTF-8"},
    )
    assert sent.json()["accepted"] == 1


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example"]
)
def test_foreign_page_in_a_local_browser_is_not_this_machine(
    serve: Serve, database_url: str, origin: str
) -> None:
    client = serve(IngestionSettings(database_url=database_url))
    answer = client.post(BATCH, content=b"{}", headers={"Origin": origin})
    assert (answer.status_code, answer.json()["error"]) == (403, "foreign_origin")


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:1"])
def test_local_page_is(serve: Serve, database_url: str, origin: str) -> None:
    client = serve(IngestionSettings(database_url=database_url))
    answer = client.post(BATCH, json={"events": []}, headers={"Origin": origin})
    assert answer.status_code == 200


def test_forwarded_request_is_not_of_this_machine(serve: Serve, database_url: str) -> None:
    client = serve(IngestionSettings(database_url=database_url))
    for trace in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        answer = client.post(BATCH, json={"events": []}, headers={trace: "127.0.0.1"})
        assert (answer.status_code, answer.json()["error"]) == (403, "loopback_only")
        assert client.get("/metrics", headers={trace: "127.0.0.1"}).status_code == 403
