"""What the service counts, for Prometheus.

Labels are bounded: every value is one this code knows by name. What a sender chose (an unknown
event type, a path that is no route) is counted under one name for all.
"""

from collections import Counter as Tally
from collections.abc import Mapping
from importlib.metadata import version
from operator import attrgetter
from pathlib import Path
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from ingestion.events.columns import microseconds
from ingestion.landing.judging import JudgedBatch
from ingestion.landing.verdict import LandingReport, Status

Throttle = Literal["requests", "events", "failed_logins", "queue"]

_COMMIT_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_REQUEST_BUCKETS = _COMMIT_BUCKETS
_SIZE_BUCKETS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)
_LAG_BUCKETS = (1, 5, 15, 60, 300, 900, 3600, 6 * 3600, 24 * 3600, 7 * 24 * 3600, 30 * 24 * 3600)
_UNKNOWN = "(unknown)"

_status_of = attrgetter("status")


class ServiceMetrics:
    """The counters of one service; it observes the landing as a `LandingObserver`.

    With `folder` each worker keeps its counts in files there and `render` adds all of them up.
    For that prometheus_client must have found PROMETHEUS_MULTIPROC_DIR set to the same folder
    when it was imported.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        registry = self._registry = CollectorRegistry()
        self.requests = Counter(
            "study_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self.request_seconds = Histogram(
            "study_request_seconds",
            "From the end of the headers to the end of the answer.",
            ["route"],
            buckets=_REQUEST_BUCKETS,
            registry=registry,
        )
        self.throttled = Counter(
            "study_throttled", "Requests answered 429, by the limit met.", ["limit"],
            registry=registry,
        )  # fmt: skip
        self.database_errors = Counter(
            "study_database_errors", "Requests failed by the database.", ["error"],
            registry=registry,
        )  # fmt: skip
        self._count_events(registry)
        self._count_landings(registry)
        build = Gauge(
            "study_build_info", "Always 1; the label tells the version.", ["version"],
            registry=registry, multiprocess_mode="max",
        )  # fmt: skip
        build.labels(version("study-analytics")).set(1)

    def _count_events(self, registry: CollectorRegistry) -> None:
        self._received = Counter(
            "study_events_received",
            "Events answered with a verdict. Equals accepted + duplicate + rejected + conflict.",
            registry=registry,
        )
        self._kinds: dict[tuple[Status, str], Counter] = {}
        self._verdicts = {
            status: Counter(
                f"study_events_{status}",
                f"Events whose verdict was {status}.",
                ["event_type"],
                registry=registry,
            )
            for status in Status
        }
        self._refusals = Counter(
            "study_refused_events",
            "Events not stored, by the code of the reason.",
            ["code"],
            registry=registry,
        )
        self._batch_events = Histogram(
            "study_batch_events", "Events of a request.", buckets=_SIZE_BUCKETS, registry=registry
        )
        self._lag = Histogram(
            "study_event_lag_seconds",
            "From when a request's first valid event occurred, clock corrected, to its receipt.",
            buckets=_LAG_BUCKETS,
            registry=registry,
        )

    def _count_landings(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str) -> Gauge:
            return Gauge(name, text, registry=registry, multiprocess_mode="livesum")

        def counter(name: str, text: str) -> Counter:
            return Counter(name, text, registry=registry)

        self._queued_events = gauge("study_queue_events", "Events that wait to be committed.")
        self._queued_requests = gauge("study_queue_requests", "Requests that wait for a commit.")
        self._commit_seconds = Histogram(
            "study_commit_seconds", "Of a landing transaction.", buckets=_COMMIT_BUCKETS,
            registry=registry,
        )  # fmt: skip
        self._commit_events = Histogram(
            "study_commit_events", "Events of a landing transaction.", buckets=_SIZE_BUCKETS,
            registry=registry,
        )  # fmt: skip
        self._commit_requests = counter(
            "study_commit_requests", "Requests committed: by the number of commits, merged."
        )
        self._redacted = counter("study_events_redacted", "Events private data was taken out of.")
        self._redactions = Counter(
            "study_redactions", "Private data taken out, by kind.", ["kind"], registry=registry
        )
        self._judged = Counter(
            "study_events_judged", "Events judged, by the way.", ["way"], registry=registry
        )
        self._compared = counter("study_events_compared", "Events that met an id already stored.")
        self._splits = counter("study_landing_splits", "Merged transactions that were split.")

    def batch_answered(self, batch: JudgedBatch, report: LandingReport) -> None:
        """Count the verdicts of a request that is about to be answered."""
        self._received.inc(batch.size)
        self._batch_events.observe(batch.size)
        if report.counts[Status.ACCEPTED] == batch.size == len(batch.event_types):
            # Almost always: then no verdict has to be looked at.
            for event_type, count in Tally(batch.event_types.values()).items():
                self._met(Status.ACCEPTED, event_type).inc(count)
        else:
            self._count_verdicts(batch, report)
        for kind, count in batch.redactions.items():
            self._redactions.labels(kind).inc(count)
        if batch.rows:
            lag = microseconds(batch.received_at) - batch.rows[0].occurred
            self._lag.observe(max(0, lag) / 1e6)

    def _count_verdicts(self, batch: JudgedBatch, report: LandingReport) -> None:
        types = map(batch.event_types.get, range(batch.size))
        kinds = Tally(zip(map(_status_of, report.results), types, strict=True))
        for (status, event_type), count in kinds.items():
            self._met(status, event_type or _UNKNOWN).inc(count)
        for code, count in Tally(verdict.why.code for verdict in report.results
                                 if verdict.why is not None).items():  # fmt: skip
            self._refusals.labels(code).inc(count)

    def _met(self, status: Status, event_type: str) -> Counter:
        # Asked for by its labels a counter costs more than what is then done with it.
        met = self._kinds.get((status, event_type))
        if met is None:
            met = self._kinds[status, event_type] = self._verdicts[status].labels(event_type)
        return met

    def waiting(self, events: int, requests: int) -> None:
        """See `LandingObserver`."""
        self._queued_events.set(events)
        self._queued_requests.set(requests)

    def refused(self, events: int) -> None:
        """See `LandingObserver`."""
        self.throttled.labels("queue").inc()

    def judged(self, fast: int, slow: int) -> None:
        """See `LandingObserver`."""
        self._judged.labels("fast").inc(fast)
        self._judged.labels("slow").inc(slow)

    def committed(
        self, seconds: float, requests: int, counts: Mapping[Status, int], redacted: int
    ) -> None:
        """See `LandingObserver`."""
        self._commit_seconds.observe(seconds)
        self._commit_events.observe(sum(counts.values()))
        self._commit_requests.inc(requests)
        self._redacted.inc(redacted)

    def compared(self, events: int) -> None:
        """See `LandingObserver`."""
        self._compared.inc(events)

    def split(self, requests: int) -> None:
        """See `LandingObserver`."""
        self._splits.inc()

    def render(self) -> bytes:
        """Everything counted, by all workers, in Prometheus' text format."""
        if self._folder is None:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        # Given by path: another import may have looked for the folder in the environment.
        MultiProcessCollector(together, str(self._folder))  # type: ignore[no-untyped-call]
        return generate_latest(together)
