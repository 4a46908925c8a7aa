"""Who is forgotten, noted down outside of the database: a backup of it may be older."""

from pathlib import Path
from uuid import UUID

from ingestion.privacy.pseudonyms import Pseudonyms, Purpose
from orchestration.settings import Settings


def ledger_file(settings: Settings) -> Path:
    """Digests of the forgotten outside of the database, one a line: a backup may not know them."""
    return settings.home / "audit" / "forgotten.digests"


def note_forgotten(settings: Settings, learner: UUID, pseudonyms: Pseudonyms) -> None:
    """Add a learner to the ledger."""
    file = ledger_file(settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as ledger:
        ledger.write(pseudonyms.make(learner, Purpose.SUPPRESSION).hex() + "\n")
