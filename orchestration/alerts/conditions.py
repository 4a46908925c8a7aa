"""What is worth an alert, and the ledger of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import psycopg

_SEE = """
insert into ops.alerts (kind, subject, message, run_id, opened_at, last_seen_at)
values (%(kind)s, %(subject)s, %(message)s, %(run_id)s, %(at)s, %(at)s)
on conflict (kind, subject) where closed_at is null do update set
    occurrences = ops.alerts.occurrences + excluded.occurrences,
    last_seen_at = excluded.last_seen_at
"""

_CLOSE = """
update ops.alerts set closed_at = greatest(%(at)s, opened_at)
where kind = %(kind)s and subject = any(%(subjects)s) and closed_at is null
"""


class AlertKind(StrEnum):
    """The kinds of alert; each has an entry in docs/operations.md."""

    FAILED_RUN = "failed_run"
    FAILED_CHECK = "failed_check"
    LATE_DATA = "late_data"
    DEAD_LETTERS = "dead_letters"

    @property
    def anchor(self) -> str:
        """Of its entry in the runbook."""
        return f"alert-{self.value.replace('_', '-')}"


@dataclass(frozen=True)
class Condition:
    """Something that is wrong. Seen again it is the same as long as kind and subject are."""

    kind: AlertKind
    subject: str
    message: str
    run_id: str | None = None


def note(connection: psycopg.Connection[Any], seen: Iterable[Condition], at: datetime) -> None:
    """Write down conditions that are seen at an instant; one that is open is counted on."""
    for each in seen:
        connection.execute(
            _SEE,
            {
                "kind": each.kind,
                "subject": each.subject,
                "message": each.message,
                "run_id": each.run_id,
                "at": at,
            },
        )


def close(
    connection: psycopg.Connection[Any], kind: AlertKind, subjects: Iterable[str], at: datetime
) -> None:
    """Write down that conditions are over; those that were not open are left alone."""
    connection.execute(_CLOSE, {"kind": kind, "subjects": list(subjects), "at": at})
