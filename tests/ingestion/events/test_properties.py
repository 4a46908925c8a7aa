"""Every property of every event type, at and past its bounds, and of the wrong type."""

from collections.abc import Collection
from typing import Any

import pytest

from ingestion.events.plan import PLAN
from ingestion.events.validation import Rejection
from tests.ingestion.events import golden
from tests.ingestion.events.factory import accept, judge, make_event, refuse, with_property

Place = tuple[str, str]


def places(kind: Collection[str]) -> list[Place]:
    return [
        (name, prop)
        for name, (_, required, optional) in golden.PLAN.items()
        for prop in f"{required} {optional}".split()
        if prop in kind
    ]


ALL = [
    *places(golden.WHOLE),
    *places(golden.FRACTIONAL),
    *places(golden.LENGTHS),
    *places(golden.BOOLEANS),
    *places(golden.VALUES),
    *places(golden.OTHERS),
]


@pytest.mark.parametrize("name", golden.PLAN)
def test_example_is_accepted_with_all_its_properties(name: str) -> None:
    event = make_event(name)

    accepted = accept(event)

    assert accepted.properties == event["properties"]
    assert accepted.properties.keys() == PLAN[name].properties.model_fields.keys()


@pytest.mark.parametrize("name", golden.PLAN)
def test_unknown_property_is_rejected_by_name(name: str) -> None:
    event = with_property(name, "favourite_colour", "blue")

    assert refuse(event) == ("unknown_property", "properties.favourite_colour")


@pytest.mark.parametrize("name", golden.PLAN)
def test_property_of_another_event_type_is_rejected_by_name(name: str) -> None:
    strangers = {prop for _, prop in ALL} - PLAN[name].properties.model_fields.keys()
    for stranger in sorted(strangers):
        event = with_property(name, stranger, None)
        assert refuse(event) == ("unknown_property", f"properties.{stranger}")


@pytest.mark.parametrize("name", golden.PLAN)
def test_event_without_a_required_id_is_rejected(name: str) -> None:
    for required in golden.PLAN[name][0].split():
        assert refuse(make_event(name, **{required: None})) == ("missing_field", required)


@pytest.mark.parametrize(("name", "prop"), ALL)
def test_null_property_counts_as_absent(name: str, prop: str) -> None:
    event = with_property(name, prop, None)

    if prop in golden.PLAN[name][1].split():
        assert refuse(event) == ("missing_field", f"properties.{prop}")
    else:
        assert prop not in accept(event).properties


@pytest.mark.parametrize(("name", "prop"), places(golden.WHOLE))
def test_whole_number_is_held_to_its_bounds(name: str, prop: str) -> None:
    low, high = golden.WHOLE[prop]
    for value in (low, high, float(low)):
        assert accept(with_property(name, prop, value)).properties[prop] == value
    for value in (low - 1, high + 1, 2**62, 1e30, 2**64):
        assert refuse(with_property(name, prop, value)) == ("out_of_range", f"properties.{prop}")
    assert refuse(with_property(name, prop, low + 0.5)) == ("wrong_type", f"properties.{prop}")


@pytest.mark.parametrize(("name", "prop"), places(golden.FRACTIONAL))
def test_number_is_held_to_its_bounds(name: str, prop: str) -> None:
    low, high = golden.FRACTIONAL[prop]
    for value in (low, high, (low + high) / 3):
        assert accept(with_property(name, prop, value)).properties[prop] == value
    for value in (low - 0.001, high + 0.001, -1, 1e30):
        assert refuse(with_property(name, prop, value)) == ("out_of_range", f"properties.{prop}")


@pytest.mark.parametrize(("name", "prop"), [*places(golden.WHOLE), *places(golden.FRACTIONAL)])
@pytest.mark.parametrize("value", ["1", True, False, [1], {"a": 1}])
def test_number_of_another_type_is_rejected(name: str, prop: str, value: object) -> None:
    assert refuse(with_property(name, prop, value)) == ("wrong_type", f"properties.{prop}")


@pytest.mark.parametrize(("name", "prop"), [*places(golden.WHOLE), *places(golden.FRACTIONAL)])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_number_that_is_not_finite_is_rejected(name: str, prop: str, value: float) -> None:
    assert refuse(with_property(name, prop, value)) == ("not_finite", f"properties.{prop}")


@pytest.mark.parametrize(("name", "prop"), places(golden.LENGTHS))
def test_text_is_held_to_its_length(name: str, prop: str) -> None:
    low, high = golden.LENGTHS[prop]
    for length in (low, high):
        value = "é" * length
        assert accept(with_property(name, prop, value)).properties[prop] == value
    for length in {low - 1, high + 1} - {-1}:
        event = with_property(name, prop, "é" * length)
        assert refuse(event) == ("out_of_range", f"properties.{prop}")


@pytest.mark.parametrize(("name", "prop"), [*places(golden.LENGTHS), *places(golden.VALUES)])
@pytest.mark.parametrize("value", [1, 1.5, True, ["a"], {"a": "b"}])
def test_text_of_another_type_is_rejected(name: str, prop: str, value: object) -> None:
    assert refuse(with_property(name, prop, value)) == ("wrong_type", f"properties.{prop}")


