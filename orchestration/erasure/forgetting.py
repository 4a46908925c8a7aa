"""Forgetting one learner, step by step; each may be done again, so a killed one is repeated."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID, uuid4

import psycopg
from psycopg.types.json import Jsonb

from ingestion.audit.collecting import collect
from ingestion.landing.erasing import erase, find_own_ids, suppress
from ingestion.landing.suppression import TRUSTED_SECONDS
from ingestion.privacy.pseudonyms import Pseudonyms
from ingestion.store.errors import StoreError
from orchestration.auditing import account, note_command
from orchestration.erasure.files import find_in_files, sweep_files
from orchestration.erasure.identity import Identity
from orchestration.erasure.tables import clear_statistics, find_in_tables, prepare, sweep_tables
from orchestration.loads.lock import hold_lock
from orchestration.settings import Settings

# Their dead rows' values stand in PostgreSQL's statistics, too.
_VACUUMED = """
select format('%I.%I', schemaname, tablename) from pg_tables
where schemaname !~ '^pg_' and schemaname not in ('information_schema', 'raw')
"""
_NOTE_BUILT = """
insert into ops.erased_events (event_id, claim_id, session_id, user_id, occurred_at)
select event_id, claim_id, claim_id, user_id, occurred_at
from intermediate.int_events_placed
where user_id = %s
"""
_ERASED_IDS = """
select event_id::text from ops.erased_events where user_id = %(learner)s
union
select erased.session_id::text from ops.erased_events as erased
where
    erased.user_id = %(learner)s
    and erased.session_id is not null
    and not exists (
        select from raw.study_events as others
        where
            coalesce(others.session_id, others.event_id) = erased.session_id
            and others.user_id <> %(learner)s
    )
    {built}
"""
_NOBODYS = """
    and not exists (
        select from intermediate.int_events_placed as others
        where others.claim_id = erased.session_id and others.user_id <> %(learner)s
    )
"""
_ERASED_LEFT = """
delete from ops.erased_events
where ingest_xid < coalesce((select min(to_xid) from ops.model_states), pg_current_xact_id())
"""


class Archives(Protocol):
    """Where months of events lie outside of the database."""

    def count(self, connection: psycopg.Connection[Any], learner: UUID) -> int:
        """Events of a learner in all of them."""

    def rewrite(
        self, connection: psycopg.Connection[Any], learner: UUID
    ) -> Sequence[Mapping[str, Any]]:
        """Take a learner out of each; what became of every file that was written anew."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What was done, without a word of whose it was.

    `tables` and `files`: rows and places taken out. `archives`: file by file, with hashes.
    """

    erasure_id: str
    requested_by: str
    requested_at: str
    finished_at: str
    tables: Mapping[str, int]
    files: Mapping[str, int]
    archives: Sequence[Mapping[str, Any]]
    left: Mapping[str, int]

    @property
    def text(self) -> str:
        """The receipt as JSON, keys in order."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def digest(self) -> str:
        """SHA-256 of that text; also in the audit, which cannot be changed."""
        return sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Means:
    """What forgetting takes: the settings, the owner's URL, the keys, and how marts are loaded.

    `records_url` is that of Dagster's records, where they are in a database of their own.
    `patience_seconds`: so long services may still believe that nobody is forgotten.
    """

    settings: Settings
    url: str
    pseudonyms: Pseudonyms
    load: Callable[[], object]
    archives: Archives | None
    records_url: str | None = None
    patience_seconds: float = TRUSTED_SECONDS


@dataclass(frozen=True)
class Found:
    """Where a learner is: rows by table, places by file, events in archives."""

    tables: Mapping[str, int]
    files: Mapping[str, int]
    archived: int

    @property
    def all(self) -> dict[str, int]:
        """Everything that is not nothing, by place."""
        archived = {"archives": self.archived} if self.archived else {}
        return {**self.tables, **self.files, **archived}


def look_for(means: Means, learner: UUID) -> Found:
    """Where a learner is now. Changes nothing."""
    with psycopg.connect(means.url, autocommit=True) as owner:
        identity = Identity(learner, find_own_ids(owner, learner))
        return _search(means, owner, identity, learner)


