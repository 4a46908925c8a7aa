"""`study failed`: what an operator sees of events that did not land, and does about them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from typer.testing import CliRunner, Result

from orchestration.cli import app
from orchestration.settings import Settings
from tests.orchestration.conftest import Study, make_events


def invoke(*arguments: str) -> Result:
    """Run a command in this process: a dozen of their own would take half a minute."""
    return CliRunner().invoke(app, arguments)


@pytest.fixture
def failed(settings: Settings, tmp_path: Path) -> list[dict[str, Any]]:
    """Four events sent: one lands, one has an unknown property, one conflicts, one is too old."""
    first, second, *_ = make_events(2)
    long_ago = (datetime.now(UTC) - timedelta(days=3_000)).isoformat()
    said = [
        first,
        {**second, "properties": {"is_correct": True, "ask jane@example.org": 1}},
        {**first, "chunk_id": "another"},
        {**make_events(1)[0], "event_id": str(uuid4()), "occurred_at": long_ago},
    ]
    file = tmp_path / "events.ndjson"
    file.write_text("\n".join(json.dumps(each) for each in said))
    assert invoke("replay", str(file)).exit_code == 1
    found = invoke("failed", "list", "--json")
    assert (found.exit_code, found.stderr) == (0, "")
    listed: list[dict[str, Any]] = json.loads(found.stdout)
    return listed


def test_failed_events_are_listed_shown_and_replayed(
    failed: list[dict[str, Any]], settings: Settings
) -> None:
    codes = ["conflict", "occurred_at_out_of_range", "unknown_property"]
    assert sorted(each["code"] for each in failed) == codes
    assert "jane" not in json.dumps(failed)

    table = invoke("failed", "list", "--kind", "rejected", "--type", "question_submit")
    assert table.exit_code == 0
    assert table.stdout.endswith("2 failed events\n")
    assert invoke("failed", "list", "--until", "2020-01-01").stdout == "0 failed events\n"

    unknown = next(each for each in failed if each["code"] == "unknown_property")
    shown = invoke("failed", "show", unknown["failed_event_id"])
    assert '"ask [email]": 1' in shown.stdout
    assert "properties.ask [email]" in shown.stdout

    dry = invoke("failed", "replay", "--dry-run")
    assert dry.exit_code == 1
    assert "3 failed events: 0 would land; nothing was changed" in dry.stdout
    assert dry.stderr.startswith("3 of 3 failed events would stay failed: ")
    assert len(dry.stderr.splitlines()) == 1

    assert settings.given_url is not None
    with psycopg.connect(settings.given_url) as owner:
        # As if the plan had been corrected since: the payload is one that it knows.
        owner.execute(
            "update raw.failed_events set payload = payload #- '{properties,ask [email]}'"
            " where code = 'unknown_property'"
        )
    done = invoke("failed", "replay", unknown["failed_event_id"], "--json")
    assert done.exit_code == 0
    (replayed,) = json.loads(done.stdout)
    assert (replayed["became"], replayed["event_id"]) == ("accepted", unknown["event_id"])
    landed = invoke("failed", "list", "--state", "landed", "--json")
    assert [each["landed_as"] for each in json.loads(landed.stdout)] == [unknown["event_id"]]

    rest = invoke("failed", "replay", "--kind", "conflict")
    assert rest.exit_code == 1
    assert "not tried" in rest.stdout


def test_show_of_an_unknown_event_fails_in_one_line(settings: Settings, study: Study) -> None:
    found = study("failed", "show", str(uuid4()))
    assert (found.returncode, found.stdout) == (1, "")
    assert len(found.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "17"),
        ("list", "--since", "yesterday"),
        ("list", "--since", "2026-02-01", "--until", "2026-01-01"),
        ("replay", "--kind", "lost"),
        ("list", "--limit", "0"),
    ],
)
def test_wrong_usage_of_failed_is_one_line_and_code_2(
    clean_environment: Path, arguments: tuple[str, ...]
) -> None:
    found = invoke("failed", *arguments)
    assert (found.exit_code, found.stdout) == (2, "")
    assert len(found.stderr.splitlines()) == 1
