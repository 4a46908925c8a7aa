"""Thirty days of operation: what goes wrong is told once, and at their end every row is right.

On Mondays several loads and the week, on other days one, and every night; not one each hour: each
is ten seconds of dbt's and Dagster's own, and 720 of them would be hours.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import dagster as dg
import pytest

from ingestion.store.database import Role, role_url
from orchestration.automation import backfill_config, clock_config
from quality.oracle import verify_marts
from tests.operation.conftest import Server
from tests.operation.desk import Desk
from tests.operation.feed import DAYS, START, Arrival, make_arrivals
from tests.orchestration.alerts.receiver import Receiver

pytestmark = pytest.mark.operation

MEDDLED = (
    "marts.study_sessions sessions_hold_the_events_of_their_learner",
    "marts.study_sessions events_are_of_one_session_or_of_none",
)
WORDS = ("failed run", "failed check", "late data", "dead letters")


@dataclass(frozen=True)
class Plan:
    """How long, at which hours loads run (ten minutes past), and on which days what goes wrong.

    On Mondays a load runs at each of the hours, else at the last. What goes wrong with a load does
    so at the last of a day.
    """

    days: int
    hours: Sequence[int]
    killed_loads: Sequence[int]
    killed_night: int
    restart: int
    outage: int
    burst: int
    meddling: int


THIRTY = Plan(
    days=DAYS,
    hours=(7, 15, 22),
    killed_loads=(4, 15),
    killed_night=9,
    restart=18,
    outage=13,
    burst=11,
    meddling=20,
)


class Month:
    """The days, one after another."""

    def __init__(self, desk: Desk, server: Server, arrivals: Sequence[Arrival], plan: Plan) -> None:
        self.desk, self.server, self.plan = desk, server, plan
        self.arrivals = list(arrivals)
        self.failed_by_restart = 0

    def live(self) -> datetime:
        """Live through all of them; return the instant of the last run."""
        for day in range(self.plan.days):
            self.night(day)
            is_monday = (START + timedelta(days=day)).weekday() == 0
            for hour in self.plan.hours if is_monday else self.plan.hours[-1:]:
                self.load(day, hour, START + timedelta(days=day, hours=hour, minutes=10))
                if is_monday and hour == self.plan.hours[0]:
                    self.week(START + timedelta(days=day, hours=12, minutes=30))
        end = START + timedelta(days=self.plan.days, minutes=30)
        self.arrive(end)
        self.check(self.desk.tick("pipeline_nightly", end))
        self.desk.look(end)
        return end

    def arrive(self, at: datetime) -> None:
        """Land what was received before an instant."""
        due = [each for each in self.arrivals if each.at < at]
        del self.arrivals[: len(due)]
        self.desk.receive(due, seed=int(at.timestamp()))

    def check(self, result: dg.ExecuteInProcessResult) -> None:
        assert result.success, result.get_step_failure_events()

    def night(self, day: int) -> None:
        at = START + timedelta(days=day, minutes=30)
        self.arrive(at)
        self.check(self.desk.tick("streaks_hourly", at - timedelta(minutes=25)))
        if day == self.plan.meddling:
            self.meddle()
        if day == self.plan.killed_night:
            self.kill("pipeline_nightly", at)
        self.check(self.desk.tick("pipeline_nightly", at))
        self.desk.look(at)
        if day == self.plan.meddling:
            self.repair(at)

    def week(self, at: datetime) -> None:
        self.arrive(at)
        self.check(self.desk.tick("pipeline_weekly", at))

    def load(self, day: int, hour: int, at: datetime) -> None:
        self.arrive(at)
        last = hour == self.plan.hours[-1]
        if last and day == self.plan.burst:
            self.burst(at)
        if last and day == self.plan.outage:
            # Nothing runs; only who looks does, three hours after what came last.
            self.desk.look(at + timedelta(hours=3))
            return
        if last and day in self.plan.killed_loads:
            self.kill("load_hourly", at)
        if last and day == self.plan.restart:
            self.restart(at)
        else:
            self.check(self.desk.tick("load_hourly", at))
        self.desk.look(at)

    def kill(self, schedule: str, at: datetime) -> None:
        """Kill the process of a run in the middle of its load."""
        with self.desk.worker(schedule, at) as process:
            assert process.poll() is None
            process.kill()
        (run_id,) = self.desk.monitor()
        found = self.desk.instance.get_run_by_id(run_id)
        assert found is not None
        assert found.status is dg.DagsterRunStatus.FAILURE
        self.desk.look(at)

    def restart(self, at: datetime) -> None:
        """End the server in the middle of a load, and start it again.

        The step is tried again. Where the server is away for longer than Dagster's own records can
        wait, the run fails: then that has to be told, and the next takes up what it left.
        """
        with self.desk.worker("load_hourly", at) as process:
            assert process.poll() is None
            self.server.kill()
            self.server.start()
            went_on = process.wait(600) == 0
        if not went_on:
            self.desk.monitor()
            self.desk.look(at)
            self.failed_by_restart = 1
            self.check(self.desk.tick("load_hourly", at))

    def burst(self, at: datetime) -> None:
        """An app sends what the plan does not know, while the receiver of alerts is away."""
        known = {"user_id": "0199d000-0000-7000-8000-000000000001", "session_id": None}
        sent = at - timedelta(minutes=20)
        wrong = [
            {**known, "event_type": "made_up", "occurred_at": sent.isoformat(), "number": number}
            for number in range(60)
        ]
        self.desk.land(wrong, sent)
        self.desk.receiver.refuses = True
        self.desk.look(at)
        self.desk.receiver.refuses = False

    def meddle(self) -> None:
        """Somebody changes a row of a mart by hand: of a session that no load will touch."""
        self.desk.ask(
            "update marts.study_sessions set event_count = event_count + 1 where session_id ="
            " (select session_id from marts.study_sessions order by started_at limit 1)"
            " returning 1"
        )

    def repair(self, at: datetime) -> None:
        """Compute the days of that session again, from the launchpad."""
        ((first, last),) = self.desk.ask(
            "select min(started_at)::date - 1, min(started_at)::date + 1 from marts.study_sessions"
        )
        days = backfill_config(first.isoformat(), last.isoformat())
        config = {**clock_config(at), "ops": {"dbt_models": {"config": days}}}
        self.check(self.desk.run("backfill_job", config, {"study/kind": "backfill"}))
        self.desk.look(at)


def read_alerts(desk: Desk) -> Mapping[tuple[str, str], int]:
    """How often each alert was opened; all must be closed, and told."""
    rows = desk.ask(
        "select kind, subject, count(*), bool_and(closed_at is not null),"
        " bool_and(opening_told_at is not null and closing_told_at is not null)"
        " from ops.alerts group by kind, subject"
    )
    assert [row for row in rows if not (row[3] and row[4])] == []
    return {(row[0], row[1]): row[2] for row in rows}


def assert_alerts_are_those_of(plan: Plan, month: Month, receiver: Receiver) -> None:
    """Every alert there should be and no other, each told once and its end once."""
    failed_loads = len(plan.killed_loads) + month.failed_by_restart
    found = read_alerts(month.desk)
    expected = {
        ("failed_run", "load_job"): failed_loads,
        ("failed_run", "pipeline_job"): 1,
        **{("failed_check", check): 1 for check in MEDDLED},
        ("late_data", "raw.study_events"): 1,
        ("dead_letters", "raw.study_events"): 1,
    }
    assert found == expected
    counts = (failed_loads + 1, len(MEDDLED), 1, 1)
    named = dict(zip(WORDS, counts, strict=True))
    assert count_told(receiver, "") == count_told(receiver, " is over") == named


def count_told(receiver: Receiver, end: str) -> dict[str, int]:
    """How many alerts of each kind the messages with that end were of: each says if of several."""
    titles = [re.fullmatch(rf"study: (.*?)(?: \((\d+)\))?{end}", each) for each in receiver.titles]
    told = [(title[1], int(title[2] or 1)) for title in titles if title]
    return {word: sum(count for what, count in told if what == word) for word in WORDS}


def live_through(
    plan: Plan, server: Server, instance: dg.DagsterInstance, receiver: Receiver, users: int
) -> None:
    desk = Desk(server.url, instance, receiver, log=server.home.parent / "workers.log")
    end = START + timedelta(days=plan.days)
    arrivals = [each for each in make_arrivals(users, seed=11) if each.at < end]
    month = Month(desk, server, arrivals, plan)
    last = month.live()

    assert_alerts_are_those_of(plan, month, receiver)
    own = role_url(server.url, Role.TRANSFORM, application_name="test")
    differences = verify_marts(own, last)
    assert {table: found[:3] for table, found in differences.items() if found} == {}
    stored = desk.ask("select count(*) from raw.study_events where event_type <> 'streak_broken'")
    assert stored == [(len({each.event["event_id"] for each in arrivals}),)]
    resumed = desk.ask("select count(*) from ops.loads where attempts > 1")
    assert resumed[0][0] >= len(plan.killed_loads) + 1


def test_thirty_days_of_operation_leave_every_row_right(
    server: Server, instance: dg.DagsterInstance, receiver: Receiver
) -> None:
    live_through(THIRTY, server, instance, receiver, users=4)
