"""The whole way once, on learners nobody has to bring: simulate, post, build, check, compare."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingestion.clients.tally import Tally
from ingestion.readers.ndjson import read_lines, write_events
from ingestion.simulation import simulate
from ingestion.store.database import Role, role_url
from ingestion.store.migrations import migrate
from orchestration.dagster_processes import LOOPBACK
from orchestration.database import open_unmigrated
from orchestration.marts import MartSummary, find_changes, summarise_marts
from orchestration.pipeline import PipelineOutcome, run_pipeline
from orchestration.sending import send_events
from orchestration.services import ingestion_service, ingestion_url
from orchestration.settings import Settings
from orchestration.supervisor import find_free_port, running
from quality.oracle import Difference, verify_marts

USERS, DAYS, SEED = 40, 21, 2025


@dataclass(frozen=True)
class Cohort:
    """The demo's events, and the instant their stream ends: that of the runs over them as well."""

    events: Path
    end_at: datetime


@dataclass(frozen=True)
class DemoOutcome:
    """What the demo did. `changes` names the marts that are not what they were before."""

    tally: Tally
    run: PipelineOutcome
    marts: Mapping[str, MartSummary]
    changes: Sequence[str]
    differences: Mapping[str, Sequence[Difference]]

    @property
    def held(self) -> bool:
        """Whether every event is stored, every check passed and the oracle agrees."""
        return not self.tally.refused and self.run.held and not any(self.differences.values())


def run_demo(
    settings: Settings, *, tell: Callable[[str], None], on_batch: Callable[[int], None]
) -> DemoOutcome:
    """Run the demo; `tell` is told each step as it begins, `on_batch` each batch posted.

    A second run posts the same events and is evaluated at the same instant: it changes nothing.
    Raises SupervisorError, StoreError or PostingError where the way is blocked.
    """
    tell("Opening the database")
    with open_unmigrated(settings) as url:
        migrate(url)
        before = summarise_marts(url)
        tell(f"Cohort: {USERS} simulated medical students over {DAYS} days")
        cohort = prepare_cohort(settings.home / "demo", now=datetime.now(UTC))
        with serving(settings, url) as service:
            tell(f"Posting their events to {service}")
            events = (event for _, event in read_lines(cohort.events))
            tally = send_events(settings, events, url=service, on_batch=on_batch)
        tell("Running the pipeline in Dagster: dbt models, their tests, quality suites")
        run = run_pipeline(settings, as_of=cohort.end_at)
        after = summarise_marts(url)
        tell("Comparing every row with the independent implementation")
        own = role_url(url, Role.TRANSFORM, application_name="study-oracle")
        differences = verify_marts(own, cohort.end_at) if run.finished else {}
    return DemoOutcome(tally, run, after, find_changes(before, after), differences)


@contextmanager
def serving(settings: Settings, url: str) -> Iterator[str]:
    """An ingestion service of one's own on a free port; yields its URL."""
    own = settings.model_copy(update={"host": LOOPBACK, "ingestion_port": find_free_port()})
    with running([ingestion_service(own, url)], logs=settings.logs, stop=threading.Event()):
        yield ingestion_url(own)


def prepare_cohort(folder: Path, *, now: datetime) -> Cohort:
    """The cohort of an earlier demo, else one whose stream ends now."""
    recipe, events = folder / "cohort.json", folder / "events.ndjson.gz"
    wanted = {"users": USERS, "days": DAYS, "seed": SEED}
    if recipe.exists() and events.exists():
        kept = json.loads(recipe.read_text())
        end_at = datetime.fromisoformat(kept.pop("end_at"))
        if kept == wanted:
            return Cohort(events, end_at)
    end_at = now.replace(second=0, microsecond=0)
    folder.mkdir(parents=True, exist_ok=True)
    write_events(events, simulate(USERS, DAYS, SEED, end_at))
    # Written last: without it the events beside it are not taken for whole.
    recipe.write_text(json.dumps({**wanted, "end_at": end_at.isoformat()}))
    return Cohort(events, end_at)
