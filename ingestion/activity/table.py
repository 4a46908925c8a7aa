"""Which route records which event, and what is added to it: the one table of the activity API.

The middleware's table of an application's own routes is read from here as well
(`ingestion.clients.routes`), so this module loads nothing but names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the clients read this table: at run time they come after it
    from ingestion.clients.event import EventName

SINGLE = ""
"""The choice of an activity that is always the same event."""


@dataclass(frozen=True, kw_only=True)
class Activity:
    """`POST path` records an event.

    `events` are the types it may be, by what the request says in `choice` (see `choosing`).
    Of the request: `aliases` are friendly names of properties; the length of a text named in
    `lengths` becomes a property and the text is not kept; of a thing named in `presence` only
    whether it came is kept. `enrichments` name what is computed (see `enrichment`), in order.

    For the middleware: `view` is the application's own `GET` that is the same event, with `query`
    naming what a parameter of it becomes; `is_plain` says that the route alone tells the event.
    """

    path: str
    events: Mapping[str, "EventName"]
    choice: str = SINGLE
    aliases: Mapping[str, str] = field(default_factory=dict)
    lengths: Mapping[str, str] = field(default_factory=dict)
    presence: Mapping[str, str] = field(default_factory=dict)
    enrichments: tuple[str, ...] = ()
    view: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    is_plain: bool = False

    @property
    def first_event(self) -> "EventName":
        """The type that stands for all of them: they have the same properties."""
        return next(iter(self.events.values()))

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the path."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


def _always(name: "EventName") -> Mapping[str, "EventName"]:
    return {SINGLE: name}


_HELP = ("catalogue", "time_before_hint")

ACTIVITIES = (
    Activity(
        path="/api/sessions/start",
        events=_always("session_start"),
        enrichments=("new_session", "user_agent"),
    ),
    Activity(
        path="/api/sessions/{session_id}/end",
        events=_always("session_end"),
        enrichments=("session_totals",),
        is_plain=True,
    ),
    Activity(
        path="/api/sessions/{session_id}/pause",
        events=_always("session_pause"),
        aliases={"reason": "pause_reason"},
        is_plain=True,
    ),
    Activity(
        path="/api/sessions/{session_id}/resume",
        events=_always("session_resume"),
        aliases={"reason": "pause_reason"},
        is_plain=True,
    ),
    Activity(
        path="/api/materials/{material_id}/open",
        events=_always("material_open"),
        aliases={"filename": "material_name", "page_count": "total_pages"},
        enrichments=("catalogue",),
        view="/api/materials/{material_id}",
    ),
    Activity(
        path="/api/materials/{material_id}/read",
        events=_always("material_read"),
        enrichments=("catalogue",),
    ),
    Activity(
        path="/api/materials/{material_id}/complete",
        events=_always("material_complete"),
        enrichments=("catalogue", "reading_time", "completion"),
        is_plain=True,
    ),
    Activity(
        path="/api/materials/{material_id}/annotations",
        events={
            "highlight": "material_highlight",
            "note": "material_note",
            "bookmark": "material_bookmark",
        },
        choice="annotation_type",
        aliases={"position": "chunk_position"},
        lengths={"text": "text_length"},
        enrichments=("catalogue",),
    ),
    Activity(
        path="/api/questions/{question_id}/view",
        events=_always("question_view"),
        enrichments=("catalogue", "first_view"),
        view="/api/questions/{question_id}",
    ),
    Activity(
        path="/api/questions/{question_id}/submit",
        events={"true": "question_submit", "false": "question_attempt"},
        choice="is_final",
        aliases={
            "answer": "selected_answer",
            "time_spent": "time_to_answer_seconds",
            "confidence": "confidence_level",
        },
        enrichments=("catalogue", "correctness", "hint_used", "attempt"),
    ),
    Activity(
        path="/api/questions/{question_id}/hint",
        events=_always("ai_hint_requested"),
        enrichments=_HELP,
        is_plain=True,
    ),
    Activity(
        path="/api/questions/{question_id}/explanation",
        events=_always("ai_explanation_requested"),
        enrichments=_HELP,
        is_plain=True,
    ),
    Activity(
        path="/api/quizzes/{quiz_id}/start",
        events=_always("quiz_start"),
        aliases={"question_count": "total_questions"},
        is_plain=True,
    ),
    Activity(
        path="/api/quizzes/{quiz_id}/complete",
        events=_always("quiz_complete"),
        aliases={"question_count": "total_questions", "correct_count": "correct_answers"},
        enrichments=("quiz_results",),
    ),
    Activity(
        path="/api/ai-coach/ask",
        events=_always("ai_question_asked"),
        lengths={"question": "question_length"},
        presence={"context": "context_provided"},
        enrichments=("conversation_turn",),
        is_plain=True,
    ),
    Activity(
        path="/api/ai-coach/response",
        events=_always("ai_response_received"),
        lengths={"response": "response_length"},
        aliases={"response_time": "response_time_ms", "token_count": "tokens_used"},
    ),
    Activity(
        path="/api/ai-coach/feedback",
        events={"up": "ai_feedback_positive", "down": "ai_feedback_negative"},
        choice="thumbs",
        aliases={"feedback": "feedback_text"},
    ),
    Activity(path="/api/gamification/checkin", events=_always("streak_continued")),
    Activity(
        path="/api/search",
        events=_always("search_performed"),
        aliases={"q": "query", "filters": "filters_applied"},
        view="/api/search",
        query={"q": "query"},
    ),
    Activity(
        path="/api/topics/{topic_id}/explored",
        events=_always("topic_explored"),
        aliases={"name": "topic_name", "level": "topic_level"},
        enrichments=("catalogue", "current_mastery"),
        view="/api/topics/{topic_id}",
    ),
)

CHECK_IN = "/api/gamification/checkin"
"""The one activity that may come to nothing: a day is checked in once."""
