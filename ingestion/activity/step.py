"""What happens to one activity within its transaction, the learner being locked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection

from ingestion.activity.attempts import ANSWERS, days_between, find_attempts
from ingestion.activity.draft import Draft
from ingestion.activity.enrichment import enrich
from ingestion.activity.identity import Known, as_event, as_sent, says_the_same, shape_event
from ingestion.activity.mastery import MasteryReader
from ingestion.activity.request import Said
from ingestion.events.columns import microseconds
from ingestion.events.validation import AcceptedEvent, validate_event
from ingestion.gamification.awarding import award
from ingestion.gamification.checking_in import check_in
from ingestion.gamification.rules import GamificationRules
from ingestion.gamification.state import GAMIFICATION
from ingestion.landing.judging import JudgedBatch, judge_values
from ingestion.landing.land import land_known, land_within
from ingestion.landing.learner_log import FACT, StoredEvent, read_learner
from ingestion.landing.months import MonthCache
from ingestion.landing.verdict import LandingReport

_AWARDS = tuple(GAMIFICATION)


@dataclass(frozen=True, slots=True)
class Award:
    """An event that followed from what was recorded."""

    event_id: str
    event_type: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a request: the event and its awards as stored, and the verdicts on them.

    `event` is None where nothing was stored: `report` then has the reason, or, if that is None
    too, there was nothing to store (a day that is checked in already). `streak` is a check-in's.
    """

    batch: JudgedBatch | None = None
    report: LandingReport | None = None
    event: StoredEvent | None = None
    awards: Sequence[Award] = ()
    is_duplicate: bool = False
    days_since_last_attempt: float | None = None
    streak: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Repeats, stores, or checks in, as the caller finds it has to; commits nothing itself."""

    connection: AsyncConnection
    rules: GamificationRules
    months: MonthCache
    mastery: MasteryReader
    said: Said
    known: Known
    received_at: datetime
    context: Mapping[str, object]

    async def repeat(self, stored: StoredEvent, user_agent: str | None) -> Recorded:
        """Answer a retry by what is stored; what says something else is a conflict.

        Raises `ActivityRefusedError` where that cannot be enriched.
        """
        if not says_the_same(self.said, stored):
            batch = self._judge([await self._enrich(user_agent)])
            return Recorded(batch, await land_known(self.connection, batch, self.months))
        # Judged as of its receipt, when a UUIDv7 that came without a time was a recent one.
        batch = self._judge([as_sent(stored)], received_at=stored.occurred_at)
        batch.received_at = self.received_at
        report = await land_known(self.connection, batch, self.months)
        followed = await read_learner(
            self.connection,
            stored.user_id,
            _AWARDS,
            since=stored.occurred_at,
            about=(FACT, stored.event_id),
        )
        return Recorded(
            batch,
            report,
            stored,
            [_tell(each) for each in followed if each.event_id != stored.event_id],
            is_duplicate=True,
            days_since_last_attempt=await self._days_before(stored),
            streak=stored.properties.get("new_streak"),
        )

    async def store(self, user_agent: str | None) -> Recorded:
        """Enrich, award, land. Raises `ActivityRefusedError` where it cannot be enriched."""
        draft = self._draft(user_agent)
        await enrich(draft)
        event = shape_event(self.said, self.known, draft.ids, draft.properties)
        accepted = await self._accept(event)
        if accepted is None:
            return await self._turn_away(event)
        awards = await award(self.connection, _as_fact(accepted), rules=self.rules)
        return await self._land(
            event, accepted, awards, days_since_last_attempt=draft.days_since_last_attempt
        )

    async def check_in(self) -> Recorded:
        """Land what a check-in comes to: nothing, if the day is checked in already."""
        asked = as_event(self.said, self.known)
        accepted = await self._accept(asked)
        if accepted is None:
            return await self._turn_away(asked)
        found = await check_in(self.connection, _as_fact(accepted), rules=self.rules)
        if not found.events:
            return Recorded(streak=found.streak)
        first, *awards = found.events
        event = asked | {"properties": first["properties"]}
        accepted = await self._accept(event)
        if accepted is None:
            raise RuntimeError("a check-in is not what the plan says it is")
        return await self._land(event, accepted, awards, streak=found.streak)

    def _draft(self, user_agent: str | None) -> Draft:
        moment = self.known.occurred_at or self.received_at
        return Draft(self.said, self.connection, moment, user_agent, self.mastery)

    async def _enrich(self, user_agent: str | None) -> dict[str, object]:
        draft = self._draft(user_agent)
        await enrich(draft)
        return shape_event(self.said, self.known, draft.ids, draft.properties)

    async def _accept(self, event: Mapping[str, object]) -> AcceptedEvent | None:
        """The event as it will be stored; None where it will not be."""
        outcome = validate_event(event, received_at=self.received_at, sent_at=None)
        if not isinstance(outcome, AcceptedEvent):
            return None
        place = (outcome.event_id.bytes, microseconds(outcome.occurred_at))
        for fresh in (False, True):
            months = await self.months.read(self.connection, fresh=fresh)
            if months.refuse(*place) is None:
                return outcome
        return None

    async def _land(
        self,
        event: Mapping[str, object],
        accepted: AcceptedEvent,
        awards: Sequence[Mapping[str, Any]],
        *,
        days_since_last_attempt: float | None = None,
        streak: int | None = None,
    ) -> Recorded:
        # By the fact a retry finds the awards again.
        context = {**self.context, FACT: str(accepted.event_id)}
        batch = self._judge([event, *awards], context=context)
        if batch.failed:
            raise RuntimeError("an award is not what the plan says it is")
        report = await land_within(self.connection, batch, self.months)
        return Recorded(
            batch,
            report,
            _as_stored(accepted, context),
            [Award(str(a["event_id"]), a["event_type"], a["properties"]) for a in awards],
            days_since_last_attempt=days_since_last_attempt,
            streak=streak,
        )

    async def _turn_away(self, event: Mapping[str, object]) -> Recorded:
        """Keep what cannot be stored as a dead letter, with its reason."""
        batch = self._judge([event])
        return Recorded(batch, await land_within(self.connection, batch, self.months))

    def _judge(
        self,
        events: Sequence[object],
        *,
        received_at: datetime | None = None,
        context: Mapping[str, object] | None = None,
    ) -> JudgedBatch:
        return judge_values(
            events,
            received_at=received_at or self.received_at,
            sent_at=None,
            context=context or self.context,
        )

    async def _days_before(self, stored: StoredEvent) -> float | None:
        if stored.event_type not in ANSWERS:
            return None
        answers = await read_learner(
            self.connection,
            stored.user_id,
            ANSWERS,
            about=("question_id", stored.question_id),
        )
        place = (stored.occurred_at, stored.event_id)
        before = [each for each in answers if (each.occurred_at, each.event_id) < place]
        is_submit = stored.event_type == "question_submit"
        group = (stored.session_id, stored.question_id) if is_submit else None
        return days_between(find_attempts(before, submitted=group), stored.occurred_at)


def _as_fact(event: AcceptedEvent) -> dict[str, object]:
    """An event as awards are computed from: in the HTTP shape, under the id it is stored by."""
    return {
        "event_id": str(event.event_id),
        "event_type": event.event_type,
        "user_id": str(event.user_id),
        "session_id": None if event.session_id is None else str(event.session_id),
        "occurred_at": event.occurred_at,
        "material_id": event.material_id,
        "question_id": event.question_id,
        "topic_id": event.topic_id,
        "properties": event.properties,
    }


def _as_stored(event: AcceptedEvent, context: Mapping[str, object]) -> StoredEvent:
    return StoredEvent(
        event.event_id,
        event.event_type,
        event.user_id,
        event.session_id,
        event.occurred_at,
        event.original_occurred_at,
        event.client_event_id,
        event.material_id,
        event.chunk_id,
        event.question_id,
        event.topic_id,
        event.properties,
        context,
    )


def _tell(event: StoredEvent) -> Award:
    return Award(str(event.event_id), event.event_type, event.properties)
