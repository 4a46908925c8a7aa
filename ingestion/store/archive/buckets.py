"""Dealing a month's learners to its files, and telling a learner's own."""

import hashlib
from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid4

import numpy as np
import pyarrow as pa

from ingestion.store.archive.columns import SCHEMA, SCHEMA_VERSION

FEWEST, MOST = 16, 256
_ROWS_A_BUCKET = 250_000
BUCKET_OF_ROW = "get_byte(decode(md5(uuid_send(user_id)), 'hex'), 0)"
"""The same as `bucket_of` says of a row's learner, in SQL and before the remainder."""


def count_buckets(rows: int) -> int:
    """Into how many files so many events are dealt: a power of 2, so that a byte deals evenly.

    A learner is found, and taken out, by reading one of them; one must fit into memory.
    """
    wanted = FEWEST
    while wanted < MOST and wanted * _ROWS_A_BUCKET < rows:
        wanted *= 2
    return wanted


def bucket_of(user_id: bytes, buckets: int) -> int:
    """The file a learner's events are in."""
    return hashlib.md5(user_id, usedforsecurity=False).digest()[0] % buckets


def bucket_of_learner(user_id: UUID, buckets: int) -> int:
    """The same of a learner's id."""
    return bucket_of(user_id.bytes, buckets)


def folder_of(month: date) -> str:
    """The folder of a month's files, below the archive's root."""
    return f"study_events/v{SCHEMA_VERSION}/{month:%Y-%m}"


def new_path(month: date, bucket: int) -> str:
    """A path no file has had: what was written and not named in the manifest is never in the way,
    and nothing that is named is ever written over.
    """
    return f"{folder_of(month)}/bucket-{bucket:03}-{uuid4().hex}.parquet"


def deal(events: pa.Table, buckets: int) -> list[tuple[int, pa.Array]]:
    """The buckets that have events, each with the places of its events, sorted by learner and
    time: so they compress best, and a learner's are together.
    """
    learners = events["user_id"].combine_chunks().dictionary_encode()
    ids: Sequence[bytes] = learners.dictionary.to_pylist()
    dealt = np.array([bucket_of(each, buckets) for each in ids], dtype=np.int64)
    ordered = sorted(range(len(ids)), key=lambda place: (dealt[place], ids[place]))
    rank = np.empty(len(ids), dtype=np.int64)
    rank[ordered] = np.arange(len(ids))
    ranks = rank[learners.indices.to_numpy()]
    moments = events["occurred_at"].cast(pa.int64()).to_numpy()
    places = np.lexsort((moments, ranks))
    of_events = dealt[learners.indices.to_numpy()][places]
    cuts = np.searchsorted(of_events, np.arange(buckets + 1))
    return [
        (bucket, pa.array(places[cuts[bucket] : cuts[bucket + 1]]))
        for bucket in range(buckets)
        if cuts[bucket] < cuts[bucket + 1]
    ]


def in_form(events: pa.Table) -> pa.Table:
    """Events as the driver read them, in the columns of a file."""
    return events.cast(SCHEMA)
