import pytest

from quality.reconciler import reconcile
from quality.reconciliation import RECONCILIATIONS
from tests.quality.streams import named
from tests.quality.warehouse import plant

RICH = " where pause_count = 1"
RICH_DAY = " where local_date = '2025-03-24'"
SESSION = "update marts.study_sessions set "
DAY = "update marts.daily_user_stats set "
RICH_WEEK = " where week_start_date = '2025-03-24' and searches = 1"
WEEK = "update marts.weekly_user_stats set "
LUNG = " where topic_id = 'lung'"
TOPIC = "update marts.topic_daily_stats set "
BEN = f" where user_id = '{named('ben')}'"
LEARNER = "update marts.user_gamification set "
GHOST = named("ghost")
METRICS = "update marts.user_learning_metrics set "
MASTERY = "update marts.topic_mastery set "
GAP = "update marts.knowledge_gaps set "
HISTORY = "update marts.mastery_history set "
# What a lifetime adds up of the days, added up again.
LIFETIMES = """
update marts.user_learning_metrics as metrics
set (
    session_count, study_seconds, active_seconds, questions_attempted, questions_correct,
    ai_interactions, searches, xp_earned, event_count
) = (
    select
        sum(session_count), sum(study_seconds), sum(active_seconds), sum(questions_attempted),
        sum(questions_correct), sum(ai_interactions), sum(searches), sum(xp_earned),
        sum(event_count)
    from marts.daily_user_stats as days
    where days.user_id = metrics.user_id
)
"""
WINDOWS = """
update marts.user_learning_metrics as metrics
set questions_attempted_28 = metrics.questions_attempted
where session_count > 0
"""


def day_and_week(change: str) -> list[str]:
    """A fault of a day that the week, which has no other day, and the lifetime add up."""
    return [DAY + change + RICH_DAY, WEEK + change + RICH_WEEK, LIFETIMES, WINDOWS]


