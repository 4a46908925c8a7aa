"""The middleware before a FastAPI application: what it tracks, and that it harms nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from ingestion.clients import (
    ACTIONS,
    VIEWS,
    ClientSettings,
    StudyClient,
    TrackingMiddleware,
    describe_event,
    from_header,
    from_state,
)
from ingestion.events.plan import PLAN
from tests.ingestion.clients.serving import Front, served
from tests.ingestion.clients.stand_ins import LEARNER, Bench

SESSION = "0d1f4a3e-94a6-4f2f-8a34-4a1a59f1f0aa"
ASKING = {"X-Learner": LEARNER, "X-Session": SESSION}
Events = Callable[[], list[dict[str, Any]]]


def make_app(client: StudyClient, **options: Any) -> FastAPI:
    app = FastAPI()
    told: dict[str, Any] = {
        "learner": from_header("X-Learner"),
        "session": from_header("X-Session"),
        "routes": VIEWS + ACTIONS,
    }
    app.add_middleware(TrackingMiddleware, client=client, **told | options)

    @app.get("/api/materials/{material_id}")
    def material(request: Request, material_id: str) -> dict[str, str]:
        describe_event(request.scope, topic_id="cardiology", material_type="pdf", total_pages=42)
        return {"id": material_id}

    @app.get("/api/questions/{question_id}")
    def question(question_id: str) -> Response:
        return Response(status_code=int(question_id))

    @app.get("/api/topics/{topic_id}")
    def topic(request: Request, topic_id: str) -> StreamingResponse:
        request.state.learner = LEARNER
        return StreamingResponse(iter([topic_id, "and more"]))

    @app.get("/api/search")
    def search(request: Request) -> list[str]:
        describe_event(request.scope, result_count=2)
        return ["a", "b"]

    @app.get("/api/other")
    def other(request: Request) -> None:
        describe_event(request.scope, topic_id="ignored")

    @app.post("/api/quizzes/{quiz_id}/start")
    def quiz(quiz_id: str) -> str:
        return quiz_id

    return app


@pytest.fixture
def events(bench: Bench, client: StudyClient) -> Events:
    def read() -> list[dict[str, Any]]:
        assert client.flush()
        found = []
        while not bench.service.requests.empty():
            found += bench.service.next_batch()["events"]
        return found

    return read


def test_views_are_tracked_with_ids_and_what_the_handler_tells(
    client: StudyClient, events: Events
) -> None:
    with served(make_app(client)) as url, httpx.Client(base_url=url, headers=ASKING) as http:
        assert http.get("/api/materials/mat%20one").json() == {"id": "mat one"}
        assert http.get("/api/search", params={"q": "beta blockers", "page": 2}).is_success
        assert http.get("/api/topics/cardiology/", follow_redirects=True).is_success
        assert http.post("/api/quizzes/quiz-1/start").is_success
    opened, searched, explored, started = events()
    assert opened.pop("event_id")
    assert opened == {
        "event_type": "material_open",
        "user_id": LEARNER,
        "session_id": SESSION,
        "occurred_at": "2026-03-01T09:00:00+00:00",
        "material_id": "mat one",
        "topic_id": "cardiology",
        "properties": {"material_type": "pdf", "total_pages": 42},
    }
    assert searched["properties"] == {"query": "beta blockers", "result_count": 2}
    assert (explored["event_type"], explored["topic_id"]) == ("topic_explored", "cardiology")
    assert started["properties"] == {"quiz_id": "quiz-1"}


@pytest.mark.parametrize(("status", "count"), [(200, 1), (304, 1), (404, 0), (500, 0)])
def test_only_answers_of_success_are_tracked(
    client: StudyClient, events: Events, status: int, count: int
) -> None:
    with served(make_app(client)) as url:
        answer = httpx.get(f"{url}/api/questions/{status}", headers=ASKING)
    assert answer.status_code == status
    assert len(events()) == count


def test_requests_of_nobody_and_of_other_routes_are_not_tracked(
    client: StudyClient, events: Events
) -> None:
    with served(make_app(client)) as url:
        assert httpx.get(f"{url}/api/topics/cardiology").is_success
        assert httpx.get(f"{url}/api/other", headers=ASKING).is_success
        assert httpx.post(f"{url}/api/search", headers=ASKING).status_code == 405
    assert events() == []


def test_learner_is_asked_for_after_the_application_has_found_out(
    client: StudyClient, events: Events
) -> None:
    app = make_app(client, learner=from_state("learner"), session=lambda _: None)
    with served(app) as url:
        assert httpx.get(f"{url}/api/topics/cardiology").text == "cardiologyand more"
    (event,) = events()
    assert event["user_id"] == LEARNER
    assert "session_id" not in event


def test_mounted_application_is_matched_by_its_own_paths(
    client: StudyClient, events: Events
) -> None:
    outer = FastAPI()
    outer.mount("/school", make_app(client))
    with served(outer) as url:
        assert httpx.get(f"{url}/school/api/materials/m1", headers=ASKING).is_success
    assert [event["material_id"] for event in events()] == ["m1"]


def test_nothing_that_fails_here_reaches_the_response(bench: Bench) -> None:
    def fail(_: object) -> str:
        raise RuntimeError("the application's mistake")

    client = StudyClient(bench.settings(spool=bench.folder / "spool.db", most_offered=1))
    with served(make_app(client, learner=fail)) as url:
        assert httpx.get(f"{url}/api/materials/m1").is_success
    with served(make_app(client, learner=lambda _: "no uuid")) as url:
        assert httpx.get(f"{url}/api/materials/m1").is_success
    client.close()
    assert client.statistics().unsendable == 1
    with served(make_app(client)) as url:
        assert httpx.get(f"{url}/api/materials/m1", headers=ASKING).is_success


def test_every_route_of_the_tables_makes_an_event_the_service_stores(
    database_url: str, tmp_path: Path
) -> None:
    async def answer(_: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    routes = VIEWS + ACTIONS
    with served(Front(database_url)) as service:
        settings = ClientSettings(url=service, spool=tmp_path / "spool.db")
        with StudyClient(settings) as client:
            app = TrackingMiddleware(
                answer,
                client=client,
                learner=lambda _: LEARNER,
                session=lambda _: SESSION,
                routes=routes,
            )
            with served(app) as url, httpx.Client(base_url=url) as http:
                for route in routes:
                    path = route.path
                    for name in ("material_id", "question_id", "topic_id", "quiz_id"):
                        path = path.replace(f"{{{name}}}", "one")
                    path = path.replace("{session_id}", SESSION)
                    assert http.request(route.method, path, params={"q": "x"}).is_success
            assert client.flush()
            assert client.statistics().accepted == len(routes)
    with psycopg.connect(database_url) as connection:
        stored = {name for (name,) in connection.execute("select event_type from raw.study_events")}
    assert stored == {route.event_type for route in routes}
    assert stored <= PLAN.keys()
