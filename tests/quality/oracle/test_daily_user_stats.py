from tests.quality.streams import Row, days_of, event, pick

SECONDS = ("study_seconds", "active_seconds")


def test_session_over_midnight_is_cut_and_counts_on_its_first_day() -> None:
    days = days_of(
        event("session_start", "2025-03-10T23:50"), event("session_end", "2025-03-11T00:10")
    )

    assert pick(days["2025-03-10"], "session_count", *SECONDS) == (1, 600.0, 600.0)
    assert pick(days["2025-03-11"], "session_count", *SECONDS) == (0, 600.0, 600.0)


def test_midnight_is_that_of_the_session() -> None:
    days = days_of(
        event("session_start", "2025-03-10T18:20", timezone="Asia/Kolkata"),
        event("session_end", "2025-03-10T18:40"),
    )

    assert {day: row["study_seconds"] for day, row in days.items()} == {
        "2025-03-10": 600.0,
        "2025-03-11": 600.0,
    }


def test_pause_over_midnight_is_study_time_and_not_active() -> None:
    days = days_of(
        event("session_pause", "2025-03-10T23:50"),
        event("search_performed", "2025-03-11T00:04", session=None),
        event("session_end", "2025-03-11T00:10"),
    )

    assert pick(days["2025-03-10"], *SECONDS) == (600.0, 0.0)
    assert pick(days["2025-03-11"], *SECONDS) == (600.0, 360.0)


def test_idle_span_over_midnight_counts_on_neither_day() -> None:
    days = days_of(
        event("session_start", "2025-03-10T23:40"), event("session_end", "2025-03-11T00:10:00.1")
    )

    assert [pick(day, *SECONDS) for day in days.values()] == [(0.0, 0.0), (0.0, 0.0)]


def test_double_midnight_of_havana_begins_the_day_once() -> None:
    days = days_of(
        # 23:50 daylight time, 00:10 daylight time, and 00:10 standard time an hour later.
        event("session_start", "2025-11-02T03:50Z", timezone="America/Havana"),
        event("level_up", "2025-11-02T04:10Z"),
        event("level_up", "2025-11-02T04:40Z"),
        event("session_end", "2025-11-02T05:10Z"),
    )

    assert {day: row["study_seconds"] for day, row in days.items()} == {
        "2025-11-01": 600.0,
        "2025-11-02": 4_200.0,
    }


def test_missing_midnight_of_beirut_cuts_where_the_clock_jumps() -> None:
    days = days_of(
        event("session_start", "2025-03-29T21:50Z", timezone="Asia/Beirut"),
        event("session_end", "2025-03-29T22:05Z"),
    )

    assert {day: row["study_seconds"] for day, row in days.items()} == {
        "2025-03-29": 600.0,
        "2025-03-30": 300.0,
    }


def test_clock_change_in_spring_and_autumn_changes_no_seconds() -> None:
    spring = days_of(
        event("session_start", "2025-03-30T01:50+01:00", timezone="Europe/Berlin"),
        event("session_end", "2025-03-30T03:10+02:00"),
    )
    autumn = days_of(
        event("session_start", "2025-10-26T02:50+02:00", timezone="Europe/Berlin"),
        event("session_end", "2025-10-26T02:10+01:00"),
    )

    assert [pick(day, *SECONDS) for day in spring.values()] == [(1_200.0, 1_200.0)]
    assert [pick(day, *SECONDS) for day in autumn.values()] == [(1_200.0, 1_200.0)]


def test_two_tabs_count_once() -> None:
    days = days_of(
        event("session_start", "09:00", session="one"),
        event("session_start", "09:10", session="two"),
        event("session_end", "09:20", session="one"),
        event("session_end", "09:30", session="two"),
        event("session_start", "11:00", session="three"),
        event("session_end", "11:05", session="three"),
    )

    assert pick(days["2025-03-10"], "session_count", *SECONDS) == (3, 2_100.0, 2_100.0)


def test_tab_within_another_adds_nothing() -> None:
    days = days_of(
        event("session_start", "09:00", session="one"),
        event("session_start", "09:05", session="two"),
        event("session_end", "09:10", session="two"),
        event("session_end", "09:20", session="one"),
    )

    assert pick(days["2025-03-10"], *SECONDS) == (1_200.0, 1_200.0)


def test_pause_in_one_tab_does_not_pause_the_other() -> None:
    days = days_of(
        event("session_start", "09:00", session="one"),
        event("session_pause", "09:10", session="two"),
        event("session_end", "09:20", session="one"),
        event("session_end", "09:30", session="two"),
    )

    # Tab two: paused 09:10 to 09:20, when the learner acts in tab one; active until 09:30.
    assert pick(days["2025-03-10"], *SECONDS) == (1_800.0, 1_800.0)


def test_day_counts_events_of_sessions_and_without() -> None:
    days = days_of(
        event("session_start", "09:00"),
        event("material_open", "09:01", material_id="a", topic_id="heart"),
        event("material_read", "09:02", material_id="a", chunk_id="c", time_spent_seconds=1),
        event("material_read", "09:03", material_id="a", chunk_index=1, time_spent_seconds=1),
        event(
            "material_read",
            "12:00",
            session=None,
            material_id="a",
            chunk_id="c",
            time_spent_seconds=1,
        ),
        event("material_complete", "12:01", session=None, material_id="b", topic_id="lung"),
        event("xp_earned", "12:02", session=None, topic_id="not studied", xp_amount=7),
        event("xp_earned", "12:03", xp_amount=3),
        event("search_performed", "12:04", session=None),
        event("ai_question_asked", "12:05", session=None, topic_id="heart"),
    )

    day = days["2025-03-10"]
    assert pick(day, "materials_viewed", "materials_completed", "chunks_read") == (2, 1, 2)
    assert pick(day, "topics_studied", "ai_interactions", "searches") == (2, 1, 1)
    assert pick(day, "xp_earned", "event_count") == (10, 10)
    assert pick(day, "questions_attempted", "questions_correct", "accuracy") == (0, 0, None)


def search(day: int) -> Row:
    return event("search_performed", f"2025-03-{day:02}T09:00", session=None)


def test_streak_counts_days_on_end_that_are_not_gamification_alone() -> None:
    days = days_of(
        search(1),
        search(2),
        event("xp_earned", "2025-03-03T09:00", session=None, xp_amount=1),
        search(4),
        search(5),
        event("streak_broken", "2025-03-05T10:00", session=None),
        search(6),
        search(8),
    )

    assert {day[-2:]: row["streak_days"] for day, row in days.items()} == {
        "01": 1,
        "02": 2,
        "03": 0,
        "04": 1,
        "05": 2,
        "06": 3,
        "08": 1,
    }


def test_streak_is_each_learners_own() -> None:
    stream = [search(1), event("search_performed", "2025-03-02T09:00", user="ben", session=None)]

    assert days_of(*stream, user="ben")["2025-03-02"]["streak_days"] == 1


def test_accuracy_is_of_the_local_day_of_the_attempt() -> None:
    days = days_of(
        event("session_start", "2025-03-10T23:50"),
        event("question_submit", "2025-03-10T23:55", question_id="q", is_correct=True),
        event("question_submit", "2025-03-11T00:05", question_id="q", is_correct=False),
    )

    assert [pick(day, "questions_attempted", "accuracy") for day in days.values()] == [
        (1, 1.0),
        (1, 0.0),
    ]