@pytest.mark.parametrize(("name", "prop"), places(golden.BOOLEANS))
def test_boolean_takes_true_and_false_only(name: str, prop: str) -> None:
    for value in (True, False):
        assert accept(with_property(name, prop, value)).properties[prop] is value
    wrong_values: list[object] = [0, 1, 1.0, "true", "yes", [], {}]
    for wrong in wrong_values:
        assert refuse(with_property(name, prop, wrong)) == ("wrong_type", f"properties.{prop}")


@pytest.mark.parametrize(("name", "prop"), places(golden.VALUES))
def test_enumerated_property_takes_its_values_only(name: str, prop: str) -> None:
    for value in golden.VALUES[prop]:
        assert accept(with_property(name, prop, value)).properties[prop] == value
    for wrong in ("", "other", golden.VALUES[prop][0].upper()):
        assert refuse(with_property(name, prop, wrong)) == ("invalid_value", f"properties.{prop}")


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])
def test_timezone_takes_names_of_the_iana_database(zone: str) -> None:
    assert accept(with_property("session_start", "timezone", zone)).properties["timezone"] == zone


@pytest.mark.parametrize(
    "zone",
    ["", "Mars/Olympus", "europe/berlin", "CEST", "+01:00", "Factory", "localtime", "posixrules",
     "../etc/passwd", "Europe/Berlin "],
)  # fmt: skip
def test_timezone_refuses_any_other_name(zone: str) -> None:
    event = with_property("session_start", "timezone", zone)

    assert refuse(event) == ("invalid_value", "properties.timezone")


CASES_OF_UNIONS: list[tuple[str, str, Any, str | None, str]] = [
    ("question_view", "difficulty", 0, None, ""),
    ("question_view", "difficulty", 0.25, None, ""),
    ("question_view", "difficulty", 1, None, ""),
    ("question_view", "difficulty", "hard", None, ""),
    ("question_view", "difficulty", 1.01, "out_of_range", ""),
    ("question_view", "difficulty", "harder", "invalid_value", ""),
    ("question_view", "difficulty", True, "wrong_type", ""),
    ("question_view", "difficulty", [], "wrong_type", ""),
    ("topic_explored", "topic_level", 3, None, ""),
    ("topic_explored", "topic_level", "advanced", None, ""),
    ("topic_explored", "topic_level", -1, "out_of_range", ""),
    ("topic_explored", "topic_level", 1.5, "wrong_type", ""),
    ("topic_explored", "topic_level", "x" * 201, "out_of_range", ""),
    ("ai_question_asked", "detected_topics", [], None, ""),
    ("ai_question_asked", "detected_topics", ["t"] * 50, None, ""),
    ("ai_question_asked", "detected_topics", ["t"] * 51, "out_of_range", ""),
    ("ai_question_asked", "detected_topics", ["t", ""], "out_of_range", ".1"),
    ("ai_question_asked", "detected_topics", ["t", 5], "wrong_type", ".1"),
    ("ai_question_asked", "detected_topics", [None], "wrong_type", ".0"),
    ("ai_question_asked", "detected_topics", "cardiology", "wrong_type", ""),
    ("search_performed", "filters_applied", {}, None, ""),
    ("search_performed", "filters_applied", [], None, ""),
    ("search_performed", "filters_applied", ["pdf", "recent"], None, ""),
    ("search_performed", "filters_applied", {"a": 1, "b": 1.5, "c": "x", "d": True}, None, ""),
    ("search_performed", "filters_applied", {"a": [1, "x", False]}, None, ""),
    ("search_performed", "filters_applied", {"a": {"b": 1}}, "wrong_type", ".a"),
    ("search_performed", "filters_applied", {"a": [1, [2]]}, "wrong_type", ".a.1"),
    ("search_performed", "filters_applied", {"a": "x" * 201}, "out_of_range", ".a"),
    ("search_performed", "filters_applied", {"a": [1] * 51}, "out_of_range", ".a"),
    ("search_performed", "filters_applied", {"": 1}, "out_of_range", "."),
    ("search_performed", "filters_applied", {str(n): n for n in range(51)}, "out_of_range", ""),
    ("search_performed", "filters_applied", ["a"] * 51, "out_of_range", ""),
    ("search_performed", "filters_applied", [1], "wrong_type", ".0"),
    ("search_performed", "filters_applied", "pdf", "wrong_type", ""),
]


@pytest.mark.parametrize(("name", "prop", "value", "code", "where"), CASES_OF_UNIONS)
def test_property_of_several_types_takes_each_within_its_bounds(
    name: str, prop: str, value: object, code: str | None, where: str
) -> None:
    event = with_property(name, prop, value)

    if code is None:
        assert accept(event).properties[prop] == value
    else:
        assert refuse(event) == (code, f"properties.{prop}{where}")


def test_null_filter_is_dropped() -> None:
    event = with_property("search_performed", "filters_applied", {"a": None, "b": 2.0})

    assert accept(event).properties["filters_applied"] == {"b": 2}


@pytest.mark.parametrize(("name", "prop"), ALL)
def test_rejection_never_quotes_the_value(name: str, prop: str) -> None:
    secret = "jane.doe@example.org"
    for value in (secret, secret * 200, [secret, {"a": secret}], {"a": [[secret]]}, f"{secret}\0"):
        verdict = judge(with_property(name, prop, value))
        if isinstance(verdict, Rejection):
            assert "jane" not in verdict.code + verdict.path + verdict.message
