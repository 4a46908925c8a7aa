"""Taking one learner out of schema `raw`: events, dead letters, their replays, and the books."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from ingestion.landing.books import take_out
from ingestion.privacy.pseudonyms import Pseudonyms, Purpose

# Those who write wait until it is done, and none who has begun before is still at it: what comes
# after finds the learner on the list of the forgotten.
_HOLD_WRITERS = "lock table raw.study_events in share row exclusive mode"

_NOTE_TOUCHED = """
insert into ops.erased_events (event_id, claim_id, session_id, user_id, occurred_at)
select event_id, coalesce(session_id, event_id), session_id, user_id, occurred_at
from raw.study_events
where user_id = %(user_id)s
"""

_TRANSACTIONS = """
select ingest_xid::text::bigint, count(*) from raw.study_events
where user_id = %(user_id)s
group by ingest_xid
"""

# A dead letter is the learner's where it holds the id anywhere, in any spelling, or is about an
# event or a session that is the learner's alone.
_LETTERS = """
select failed_event_id
from raw.failed_events
where
    concat_ws(' ', payload, context, path, message, event_id) ~* %(spellings)s
    or event_id = any(%(own_ids)s)
    or payload ->> 'event_id' = any(%(own_ids)s)
    or payload ->> 'session_id' = any(%(own_ids)s)
"""

_OWN_IDS = """
select event_id::text from raw.study_events where user_id = %(user_id)s
union
select client_event_id from raw.study_events
where user_id = %(user_id)s and client_event_id is not null
union
select mine.session_id::text
from raw.study_events as mine
where
    mine.user_id = %(user_id)s
    and mine.session_id is not null
    and not exists (
        select from raw.study_events as others
        where
            coalesce(others.session_id, others.event_id) = mine.session_id
            and others.user_id <> mine.user_id
    )
"""


@dataclass(frozen=True)
class Erased:
    """What was taken out, by table; and the ids that were the learner's alone, as texts."""

    counts: Mapping[str, int]
    own_ids: frozenset[str]


def suppress(connection: psycopg.Connection[Any], learner: UUID, pseudonyms: Pseudonyms) -> None:
    """Put a learner on the list of the forgotten, for good. The session is the owner's."""
    digest = pseudonyms.make(learner, Purpose.SUPPRESSION)
    connection.execute(
        "insert into ops.forgotten (digest) values (%s) on conflict do nothing", (digest,)
    )


def erase(connection: psycopg.Connection[Any], learner: UUID) -> Erased:
    """Erase a learner from `raw` in the caller's transaction; the session is the owner's.

    What the next load has to compute again is noted down with it. Twice erases nothing more.
    """
    connection.execute(_HOLD_WRITERS)
    own_ids = find_own_ids(connection, learner)
    values = {"user_id": learner, "spellings": spellings(learner), "own_ids": sorted(own_ids)}
    connection.execute(_NOTE_TOUCHED, values)
    take_out(connection, dict(connection.execute(_TRANSACTIONS, values).fetchall()))
    letters = [row[0] for row in connection.execute(_LETTERS, values).fetchall()]
    counts = {
        "raw.replays": connection.execute(
            "delete from raw.replays where failed_event_id = any(%s) or event_id::text = any(%s)",
            (letters, values["own_ids"]),
        ).rowcount,
        "raw.failed_events": connection.execute(
            "delete from raw.failed_events where failed_event_id = any(%s)", (letters,)
        ).rowcount,
        "raw.study_events": connection.execute(
            "delete from raw.study_events where user_id = %s", (learner,)
        ).rowcount,
    }
    return Erased(counts, own_ids)


def find_own_ids(connection: psycopg.Connection[Any], learner: UUID) -> frozenset[str]:
    """Ids of the learner's events, and of the sessions nobody else has an event in."""
    found = connection.execute(_OWN_IDS, {"user_id": learner}).fetchall()
    return frozenset(row[0] for row in found)


def spellings(learner: UUID) -> str:
    """A regular expression for every spelling of an id, to be matched whatever the case."""
    parts = str(learner).split("-")
    return "-?".join(parts)
