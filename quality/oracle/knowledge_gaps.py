"""The oracle's `knowledge_gaps`: one row per (`user_id`, `topic_id`) that is or was a gap."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd

from quality.oracle.exam import Exam, default_exam
from quality.oracle.gap_evidence import Attempt, Evidence, History
from quality.oracle.topic_mastery import BY, Beliefs

COLUMNS = (
    "user_id",
    "topic_id",
    "gap_type",
    "recommended_action",
    "recommendation",
    "study_first",
    "status",
    "severity",
    "gap_rank",
    "exam_weight",
    "mastery_score",
    "evidence",
    "first_detected_at",
    "resolved_at",
)
ACTIONS = {
    "misconception": "contrast_answers",
    "weak": "study_again",
    "fragile": "practise_without_hints",
    "decayed": "review",
    "unseen": "answer_first_questions",
}
ONE_DAY = pd.Timedelta(days=1)
DAYS_TO_DECAY = 30
DAYS_TO_START = 7
COHORT = 5
TARGET = 0.8


@dataclass(frozen=True)
class Stage:
    """A stage that is a gap; `until` is null for the last stage."""

    gap_type: str
    since: pd.Timestamp
    until: pd.Timestamp | None
    evidence: Evidence


@dataclass(frozen=True)
class Topic:
    """A topic of a learner: what is believed of it, and since when it is to be studied."""

    topic_id: str
    score: float
    low: float
    high: float
    since: pd.Timestamp


@dataclass(frozen=True)
class Gap:
    """A topic with its first and its last stage that is a gap."""

    topic: Topic
    first: Stage
    last: Stage
    severity: float

    @property
    def is_open(self) -> bool:
        """Whether it is a gap still."""
        return self.last.until is None


def build_knowledge_gaps(
    mastery: pd.DataFrame, attempts: pd.DataFrame, beliefs: Beliefs
) -> pd.DataFrame:
    """Build the mart from the marts of mastery and of attempts, these in their order."""
    exam = default_exam()
    of_topic = {pair: _read(rows) for pair, rows in attempts.groupby(BY, sort=False)}
    studied = _find_cohort_topics(mastery)
    rows: list[tuple[object, ...]] = []
    for user, met in mastery.groupby("user_id", sort=False):
        found = []
        for topic in _list_topics(user, met, studied, beliefs):
            history = of_topic.get((user, topic.topic_id), [])
            stages = [*_find_stages(topic.since, history, beliefs.now)]
            if stages:
                weight = exam.weigh(topic.topic_id)
                severity = _weigh(stages[-1], topic) * weight
                found.append(Gap(topic, stages[0], stages[-1], severity))
        rows += [(user, *row) for row in _describe_all(found, exam)]
    return pd.DataFrame(rows, columns=[*COLUMNS], dtype=object)


def _find_cohort_topics(mastery: pd.DataFrame) -> dict[str, pd.Timestamp]:
    """By topic that the cohort studies when its fifth learner met it."""
    return {
        str(topic): sorted(seen)[COHORT - 1]
        for topic, seen in mastery.groupby("topic_id")["first_seen_at"]
        if len(seen) >= COHORT
    }


def _list_topics(
    user: object, met: pd.DataFrame, studied: Mapping[str, pd.Timestamp], beliefs: Beliefs
) -> Iterator[Topic]:
    """The topics that a learner has met, and those of the cohort that are left."""
    there_since = met["first_seen_at"].min()
    expected = {topic: max(since, there_since) for topic, since in studied.items()}
    for row in met.to_dict("records"):
        since = row["first_seen_at"]
        name = row["topic_id"]
        yield Topic(
            *(name, row["mastery_score"], row["mastery_low"], row["mastery_high"]),
            since=min(since, expected.pop(name, since)),
        )
    for name, since in expected.items():
        score, low, high, _ = beliefs.believe(user, name)
        yield Topic(name, score, low, high, since)


def _read(rows: pd.DataFrame) -> list[Attempt]:
    names = ["question_id", "is_correct", "hint_used", "selected_answer"]
    said = ["confidence_level", "time_to_answer_seconds"]
    return [
        Attempt(
            *(at, question, bool(correct), bool(hint), answer),
            None if pd.isna(sure) else int(sure),
            None if pd.isna(seconds) else float(seconds),
        )
        for at, question, correct, hint, answer, sure, seconds in rows[
            ["attempted_at", *names, *said]
        ].itertuples(index=False, name=None)
    ]


def _find_stages(
    since: pd.Timestamp, attempts: list[Attempt], midnight: pd.Timestamp
) -> Iterator[Stage]:
    """Go through the stages of a topic and give those that are gaps."""
    history = History()
    begin, limit, waiting = since, DAYS_TO_START * ONE_DAY, "unseen"
    for next_attempt in (*attempts, None):
        until = next_attempt.at if next_attempt else None
        evidence = history.weigh()
        lasted = (until or midnight) - begin
        if found := history.gap_type:
            yield Stage(found, begin, until, evidence)
        elif lasted >= limit:
            if waiting == "decayed" and until is None:
                evidence = replace(evidence, days_since_last_attempt=lasted.days)
            yield Stage(waiting, begin + limit, until, evidence)
        if next_attempt:
            history.add(next_attempt)
            begin, limit, waiting = next_attempt.at, DAYS_TO_DECAY * ONE_DAY, "decayed"


def _weigh(gap: Stage, topic: Topic) -> float:
    """What is missing, by how certain that is; 0 for what is resolved."""
    if gap.until is not None:
        return 0.0
    found = gap.evidence
    missing = 1 - topic.score
    if gap.gap_type == "misconception":
        missing = max(missing, found.misconceived_questions / (found.questions_seen + 1))
    elif gap.gap_type == "fragile":
        missing = max(missing, 1 - found.recent_firm / 5)
    return missing * _certainty(topic)


def _certainty(topic: Topic) -> float:
    if topic.high <= TARGET:
        return 1.0
    if topic.low >= TARGET:
        return 0.1
    return max((TARGET - topic.low) / (topic.high - topic.low), 0.1)


def _describe_all(gaps: list[Gap], exam: Exam) -> Iterator[tuple[Any, ...]]:
    """The rows of a learner, but for the learner."""
    still = sorted(
        (gap for gap in gaps if gap.is_open), key=lambda gap: (-gap.severity, gap.topic.topic_id)
    )
    ranks = {gap.topic.topic_id: rank for rank, gap in enumerate(still, 1)}
    for gap in gaps:
        name = gap.topic.topic_id
        needed = [each for each in exam.prerequisites.get(name, []) if each in ranks]
        study_first = min(needed, key=ranks.__getitem__) if needed and gap.is_open else None
        yield (
            *(name, gap.last.gap_type, ACTIONS[gap.last.gap_type]),
            *(_put_in_words(gap.last, study_first), study_first),
            "open" if gap.is_open else "resolved",
            *(gap.severity, ranks.get(name), exam.weigh(name), gap.topic.score),
            *(asdict(gap.last.evidence), gap.first.since, gap.last.until),
        )


def _put_in_words(gap: Stage, study_first: str | None) -> str:
    found = gap.evidence
    said = {
        "misconception": (
            "Compare your answers with the right ones: sure and wrong "
            f"{found.misconceived_answers} times, at {found.misconceived_questions} questions."
        ),
        "weak": (
            f"Study the topic again: right {found.recent_correct} of the last "
            f"{found.recent_attempts} times."
        ),
        "fragile": (
            "Practise until it holds: right, unaided, sure and quick "
            f"{found.recent_firm} of the last 5 times."
        ),
        "decayed": "Review the topic: no answer for 30 days or more.",
        "unseen": "Answer first questions: others study the topic, or you met it and left it.",
    }[gap.gap_type]
    return said if study_first is None else f"{said} Before it: {study_first}."
