"""The service held against its own OpenAPI document by schemathesis, over real HTTP.

Checked: no 5xx, only documented statuses, content types, headers and bodies, 405 with `Allow` for
other methods, 401 without a key. Not that every invalid event is refused whole: a bad event gets a
verdict within a 200, that is the point of the service.
"""

import re
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from ingestion.activity.table import ACTIVITIES as TABLE
from ingestion.api import IngestionSettings
from ingestion.events.plan import PLAN
from tests.ingestion.api.conftest import Serve

BY_DESIGN = "positive_data_acceptance,negative_data_rejection"
KEY = "key-of-the-tests"
LIVE = "^/api/users/"  # answers 503 until the marts are built, and says so
ACTIVITIES = "^/api/(?!analytics)"  # one handler for all of them: a few cases each will do


def run_schemathesis(client: httpx.Client, folder: Path, *options: str) -> int:
    """Run it; fail with its report where it found anything, else return the number of cases."""
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run"),
        str(client.base_url.join("/openapi.json")),
        *("--checks", "all", "--exclude-checks", BY_DESIGN, "--no-color"),
        *("--header", f"Authorization: Bearer {KEY}", "--request-timeout", "20"),
        *options,
    ]
    found = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)
    assert found.returncode == 0, found.stdout[-8000:] + found.stderr[-2000:]
    cases = re.search(r"([\d,]+) generated", found.stdout)
    assert cases, found.stdout[-2000:]
    return int(cases[1].replace(",", ""))


@pytest.fixture
def service(serve: Serve, database_url: str) -> httpx.Client:
    settings = IngestionSettings(
        database_url=database_url, server_keys=(KEY,), failed_logins_per_minute=1e6
    )
    return serve(settings)


def test_service_keeps_its_word(service: httpx.Client, tmp_path: Path) -> None:
    phases = ("--phases", "examples,fuzzing", "--exclude-path-regex", ACTIVITIES)
    cases = run_schemathesis(service, tmp_path, *phases, "--max-examples", "60", "--seed", "1")
    assert cases > 200


def test_activities_keep_their_word(service: httpx.Client, tmp_path: Path) -> None:
    phases = ("--phases", "examples,fuzzing", "--exclude-path-regex", LIVE)
    few = ("--include-path-regex", ACTIVITIES, "--max-examples", "4", "--seed", "1")
    assert run_schemathesis(service, tmp_path, *phases, *few) > 80


@pytest.mark.fuzz
def test_service_keeps_its_word_for_thousands(service: httpx.Client, tmp_path: Path) -> None:
    """Every boundary the document names, some 14,000 cases, and then at random."""
    itself = psutil.Process()
    no_live = ("--exclude-path-regex", LIVE)
    run_schemathesis(service, tmp_path, "--phases", "fuzzing", "--max-examples", "100", *no_live)
    before = itself.memory_info().rss
    phases = ("--phases", "examples,coverage,fuzzing", *no_live)
    cases = run_schemathesis(service, tmp_path, *phases, "--max-examples", "500")
    assert cases > 10_000
    assert itself.memory_info().rss < before + 64 * 2**20


def test_document_shows_every_event_type_every_refusal_and_both_ways_of_a_key(
    client: httpx.Client,
) -> None:
    document = client.get("/openapi.json").json()
    assert {scheme["scheme"] for scheme in document["components"]["securitySchemes"].values()} == {
        "bearer",
        "basic",
    }
    native = ["/api/analytics/events", "/api/analytics/events/batch"]
    segment = [f"/v1/{call}" for call in ("batch", "track", "page", "screen", "identify")]
    for path in native + segment:
        operation = document["paths"][path]["post"]
        body = operation["requestBody"]["content"]["application/json"]
        assert body["examples"].keys() == PLAN.keys() or path in segment
        assert operation["operationId"]
        assert operation["tags"] == ["events" if path in native else "segment"]
        assert operation["responses"].keys() == {
            *("200", "400", "401", "403", "408", "413", "415", "422", "429", "500", "503")
        }
        for status, response in operation["responses"].items():
            assert "X-Request-Id" in response["headers"]
            told = response["content"]["application/json"]
            assert told.get("example") or told.get("examples"), (path, status)
            assert ("Retry-After" in response["headers"]) == (status in ("429", "500", "503"))


def test_document_shows_every_route_of_the_table_with_its_refusals(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    for activity in TABLE:
        operation = document["paths"][activity.path]["post"]
        content = operation["requestBody"]["content"]["application/json"]
        assert content["example"]
        model = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
        assert model["additionalProperties"] is False
        assert operation["tags"] == ["activity"]
        assert {"200", "401", "403", "409", "413", "422", "429", "503"} <= set(
            operation["responses"]
        )
        names = {parameter["name"] for parameter in operation["parameters"]}
        assert {*activity.parameters, "X-User-Id", "Idempotency-Key"} <= names
        assert all(response["content"] for response in operation["responses"].values())


def test_every_operation_has_a_name_and_says_what_it_needs(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    operations = [each for path in document["paths"].values() for each in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert all(operation["summary"] for operation in operations)
    for operation in operations:
        assert ("403" in operation["responses"]) == (operation["tags"] != ["health"]) or (
            operation["operationId"] == "read_metrics"
        )


def test_examples_of_the_document_land(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    for path in ("/api/analytics/events", "/api/analytics/events/batch"):
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        for name, example in body["examples"].items():
            answer = client.post(path, json=example["value"]).json()
            # Their month may no longer be open: that alone is not the example's fault.
            # All bear one id, so that the second is in conflict with the first.
            codes = {result.get("code") for result in answer["results"]}
            assert codes <= {None, "occurred_at_out_of_range", "conflict"}, (name, answer)