FAULTS: dict[str, list[str]] = {
    "every_session_id_is_a_session": [
        # A session out of nothing, with the day that counts it.
        f"""
        insert into marts.study_sessions (session_id, user_id, local_date, event_count)
        values ('{GHOST}', '{GHOST}', '2025-03-10', 0)
        """,
        f"""
        insert into marts.daily_user_stats (user_id, local_date, session_count, event_count)
        values ('{GHOST}', '2025-03-10', 1, 0)
        """,
        # ... and what the day is added up to.
        f"""
        insert into marts.weekly_user_stats (user_id, week_start_date, session_count)
        values ('{GHOST}', '2025-03-10', 1)
        """,
        f"insert into marts.user_gamification (user_id) values ('{GHOST}')",
        f"""
        insert into marts.user_learning_metrics (user_id, session_count) values ('{GHOST}', 1)
        """,
    ],
    "sessions_hold_the_events_of_their_learner": [SESSION + "event_count = 9" + RICH],
    "events_are_of_one_session_or_of_none": [
        f"insert into marts.study_sessions select * from marts.study_sessions {RICH}"
    ],
    "staging_holds_every_event_of_the_log": [
        """
        insert into raw.study_events (event_id, event_type, user_id, occurred_at, received_at)
        values ('019560ac-7c00-7000-8000-000000000000', 'search_performed', gen_random_uuid(),
            '2025-03-04', '2025-03-04')
        """
    ],
    "levels_are_those_of_the_events": [LEARNER + "level = 3 where level = 2"],
    "sessions_hold_their_pauses": [SESSION + "pause_count = 2" + RICH],
    "sessions_hold_their_xp": [SESSION + "xp_earned = 1" + RICH],
    "sessions_count_their_attempts": [SESSION + "questions_attempted = 0" + RICH],
    "sessions_count_their_correct_answers": [SESSION + "questions_correct = 0" + RICH],
    "sessions_view_the_materials_of_their_interactions": [SESSION + "materials_viewed = 1" + RICH],
    "sessions_read_the_chunks_of_their_interactions": [SESSION + "chunks_read = 2" + RICH],
    "sessions_complete_at_most_their_complete_interactions": [
        SESSION + "materials_completed = 2" + RICH
    ],
    "every_submit_is_an_attempt": [
        # A view without a session becomes an answer that no mart has.
        """
        update staging.stg_study_events set event_type = 'question_submit'
        where event_type = 'question_view' and session_id is null
        """
    ],
    "every_attempt_is_an_answer": [
        """
        update staging.stg_study_events set event_type = 'question_view'
        where event_type = 'question_attempt'
        """
    ],
    "days_hold_every_event": day_and_week("event_count = event_count - 1"),
    "days_count_every_session_once": day_and_week("session_count = session_count + 1"),
    "days_count_every_attempt_once": day_and_week("questions_attempted = 2"),
    "days_count_every_correct_answer_once": day_and_week("questions_correct = 0"),
    "days_hold_all_xp": [
        *day_and_week("xp_earned = 1"),
        LEARNER + "total_xp = total_xp + 1 where total_xp > 0",
    ],
    "days_hold_all_questions_to_the_coach": day_and_week("ai_interactions = 0"),
    "days_hold_all_searches": day_and_week("searches = 0"),
    "days_hold_no_more_study_than_sessions_lasted": day_and_week("study_seconds = 90000"),
    "days_hold_no_more_active_time_than_sessions": day_and_week("active_seconds = 90000"),
    "weeks_are_the_sums_of_their_days": [WEEK + "chunks_read = 9" + RICH_WEEK],
    "weeks_count_their_active_days": [WEEK + "days_active = 3" + RICH_WEEK],
    "weeks_study_the_topics_of_each_day": [WEEK + "topics_studied = 0" + RICH_WEEK],
    "weeks_study_no_topics_but_those_of_their_days": [WEEK + "topics_studied = 2" + RICH_WEEK],
    "topics_count_every_attempt_that_names_them": [TOPIC + "questions_attempted = 2" + LUNG],
    "topics_count_every_correct_answer_that_names_them": [TOPIC + "questions_correct = 0" + LUNG],
    "topics_hold_all_questions_to_the_coach": [TOPIC + "ai_questions = 0" + LUNG],
    "topics_count_every_learner_who_studied_them": [TOPIC + "learners = 0" + LUNG],
    "topics_hold_no_more_time_than_sessions": [TOPIC + "study_seconds = 90000" + LUNG],
    "gamification_is_of_the_learners_of_the_days": [
        f"insert into marts.user_gamification (user_id) values ('{GHOST}')"
    ],
    "gamification_holds_the_xp_of_the_days": [LEARNER + "total_xp = 1" + BEN],
    "longest_streak_is_that_of_the_days": [
        LEARNER + "longest_streak = 2" + BEN,
        METRICS + "longest_streak_days = 2" + BEN,
    ],
    "gamification_holds_no_more_achievements_than_unlocked": [
        LEARNER + """achievements = '["week"]'""" + BEN
    ],
    "mastery_holds_every_event_that_names_a_topic": [MASTERY + "event_count = 4" + LUNG],
    "mastery_counts_every_attempt_that_names_a_topic": [MASTERY + "questions_attempted = 2" + LUNG],
    "mastery_counts_every_correct_answer_that_names_a_topic": [
        MASTERY + "questions_correct = 0" + LUNG
    ],
    "gaps_are_of_topics_that_are_met_or_of_the_cohort": [
        f"""
        insert into marts.knowledge_gaps (user_id, topic_id, mastery_score)
        values ('{GHOST}', 'lung', 0.5)
        """
    ],
    "gaps_have_the_score_of_mastery": [GAP + "mastery_score = 0.6 where topic_id = 'heart'"],
    "open_gaps_are_ranked_without_a_hole": [GAP + "gap_rank = 9 where topic_id = 'pancreas'"],
    "prerequisites_are_open_gaps": [GAP + "study_first = 'nowhere' where topic_id = 'liver'"],
    "history_has_every_date_with_attempts": [HISTORY + "questions_attempted = 9" + LUNG],
    "history_ends_with_all_right_answers": [HISTORY + "questions_correct = 0" + LUNG],
    "metrics_are_of_the_learners_of_the_days": [
        f"insert into marts.user_learning_metrics (user_id) values ('{GHOST}')"
    ],
    "metrics_are_the_sums_of_the_days": [METRICS + "chunks_read = 9" + BEN],
    "metrics_count_the_days_of_their_windows": [METRICS + "days_active_90 = 2" + BEN],
    "metrics_have_the_streaks_of_gamification": [METRICS + "longest_streak_days = 2" + BEN],
    "metrics_count_the_topics_of_mastery": [METRICS + "topics_studied = 2" + BEN],
}


# What else is then true of the tables, and found besides.
ALSO = {
    "sessions_hold_the_events_of_their_learner": {"events_are_of_one_session_or_of_none"},
    "events_are_of_one_session_or_of_none": {
        "sessions_hold_the_events_of_their_learner",
        "sessions_hold_their_pauses",
        "days_count_every_session_once",
    },
}


def test_reconciliation_finds_nothing_in_a_healthy_warehouse(warehouse_url: str) -> None:
    results = reconcile(warehouse_url)

    assert [str(result) for result in results if not result.success] == []
    # Agreement about nothing would prove nothing.
    assert [result.check_name for result in results if result.observed["right_total"] == 0] == []


@pytest.mark.parametrize("name", FAULTS)
def test_reconciliation_finds_the_planted_fault_and_nothing_else(
    warehouse_url: str, name: str
) -> None:
    plant(warehouse_url, FAULTS[name])

    failed = {found.check_name: found for found in reconcile(warehouse_url) if not found.success}

    assert failed.keys() == {name} | ALSO.get(name, set())
    assert failed[name].unexpected_count == len(failed[name].unexpected_sample) == 1


def test_every_reconciliation_has_a_planted_fault() -> None:
    assert {each.name for each in RECONCILIATIONS} == FAULTS.keys()


def test_reconciliation_says_which_keys_disagree_and_by_how_much(warehouse_url: str) -> None:
    plant(warehouse_url, [SESSION + "pause_count = 4" + RICH])

    (found,) = [result for result in reconcile(warehouse_url) if not result.success]

    assert found.unexpected_sample == [
        {"key": str(named("rich")), "left_amount": 1, "right_amount": 4}
    ]
    assert (found.observed["left_total"], found.observed["right_total"]) == (1, 4)
