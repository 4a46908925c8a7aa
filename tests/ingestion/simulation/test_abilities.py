"""Hidden abilities: grown by practice, faded by time, and behind the answers."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.simulation import hidden_abilities, simulate
from ingestion.simulation.catalogue import GUESSING, topics
from ingestion.simulation.learner import Learner
from ingestion.simulation.memory import TopicMemory

DAY = 86_400_000
END_AT = datetime(2026, 3, 29, 18, tzinfo=UTC)

shares = st.floats(0.001, 0.5)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30 * DAY), shares), min_size=1, max_size=20))
def test_practice_strengthens_and_time_fades(practice: list[tuple[int, float]]) -> None:
    memory = TopicMemory(10.0, 0.0, 0)
    for millisecond, share in sorted(practice):
        before = memory.strength_at(millisecond)
        memory.practise(millisecond, share)
        assert before < memory.strength_at(millisecond) < 3.0
        later = [memory.strength_at(millisecond + days * DAY) for days in (0, 1, 7, 90)]
        assert later == sorted(later, reverse=True)
        assert 0 <= later[-1] < later[0]


def test_memory_halves_in_its_half_life() -> None:
    memory = TopicMemory(10.0, 2.0, 0)
    assert memory.strength_at(10 * DAY) == 1.0
    assert memory.strength_at(20 * DAY) == 0.5


def test_what_was_practised_more_often_lasts_longer() -> None:
    once, often = TopicMemory(10.0, 0.0, 0), TopicMemory(10.0, 0.0, 0)
    once.practise(0, 0.5)
    for _ in range(10):
        often.practise(0, 0.1)
    kept = [memory.strength_at(10 * DAY) / memory.strength_at(0) for memory in (once, often)]
    assert kept[0] < kept[1]


def test_learner_forgets_what_is_not_practised() -> None:
    learner = Learner("cohort", 1, 0, start=0, horizon=100 * DAY)
    topic = topics()[0].topic_id
    abilities = [learner.ability(topic, 0)]
    for _ in range(20):
        learner.learn(topic, DAY, 0.05)
    abilities += [learner.ability(topic, day * DAY) for day in (1, 20, 90)]
    unlearnt, fresh, later, long_after = abilities
    assert fresh > later > long_after > unlearnt
    learner.learn(topic, 101 * DAY, 0.5)  # beyond the stream's end nothing is learnt
    assert learner.ability(topic, 90 * DAY) == long_after


def test_question_is_answered_better_by_the_able() -> None:
    for topic in topics():
        chances = [topic.chance_correct(ability) for ability in (-9.0, -1.0, 0.0, 1.0, 9.0)]
        assert chances == sorted(chances)
        assert GUESSING < chances[0] < 0.25
        assert chances[-1] > 0.95


def test_catalogue_names_everything_once() -> None:
    assert 24 <= len(topics()) <= 40
    questions = [question.question_id for topic in topics() for question in topic.questions]
    materials = [material.material_id for topic in topics() for material in topic.materials]
    assert len(questions) == len(set(questions)) == len(topics()) * 32
    assert len(materials) == len(set(materials))


def test_truth_covers_every_learner_and_topic_and_repeats() -> None:
    truth = hidden_abilities(4, 10, 3, END_AT)
    assert truth == hidden_abilities(4, 10, 3, END_AT)
    assert len({(told.user_id, told.topic_id) for told in truth}) == len(truth) == 4 * len(topics())
    assert {told.user_id for told in truth} == {
        event["user_id"] for event in simulate(4, 10, 3, END_AT)
    }
    assert all(GUESSING < told.chance_correct < 1 for told in truth)


def test_last_answers_come_out_as_the_truth_says() -> None:
    """Of the last days' first answers, about as many are right as the truth expects."""
    arguments = (60, 21, 9, END_AT)
    truth = {
        (told.user_id, told.topic_id): told.chance_correct for told in hidden_abilities(*arguments)
    }
    seen: set[tuple[str, str]] = set()
    by_chance: dict[bool, list[tuple[float, bool]]] = defaultdict(list)
    since = (END_AT - timedelta(days=3)).isoformat()
    for event in simulate(*arguments):
        if event["event_type"] != "question_submit":
            continue
        key = event["user_id"], event["question_id"]
        if key not in seen and event["occurred_at"] > since:
            expected = truth[event["user_id"], event["topic_id"]]
            by_chance[expected > 0.7].append((expected, event["properties"]["is_correct"]))
        seen.add(key)
    for answers in by_chance.values():
        assert len(answers) > 300
        expected = sum(chance for chance, _ in answers) / len(answers)
        observed = sum(correct for _, correct in answers) / len(answers)
        assert abs(observed - expected) < 0.06
    rates = [
        sum(correct for _, correct in by_chance[able]) / len(by_chance[able])
        for able in (False, True)
    ]
    assert rates[0] + 0.1 < rates[1]


def test_practised_topics_are_known_better_than_untouched_ones() -> None:
    arguments = (30, 21, 4, END_AT)
    answered: dict[tuple[str, str], int] = defaultdict(int)
    for event in simulate(*arguments):
        if event["event_type"] == "question_submit":
            answered[event["user_id"], event["topic_id"]] += 1
    practised, untouched = [], []
    for told in hidden_abilities(*arguments):
        count = answered[told.user_id, told.topic_id]
        if count >= 15:
            practised.append(told.ability)
        elif count == 0:
            untouched.append(told.ability)
    assert sum(practised) / len(practised) > sum(untouched) / len(untouched) + 0.5
