"""What is generated from the plan is current, true and usable."""

import json
from pathlib import Path
from typing import Any

import jinja2
import jsonschema
import pytest

from ingestion.events.codes import MEANINGS, Code
from ingestion.events.generate import find_stale, main, render_files
from ingestion.events.plan import PLAN
from ingestion.events.schemas import build_schema
from ingestion.events.validation import AcceptedEvent
from tests.ingestion.events import golden
from tests.ingestion.events.factory import judge, make_event, with_property

ROOT = Path(__file__).parents[3]


def is_valid(event: dict[str, Any]) -> bool:
    schema = build_schema(PLAN[event["event_type"]])
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    return bool(jsonschema.Draft202012Validator(schema, format_checker=checker).is_valid(event))


def test_generated_files_are_current() -> None:
    assert find_stale(ROOT) == [], "run `python -m ingestion.events.generate` and commit"


def test_check_names_what_is_stale_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    page, orphan = tmp_path / "docs/events.md", tmp_path / "docs/schemas/session_nap.json"
    page.write_text("old")
    orphan.write_text("{}")
    capsys.readouterr()

    assert main(["--check"], tmp_path) == 1

    said = capsys.readouterr().out
    assert "stale: docs/events.md\nstale: docs/schemas/session_nap.json\n" in said
    assert page.read_text() == "old"
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    assert not orphan.exists()


@pytest.mark.parametrize("name", PLAN)
def test_schema_is_a_schema_and_takes_the_example(name: str) -> None:
    schema = build_schema(PLAN[name])

    jsonschema.Draft202012Validator.check_schema(schema)
    assert is_valid(make_event(name))
    assert schema["required"][:2] == ["event_type", "user_id"]


@pytest.mark.parametrize("name", PLAN)
def test_schema_and_validation_agree_on_a_value_of_any_type(name: str) -> None:
    values: list[object] = [
        *(None, True, 0, 1, 1.0, 0.5, -1, 6, 2**31),
        *("", "web", "hard", "x" * 3_000),
        *([], [1], ["a"], {}, {"a": 1}, {"a": {}}),
    ]
    for prop in [*PLAN[name].properties.model_fields, "stranger"]:
        for value in values:
            if prop == "timezone" and isinstance(value, str):
                continue  # the schema cannot know the names
            event = with_property(name, prop, value)
            assert is_valid(event) == isinstance(judge(event), AcceptedEvent), (prop, value)


def test_page_shows_every_type_property_code_and_a_valid_example() -> None:
    page = (ROOT / "docs/events.md").read_text(encoding="utf-8")
    examples = [json.loads(part.split("```")[0]) for part in page.split("```json\n")[1:]]

    assert [example["event_type"] for example in examples] == list(PLAN)
    for example in examples:
        assert isinstance(judge(example), AcceptedEvent)
        assert example["properties"].keys() == (
            PLAN[example["event_type"]].properties.model_fields.keys()
        )
    for code in Code:
        assert f"| `{code.value}` | {MEANINGS[code]} |" in page


def test_macro_returns_the_values_of_the_plan() -> None:
    returned: list[dict[str, list[str]]] = []
    source = render_files()["dbt_project/macros/tracking_plan.sql"]
    environment = jinja2.Environment(autoescape=False)
    environment.globals["return"] = returned.append
    environment.from_string(source + "{{ tracking_plan_values() }}").render()

    (values,) = returned
    assert values.pop("event_type") == list(golden.PLAN)
    assert values.pop("gamification_event_type") == [
        "xp_earned",
        "level_up",
        "achievement_unlocked",
        "streak_continued",
        "streak_broken",
    ]
    assert values.pop("difficulty") == ["easy", "medium", "hard"]
    assert values == {name: list(accepted) for name, accepted in golden.VALUES.items()}
