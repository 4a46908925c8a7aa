"""EdNet's questions: which bundle shows them, what explains them, what is right."""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from ingestion.readers.csv_rows import Row, find_missing_columns
from ingestion.readers.errors import ReaderError

_COLUMNS = ("question_id", "bundle_id", "explanation_id", "correct_answer", "part", "tags")


@dataclass(frozen=True, slots=True)
class Question:
    """A multiple-choice question; `topic_id` is its part of the exam and its first tag."""

    question_id: str
    bundle_id: str
    correct_answer: str
    topic_id: str


@dataclass(frozen=True, slots=True)
class Content:
    """Questions by id, by the bundle that shows them, and the topic of each explanation."""

    questions: dict[str, Question]
    bundles: dict[str, list[Question]]
    explanation_topics: dict[str, str]


def read_content(file: Path) -> Content:
    """Read `questions.csv`; raises ReaderError where it is missing or is something else."""
    content = Content({}, defaultdict(list), {})
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.DictReader(lines, restval="")
            missing = find_missing_columns(rows.fieldnames, _COLUMNS)
            if missing:
                raise ReaderError(
                    f"{file} has no column {missing}: it is not EdNet's list of questions"
                )
            for row in rows:
                _add(content, row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ReaderError(
            f"{file} cannot be read ({error}): answers are judged by it, put it beside the"
            " learners' files"
        ) from error
    return Content(content.questions, dict(content.bundles), content.explanation_topics)


def _add(content: Content, row: Row) -> None:
    """Take in one question; a broken row leaves its question unknown, and counted as such."""
    question_id, bundle_id, explanation_id, correct_answer, part = (
        row[column] for column in _COLUMNS[:5]
    )
    if not (question_id and bundle_id and correct_answer and part):
        return
    topic_id = _name_topic(part, row["tags"])
    question = Question(question_id, bundle_id, correct_answer, topic_id)
    content.questions[question_id] = question
    content.bundles[bundle_id].append(question)
    content.explanation_topics.setdefault(explanation_id, topic_id)


def _name_topic(part: str, tags: str) -> str:
    """Name the topic; untagged questions (tags "-1") belong to their part as a whole."""
    first = tags.split(";", maxsplit=1)[0].strip()
    return f"part-{part}" if first in {"", "-1"} else f"part-{part}-tag-{first}"
