"""Practice questions and quizzes: viewed, answered, started, completed."""

from typing import Literal

from pydantic import Field

from ingestion.events.definition import EventType, Properties, RequiredId
from ingestion.events.fields import (
    Count,
    Difficulty,
    FiveSteps,
    FreeText,
    Identifier,
    Name,
    Ordinal,
    Ratio,
    Seconds,
    TotalSeconds,
)

_FAMILY = "questions"
_QUESTION: frozenset[RequiredId] = frozenset({"question_id"})


class QuestionView(Properties):
    """The question as it was shown."""

    question_type: Name | None = Field(
        default=None, description="Kind of question; an open list.", examples=["multiple_choice"]
    )
    difficulty: Difficulty | None = Field(
        default=None,
        description="How hard: 0 (easiest) to 1, or `easy` (.25), `medium` (.5), `hard` (.75).",
        examples=[0.6],
    )
    is_first_view: bool | None = Field(
        default=None,
        description="The learner has not seen it before, says the client.",
        examples=[True],
    )


class QuestionAttempt(Properties):
    """An answer, possibly not yet final."""

    selected_answer: FreeText | None = Field(
        default=None, description="The answer given.", examples=["B"]
    )
    correct_answer: FreeText | None = Field(
        default=None, description="The answer that is right.", examples=["B"]
    )
    is_correct: bool | None = Field(
        default=None, description="The answer given is right.", examples=[True]
    )
    time_to_answer_seconds: Seconds | None = Field(
        default=None, description="Time from seeing the question to answering.", examples=[45]
    )
    confidence_level: FiveSteps | None = Field(
        default=None, description="How sure the learner felt: 1 guessed, 5 certain.", examples=[4]
    )
    is_first_attempt: bool | None = Field(
        default=None,
        description="First answer to this question, says the client; kept beside what we derive.",
        examples=[True],
    )
    attempt_number: Ordinal | None = Field(
        default=None,
        description="Which answer to this question, says the client; kept beside what we derive.",
        examples=[1],
    )
    hint_used: bool | None = Field(
        default=None, description="A hint was used before answering.", examples=[False]
    )


class QuestionSubmit(QuestionAttempt):
    """A final answer: without its verdict there is nothing to learn from it."""

    is_correct: bool = Field(description="The answer given is right.", examples=[True])


class Quiz(Properties):
    """A quiz; the results are known once it is complete."""

    quiz_id: Identifier = Field(description="The quiz.", examples=["quiz-cardio-01"])
    total_questions: Count | None = Field(
        default=None, description="Questions in the quiz.", examples=[20]
    )
    correct_answers: Count | None = Field(
        default=None, description="Questions answered right.", examples=[17]
    )
    accuracy: Ratio | None = Field(
        default=None, description="`correct_answers` / `total_questions`.", examples=[0.85]
    )
    total_time_seconds: TotalSeconds | None = Field(
        default=None, description="Time taken for the quiz.", examples=[900]
    )
    quiz_type: Literal["practice", "mock_exam", "flashcards"] | None = Field(
        default=None, description="Kind of quiz.", examples=["practice"]
    )


EVENT_TYPES = (
    EventType(
        name="question_view",
        family=_FAMILY,
        description="A question was shown.",
        when="The learner views a practice question.",
        where="`GET /api/questions/{question_id}`.",
        properties=QuestionView,
        required_ids=_QUESTION,
    ),
    EventType(
        name="question_attempt",
        family=_FAMILY,
        description="An answer was given; the `question_submit` that follows it replaces it.",
        when="The learner answers a question, finally or not.",
        where="`POST /api/questions/{question_id}/submit`.",
        properties=QuestionAttempt,
        required_ids=_QUESTION,
    ),
    EventType(
        name="question_submit",
        family=_FAMILY,
        description="A final answer was given and scored.",
        when="The learner submits the answer to a question.",
        where="`POST /api/questions/{question_id}/submit`.",
        properties=QuestionSubmit,
        required_ids=_QUESTION,
    ),
    EventType(
        name="quiz_start",
        family=_FAMILY,
        description="A quiz of several questions began.",
        when="The learner starts a quiz.",
        where="`POST /api/quizzes/{quiz_id}/start`.",
        properties=Quiz,
    ),
    EventType(
        name="quiz_complete",
        family=_FAMILY,
        description="A quiz was completed.",
        when="The learner completes a quiz.",
        where="`POST /api/quizzes/{quiz_id}/complete`.",
        properties=Quiz,
    ),
)
