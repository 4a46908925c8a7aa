from tests.quality.streams import Row, event, pick, weeks_of

# 10 March 2025 is a Monday.
SECONDS = ("study_seconds", "active_seconds")


def answer(day: int, *, correct: bool, session: str | None = None) -> Row:
    return event(
        "question_submit",
        f"2025-03-{day:02}T09:00",
        session=session,
        question_id=f"q{day}",
        is_correct=correct,
    )


def test_week_begins_on_monday() -> None:
    weeks = weeks_of(
        *(
            event("search_performed", f"2025-03-{day:02}T12:00", session=None)
            for day in (3, 9, 10, 16, 17)
        )
    )

    assert {monday: week["searches"] for monday, week in weeks.items()} == {
        "2025-03-03": 2,
        "2025-03-10": 2,
        "2025-03-17": 1,
    }


def test_week_is_that_of_the_local_date_and_may_begin_in_the_year_before() -> None:
    weeks = weeks_of(
        event("session_start", "2025-01-05T23:30", timezone="Asia/Tokyo"),
        event("search_performed", "2025-01-01T12:00", session=None),
    )

    assert {monday: week["event_count"] for monday, week in weeks.items()} == {
        "2024-12-30": 1,
        "2025-01-06": 1,
    }


def test_week_adds_up_its_days() -> None:
    weeks = weeks_of(
        event("session_start", "2025-03-11T23:50"),
        event(
            "material_read", "2025-03-11T23:51", material_id="m", chunk_id="c", time_spent_seconds=1
        ),
        event("session_pause", "2025-03-12T00:05"),
        event("session_resume", "2025-03-12T00:10"),
        event(
            "material_read", "2025-03-12T00:15", material_id="m", chunk_id="c", time_spent_seconds=1
        ),
        event("material_complete", "2025-03-12T00:20", material_id="m"),
        event("question_submit", "2025-03-13T12:00", session="b", question_id="q", is_correct=True),
        event("question_submit", "2025-03-14T12:00", session="c", question_id="q", is_correct=True),
        event(
            "question_submit", "2025-03-14T13:00", session="c", question_id="q", is_correct=False
        ),
        event("ai_question_asked", "2025-03-15T12:00", session=None),
        event("search_performed", "2025-03-16T12:00", session=None),
        event("xp_earned", "2025-03-11T12:00", session=None, xp_amount=3),
        event("xp_earned", "2025-03-16T12:00", session=None, xp_amount=4),
    )

    week = weeks["2025-03-10"]
    assert pick(week, "session_count", *SECONDS) == (3, 1_800.0, 1_500.0)
    # The same material and chunk on two days are two: sums of the days.
    assert pick(week, "materials_viewed", "materials_completed", "chunks_read") == (2, 1, 2)
    assert pick(week, "questions_attempted", "questions_correct") == (3, 2)
    assert week["accuracy"] == 2 / 3
    assert pick(week, "ai_interactions", "searches") == (1, 1)
    assert pick(week, "xp_earned", "event_count") == (7, 13)


def test_seconds_of_a_week_are_added_in_microseconds() -> None:
    weeks = weeks_of(
        *(
            event(kind, f"2025-03-{day}T09:00:00{fraction}", session=f"of {day}")
            for day in range(10, 17)
            for kind, fraction in (("session_start", ""), ("session_end", ".100000"))
        )
    )

    # Seven times 0.1 added as doubles is 0.7 less a little.
    assert pick(weeks["2025-03-10"], *SECONDS) == (0.7, 0.7)


def test_days_of_gamification_alone_are_not_active() -> None:
    weeks = weeks_of(
        event("search_performed", "2025-03-10T12:00", session=None),
        event("streak_continued", "2025-03-11T12:00", session=None),
        event("search_performed", "2025-03-13T12:00", session=None),
        event("xp_earned", "2025-03-17T12:00", session=None, xp_amount=1),
    )

    assert {monday: week["days_active"] for monday, week in weeks.items()} == {
        "2025-03-10": 2,
        "2025-03-17": 0,
    }


def test_topics_of_a_week_are_not_the_sum_of_the_days() -> None:
    weeks = weeks_of(
        event("topic_explored", "2025-03-10T12:00", session=None, topic_id="heart"),
        event("topic_explored", "2025-03-11T12:00", session=None, topic_id="heart"),
        event("topic_explored", "2025-03-12T12:00", session=None, topic_id="lung"),
        event("xp_earned", "2025-03-12T12:01", session=None, topic_id="none", xp_amount=1),
        event("xp_earned", "2025-03-17T12:01", session=None, topic_id="none", xp_amount=1),
    )

    assert {monday: week["topics_studied"] for monday, week in weeks.items()} == {
        "2025-03-10": 2,
        "2025-03-17": 0,
    }


def test_change_of_accuracy_is_that_to_the_calendar_week_before() -> None:
    weeks = weeks_of(
        answer(3, correct=True),
        answer(4, correct=False),
        answer(10, correct=True),
        event("search_performed", "2025-03-17T12:00", session=None),
        answer(24, correct=False),
        # A week is left out: 31 March is followed by 14 April.
        event(
            "question_submit", "2025-03-31T09:00", session=None, question_id="q", is_correct=True
        ),
        event(
            "question_submit", "2025-04-14T09:00", session=None, question_id="q", is_correct=True
        ),
    )

    assert {
        monday: pick(week, "accuracy", "accuracy_change") for monday, week in weeks.items()
    } == {
        "2025-03-03": (0.5, None),
        "2025-03-10": (1.0, 0.5),
        "2025-03-17": (None, None),
        "2025-03-24": (0.0, None),
        "2025-03-31": (1.0, 1.0),
        "2025-04-14": (1.0, None),
    }


def test_change_of_active_time_needs_a_row_for_the_week_before_and_no_time_in_it() -> None:
    weeks = weeks_of(
        event("session_start", "2025-03-04T09:00", session="a"),
        event("session_end", "2025-03-04T09:10:00.000001", session="a"),
        event("session_start", "2025-03-11T09:00", session="b"),
        event("session_end", "2025-03-11T09:04", session="b"),
        event("xp_earned", "2025-03-18T09:00", session=None, xp_amount=1),
        event("session_start", "2025-03-25T09:00", session="c"),
        event("session_end", "2025-03-25T09:01", session="c"),
        event("search_performed", "2025-04-08T09:01", session=None),
    )

    assert {monday: week["active_seconds_change"] for monday, week in weeks.items()} == {
        "2025-03-03": None,
        "2025-03-10": -360.000001,
        "2025-03-17": -240.0,
        "2025-03-24": 60.0,
        "2025-04-07": None,
    }


def test_weeks_are_each_learners_own() -> None:
    events = [
        answer(3, correct=True),
        event(
            "question_submit",
            "2025-03-10T09:00",
            user="ben",
            session=None,
            question_id="q",
            is_correct=True,
        ),
    ]

    ann, ben = weeks_of(*events), weeks_of(*events, user="ben")

    assert [*ann] == ["2025-03-03"]
    assert pick(ben["2025-03-10"], "accuracy_change", "active_seconds_change") == (None, None)
