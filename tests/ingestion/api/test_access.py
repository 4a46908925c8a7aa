"""Who may write, and what the service says of itself."""

import asyncio
import base64

import httpx
import psycopg
import pytest

from ingestion.api import IngestionSettings
from ingestion.api.app import create_app
from tests.ingestion.api.conftest import Serve

BATCH = "/api/analytics/events/batch"
EMPTY: dict[str, object] = {"events": []}


@pytest.fixture
def guarded(serve: Serve, database_url: str) -> httpx.Client:
    return serve(IngestionSettings(database_url=database_url, write_keys=("first", "second")))


@pytest.mark.parametrize("key", ["first", "second"])
def test_known_key_is_let_in(guarded: httpx.Client, key: str) -> None:
    basic = base64.b64encode(f"{key}:".encode()).decode()
    for header in (f"Bearer {key}", f"bearer {key}", f"Basic {basic}"):
        response = guarded.post(BATCH, json=EMPTY, headers={"Authorization": header})
        assert response.status_code == 200, header


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer third", "Basic first", "Basic %%%", "Digest first", "first"]
)
def test_unknown_key_is_kept_out(guarded: httpx.Client, header: str) -> None:
    response = guarded.post(BATCH, json=EMPTY, headers={"Authorization": header})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"


def test_without_keys_only_loopback_is_served(database_url: str) -> None:
    async def status_for(address: str) -> int:
        app = create_app(IngestionSettings(database_url=database_url))
        transport = httpx.ASGITransport(app, client=(address, 1))
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://test") as client,
        ):
            return (await client.post(BATCH, content=b"[]")).status_code

    assert asyncio.run(status_for("127.0.0.1")) == 422
    assert asyncio.run(status_for("::1")) == 422
    assert asyncio.run(status_for("10.0.0.7")) == 403


def test_forwarded_header_cannot_feign_another_address(serve: Serve, database_url: str) -> None:
    client = serve(IngestionSettings(database_url=database_url, write_keys=("first",)))
    bad = {"events": [{"event_type": "nope"}]}
    headers = {"X-Forwarded-For": "203.0.113.77", "Authorization": "Bearer first"}
    assert client.post(BATCH, json=bad, headers=headers).json()["rejected"] == 1
    with psycopg.connect(database_url) as database:
        told = database.execute("select context ->> 'ip' from raw.failed_events").fetchone()
    assert told == ("127.0.0.0",)


def test_readiness_follows_the_schema(serve: Serve, database_url: str) -> None:
    client = serve(IngestionSettings(database_url=database_url))
    assert client.get("/readyz").json() == {"status": "ready"}
    with psycopg.connect(database_url, autocommit=True) as database:
        database.execute("delete from ops.alembic_version")
    response = client.get("/readyz")
    assert (response.status_code, response.json()["error"]) == (503, "schema_behind")
    assert client.get("/healthz").status_code == 200
