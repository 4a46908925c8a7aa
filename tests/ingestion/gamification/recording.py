"""What a route of the activity API does: facts with their awards, in one transaction."""

from collections.abc import Sequence
from datetime import UTC, datetime

from psycopg import AsyncConnection

from ingestion.gamification.awarding import award
from ingestion.gamification.checking_in import CheckIn, check_in
from ingestion.gamification.rules import load_rules
from ingestion.landing.land import land, land_again
from ingestion.landing.verdict import Status
from tests.ingestion.gamification.facts import Event

RULES = load_rules()
RECEIVED = datetime(2026, 5, 20, tzinfo=UTC)


async def record(connection: AsyncConnection, event: Event) -> list[Event]:
    """What a route does: the fact and its awards in one transaction, behind the learner's lock."""
    async with connection.transaction():
        await connection.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))", (event["user_id"],)
        )
        awards = await award(connection, event, rules=RULES)
        report = await land_again(
            connection, [event, *awards], received_at=RECEIVED, sent_at=None, context={}
        )
        assert {each.status for each in report.results} == {Status.ACCEPTED}
        assert [each.client_event_id for each in report.results] == [None] * len(report.results)
    return awards


async def store(connection: AsyncConnection, events: Sequence[Event]) -> None:
    report = await land(connection, events, received_at=RECEIVED, sent_at=None, context={})
    assert {each.status for each in report.results} <= {Status.ACCEPTED}, report


async def land_check_in(connection: AsyncConnection, request: Event) -> CheckIn:
    async with connection.transaction():
        await connection.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))", (request["user_id"],)
        )
        found = await check_in(connection, request, rules=RULES)
        if found.events:
            await land_again(
                connection, found.events, received_at=RECEIVED, sent_at=None, context={}
            )
    return found
