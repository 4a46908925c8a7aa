"""The AI coach: asked, answering, rated, asked for hints and explanations."""

from typing import Literal

from pydantic import Field

from ingestion.events.definition import EventType, Properties
from ingestion.events.fields import (
    Characters,
    Count,
    FiveSteps,
    FreeText,
    Identifier,
    Identifiers,
    Milliseconds,
    Name,
    Seconds,
    Tokens,
)

_FAMILY = "coach"


class AiQuestionAsked(Properties):
    """A message to the coach: its size and subject, never its text."""

    question_length: Characters | None = Field(
        default=None, description="Length of the message.", examples=[84]
    )
    context_provided: bool | None = Field(
        default=None,
        description="The message came with context, such as a page or a question.",
        examples=[True],
    )
    conversation_turn: Count | None = Field(
        default=None, description="Which turn of the conversation.", examples=[1]
    )
    detected_topics: Identifiers | None = Field(
        default=None,
        description="Ids of the topics detected in the message.",
        examples=[["cardiology", "ecg"]],
    )


class AiResponseReceived(Properties):
    """An answer of the coach: its size and cost, never its text."""

    response_length: Characters | None = Field(
        default=None, description="Length of the answer.", examples=[640]
    )
    response_time_ms: Milliseconds | None = Field(
        default=None, description="Time until the answer was there.", examples=[1_850]
    )
    model_used: Name | None = Field(
        default=None, description="Name of the language model.", examples=["gpt-5"]
    )
    tokens_used: Tokens | None = Field(
        default=None, description="Tokens the exchange took.", examples=[412]
    )


class AiFeedback(Properties):
    """What the learner thought of an answer."""

    message_id: Identifier | None = Field(
        default=None, description="The answer that was rated.", examples=["msg-7f3a"]
    )
    rating: FiveSteps | None = Field(
        default=None, description="From 1 (useless) to 5 (excellent).", examples=[5]
    )
    feedback_text: FreeText | None = Field(
        default=None, description="The learner's comment.", examples=["Clear and to the point."]
    )


class AiHelp(Properties):
    """Help asked for on a question."""

    hint_type: Literal["guided", "direct"] | None = Field(
        default=None,
        description="A nudge towards the answer, or the answer itself.",
        examples=["guided"],
    )
    time_before_hint: Seconds | None = Field(
        default=None, description="Time from seeing the question to asking.", examples=[25]
    )


EVENT_TYPES = (
    EventType(
        name="ai_question_asked",
        family=_FAMILY,
        description="The coach was asked something.",
        when="The learner sends a message to the AI coach.",
        where="`POST /api/ai-coach/ask` (WebSocket: on message send).",
        properties=AiQuestionAsked,
    ),
    EventType(
        name="ai_response_received",
        family=_FAMILY,
        description="The coach answered.",
        when="The AI coach responds.",
        where="Backend, after the language model's response is generated.",
        properties=AiResponseReceived,
    ),
    EventType(
        name="ai_feedback_positive",
        family=_FAMILY,
        description="An answer of the coach was found good.",
        when="The learner rates an answer with thumbs up.",
        where="`POST /api/ai-coach/feedback`.",
        properties=AiFeedback,
    ),
    EventType(
        name="ai_feedback_negative",
        family=_FAMILY,
        description="An answer of the coach was found bad.",
        when="The learner rates an answer with thumbs down.",
        where="`POST /api/ai-coach/feedback`.",
        properties=AiFeedback,
    ),
    EventType(
        name="ai_hint_requested",
        family=_FAMILY,
        description="A hint was asked for.",
        when="The learner asks for a hint on a question.",
        where="`POST /api/questions/{question_id}/hint`.",
        properties=AiHelp,
        required_ids=frozenset({"question_id"}),
    ),
    EventType(
        name="ai_explanation_requested",
        family=_FAMILY,
        description="An explanation was asked for.",
        when="The learner asks for the explanation of a question.",
        where="`POST /api/questions/{question_id}/explanation`.",
        properties=AiHelp,
        required_ids=frozenset({"question_id"}),
    ),
)
