"""What a run holds: the database, and the instant it is evaluated at.

None keeps a secret in its configuration: Dagster writes that into its own database and shows
it in the UI. The database's URL is read from the settings when the run starts.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from pydantic import Field, PrivateAttr

from ingestion.privacy.pseudonyms import Pseudonyms
from ingestion.store.database import Role, role_url
from orchestration.auditing import anchors_file, find_blind_spots, prune_server_log
from orchestration.database import open_warehouse
from orchestration.launcher import note_worker
from orchestration.loads import HeldLock, hold_lock
from orchestration.pseudonyms import open_pseudonyms
from orchestration.retrying import Step, retrying_lost
from orchestration.settings import Settings, read_settings


class Warehouse(dg.ConfigurableResource["Warehouse"]):
    """The database of a run, held by this run alone.

    A run that finds another at work waits for it, whichever process or machine that runs in: two
    loads at once would both delete and insert the same keys, and checks would compare marts of
    which one is loaded and the other is not yet.
    """

    _lock: HeldLock = PrivateAttr()
    _again: Callable[[], HeldLock] = PrivateAttr()

    @property
    def url(self) -> str:
        """The owner's URL."""
        return self._lock.url

    @property
    def lock(self) -> HeldLock:
        """What keeps other runs away; a load is opened with it."""
        return self._lock

    @contextmanager
    def retrying(self, context: Step) -> Iterator[None]:
        """Try the step again where the block loses its connection, the lock taken anew before."""
        with retrying_lost(context, self._lock.is_lost):
            if self._lock.is_lost():
                self._lock = self._again()
            yield

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Warehouse"]:
        """Open the database for the time of a run; every step of the run shares it."""
        _note_worker(context)

        def tell() -> None:
            if context.log:
                context.log.info("Another run is loading this database; waiting for its end.")

        with ExitStack() as stack:
            url = stack.enter_context(open_warehouse(read_settings()))
            self._again = lambda: stack.enter_context(hold_lock(url, on_wait=tell))
            self._lock = self._again()
            yield self


class EventLog(dg.ConfigurableResource["EventLog"]):
    """The database as ingestion writes to it: beside whatever else runs, as the service does."""

    _url: str = PrivateAttr()

    @property
    def url(self) -> str:
        """The URL with the rights of ingestion."""
        return self._url

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["EventLog"]:
        """Open the database for the time of a run."""
        _note_worker(context)
        with open_warehouse(read_settings()) as url:
            self._url = role_url(url, Role.INGEST, application_name="study-gamification")
            yield self


class AuditLog(dg.ConfigurableResource["AuditLog"]):
    """The audit of reads. Collected beside whatever else runs: it has nothing in common with it."""

    _settings: Settings = PrivateAttr()
    _url: str = PrivateAttr()
    _pseudonyms: Pseudonyms = PrivateAttr()

    @property
    def url(self) -> str:
        """The owner's URL."""
        return self._url

    @property
    def pseudonyms(self) -> Pseudonyms:
        """By which learners are hidden."""
        return self._pseudonyms

    @property
    def anchors(self) -> Path:
        """Where the ends of the chain are noted down, outside of the database."""
        return anchors_file(self._settings)

    def prune_server_log(self, as_of: datetime) -> int:
        """Delete files of the embedded server's log that were collected long ago; how many."""
        return prune_server_log(self._settings, self._url, as_of)

    def find_blind_spots(self) -> list[str]:
        """What of the accesses cannot be collected, each in words."""
        return find_blind_spots(self._url)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["AuditLog"]:
        """Open the database for the time of a run."""
        self._settings = read_settings()
        with open_warehouse(self._settings) as self._url:
            self._pseudonyms = open_pseudonyms(self._settings, self._url)
            yield self


class Clock(dg.ConfigurableResource["Clock"]):
    """The instant a run is evaluated at: as configured, else the time the run was launched.

    It is fixed once for all steps, so that SQL, checks and oracle cannot disagree about "now".
    """

    as_of: str | None = Field(
        default=None,
        description="ISO 8601 instant with an offset, e.g. 2026-03-01T00:30:00+00:00."
        " Unset: the time this run was launched.",
    )
    _instant: datetime = PrivateAttr()

    @property
    def instant(self) -> datetime:
        """The instant, in UTC."""
        return self._instant

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Fix the instant. Raises ValueError where the configured one has no offset."""
        self._instant = parse_instant(self.as_of) if self.as_of else _launched_at(context)


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant, in UTC. Raises ValueError where it is none or has no offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset: write {text}+00:00 for UTC")
    return moment.astimezone(UTC)


def _note_worker(context: dg.InitResourceContext) -> None:
    if context.instance is not None and context.run is not None:
        note_worker(context.instance, context.run.run_id)


def _launched_at(context: dg.InitResourceContext) -> datetime:
    record = None
    if context.instance is not None and context.run is not None:
        record = context.instance.get_run_record_by_id(context.run.run_id)
    if record is None:
        raise dg.DagsterInvariantViolationError("as_of needs a run; outside of one, configure it")
    return record.create_timestamp.astimezone(UTC)
