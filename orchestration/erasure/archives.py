"""A learner in the archived months, wherever the settings say they lie."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg

from ingestion.landing.books import take_out
from ingestion.store.archive.rewriting import count_archived, list_archived, rewrite
from orchestration.retention import open_archive
from orchestration.settings import Settings


@dataclass(frozen=True)
class MonthArchives:
    """The archive of the settings. Where nothing is archived it is not even opened."""

    settings: Settings

    def count(self, connection: psycopg.Connection[Any], learner: UUID) -> int:
        """Events of a learner in all months; reads one file of each."""
        months = list_archived(connection)
        if not months:
            return 0
        target = open_archive(self.settings)
        return sum(count_archived(connection, target, month, learner) for month in months)

    def rewrite(
        self, connection: psycopg.Connection[Any], learner: UUID
    ) -> Sequence[Mapping[str, Any]]:
        """Take a learner out of each month; what became of every file that was written anew.

        The caller holds the lock of loads, which is that of the archive, too.
        """
        months = list_archived(connection)
        target = open_archive(self.settings) if months else None
        done = [
            rewrite(connection, target, month, drop=learner, unbook=take_out)
            for month in months
            if target
        ]
        return [
            {
                "month": f"{each.month:%Y-%m}",
                "events": each.removed,
                "hash_before": each.hash_before,
                "hash_after": each.hash_after,
            }
            for each in done
            if each and each.removed
        ]
