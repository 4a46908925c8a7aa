"""Forgetting again those whom a backup, older than their forgetting, has brought back."""

import psycopg

from ingestion.privacy.pseudonyms import Purpose
from ingestion.store.migrations import migrate
from orchestration.database import open_unmigrated
from orchestration.erasure.command import forget_learner
from orchestration.erasure.ledger import ledger_file
from orchestration.pseudonyms import open_pseudonyms
from orchestration.settings import Settings

_LEARNERS = "select distinct user_id from raw.study_events"
_KNOWN = "select digest from ops.forgotten"


def forget_again(settings: Settings) -> int:
    """Forget whoever of the database is in the ledger of this home; returns how many.

    Raises StoreError where the keys are not those of the database.
    """
    ledger = ledger_file(settings)
    noted = ledger.read_text().split() if ledger.exists() else []
    with open_unmigrated(settings) as url:
        migrate(url)
        pseudonyms = open_pseudonyms(settings, url)
        with psycopg.connect(url, autocommit=True) as owner:
            with owner.cursor() as cursor:
                cursor.executemany(
                    "insert into ops.forgotten (digest) values (%s) on conflict do nothing",
                    [(bytes.fromhex(digest),) for digest in set(noted)],
                )
            forgotten = {bytes(row[0]) for row in owner.execute(_KNOWN).fetchall()}
            back = [
                learner
                for (learner,) in owner.execute(_LEARNERS).fetchall()
                if forgotten.intersection(pseudonyms.all(learner, Purpose.SUPPRESSION))
            ]
        for learner in back:
            forget_learner(settings, learner, as_of=None)
    return len(back)
