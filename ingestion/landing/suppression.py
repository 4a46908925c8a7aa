"""Events of forgotten learners, turned away for good: whatever still sends them."""

import json
import time
from collections.abc import Collection, Sequence
from uuid import UUID

from psycopg import AsyncConnection

from ingestion.events.codes import Code
from ingestion.events.validation import Rejection
from ingestion.landing.failed_events import FailedEvent, storable
from ingestion.landing.judging import JudgedBatch
from ingestion.landing.rows import learner_of
from ingestion.privacy.pseudonyms import UUID_TEXT, Pseudonyms, Purpose
from ingestion.store.errors import StoreError

TRUSTED_SECONDS = 5.0
"""So long an empty list is believed to be empty: who forgets a learner waits it out."""

_IS_EMPTY = "select not exists (select from ops.forgotten)"
_KNOWN = "select digest from ops.forgotten where digest = any(%s)"


class Suppression:
    """Knows the forgotten by keyed digests. While there are none it costs a look at the clock.

    Without `pseudonyms` nobody can be recognised: then nothing is landed where somebody is
    forgotten, for one who comes back unseen is worse than a service that says it has no key.
    """

    def __init__(
        self, pseudonyms: Pseudonyms | None, *, trusted_seconds: float = TRUSTED_SECONDS
    ) -> None:
        self._pseudonyms = pseudonyms
        self._trusted_seconds = trusted_seconds
        self._found_empty_at = float("-inf")

    async def screen(self, connection: AsyncConnection, batches: Sequence[JudgedBatch]) -> None:
        """Take the events of the forgotten out of batches, in place: told of, and kept nowhere.

        One query for all batches. Raises StoreError without keys where somebody is forgotten.
        """
        if await self._is_empty(connection):
            return
        learners = {learner_of(row.content) for batch in batches for row in batch.rows}
        named = {id(failed): _named(failed) for batch in batches for failed in batch.failed}
        forgotten = await self._find(connection, learners.union(*named.values()))
        if not forgotten:
            return
        for batch in batches:
            gone = [row for row in batch.rows if learner_of(row.content) in forgotten]
            batch.rows = [row for row in batch.rows if learner_of(row.content) not in forgotten]
            batch.unkept += [batch.reject(row.position, REFUSAL) for row in gone]
            letters = [failed for failed in batch.failed if named[id(failed)] & forgotten]
            batch.failed = [each for each in batch.failed if not named[id(each)] & forgotten]
            batch.unkept += [batch.reject(failed.verdict.index, REFUSAL) for failed in letters]

    async def is_forgotten(self, connection: AsyncConnection, learner: UUID) -> bool:
        """Whether one learner is. Raises StoreError as `screen` does."""
        if await self._is_empty(connection):
            return False
        return bool(await self._find(connection, {learner}))

    async def _is_empty(self, connection: AsyncConnection) -> bool:
        now = time.monotonic()
        if now - self._found_empty_at < self._trusted_seconds:
            return True
        row = await (await connection.execute(_IS_EMPTY)).fetchone()
        is_empty = row is not None and bool(row[0])
        self._found_empty_at = now if is_empty else float("-inf")
        return is_empty

    async def _find(self, connection: AsyncConnection, learners: Collection[UUID]) -> set[UUID]:
        if self._pseudonyms is None:
            raise StoreError(
                "learners are forgotten here, and without the keys of their pseudonyms none can be"
                " recognised: set STUDY_PSEUDONYM_KEYS, or start it by `study`"
            )
        digests = {
            digest: learner
            for learner in learners
            for digest in self._pseudonyms.all(learner, Purpose.SUPPRESSION)
        }
        cursor = await connection.execute(_KNOWN, (list(digests),))
        return {digests[bytes(row[0])] for row in await cursor.fetchall()}


REFUSAL = Rejection(Code.LEARNER_FORGOTTEN, "user_id", "this learner is forgotten: stop sending")


def _named(failed: FailedEvent) -> set[UUID]:
    """Every id a dead letter holds: what is wrong with it may be where the learner's stands."""
    text = json.dumps(storable(failed.payload), default=str)
    return {UUID(found[0]) for found in UUID_TEXT.finditer(text)}
