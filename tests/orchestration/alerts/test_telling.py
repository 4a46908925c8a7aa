"""An alert is told once, to everybody, also where somebody was away."""

import re
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from orchestration.alerts.conditions import AlertKind, Condition, close, note
from orchestration.alerts.telling import Links, Told, tell_alerts
from tests.conftest import REPOSITORY
from tests.orchestration.alerts.receiver import Receiver, receiving

LINKS = Links(runbook="https://wiki/operations", dagster="http://127.0.0.1:3000")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAILED = Condition(AlertKind.FAILED_RUN, "load_job", "load_job failed (run r1)", "r1")


def ask(ledger: psycopg.Connection, columns: str) -> list[tuple[object, ...]]:
    query = f"select {columns} from ops.alerts order by alert_id"
    return ledger.execute(query.encode()).fetchall()


def test_alert_is_told_once_and_its_end_once(
    ledger: psycopg.Connection, receiver: Receiver
) -> None:
    note(ledger, [FAILED], NOON)
    note(ledger, [FAILED], NOON + timedelta(hours=1))
    assert tell_alerts(ledger, [receiver.url], LINKS) == Told(1, 0)
    assert tell_alerts(ledger, [receiver.url], LINKS) == Told(0, 0)
    (message,) = receiver.messages
    assert message["title"] == "study: failed run"
    assert message["message"].splitlines() == [
        "load_job failed (run r1)",
        "  http://127.0.0.1:3000/runs/r1",
        "Runbook: https://wiki/operations#alert-failed-run",
    ]
    close(ledger, AlertKind.FAILED_RUN, ["load_job", "another_job"], NOON + timedelta(hours=2))
    assert tell_alerts(ledger, [receiver.url], LINKS) == Told(1, 0)
    assert tell_alerts(ledger, [receiver.url], LINKS) == Told(0, 0)
    assert receiver.messages[1]["title"] == "study: failed run is over"
    assert "since 2026-03-01 12:00 UTC, seen 2 times" in receiver.messages[1]["message"]


def test_condition_that_comes_again_is_another_alert(
    ledger: psycopg.Connection, receiver: Receiver
) -> None:
    for hour in range(2):
        note(ledger, [FAILED], NOON + timedelta(hours=hour))
        close(ledger, FAILED.kind, [FAILED.subject], NOON + timedelta(hours=hour, minutes=30))
    tell_alerts(ledger, [receiver.url], LINKS)
    assert receiver.titles == ["study: failed run (2)", "study: failed run (2) is over"]


def test_alert_is_told_later_where_the_receiver_was_away(
    ledger: psycopg.Connection, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    note(ledger, [FAILED], NOON)
    receiver.refuses = True
    assert tell_alerts(ledger, [receiver.url], LINKS) == Told(0, 1)
    assert ask(ledger, "failure, opening_told_at") == [
        ("a receiver of json:// did not take it", None)
    ]
    receiver.refuses = False
    assert tell_alerts(ledger, [receiver.url], LINKS) == Told(1, 0)
    assert ask(ledger, "failure, opening_told_at is not null") == [(None, True)]
    assert len(receiver.messages) == 1
    assert "secret" not in caplog.text


def test_receiver_that_nobody_answers_for_loses_nothing(
    ledger: psycopg.Connection, receiver: Receiver
) -> None:
    with receiving() as gone:
        pass
    note(ledger, [FAILED], NOON)
    assert tell_alerts(ledger, [gone.url, receiver.url], LINKS) == Told(1, 1)
    # whoever was told is not told again because another was away
    assert tell_alerts(ledger, [gone.url, receiver.url], LINKS) == Told(0, 1)
    assert len(receiver.messages) == 1
    assert ask(ledger, "opening_told_at, cardinality(opening_told_to)") == [(None, 1)]


def test_ledger_keeps_no_address(ledger: psycopg.Connection, receiver: Receiver) -> None:
    note(ledger, [FAILED], NOON)
    tell_alerts(ledger, [receiver.url], LINKS)
    (row,) = ask(ledger, "opening_told_to::text")
    assert re.fullmatch(r"\{[0-9a-f]{16}\}", str(row[0]))


def test_without_receivers_an_alert_counts_as_told(
    ledger: psycopg.Connection, receiver: Receiver
) -> None:
    note(ledger, [FAILED], NOON)
    assert tell_alerts(ledger, [], LINKS) == Told(0, 0)
    assert tell_alerts(ledger, [receiver.url], LINKS) == Told(0, 0)
    assert receiver.messages == []


def test_two_who_tell_at_once_tell_once(
    ledger: psycopg.Connection, receiver: Receiver, database_url: str
) -> None:
    note(ledger, [FAILED], NOON)
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("select pg_advisory_lock(%s)", (0x5354554459_03,))
        assert tell_alerts(ledger, [receiver.url], LINKS) == Told(0, 0)
    assert receiver.messages == []


@pytest.mark.parametrize("kind", list(AlertKind))
def test_every_kind_of_alert_has_an_entry_in_the_runbook(kind: AlertKind) -> None:
    operations = (REPOSITORY / "docs" / "operations.md").read_text()
    headings = re.findall(r"^#+ (.+)$", operations, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", each.lower()).replace(" ", "-") for each in headings}
    assert kind.anchor in anchors
