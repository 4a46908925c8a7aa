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
        ("WWRRR", ("weak", "resolved", at(2), at(4))),
        ("WWRRW", ("weak", "open", at(2), None)),
        ("HHHH", None),
        ("HHHRR", ("fragile", "open", at(4), None)),
        ("HHRRR", None),
        ("RRRRRWWHRW", ("fragile", "open", at(7), None)),
        ("WWRR", ("weak", "open", at(2), None)),
        ("HHHRRR", ("fragile", "open", at(4), None)),
        ("HHHRRRR", ("fragile", "resolved", at(4), at(6))),
    ],
)
def test_gap_is_that_of_the_answers_so_far(spelled: str, gap: tuple[object, ...] | None) -> None:
    assert gap_of(*answers(spelled)) == gap


def sure(number: int, question: str) -> Row:
    """A wrong answer that the learner was sure of."""
    return answer(number, False, question, confidence_level=4)


RIGHT = [answer(number, True) for number in range(3)]


@pytest.mark.parametrize(
    ("given", "gap"),
    [
        ([sure(0, "q"), sure(1, "p")], ("misconception", "open", at(1), None)),
        ([sure(0, "q"), sure(1, "q")], ("misconception", "open", at(1), None)),
        ([sure(0, "q")], None),
        ([sure(0, "q"), answer(1, False, "p", confidence_level=3)], None),
        (
            [answer(number, False, "q", selected_answer="B") for number in range(3)],
            ("misconception", "open", at(2), None),
        ),
        ([answer(number, False, f"q{number}", selected_answer="B") for number in range(2)], None),
        (
            [*RIGHT, sure(3, "q"), sure(4, "p"), answer(5, True, "q")],
            ("misconception", "open", at(4), None),
        ),
        (
            [*RIGHT, sure(3, "q"), sure(4, "p"), answer(5, True, "q"), answer(6, True, "p")],
            ("misconception", "resolved", at(4), at(6)),
        ),
    ],
)
def test_misconception_takes_two_answers_that_are_wrong_and_meant(
    given: list[Row], gap: tuple[object, ...] | None
) -> None:
    assert gap_of(*given) == gap


@pytest.mark.parametrize(
    ("said", "gap"),
    [
        ({"confidence_level": 2}, ("fragile", "open", at(4), None)),
        ({"confidence_level": 3}, None),
        ({"time_to_answer_seconds": 121}, ("fragile", "open", at(4), None)),
        ({"time_to_answer_seconds": 120}, None),
    ],
)
def test_right_answers_that_are_unsure_or_slow_are_fragile(
    said: dict[str, Any], gap: tuple[object, ...] | None
) -> None:
    assert gap_of(*(answer(number, True, **said) for number in range(5))) == gap


def test_what_five_study_is_unseen_by_the_sixth() -> None:
    others = [
        event("topic_explored", f"0{number}:00", user=f"u{number}", session=None, topic_id="lung")
        for number in range(5)
    ]
    sixth = event("topic_explored", "08:00", session=None, topic_id="heart")

    due = instant("08:00") + timedelta(days=7)
    gap = gaps_of(*others, sixth, as_of=due + timedelta(days=1))["lung"]
    assert pick(gap, "gap_type", "first_detected_at") == ("unseen", due)
    assert gap["mastery_score"] > 0
    assert gaps_of(*others[1:], sixth, as_of=due + timedelta(days=1)).keys() == {"heart"}


def test_gaps_are_ranked_and_what_comes_before_is_named() -> None:
    gaps = gaps_of(
        *(
            event("topic_explored", f"0{number}:00", session=None, topic_id=topic)
            for number, topic in enumerate(("cardiology-pathology", "cardiology-physiology"))
        ),
        as_of=SOON + timedelta(days=9),
    )
    late, early = gaps["cardiology-pathology"], gaps["cardiology-physiology"]
    assert (late["gap_rank"], late["exam_weight"], late["study_first"]) == (
        *(1, 1.0),
        "cardiology-physiology",
    )
    assert (early["gap_rank"], early["study_first"]) == (2, None)
    assert late["recommendation"].endswith(" Before it: cardiology-physiology.")


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


def test_severity_says_what_is_missing_how_certainly_and_for_which_exam() -> None:
    last = event("question_submit", "00:00", question_id="q", topic_id="heart", is_correct=True)
    shares = (
        (answers("WWW"), SOON, None),
        (answers("HHHRR"), SOON, 1 - 2 / 5),
        ([sure(0, "q"), sure(1, "p")], SOON, 2 / 3),
        ([last], instant("00:00") + timedelta(days=60), None),
        ([event("topic_explored", "00:00", topic_id="heart")], SOON + timedelta(days=9), None),
    )
    for events, as_of, own in shares:
        gap = gaps_of(*events, as_of=as_of)["heart"]
        known = mastery_of(*events, as_of=as_of)["heart"]
        low, high = known["mastery_low"], known["mastery_high"]
        certainty = min(max((0.8 - low) / (high - low), 0.1), 1)
        missing = max(1 - gap["mastery_score"], own or 0)
        assert gap["severity"] == pytest.approx(missing * certainty * 0.5)
    assert gaps_of(*answers("WWRRR"), as_of=SOON)["heart"]["severity"] == 0


def test_evidence_is_that_of_the_last_stage_that_is_a_gap() -> None:
    gaps = gaps_of(*answers("WWRRR"), as_of=SOON)

    assert gaps["heart"]["evidence"] == {
        "questions_attempted": 4,
        "questions_correct": 2,
        "questions_seen": 4,
        "recent_attempts": 4,
        "recent_correct": 2,
        "recent_firm": 2,
        "recent_hinted": 0,
        "recent_unsure": 0,
        "recent_slow": 0,
        "misconceived_answers": 0,
        "misconceived_questions": 0,
        "days_since_last_attempt": None,
    }
    learnt = mastery_of(*answers("WWRRR"), as_of=SOON)["heart"]
    assert gaps["heart"]["mastery_score"] == learnt["mastery_score"]


def test_days_are_whole_and_counted_to_midnight() -> None:
    decayed = gaps_of(*answers("RR"), as_of=instant("2025-04-12T23:00"))["heart"]

    assert decayed["evidence"]["days_since_last_attempt"] == 32
