"""The daily check-in: a streak is continued at most once on a local day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from psycopg import AsyncConnection

from ingestion.gamification.awarding import stamp
from ingestion.gamification.engine import Engine
from ingestion.gamification.learner_log import read_before
from ingestion.gamification.rules import GamificationRules

_CHECK_IN = "streak_continued"


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What a check-in comes to: the events to land, none if the day was checked in already.

    The first one is the `streak_continued`, under the id of the request. `streak` is its
    `new_streak`; for a day checked in already the days of study in a row that end with it, or, if
    there was no study on it yet, with the day before, and the day itself.
    """

    local_date: date
    streak: int
    events: list[dict[str, object]]


async def check_in(
    connection: AsyncConnection, request: Mapping[str, object], *, rules: GamificationRules
) -> CheckIn:
    """Check a learner in; what is returned must be landed in the caller's transaction.

    `request` has `event_id` (a UUIDv7), `user_id`, `occurred_at` and perhaps `session_id`, as the
    fact of `award` has, and the transaction must hold the learner's lock as there. Raises what
    `award` does, StoredFactError if a `streak_continued` is stored under that id.
    """
    fact = {**request, "event_type": _CHECK_IN}
    reading = await read_before(connection, fact)
    state, day = reading.state, reading.local_day
    given = Engine(rules).check_in(state, day)
    events = [
        {**follows, "event_id": str(request["event_id"])} if number == 0 else follows
        for number, follows in enumerate(stamp(fact, given))
    ]
    return CheckIn(day, state.streak_with(day), events)
