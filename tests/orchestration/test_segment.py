"""The operator's own names of Segment events: read from the settings, by service and replay."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from ingestion.api.server import build_server
from orchestration.cli import app
from orchestration.serve import ingestion_settings
from orchestration.settings import Settings, read_settings
from tests.ingestion.serving import running
from tests.orchestration.conftest import Study

RULES = '[events."Lecture Watched"]\nevent_type = "material_open"\n'


def send(settings: Settings, message_id: str) -> dict[str, object]:
    message = {
        "event": "Lecture Watched",
        "messageId": message_id,
        "userId": "7b5de3c9-2ac8-4c0c-8b3d-5b9b5f1b0c11",
        "timestamp": datetime.now(UTC).isoformat(),
        "properties": {"materialId": "l1"},
    }
    assert settings.given_url
    server = build_server(
        ingestion_settings(settings, settings.given_url), host="127.0.0.1", port=0
    )
    with running(server) as url:
        answer = httpx.post(f"{url}/v1/track", json=message)
    told: dict[str, object] = answer.json()
    return told


def test_name_that_is_mapped_lands_and_what_came_before_is_replayed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert send(settings, "m1")["rejected"] == 1
    file = tmp_path / "rules.toml"
    file.write_text(RULES)
    monkeypatch.setenv("STUDY_SEGMENT_EVENTS", str(file))
    assert send(read_settings(), "m2")["accepted"] == 1
    replayed = CliRunner().invoke(app, ["failed", "replay", "--code", "unmapped_event"])
    assert replayed.exit_code == 0, replayed.output
    assert settings.given_url
    with psycopg.connect(settings.given_url) as connection:
        stored = connection.execute(
            "select client_event_id, event_type from raw.study_events order by 1"
        ).fetchall()
    assert stored == [("m1", "material_open"), ("m2", "material_open")]


def test_file_that_cannot_be_used_is_one_line(
    settings: Settings, study: Study, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "rules.toml"
    file.write_text(RULES.replace("material_open", "lecture_open"))
    monkeypatch.setenv("STUDY_SEGMENT_EVENTS", str(file))
    for command in (("serve",), ("failed", "replay")):
        found = study(*command)
        assert (found.returncode, found.stdout) == (1, "")
        why = "at events.Lecture Watched: 'lecture_open' is no event type of docs/events.md"
        assert found.stderr == f"{file}, {why}\n"
    assert settings.given_url
