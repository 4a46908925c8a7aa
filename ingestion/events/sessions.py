"""Study sessions: begun, paused, resumed, ended."""

from typing import Literal

from pydantic import Field

from ingestion.events.definition import EventType, Properties
from ingestion.events.fields import Count, FreeText, Timezone, TotalSeconds, Xp

_FAMILY = "sessions"


class SessionStart(Properties):
    """What a client tells when a session begins."""

    device_type: Literal["web", "mobile", "tablet", "desktop"] | None = Field(
        default=None,
        description="Kind of device or client the learner studies on.",
        examples=["web"],
    )
    user_agent: FreeText | None = Field(
        default=None,
        description="The client's User-Agent header. For debugging only, never for analytics.",
        examples=["Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"],
    )
    timezone: Timezone | None = Field(
        default=None,
        description=(
            "IANA name of the learner's timezone; it decides which local day the session's "
            "events belong to. Without it: UTC."
        ),
        examples=["Europe/Berlin"],
    )


class SessionEnd(Properties):
    """What a client believes the session came to; kept beside the derived figures."""

    duration_seconds: TotalSeconds | None = Field(
        default=None,
        description="Time from start to end, as the client measured it.",
        examples=[2_700],
    )
    active_seconds: TotalSeconds | None = Field(
        default=None,
        description="Time neither paused nor idle, as the client measured it.",
        examples=[2_400],
    )
    materials_viewed: Count | None = Field(
        default=None, description="Materials opened, as the client counted.", examples=[2]
    )
    questions_attempted: Count | None = Field(
        default=None, description="Questions answered, as the client counted.", examples=[15]
    )
    xp_earned: Xp | None = Field(
        default=None, description="XP earned in the session, as the client counted.", examples=[120]
    )


class SessionPause(Properties):
    """Why the session is paused; a resume may repeat it."""

    pause_reason: FreeText | None = Field(
        default=None, description="Reason in the learner's own words.", examples=["break"]
    )


EVENT_TYPES = (
    EventType(
        name="session_start",
        family=_FAMILY,
        description="A study session began.",
        when="The learner opens the app, starts the timer or begins an activity.",
        where='Frontend, on "Start Study Session"; backend, `POST /api/sessions/start`.',
        properties=SessionStart,
        required_ids=frozenset({"session_id"}),
    ),
    EventType(
        name="session_end",
        family=_FAMILY,
        description="A study session ended.",
        when="The learner ends it, 30 minutes pass without activity, or the browser closes.",
        where='Frontend, on "End Session" or after 30 min of inactivity; backend, '
        "`POST /api/sessions/{session_id}/end`.",
        properties=SessionEnd,
        required_ids=frozenset({"session_id"}),
    ),
    EventType(
        name="session_pause",
        family=_FAMILY,
        description="The session's timer was paused.",
        when="The learner pauses the timer: a break, a distraction.",
        where="`POST /api/sessions/{session_id}/pause`.",
        properties=SessionPause,
        required_ids=frozenset({"session_id"}),
    ),
    EventType(
        name="session_resume",
        family=_FAMILY,
        description="The session's timer runs again.",
        when="The learner resumes a paused timer.",
        where="`POST /api/sessions/{session_id}/resume`.",
        properties=SessionPause,
        required_ids=frozenset({"session_id"}),
    ),
)
