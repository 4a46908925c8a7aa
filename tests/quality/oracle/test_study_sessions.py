from datetime import timedelta

import pytest

from tests.quality.streams import build, event, instant, pick, session_of

TIMES = ("duration_seconds", "active_seconds", "paused_seconds", "idle_seconds")


def test_session_splits_its_duration_into_active_and_idle() -> None:
    session = session_of(
        event("session_start", "09:00"),
        event("material_read", "09:10", material_id="m", time_spent_seconds=1),
        event("material_read", "09:50", material_id="m", time_spent_seconds=1),
        event("session_end", "10:00"),
    )

    assert pick(session, *TIMES) == (3_600.0, 1_200.0, 0.0, 2_400.0)


def test_pause_lasts_until_the_next_event_without_a_resume() -> None:
    session = session_of(
        event("session_pause", "10:00"),
        event("question_submit", "10:05", question_id="q", is_correct=True),
        event("session_end", "10:20"),
    )

    assert pick(session, *TIMES) == (1_200.0, 900.0, 300.0, 0.0)
    assert session["pause_count"] == 1


def test_pause_in_an_idle_span_is_paused_and_not_idle() -> None:
    session = session_of(event("session_pause", "10:00"), event("session_resume", "10:45"))

    assert pick(session, *TIMES) == (2_700.0, 0.0, 2_700.0, 0.0)


def test_pause_ends_with_the_learners_event_in_another_tab() -> None:
    marts = build(
        event("session_pause", "10:00", session="one"),
        event("question_view", "10:05", session="two", question_id="q"),
        event("session_end", "10:20", session="one"),
    )

    one = next(row for row in marts["study_sessions"] if row["pause_count"])
    assert pick(one, *TIMES) == (1_200.0, 900.0, 300.0, 0.0)


def test_pause_ends_with_the_learners_event_without_session() -> None:
    session = session_of(
        event("session_pause", "10:00"),
        event("search_performed", "10:04", session=None),
        event("session_end", "10:20"),
    )

    assert pick(session, *TIMES) == (1_200.0, 960.0, 240.0, 0.0)


def test_pause_is_not_ended_by_another_learner() -> None:
    session = session_of(
        event("session_pause", "10:00"),
        event("search_performed", "10:04", user="ben"),
        event("session_end", "10:20"),
    )

    assert pick(session, *TIMES) == (1_200.0, 0.0, 1_200.0, 0.0)


def test_pause_that_another_tab_ends_within_an_idle_span_leaves_the_rest_idle() -> None:
    marts = build(
        event("session_pause", "10:00", session="one"),
        event("question_view", "10:05", session="two", question_id="q"),
        event("session_end", "10:50", session="one"),
    )

    one = next(row for row in marts["study_sessions"] if row["pause_count"])
    assert pick(one, *TIMES) == (3_000.0, 0.0, 300.0, 2_700.0)


def test_pause_after_pause_is_counted_and_stays_paused() -> None:
    session = session_of(
        event("session_pause", "10:00"),
        event("session_pause", "10:05"),
        event("session_resume", "10:12"),
    )

    assert pick(session, "pause_count", *TIMES) == (2, 720.0, 0.0, 720.0, 0.0)


def test_pause_with_nothing_after_it_lasts_nothing() -> None:
    session = session_of(event("session_start", "10:00"), event("session_pause", "10:10"))

    assert pick(session, *TIMES) == (600.0, 600.0, 0.0, 0.0)


@pytest.mark.parametrize(("end", "active"), [("09:30:00", 1_800.0), ("09:30:00.000001", 0.0)])
def test_span_is_idle_only_when_longer_than_thirty_minutes(end: str, active: float) -> None:
    session = session_of(event("session_start", "09:00"), event("session_end", end))

    assert session["active_seconds"] == active


def test_seconds_are_exact_to_the_microsecond() -> None:
    session = session_of(
        event("session_start", "09:00:00.100001"), event("session_end", "09:00:00.400004")
    )

    assert session["duration_seconds"] == 0.300003


