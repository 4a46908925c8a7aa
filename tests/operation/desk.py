"""An installation under operation, its clock moved by hand: database, Dagster, alerts."""

import asyncio
import logging
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import dagster as dg
import psycopg
from dagster._core.workspace.context import BaseWorkspaceRequestContext
from dagster._daemon.monitoring.run_monitoring import monitor_started_run

from ingestion.landing.land import land
from ingestion.store.database import Role, role_url
from orchestration.alerts.runs import watch_runs
from orchestration.alerts.standing import watch_standing
from orchestration.alerts.telling import Links, tell_alerts
from orchestration.definitions import defs
from tests.operation.feed import Arrival, Event
from tests.orchestration.alerts.receiver import Receiver

LINKS = Links(runbook="docs/operations.md", dagster="http://127.0.0.1:3000")
_BATCH = 500
# Monitoring asks for one to resume runs, which no launcher of ours does.
NO_WORKSPACE = cast("BaseWorkspaceRequestContext", None)


@dataclass
class Desk:
    """What operates: `url` is the owner's; `ran` counts the runs of each job."""

    url: str
    instance: dg.DagsterInstance
    receiver: Receiver
    definitions: dg.Definitions = field(default_factory=defs)
    log: Path = Path(os.devnull)
    ran: dict[str, int] = field(default_factory=dict)

    def receive(self, arrivals: Sequence[Arrival], seed: int) -> None:
        """Land what arrived since the last tick, in an order of its own."""
        mixed = random.Random(seed).sample(arrivals, len(arrivals))
        for start in range(0, len(mixed), _BATCH):
            batch = mixed[start : start + _BATCH]
            self.land([each.event for each in batch], max(each.at for each in batch))

    def land(self, events: Sequence[Event], at: datetime) -> None:
        """Land one batch, received at an instant."""

        async def work() -> None:
            own = role_url(self.url, Role.INGEST, application_name="test")
            async with await psycopg.AsyncConnection.connect(own, autocommit=True) as connection:
                await land(connection, events, received_at=at, sent_at=None, context={})

        asyncio.run(work())

    def tick(self, schedule: str, at: datetime) -> dg.ExecuteInProcessResult:
        """Do what a schedule asks for at an instant, as its run would."""
        (request,) = self.request(schedule, at)
        job = self.definitions.resolve_schedule_def(schedule).job_name
        return self.run(job, dict(request.run_config), dict(request.tags))

    def request(self, schedule: str, at: datetime) -> Sequence[dg.RunRequest]:
        """What a schedule asks for at an instant."""
        context = dg.build_schedule_context(self.instance, scheduled_execution_time=at)
        found = self.definitions.resolve_schedule_def(schedule).evaluate_tick(context)
        return found.run_requests or []

    def run(
        self, job: str, config: dict[str, Any], tags: dict[str, str]
    ) -> dg.ExecuteInProcessResult:
        """Execute a job in this process."""
        self.ran[job] = self.ran.get(job, 0) + 1
        return self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance, run_config=config, tags=tags, raise_on_error=False
        )

    @contextmanager
    def worker(self, schedule: str, at: datetime) -> Iterator[subprocess.Popen[bytes]]:
        """Do what a schedule asks for in a process of its own, once its load has begun."""
        before = self.ask("select count(*) from ops.model_states")[0][0], self.last_load()
        with (
            self.log.open("ab") as log,
            subprocess.Popen(
                [sys.executable, "-m", "tests.operation.worker", schedule, at.isoformat()],
                stdout=log,
                stderr=log,
            ) as process,
        ):
            # Into the middle: some models are built by it, others are not.
            while process.poll() is None and not self._is_half_way(before[1]):
                try:
                    process.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
            yield process

    def _is_half_way(self, last: int) -> bool:
        load = self.last_load()
        query = f"select count(*) from ops.model_states where load_id = {load}"
        return load > last and int(self.ask(query)[0][0]) >= 3

    def last_load(self) -> int:
        """The number of the newest load."""
        return int(self.ask("select coalesce(max(load_id), 0) from ops.loads")[0][0])

    def monitor(self) -> list[str]:
        """Mark runs as failed whose process is gone, as Dagster's daemon does; return their ids."""
        started = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
        records = self.instance.get_run_records(started)
        for record in records:
            monitor_started_run(
                self.instance, NO_WORKSPACE, record, logging.getLogger("test.monitoring")
            )
        return [record.dagster_run.run_id for record in records]

    def look(self, at: datetime) -> None:
        """Let the alerts' sensors look and tell. `at` is the simulated instant."""
        ledger_url = role_url(self.url, Role.DAGSTER, application_name="test")
        data_url = role_url(self.url, Role.TRANSFORM, application_name="test")
        with (
            psycopg.connect(ledger_url, autocommit=True) as ledger,
            psycopg.connect(data_url, autocommit=True) as data,
        ):
            watch_runs(ledger, self.instance, now=datetime.now(at.tzinfo) + timedelta(minutes=1))
            watch_standing(ledger, data, now=at)
            tell_alerts(ledger, [self.receiver.url], LINKS)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the database as its owner."""
        with psycopg.connect(self.url, autocommit=True) as owner:
            return owner.execute(query.encode()).fetchall()
