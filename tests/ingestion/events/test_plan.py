import pytest

from ingestion.events.plan import PLAN
from tests.ingestion.events import golden


def names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def test_plan_has_exactly_the_ordered_event_types() -> None:
    assert list(PLAN) == list(golden.PLAN)


@pytest.mark.parametrize("name", golden.PLAN)
def test_event_type_has_exactly_the_ordered_properties_and_ids(name: str) -> None:
    ids, required, optional = map(names, golden.PLAN[name])
    fields = PLAN[name].properties.model_fields

    assert PLAN[name].required_ids == ids
    assert {field for field, rule in fields.items() if rule.is_required()} == required
    assert fields.keys() == required | optional


@pytest.mark.parametrize("name", golden.PLAN)
def test_event_type_tells_everything_a_sender_needs(name: str) -> None:
    event_type = PLAN[name]

    assert event_type.name == name
    assert event_type.description.endswith(".")
    assert event_type.when.endswith(".")
    assert event_type.where.endswith(".")
    for field, rule in event_type.properties.model_fields.items():
        assert rule.description, field
        assert rule.examples, field


def test_families_are_six_and_their_types_stand_together() -> None:
    families = [event_type.family for event_type in PLAN.values()]

    assert list(dict.fromkeys(families)) == [
        "sessions",
        "materials",
        "questions",
        "coach",
        "gamification",
        "discovery",
    ]
    assert families == sorted(families, key=list(dict.fromkeys(families)).index)


def test_every_property_is_of_exactly_one_tested_kind() -> None:
    kinds = [
        *golden.WHOLE,
        *golden.FRACTIONAL,
        *golden.LENGTHS,
        *golden.BOOLEANS,
        *golden.VALUES,
        *golden.OTHERS,
    ]
    planned = {
        field for event_type in PLAN.values() for field in event_type.properties.model_fields
    }

    assert len(kinds) == len(set(kinds))
    assert planned == set(kinds)


def test_plan_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        PLAN["session_start"] = PLAN["session_end"]  # type: ignore[index]