@pytest.mark.parametrize(
    ("after", "reason", "is_active"),
    [
        (timedelta(minutes=30), "timeout", False),
        (timedelta(minutes=30) - timedelta(microseconds=1), "open", True),
        (timedelta(minutes=-5), "open", True),
    ],
)
def test_session_without_end_times_out_at_thirty_minutes(
    after: timedelta, reason: str, is_active: bool
) -> None:
    last = instant("09:10")

    session = session_of(
        event("session_start", "09:00"), event("level_up", "09:10"), as_of=last + after
    )

    assert pick(session, "end_reason", "is_active", "last_event_at") == (reason, is_active, last)
    assert session["ended_at"] == (None if is_active else last)


def test_session_end_is_explicit_whatever_the_time() -> None:
    session = session_of(
        event("session_start", "09:00"), event("session_end", "09:01"), as_of=instant("09:01")
    )

    assert pick(session, "end_reason", "is_active") == ("explicit", False)


def test_events_after_the_end_extend_the_session_and_are_counted() -> None:
    session = session_of(
        event("session_start", "09:00"),
        event("session_end", "09:10", duration_seconds=600, active_seconds=500.5),
        event("material_open", "09:15", material_id="m"),
        event("session_end", "09:20", duration_seconds=1_200),
    )

    assert pick(session, "end_reason", "ended_at") == ("explicit", instant("09:20"))
    assert pick(session, "events_after_end_count", "event_count") == (2, 4)
    # The last end reported no active seconds: what the first one said is superseded.
    assert pick(session, "reported_duration_seconds", "reported_active_seconds") == (1_200.0, None)


def test_session_device_is_of_the_first_start_that_names_one() -> None:
    session = session_of(
        event("session_start", "09:00"),
        event("session_start", "09:01", device_type="tablet"),
        event("session_start", "09:02", device_type="web"),
    )

    assert session["device_type"] == "tablet"


def test_session_counts_what_happened_in_it() -> None:
    session = session_of(
        event("session_start", "09:00"),
        event("material_open", "09:01", material_id="a"),
        event("material_read", "09:02", material_id="a", chunk_id="c1", time_spent_seconds=1),
        event("material_read", "09:03", material_id="a", chunk_id="c1", time_spent_seconds=1),
        event("material_read", "09:04", material_id="a", chunk_index=7, time_spent_seconds=1),
        event("material_read", "09:05", material_id="b", chunk_id="c1", time_spent_seconds=1),
        event("material_read", "09:06", material_id="b", time_spent_seconds=1),
        event("material_complete", "09:07", material_id="a"),
        event("material_complete", "09:08", material_id="a"),
        event("material_note", "09:09", material_id="c"),
        event("question_submit", "09:10", question_id="q", is_correct=True),
        event("question_submit", "09:11", question_id="q", is_correct=False),
        event("ai_question_asked", "09:12"),
        event("ai_hint_requested", "09:13", question_id="q"),
        event("xp_earned", "09:14", xp_amount=10),
        event("xp_earned", "09:15", xp_amount=5),
        event("achievement_unlocked", "09:16"),
    )

    assert pick(session, "materials_viewed", "materials_completed", "chunks_read") == (3, 1, 3)
    assert pick(session, "questions_attempted", "questions_correct") == (2, 1)
    assert pick(session, "ai_interactions", "xp_earned", "achievements_unlocked") == (1, 15, 1)
    assert session["event_count"] == 17


def test_session_of_one_event_counts_nothing_as_zero() -> None:
    session = session_of(event("level_up", "09:00"))

    assert pick(session, *TIMES) == (0.0, 0.0, 0.0, 0.0)
    assert pick(session, "xp_earned", "chunks_read", "questions_correct") == (0, 0, 0)
    assert pick(session, "device_type", "timezone") == (None, "UTC")


def test_session_over_a_clock_change_lasts_as_long_as_it_really_did() -> None:
    session = session_of(
        event("session_start", "2025-03-30T01:45+01:00", timezone="Europe/Berlin"),
        event("session_end", "2025-03-30T03:10+02:00"),
    )

    assert pick(session, "duration_seconds", "active_seconds") == (1_500.0, 1_500.0)