def forget(means: Means, learner: UUID) -> Receipt:
    """Forget a learner for good; what still comes of them is turned away from the first step on.

    Raises StoreError where something of them is left, with the places; LoadRunningError while a
    load runs. Done again it goes on where it was stopped.
    """
    requested_at = datetime.now(UTC)
    with psycopg.connect(means.url, autocommit=True) as owner:
        suppress(owner, learner, means.pseudonyms)
        time.sleep(means.patience_seconds)
        found = look_for(means, learner)
        with hold_lock(means.url):
            with owner.transaction():
                erased = erase(owner, learner)
                note_built(owner, learner)
            archives = [] if means.archives is None else means.archives.rewrite(owner, learner)
        identity = Identity(learner, erased.own_ids | find_erased_ids(owner, learner))
        if owner.execute("select 1 from ops.model_states limit 1").fetchone():
            means.load()
        collect(means.url, means.pseudonyms)
        files, swept = _sweep(means, owner, identity)
        left = _search(means, owner, identity, learner).all
        receipt = Receipt(
            erasure_id=str(uuid4()),
            requested_by=account(),
            requested_at=requested_at.isoformat(),
            finished_at=datetime.now(UTC).isoformat(),
            tables={**found.tables, **swept, **_positive(erased.counts)},
            files=files,
            archives=archives,
            left=left,
        )
        _keep(means, owner, receipt, learner)
    if left:
        places = ", ".join(f"{place} ({count})" for place, count in left.items())
        raise StoreError(f"the learner is not forgotten: still in {places}; run it again")
    return receipt


def note_built(connection: psycopg.Connection[Any], learner: UUID) -> None:
    """Note down what was built of a learner, to be computed again.

    Of months whose events are in the archive, and of events that an earlier forgetting erased,
    nothing else can say what they touched.
    """
    if _is_built(connection):
        connection.execute(_NOTE_BUILT, (learner,))


def find_erased_ids(connection: psycopg.Connection[Any], learner: UUID) -> frozenset[str]:
    """Ids of events that are erased and not computed again yet: of archived months, and of a
    forgetting that was stopped; and of the sessions nobody else has an event in.
    """
    query = _ERASED_IDS.replace("{built}", _NOBODYS if _is_built(connection) else "")
    rows = connection.execute(query.encode(), {"learner": learner}).fetchall()
    return frozenset(row[0] for row in rows)


def _is_built(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute("select to_regclass('intermediate.int_events_placed')").fetchone()
    return bool(row and row[0])


def _sweep(
    means: Means, owner: psycopg.Connection[Any], identity: Identity
) -> tuple[dict[str, int], Mapping[str, int]]:
    owner.execute(_ERASED_LEFT)
    swept: dict[str, int] = {}
    for place, connection in _open_databases(means, owner):
        prepare(connection, identity)
        swept |= {name + place: count for name, count in sweep_tables(connection).items()}
        tables = [row[0] for row in connection.execute(_VACUUMED.encode()).fetchall()]
        if connection is owner:
            tables += ["raw.study_events", "raw.failed_events"]
        for table in tables:
            connection.execute(f"vacuum (analyze) {table}".encode())
        clear_statistics(connection)
    return sweep_files(means.settings.home, identity.finder()), swept


def _search(
    means: Means, owner: psycopg.Connection[Any], identity: Identity, learner: UUID
) -> Found:
    tables: dict[str, int] = {}
    for place, connection in _open_databases(means, owner):
        prepare(connection, identity)
        tables |= {name + place: count for name, count in find_in_tables(connection).items()}
    return Found(
        tables,
        find_in_files(means.settings.home, identity.finder()),
        0 if means.archives is None else means.archives.count(owner, learner),
    )


def _open_databases(
    means: Means, owner: psycopg.Connection[Any]
) -> Iterator[tuple[str, psycopg.Connection[Any]]]:
    """Each database, with what is said of its tables to tell them from the others'."""
    yield "", owner
    if means.records_url is not None:
        with psycopg.connect(means.records_url, autocommit=True) as records:
            yield " of Dagster's records", records


def _positive(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}


def _keep(means: Means, owner: psycopg.Connection[Any], receipt: Receipt, learner: UUID) -> None:
    owner.execute(
        "insert into ops.erasures"
        " (erasure_id, requested_by, requested_at, finished_at, counts, digest)"
        " values (%s, %s, %s, %s, %s, %s)",
        (
            receipt.erasure_id,
            receipt.requested_by,
            receipt.requested_at,
            receipt.finished_at,
            Jsonb(asdict(receipt)),
            receipt.digest,
        ),
    )
    note_command(
        means.url,
        "study forget",
        learners=(means.pseudonyms.name(learner),),
        tables=tuple(sorted(receipt.tables)),
        row_count=sum(receipt.tables.values()),
        message=f"erasure {receipt.erasure_id}, receipt SHA-256 {receipt.digest}",
    )
