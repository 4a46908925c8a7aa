"""`study import xapi`: statements of an hour land once, each line accounted for."""

import json
from pathlib import Path

import psycopg

from orchestration.settings import Settings
from tests.orchestration.conftest import Study


def test_statements_land_once_and_every_line_is_accounted_for(
    settings: Settings, study: Study, tmp_path: Path
) -> None:
    file = tmp_path / "statements.json"
    adl, lms = "http://adlnet.gov/expapi", "http://lms.example"
    statements = [
        {
            "id": f"9dc99b37-e920-4a68-a066-{number:012}",
            "actor": {"account": {"homePage": lms, "name": f"l{number % 3}"}},
            "verb": {"id": f"{adl}/verbs/{verb}"},
            "object": {"id": f"{lms}/{verb}/{number}"},
            "result": {"success": number % 2 == 0},
            "timestamp": f"2021-11-24T10:{number:02}:00Z",
        }
        for number, verb in enumerate(["answered", "experienced", "danced"] * 3)
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in statements) + "no JSON\n")
    found = study("import", "xapi", str(file))
    assert found.returncode == 0, found.stderr
    assert "9 events: accepted 9  duplicate 0" in found.stdout
    assert "10 rows: 6 became events, 4 have no counterpart" in found.stdout
    again = study("import", "xapi", str(file))
    assert "9 events: accepted 0  duplicate 9" in again.stdout
    assert settings.given_url
    with psycopg.connect(settings.given_url) as connection:
        stored = connection.execute(
            "select event_type, count(*) from raw.study_events group by 1 order by 1"
        ).fetchall()
    assert stored == [("material_open", 3), ("question_submit", 3), ("session_start", 3)]
