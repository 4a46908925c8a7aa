"""The suite's own tools: what it draws, what it counts, how it makes a failing case small."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.dbt_project.streams import happen, named
from tests.exactness.batches import Batch, describe, draw_batch, replay, shrink
from tests.exactness.cases import Case, Namespaces
from tests.exactness.census import count_kinds
from tests.exactness.defects import DEFECTS
from tests.exactness.schedule import Schedule
from tests.exactness.trial import Outcome
from tests.exactness.warehouse import copy_project

START = happen("session_start", "2025-06-02 10:00", "ann", "s", timezone="Asia/Tokyo")
NOTE = happen("material_note", "2025-06-02 10:20", "ann", "s", material_id="m")
SEARCH = happen("search_performed", "2025-06-02 10:40", "ann", "s")
FOREIGN = happen("session_start", "2025-06-02 09:00", "ben", "s")


def differs_with_both_ends(cases: Sequence[Case], _: Schedule) -> Outcome:
    """A trial that finds fault with the cases that hold the first and the last note of all."""
    ends = {"first", "last"}
    return Outcome(
        {
            number: ["differs"]
            for number, case in enumerate(cases)
            if ends <= {event.name for event in case.events}
        }
    )


def long_case() -> Case:
    names = ["first", *(str(number) for number in range(30)), "last"]
    notes = [
        happen("material_note", f"2025-06-02 10:{minute:02}", "ann", "s", name=name)
        for minute, name in enumerate(names)
    ]
    return Case(tuple(notes), tuple((0,) for _ in notes))


def test_batch_is_the_same_for_the_same_seed() -> None:
    first, second = (draw_batch.__wrapped__(5, size=14, waves=10) for _ in range(2))
    assert first == second
    assert first != draw_batch(6, size=14, waves=10)


def test_cases_of_a_batch_share_no_key() -> None:
    batch = draw_batch(5, size=14, waves=10)
    of_each = [
        {str(named(event.learner)) for event in events}
        | {str(named(event.session)) for event in events if event.session}
        | {v for event in events for kind, v in event.ids.items() if kind != "chunk_id"}
        for events in Namespaces(batch.cases).events
    ]
    assert sum(map(len, of_each)) == len(set[str]().union(*of_each))


def test_difference_is_laid_to_its_case() -> None:
    namespaces = Namespaces([Case((START,), ((0,),)), Case((NOTE,), ((0,),))])
    note = namespaces.events[1][0]
    assert namespaces.find((named(note.learner), "2025-06-02")) == 1
    assert namespaces.find((note.ids["material_id"],)) == 1
    assert namespaces.find(("nobody's",)) is None


def test_failing_case_is_made_as_small_as_it_gets() -> None:
    smallest = shrink(differs_with_both_ends, long_case(), ())
    assert [event.name for event in smallest.events] == ["first", "last"]
    assert replay(differs_with_both_ends, smallest, ()).differences


def test_failure_is_told_so_that_it_can_be_replayed() -> None:
    batch = Batch(7, [Case((START,), ((0,),)), long_case()], ())
    outcome = differs_with_both_ends(batch.cases, ())
    told = describe(batch, outcome, differs_with_both_ends)
    assert "seed 7" in told
    assert "1 of 2 cases" in told
    assert "replay(trial, Case(events=(StudyEvent(" in told


@pytest.mark.parametrize(
    ("kind", "events", "waves"),
    [
        ("late event bridges a session", (START, NOTE, SEARCH), (0, 1, 0)),
        ("late event changes a session's owner", (FOREIGN, START, NOTE), (1, 0, 0)),
        ("timezone arrives after the session's events", (START, NOTE), (1, 0)),
        ("arrives in one load", (START, NOTE), (3, 3)),
        ("arrives out of order", (START, NOTE), (1, 0)),
        ("another learner's events in a session", (FOREIGN, START), (0, 0)),
    ],
)
def test_census_knows_a_kind_by_when_events_arrive(
    kind: str, events: tuple[object, ...], waves: tuple[int, ...]
) -> None:
    stream = [event for event in (FOREIGN, START, NOTE, SEARCH) if event in events]
    disturbed = Case(tuple(stream), tuple((wave,) for wave in waves))
    assert count_kinds([disturbed])[kind] == 1
    if kind not in ("arrives in one load", "another learner's events in a session"):
        assert count_kinds([Case(tuple(stream), tuple((0,) for _ in waves))])[kind] == 0


def test_every_defect_finds_the_text_it_replaces(tmp_path: Path) -> None:
    # Else the proof of the proof would say so only in the run that takes half an hour.
    for number, defect in enumerate(DEFECTS):
        defect.plant(copy_project(tmp_path / str(number)))
