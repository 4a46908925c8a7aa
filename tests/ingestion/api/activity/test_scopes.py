"""What a key lets do: one of a browser writes, and reads neither learners nor answers."""

from collections.abc import Iterator

import httpx
import psycopg
import pytest

from ingestion.api import IngestionSettings
from ingestion.store.scopes import Scope
from ingestion.store.write_keys import KeyLimits, create_key
from tests.ingestion.api.conftest import Serve, served

USER = "019aa3c0-0000-7000-8000-000000000001"
SERVER_ONLY = [
    ("PUT", "/api/questions/q1"),
    ("PUT", "/api/materials/m1"),
    ("PUT", "/api/topics/t1"),
    ("PUT", "/api/content"),
    *(("GET", f"/api/users/{USER}/{what}") for what in ("sessions", "mastery", "gaps", "stats")),
]


@pytest.fixture(scope="module")
def guarded(shared_database_url: str) -> Iterator[httpx.Client]:
    settings = IngestionSettings(
        database_url=shared_database_url, write_keys=("web:browser",), server_keys=("backend",)
    )
    with served(settings) as client:
        yield client


def send(client: httpx.Client, method: str, path: str, key: str | None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    body: dict[str, object] | None = None if method == "GET" else {}
    return client.request(method, path, json=body, headers=headers)


@pytest.mark.parametrize(("method", "path"), SERVER_ONLY)
def test_write_key_may_not(guarded: httpx.Client, method: str, path: str) -> None:
    refused = send(guarded, method, path, "browser")
    assert (refused.status_code, refused.json()["error"]) == (403, "server_key_required")
    assert send(guarded, method, path, None).status_code == 401
    # The views were never made: that it is told so shows that the key is let in.
    assert send(guarded, method, path, "backend").status_code == (503 if method == "GET" else 200)


def test_both_keys_write(guarded: httpx.Client) -> None:
    for key in ("browser", "backend"):
        headers = {"Authorization": f"Bearer {key}", "X-User-Id": USER}
        told = guarded.post("/api/search", json={"q": "heart"}, headers=headers)
        assert told.status_code == 200
        batch = guarded.post("/api/analytics/events/batch", json={"events": []}, headers=headers)
        assert batch.status_code == 200


def test_write_key_learns_no_answer_of_the_catalogue(guarded: httpx.Client) -> None:
    server = {"Authorization": "Bearer backend", "X-User-Id": USER}
    put = guarded.put("/api/questions/q1", json={"correct_answer": "C"}, headers=server)
    assert put.status_code == 200
    for key, tells in (("browser", False), ("backend", True)):
        headers = {"Authorization": f"Bearer {key}", "X-User-Id": USER}
        told = guarded.post("/api/questions/q1/submit", json={"answer": "A"}, headers=headers)
        assert told.json()["properties"]["is_correct"] is False
        assert ("correct_answer" in told.json()["properties"]) is tells


def test_stored_keys_have_a_scope(serve: Serve, database_url: str) -> None:
    web = create_key(database_url, "web", limits=KeyLimits())
    backend = create_key(database_url, "backend", limits=KeyLimits(), scope=Scope.SERVER)
    client = serve(IngestionSettings(database_url=database_url))
    assert send(client, "PUT", "/api/topics/t1", backend).status_code == 200
    assert send(client, "PUT", "/api/topics/t1", web).status_code == 403


def test_activities_are_charged_like_events(serve: Serve, database_url: str) -> None:
    client = serve(
        IngestionSettings(database_url=database_url, write_keys=("one",), events_per_second=1)
    )
    headers = {"Authorization": "Bearer one", "X-User-Id": USER}
    answers = [client.post("/api/search", json={"q": "x"}, headers=headers) for _ in range(30)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert all(answer.headers["retry-after"] for answer in refused)
    with psycopg.connect(database_url) as database:
        row = database.execute(
            "select count(*) from raw.study_events where event_type = 'search_performed'"
        ).fetchone()
    assert row == (len(answers) - len(refused),)
