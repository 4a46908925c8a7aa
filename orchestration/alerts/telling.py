"""Telling the alerts of the ledger to whom the settings name, each once."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby
from typing import Any, Literal

import apprise
import psycopg
from psycopg import sql
from psycopg.rows import class_row

from orchestration.alerts.conditions import AlertKind

_LOCK = 0x5354554459_03  # "STUDY", 3

Phase = Literal["opening", "closing"]
_PHASES: Sequence[Phase] = ("opening", "closing")

# What opened and closed while nobody could be told is told all the same, in this order.
_UNTOLD = """
select alert_id, kind, message, run_id, occurrences, opened_at, closed_at
from ops.alerts
where {told_at} is null and {due} is not null and not {told_to} @> array[%(receiver)s::text]
order by alert_id
"""
_TOLD = """
update ops.alerts set {told_to} = array_append({told_to}, %(receiver)s::text), failure = null
where alert_id = any(%(alerts)s)
"""
_FAILED = "update ops.alerts set failure = %(why)s where alert_id = any(%(alerts)s)"
_TOLD_ALL = """
update ops.alerts set {told_at} = clock_timestamp()
where {told_at} is null and {due} is not null and {told_to} @> %(receivers)s::text[]
"""


@dataclass(frozen=True)
class UntoldAlert:
    """An alert that some receiver has not been told."""

    alert_id: int
    kind: str
    message: str
    run_id: str | None
    occurrences: int
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True)
class Links:
    """Where a message leads to: the runbook, and the UI of Dagster."""

    runbook: str
    dagster: str


@dataclass(frozen=True)
class _Receiver:
    name: str
    url: str


@dataclass(frozen=True)
class Told:
    """How many messages were taken, and how many were not."""

    taken: int
    failed: int


def tell_alerts(ledger: psycopg.Connection[Any], receivers: Sequence[str], links: Links) -> Told:
    """Tell every receiver what it has not been told; who does not take it is tried next time.

    A receiver is a URL of apprise, and a secret: only its digest is kept. A message that was sent
    is noted in the next statement; killed between the two, it would be sent again. Without
    receivers an alert counts as told, so that none set later is flooded with the past. While
    another session tells, nothing is done.
    """
    row = ledger.execute("select pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
    if row != (True,):
        return Told(0, 0)
    try:
        return _tell_all(ledger, receivers, links)
    finally:
        ledger.execute("select pg_advisory_unlock(%s)", (_LOCK,))


def _tell_all(ledger: psycopg.Connection[Any], receivers: Sequence[str], links: Links) -> Told:
    named = [_Receiver(_digest(url), url) for url in receivers]
    counts = Counter[bool]()
    for phase in _PHASES:
        for receiver in named:
            for alerts in _read_untold(ledger, phase, receiver.name):
                taken = send(receiver.url, *write_message(phase, alerts, links))
                _note(ledger, phase, receiver, alerts, taken)
                counts[taken] += 1
        told = {"receivers": [receiver.name for receiver in named]}
        ledger.execute(_of_phase(_TOLD_ALL, phase), told)
    return Told(counts[True], counts[False])


def write_message(phase: Phase, alerts: Sequence[UntoldAlert], links: Links) -> tuple[str, str]:
    """Title and text of the message of some alerts of one kind."""
    kind = AlertKind(alerts[0].kind)
    what = f"{kind.value.replace('_', ' ')}{f' ({len(alerts)})' if alerts[1:] else ''}"
    lines = [line for alert in alerts for line in _describe(phase, alert, links)]
    lines.append(f"Runbook: {links.runbook}#{kind.anchor}")
    return f"study: {what}{' is over' if phase == 'closing' else ''}", "\n".join(lines)


def _describe(phase: Phase, alert: UntoldAlert, links: Links) -> list[str]:
    if phase == "closing":
        since = f"since {alert.opened_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return [f"Over: {alert.message} ({since}, seen {alert.occurrences} times)"]
    run = [f"  {links.dagster}/runs/{alert.run_id}"] if alert.run_id else []
    return [alert.message, *run]


def _read_untold(
    ledger: psycopg.Connection[Any], phase: Phase, name: str
) -> list[list[UntoldAlert]]:
    with ledger.cursor(row_factory=class_row(UntoldAlert)) as cursor:
        found = cursor.execute(_of_phase(_UNTOLD, phase), {"receiver": name}).fetchall()
    by_kind = sorted(found, key=lambda alert: alert.kind)
    return [list(alerts) for _, alerts in groupby(by_kind, key=lambda alert: alert.kind)]


def _note(
    ledger: psycopg.Connection[Any],
    phase: Phase,
    receiver: _Receiver,
    alerts: Sequence[UntoldAlert],
    taken: bool,
) -> None:
    ids = [alert.alert_id for alert in alerts]
    if taken:
        ledger.execute(_of_phase(_TOLD, phase), {"receiver": receiver.name, "alerts": ids})
    else:
        why = f"a receiver of {receiver.url.partition('://')[0]}:// did not take it"
        ledger.execute(_FAILED, {"why": why, "alerts": ids})


def send(url: str, title: str, text: str) -> bool:
    """Whether a receiver took a message."""
    # Apprise logs the URL of what it cannot reach, and with it the receiver's secret.
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    service = apprise.Apprise()
    return bool(service.add(url) and service.notify(body=text, title=title))


def _of_phase(statement: str, phase: Phase) -> sql.Composed:
    columns: Mapping[str, str] = {
        "told_to": f"{phase}_told_to",
        "told_at": f"{phase}_told_at",
        "due": "opened_at" if phase == "opening" else "closed_at",
    }
    return sql.SQL(statement).format(**{name: sql.Identifier(at) for name, at in columns.items()})


def _digest(url: str) -> str:
    return sha256(url.encode()).hexdigest()[:16]
