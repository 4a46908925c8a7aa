from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.quality.streams import Row, event, gaps_of, instant, mastery_of, pick

SOON = datetime(2025, 3, 10, 23, tzinfo=UTC)


def answer(number: int, is_correct: bool, question: str = "", **properties: Any) -> Row:
    """The answer of a minute, to a question of its own where none is named."""
    return event(
        *("question_submit", f"10:{number:02}"),
        question_id=question or f"q{number}",
        topic_id="heart",
        is_correct=is_correct,
        **properties,
    )


def answers(spelled: str) -> list[Row]:
    """R right, W wrong, H right with a hint; each to a question of its own."""
    return [
        answer(number, letter in "RH", hint_used=letter == "H")
        for number, letter in enumerate(spelled)
    ]


def gap_of(*events: Row, as_of: datetime = SOON) -> tuple[object, ...] | None:
    gap = gaps_of(*events, as_of=as_of).get("heart")
    return pick(gap, "gap_type", "status", "first_detected_at", "resolved_at") if gap else None


def at(minute: int) -> datetime:
    return instant(f"10:{minute:02}")


@pytest.mark.parametrize(
    ("spelled", "gap"),
    [
        ("WW", None),
        ("WWW", ("weak", "open", at(2), None)),
        ("WWR", ("weak", "open", at(2), None)),
        ("WRW", ("weak", "open", at(2), None)),
        ("WRRW", None),
        # The example of the definitions.
        ("WWRRR", ("weak", "resolved", at(2), at(3))),
        ("WWRRW", ("weak", "open", at(2), None)),
        ("HHHH", None),
        ("HHHRR", ("fragile", "open", at(4), None)),
        ("HHRRR", None),
        ("RRRRRWWHRW", ("fragile", "open", at(7), None)),
        ("HHHRRR", ("fragile", "resolved", at(4), at(5))),
    ],
)
def test_gap_is_that_of_the_answers_so_far(spelled: str, gap: tuple[object, ...] | None) -> None:
    assert gap_of(*answers(spelled)) == gap


@pytest.mark.parametrize(
    ("given", "gap"),
    [
        ([answer(0, False, "q", confidence_level=4)], ("misconception", "open", at(0), None)),
        ([answer(0, False, "q", confidence_level=3)], None),
        (
            [
                answer(0, False, "q", selected_answer="B"),
                answer(1, False, "q", selected_answer="B"),
            ],
            ("misconception", "open", at(1), None),
        ),
        (
            [
                answer(0, False, "q", selected_answer="B"),
                answer(1, False, "p", selected_answer="B"),
            ],
            None,
        ),
        ([answer(0, False, "q"), answer(1, False, "q")], None),
        (
            [answer(0, True, "q", selected_answer="B"), answer(1, False, "q", selected_answer="B")],
            None,
        ),
        (
            [answer(0, False, "q", confidence_level=5), answer(1, True, "q")],
            ("misconception", "resolved", at(0), at(1)),
        ),
        (
            [answer(0, False, "q", confidence_level=5), answer(1, False, "q", confidence_level=1)],
            ("misconception", "resolved", at(0), at(1)),
        ),
        (
            [answer(0, False, "q", confidence_level=5), answer(1, True), answer(2, True)],
            ("misconception", "open", at(0), None),
        ),
    ],
)
def test_misconception_is_a_wrong_answer_that_is_meant(
    given: list[Row], gap: tuple[object, ...] | None
) -> None:
    assert gap_of(*given) == gap


@pytest.mark.parametrize(
    ("as_of", "gap_type"),
    [("2025-03-16T23:59:59", None), ("2025-03-17T00:00", "unseen")],
)
def test_topic_is_unseen_after_seven_days(as_of: str, gap_type: str | None) -> None:
    seen = event("topic_explored", "00:00", topic_id="heart")

    gap = gap_of(seen, as_of=instant(as_of))

    assert gap == (gap_type and (gap_type, "open", instant("2025-03-17T00:00"), None))


def test_first_attempt_resolves_an_unseen_topic() -> None:
    seen = event("topic_explored", "2025-03-01T09:00", session=None, topic_id="heart")

    assert gap_of(seen, *answers("R")) == (
        *("unseen", "resolved"),
        *(instant("2025-03-08T09:00"), at(0)),
    )
    assert gap_of(seen, *answers("WWW")) == ("weak", "open", instant("2025-03-08T09:00"), None)


def test_topic_decays_from_the_thirtieth_day() -> None:
    last = event("question_submit", "00:00", question_id="q", topic_id="heart", is_correct=True)
    due = instant("00:00") + timedelta(days=30)

    assert gap_of(last, as_of=due - timedelta(microseconds=1)) is None
    assert gap_of(last, as_of=due) == ("decayed", "open", due, None)
    # Taken up again, whether or not the run knows of a later date.
    again = event(
        *("question_submit", "2025-04-20T00:00"),
        question_id="q",
        topic_id="heart",
        is_correct=True,
    )
    assert gap_of(last, again) == ("decayed", "resolved", due, instant("2025-04-20T00:00"))


def test_severity_says_how_much_is_missing() -> None:
    last = event("question_submit", "00:00", question_id="q", topic_id="heart", is_correct=True)
    gaps = [
        gaps_of(*events, as_of=as_of)["heart"]
        for events, as_of in (
            (answers("WWW"), SOON),
            (answers("WWRR"), SOON),
            (answers("HHHRR"), SOON),
            ([answer(0, False, confidence_level=5)], SOON),
            ([answer(0, False, confidence_level=5), *answers("WRRRRRRR")[1:]], SOON),
            ([last], instant("00:00") + timedelta(days=60)),
            ([event("topic_explored", "00:00", topic_id="heart")], SOON + timedelta(days=9)),
        )
    ]

    missing = [1 - gap["mastery_score"] for gap in gaps]
    assert [gap["severity"] for gap in gaps] == pytest.approx(
        [
            missing[0],
            0,
            max(missing[2], 0.6),
            max(missing[3], 1 / 2),
            max(missing[4], 1 / 9),
            *missing[5:],
        ]
    )


def test_evidence_is_that_of_the_last_stage_that_is_a_gap() -> None:
    gaps = gaps_of(*answers("WWRRR"), as_of=SOON)

    assert gaps["heart"]["evidence"] == {
        "questions_attempted": 3,
        "questions_correct": 1,
        "questions_seen": 3,
        "recent_attempts": 3,
        "recent_correct_unaided": 1,
        "misconceived_questions": 0,
        "days_since_last_attempt": None,
    }
    learnt = mastery_of(*answers("WWRRR"), as_of=SOON)["heart"]
    assert gaps["heart"]["mastery_score"] == learnt["mastery_score"]


def test_days_are_whole_and_counted_to_midnight() -> None:
    decayed = gaps_of(*answers("RR"), as_of=instant("2025-04-12T23:00"))["heart"]

    assert decayed["evidence"]["days_since_last_attempt"] == 32
    assert decayed["severity"] == pytest.approx(1 - decayed["mastery_score"])
