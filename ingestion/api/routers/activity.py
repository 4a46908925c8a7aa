"""The activity API: every route of the table, each by the same handler."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from ingestion.activity.recording import Recorder
from ingestion.activity.refusing import ActivityRefusedError
from ingestion.activity.request import Said, read_request
from ingestion.activity.shape import operation_name
from ingestion.activity.step import Recorded
from ingestion.activity.table import ACTIVITIES, Activity
from ingestion.api.accounting import account_batch, admit_batch
from ingestion.api.activity_document import ACTIVITY_REFUSALS, answer_example, describe_body
from ingestion.api.auditing import note_answer
from ingestion.api.auth import require_writer
from ingestion.api.body import read_object
from ingestion.api.context import request_context
from ingestion.api.errors import RequestRefusedError
from ingestion.api.keys import Writer
from ingestion.api.openapi import WRITER_REFUSALS, answered, refusals
from ingestion.api.settings import IngestionSettings
from ingestion.events.codes import Code
from ingestion.events.plan import PLAN
from ingestion.landing.verdict import LandingReport, Status
from ingestion.store.scopes import Scope

# Stored, and not told again: the one is for debugging, the other the catalogue's.
_UNTOLD = frozenset({"user_agent"})
_MASTERY = "current_mastery"
_SERVERS_ONLY = frozenset({"correct_answer"})


class AwardAnswer(BaseModel):
    """An award, which is an event of its own, stored with what earned it."""

    event_id: str
    event_type: str
    properties: dict[str, Any]


class ActivityAnswer(BaseModel):
    """What was recorded. It is sent after the commit: what it tells is stored for good."""

    event_id: str | None = Field(
        description="The id it is stored under; null where a day was checked in already."
    )
    event_type: str
    user_id: UUID
    session_id: UUID | None = Field(description="Of a session's start: the new session's id.")
    occurred_at: datetime | None
    duplicate: bool = Field(description="It was stored before: this is the answer it got then.")
    properties: dict[str, Any] = Field(
        description="As stored, what was added included; `correct_answer` for server keys only."
    )
    awards: list[AwardAnswer] = Field(description="What it earned, in causal order.")
    days_since_last_attempt: float | None = Field(
        default=None, description="Of an answer: since the one before to this question; null: none."
    )
    streak: int | None = Field(default=None, description="Of a check-in: days in a row.")


router = APIRouter(
    tags=["activity"],
    dependencies=[Depends(require_writer)],
    responses=refusals(ACTIVITY_REFUSALS, WRITER_REFUSALS),
)


def _add_route(activity: Activity) -> None:
    event_type = PLAN[activity.first_event]
    router.add_api_route(
        activity.path,
        _handler(activity),
        methods=["POST"],
        response_model=ActivityAnswer,
        operation_id=operation_name(activity.path),
        summary=event_type.when,
        description=f"Records {', '.join(f'`{name}`' for name in activity.events.values())}.",
        responses={200: answered("It is recorded.", answer_example(activity))},
        openapi_extra=describe_body(activity),
    )


def _handler(activity: Activity) -> Callable[[Request], Awaitable[ActivityAnswer]]:
    async def record(request: Request) -> ActivityAnswer:
        recorder: Recorder = request.app.state.recorder
        settings: IngestionSettings = request.app.state.settings
        recorder.require_room()  # before a body is read that could only be thrown away
        body = await read_object(request, settings.max_activity_bytes)
        headers = request.headers
        try:
            said = read_request(
                activity,
                request.path_params,
                body,
                learner=headers.get("x-user-id"),
                key=headers.get("idempotency-key"),
            )
            admit_batch(request, 1)
            recorded = await recorder.record(
                said, context=request_context(request), user_agent=headers.get("user-agent")
            )
        except ActivityRefusedError as refusal:
            raise RequestRefusedError(422, refusal.code, str(refusal)) from refusal
        if recorded.batch is not None and recorded.report is not None:
            account_batch(request, recorded.batch, recorded.report)
            _require_stored(recorded.report)
        answer = _answer(said, recorded, request.scope["writer"])
        if _MASTERY in activity.enrichments and _MASTERY not in said.properties:
            await note_answer(
                request,
                tables=["live.topic_mastery"],
                learner=said.user_id,
                row_count=int(answer.properties.get(_MASTERY) is not None),
            )
        return answer

    return record


def _require_stored(report: LandingReport) -> None:
    verdict = report.results[0]
    if verdict.why is None:
        return
    path = verdict.why.path.removeprefix("properties.")
    message = f"`{path}` {verdict.why.message}" if path else verdict.why.message
    if verdict.status is Status.CONFLICT:
        raise RequestRefusedError(409, Code.CONFLICT.value, message)
    raise RequestRefusedError(422, verdict.why.code, message)


def _answer(said: Said, recorded: Recorded, writer: Writer) -> ActivityAnswer:
    event = recorded.event
    if event is None:
        return ActivityAnswer(
            event_id=None,
            event_type=said.event_type.name,
            user_id=said.user_id,
            session_id=said.session_id,
            occurred_at=None,
            duplicate=True,
            properties={},
            awards=[],
            streak=recorded.streak,
        )
    hidden = _UNTOLD if writer.scope is Scope.SERVER else _UNTOLD | _SERVERS_ONLY
    return ActivityAnswer(
        event_id=str(event.event_id),
        event_type=event.event_type,
        user_id=event.user_id,
        session_id=event.session_id,
        occurred_at=event.occurred_at,
        duplicate=recorded.is_duplicate,
        properties={n: value for n, value in event.properties.items() if n not in hidden},
        awards=[
            AwardAnswer(
                event_id=award.event_id,
                event_type=award.event_type,
                properties=dict(award.properties),
            )
            for award in recorded.awards
        ],
        days_since_last_attempt=recorded.days_since_last_attempt,
        streak=recorded.streak,
    )


for _activity in ACTIVITIES:
    _add_route(_activity)
