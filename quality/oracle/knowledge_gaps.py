"""The oracle's `knowledge_gaps`: one row per (`user_id`, `topic_id`) that is or was a gap."""

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple

import pandas as pd

from quality.oracle.topic_mastery import BY

COLUMNS = (
    "user_id",
    "topic_id",
    "gap_type",
    "recommended_action",
    "status",
    "severity",
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
SURE = 4
RECENT = 5
DAYS_TO_DECAY = 30
DAYS_TO_START = 7


class Attempt(NamedTuple):
    """What an attempt at a question of the topic says."""

    at: pd.Timestamp
    question_id: str
    is_correct: bool
    hint_used: bool
    selected_answer: str | None
    confidence_level: int | None


@dataclass(frozen=True)
class Evidence:
    """The numbers of a stage, its attempt included."""

    questions_attempted: int
    questions_correct: int
    questions_seen: int
    recent_attempts: int
    recent_correct_unaided: int
    misconceived_questions: int
    days_since_last_attempt: int | None = None


class Gap(NamedTuple):
    """A stage that is a gap; `until` is null for the last stage."""

    gap_type: str
    since: pd.Timestamp
    until: pd.Timestamp | None
    evidence: Evidence


def build_knowledge_gaps(mastery: pd.DataFrame, attempts: pd.DataFrame) -> pd.DataFrame:
    """Build the mart from the marts of mastery and of attempts, these in their order."""
    of_topic = {pair: _read(rows) for pair, rows in attempts.groupby(BY, sort=False)}
    rows: list[tuple[object, ...]] = []
    for topic in mastery.to_dict("records"):
        pair = (topic["user_id"], topic["topic_id"])
        gaps = [*_find_gaps(topic["first_seen_at"], of_topic.get(pair, []), topic["as_of"])]
        if gaps:
            rows.append((*pair, *_describe(gaps, topic["mastery_score"])))
    return pd.DataFrame(rows, columns=[*COLUMNS], dtype=object)


def _read(rows: pd.DataFrame) -> list[Attempt]:
    names = ["question_id", "is_correct", "hint_used", "selected_answer", "confidence_level"]
    return [
        Attempt(at, question, bool(correct), bool(hint), answer, None if pd.isna(sure) else sure)
        for at, question, correct, hint, answer, sure in rows[["attempted_at", *names]].itertuples(
            index=False, name=None
        )
    ]


def _find_gaps(
    seen_at: pd.Timestamp, attempts: list[Attempt], midnight: pd.Timestamp
) -> Iterator[Gap]:
    """Go through the stages of a topic and give those that are gaps."""
    history = History()
    begin, limit, waiting = seen_at, DAYS_TO_START * ONE_DAY, "unseen"
    for next_attempt in (*attempts, None):
        until = next_attempt.at if next_attempt else None
        evidence = history.weigh()
        found = _judge(evidence)
        lasted = (until or midnight) - begin
        if found:
            yield Gap(found, begin, until, evidence)
        elif lasted >= limit:
            if waiting == "decayed" and until is None:
                evidence = replace(evidence, days_since_last_attempt=lasted.days)
            yield Gap(waiting, begin + limit, until, evidence)
        if next_attempt:
            history.add(next_attempt)
            begin, limit, waiting = next_attempt.at, DAYS_TO_DECAY * ONE_DAY, "decayed"


class History:
    """The attempts at a topic so far."""

    def __init__(self) -> None:
        self._attempted = self._correct = 0
        self._recent: deque[Attempt] = deque(maxlen=RECENT)
        self._last: dict[str, Attempt] = {}
        self._misconceived: set[str] = set()

    def add(self, attempt: Attempt) -> None:
        """Take in the next attempt."""
        self._attempted += 1
        self._correct += attempt.is_correct
        self._recent.append(attempt)
        question = attempt.question_id
        if _is_misconceived(attempt, self._last.get(question)):
            self._misconceived.add(question)
        else:
            self._misconceived.discard(question)
        self._last[question] = attempt

    def weigh(self) -> Evidence:
        """Give the numbers behind what is known now."""
        return Evidence(
            questions_attempted=self._attempted,
            questions_correct=self._correct,
            questions_seen=len(self._last),
            recent_attempts=len(self._recent),
            recent_correct_unaided=sum(
                each.is_correct and not each.hint_used for each in self._recent
            ),
            misconceived_questions=len(self._misconceived),
        )


def _is_misconceived(last: Attempt, before: Attempt | None) -> bool:
    """Whether the last answer to a question is wrong, and meant."""
    if last.is_correct:
        return False
    if last.confidence_level is not None and last.confidence_level >= SURE:
        return True
    return (
        before is not None
        and not before.is_correct
        and last.selected_answer is not None
        and last.selected_answer == before.selected_answer
    )


def _judge(evidence: Evidence) -> str | None:
    """The type of gap an attempt leaves, if it leaves one."""
    if evidence.misconceived_questions > 0:
        return "misconception"
    attempted = evidence.questions_attempted
    if attempted >= 3 and evidence.questions_correct < attempted / 2:
        return "weak"
    if attempted >= RECENT and evidence.recent_correct_unaided <= 2:
        return "fragile"
    return None


def _describe(gaps: list[Gap], mastery_score: float) -> tuple[object, ...]:
    first, last = gaps[0], gaps[-1]
    return (
        last.gap_type,
        ACTIONS[last.gap_type],
        "open" if last.until is None else "resolved",
        _severity(last, mastery_score) if last.until is None else 0.0,
        mastery_score,
        asdict(last.evidence),
        first.since,
        last.until,
    )


def _severity(gap: Gap, known: float) -> float:
    found = gap.evidence
    match gap.gap_type:
        case "misconception":
            return max(1 - known, found.misconceived_questions / (found.questions_seen + 1))
        case "fragile":
            return max(1 - known, 1 - found.recent_correct_unaided / found.recent_attempts)
        case _:
            return 1 - known
