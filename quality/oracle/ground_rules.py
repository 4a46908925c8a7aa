"""The ground rules of `docs/metrics.md`: order, whose session, time zone, local date.

Every mart of the oracle is computed from what `place` returns, and from nothing else.
"""

import math
from collections.abc import Collection, Hashable
from uuid import UUID

import pandas as pd

from quality.oracle.days import local_date

IDLE_LIMIT = 30 * 60 * 1_000_000
"""The longest span that still counts as study, in microseconds."""

MICROSECONDS_PER_SECOND = 1_000_000
GAMIFICATION = (
    "xp_earned",
    "level_up",
    "achievement_unlocked",
    "streak_continued",
    "streak_broken",
)
DEFAULT_TIMEZONE = "UTC"
PLACED_COLUMNS = (
    "event_id",
    "event_type",
    "user_id",
    "session_id",
    "material_id",
    "chunk_id",
    "question_id",
    "topic_id",
    "properties",
)


def place(events: pd.DataFrame, timezones: Collection[str]) -> pd.DataFrame:
    """Put events in order and give each its session, its time zone and its local date.

    `events` has the columns of `raw.study_events`; a timezone not among `timezones` counts as
    none. The result has one row per event, its index
    counting from 0 in the order; uuids as text; `at` in microseconds; `session_id` null where the
    session is another learner's; `timezone` and `local_date` never null.
    Raises ValueError when an `event_id` comes twice: the order would not be one.
    """
    placed = pd.DataFrame(
        {name: _plain(events[name]) for name in PLACED_COLUMNS}, columns=[*PLACED_COLUMNS]
    )
    for name in ("event_id", "user_id", "session_id"):
        placed[name] = placed[name].map(_uuid_text)
    if placed["event_id"].duplicated().any():
        raise ValueError("an event_id occurs twice; raw.study_events holds every event once")
    placed["at"] = to_instants(events["occurred_at"])
    # Canonical text of a uuid sorts as its bytes do: fixed length, lower case, hexadecimal.
    placed = placed.sort_values(["at", "event_id"], ignore_index=True)
    placed["session_id"] = _own_session(placed)
    placed["timezone"] = _timezone(placed, timezones)
    placed["local_date"] = _objects(
        [local_date(at, tz) for at, tz in zip(placed["at"], placed["timezone"], strict=True)]
    )
    return placed


def reported(events: pd.DataFrame, name: str) -> pd.Series:
    """Give the property `name` of each event as it was sent, None where it was not."""
    return _objects([properties.get(name) for properties in events["properties"]], events.index)


def of_type(events: pd.DataFrame, *event_types: str) -> pd.DataFrame:
    """Give the events of these types."""
    return events[events["event_type"].isin(event_types)]


def of_the_learner(events: pd.DataFrame) -> pd.DataFrame:
    """Give the events that are not gamification: those of the learner, not of the app."""
    return events[~events["event_type"].isin(GAMIFICATION)]


def count(events: pd.DataFrame, by: list[str]) -> pd.Series:
    """Count the events of each key; keys without events are not in the result."""
    return events.groupby(by, sort=False).size()


def distinct(events: pd.DataFrame, by: list[str], *columns: str) -> pd.Series:
    """Count the distinct values of `columns` for each key, rows with a null among them left out."""
    return count(events.dropna(subset=[*columns])[[*by, *columns]].drop_duplicates(), by)


def first_named(events: pd.DataFrame, by: list[str], column: str) -> pd.Series:
    """Give for each key the first value of `column` that is not null, in the order of events."""
    return events.dropna(subset=[column]).drop_duplicates(by).set_index(by)[column]


def chunks(events: pd.DataFrame) -> pd.DataFrame:
    """Give the `material_read` events with a column `chunk`: `chunk_id`, else `chunk_index`."""
    reads = of_type(events, "material_read")
    index = reported(reads, "chunk_index").map(str, na_action="ignore")
    return reads.assign(chunk=reads["chunk_id"].where(reads["chunk_id"].notna(), index))


def to_instants(moments: pd.Series) -> pd.Series:
    """Turn aware datetimes into whole microseconds since the epoch, index counting from 0."""
    aware = pd.to_datetime(moments.reset_index(drop=True), utc=True)
    return aware.astype("datetime64[us, UTC]").astype("int64")


def _own_session(placed: pd.DataFrame) -> pd.Series:
    """A session belongs to the learner of its first event; to others it is no session."""
    in_session = placed.dropna(subset=["session_id"])
    owner = in_session.drop_duplicates("session_id").set_index("session_id")["user_id"]
    is_own = placed["session_id"].map(owner.to_dict()) == placed["user_id"]
    return placed["session_id"].where(is_own, None)


def _timezone(placed: pd.DataFrame, timezones: Collection[str]) -> pd.Series:
    """The session's, of its first start that names one; without a session the learner's last."""
    starts = of_type(placed, "session_start")
    named = reported(starts, "timezone")
    starts = starts.assign(named=named.where(named.isin(timezones), None))
    of_session = placed["session_id"].map(first_named(starts, ["session_id"], "named").to_dict())

    so_far = starts["named"].reindex(placed.index).astype(object).groupby(placed["user_id"]).ffill()
    before = so_far.groupby(placed["user_id"]).shift()

    timezone = of_session.where(placed["session_id"].notna(), before)
    return timezone.astype(object).where(timezone.notna(), DEFAULT_TIMEZONE)


def _uuid_text(value: object) -> str | None:
    if value is None:
        return None
    return str(value if isinstance(value, UUID) else UUID(str(value)))


def _plain(column: pd.Series) -> pd.Series:
    """The column as Python objects, every kind of null as None."""
    values = [None if _is_null(value) else value for value in column]
    return _objects(values)


def _is_null(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _objects(values: list[Hashable], index: pd.Index | None = None) -> pd.Series:
    return pd.Series(values, index=index, dtype=object)
