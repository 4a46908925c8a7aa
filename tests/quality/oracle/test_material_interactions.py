from typing import Any

import pytest

from tests.quality.streams import Row, build, event, instant, material_of, named, pick


def read(at: str, **values: Any) -> Row:
    defaults: dict[str, Any] = {"material_id": "m", "time_spent_seconds": 30}
    return event("material_read", at, **(defaults | values))


def test_interaction_sums_up_the_reading_of_a_material() -> None:
    interaction = material_of(
        event("session_start", "09:00"),
        event("material_open", "09:01", material_id="m"),
        event("material_open", "09:02", material_id="m", topic_id="heart", material_type="pdf"),
        read("09:03", topic_id="lung", chunk_id="c1", scroll_depth_percent=40),
        read("09:04", time_spent_seconds=12.5, chunk_id="c2", scroll_depth_percent=89.9),
        read("09:05", time_spent_seconds=0, chunk_id="c2"),
        event("material_highlight", "09:06", material_id="m"),
        event("material_highlight", "09:07", material_id="m"),
        event("material_note", "09:08", material_id="m"),
        event("session_end", "09:09"),
    )

    assert pick(interaction, "session_id", "user_id", "material_id") == (
        str(named("morning")),
        str(named("ann")),
        "m",
    )
    assert pick(interaction, "topic_id", "material_type", "interaction_type") == (
        "heart",
        "pdf",
        "read",
    )
    assert pick(interaction, "started_at", "ended_at") == (instant("09:01"), instant("09:08"))
    assert pick(interaction, "duration_seconds", "scroll_depth_percent") == (42.5, 89.9)
    assert pick(interaction, "chunks_read", "highlights_count", "notes_count") == (2, 2, 1)
    assert pick(interaction, "is_complete", "is_bookmarked") == (False, False)


def test_reading_time_adds_up_as_the_decimals_that_were_sent() -> None:
    interaction = material_of(
        *(read(f"09:0{minute}", time_spent_seconds=0.1) for minute in range(10))
    )

    assert interaction["duration_seconds"] == 1.0


def test_interaction_without_reading_is_an_annotation() -> None:
    interaction = material_of(event("material_bookmark", "09:00", material_id="m"))

    assert pick(interaction, "interaction_type", "is_bookmarked") == ("annotate", True)
    assert pick(interaction, "duration_seconds", "chunks_read") == (0.0, 0)
    assert pick(interaction, "scroll_depth_percent", "material_type", "topic_id") == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize("event_type", ["material_open", "material_complete"])
def test_interaction_that_opens_or_completes_is_reading(event_type: str) -> None:
    interaction = material_of(event(event_type, "09:00", material_id="m"))

    assert interaction["interaction_type"] == "read"


@pytest.mark.parametrize(("depth", "is_complete"), [(90, True), (89.99, False), (None, False)])
def test_material_is_complete_from_ninety_percent(depth: float | None, is_complete: bool) -> None:
    interaction = material_of(read("09:00", scroll_depth_percent=depth))

    assert interaction["is_complete"] is is_complete


def test_material_is_complete_when_it_says_so() -> None:
    interaction = material_of(
        read("09:00", scroll_depth_percent=10),
        event("material_complete", "09:01", material_id="m"),
    )

    assert interaction["is_complete"] is True


def test_chunk_is_its_id_or_else_its_index() -> None:
    interaction = material_of(
        read("09:00", chunk_id="c1", chunk_index=4),
        read("09:01", chunk_id="c1", chunk_index=5),
        read("09:02", chunk_index=4),
        read("09:03", chunk_index=4),
        read("09:04"),
    )

    assert interaction["chunks_read"] == 2


def test_material_is_one_row_for_each_session() -> None:
    marts = build(
        read("09:00", session="one"),
        read("09:01", session="two"),
        read("09:02", session="two", material_id="n"),
        read("09:03", session=None),
        read("09:04", session="one", user="ben"),
    )

    rows = {pick(row, "session_id", "material_id") for row in marts["material_interactions"]}
    one, two = str(named("one")), str(named("two"))
    assert rows == {(one, "m"), (two, "m"), (two, "n")}
    assert {row["session_id"]: row["materials_viewed"] for row in marts["study_sessions"]} == {
        one: 1,
        two: 2,
    }
