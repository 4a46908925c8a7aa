"""Opening a load: the window of events it takes, and the models it builds whole."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import psycopg

from ingestion.store.database import Role, role_url
from orchestration.loads.archived import refuse_losing
from orchestration.loads.ending import fail_load, finish_load
from orchestration.loads.horizon import Horizon, count_events, read_horizon
from orchestration.loads.load import Load
from orchestration.loads.lock import HeldLock, hold_lock
from orchestration.loads.model import (
    WHOLE_DUE,
    DateRange,
    Kind,
    Model,
    ModelState,
    View,
    list_incremental,
    read_states,
)
from orchestration.loads.record import LoadRecord, Window, read_loads, write_start
from orchestration.loads.refresh import explain_refresh, find_tables
from orchestration.loads.restored import explain_restored, find_loaded, start_anew
from orchestration.loads.views import find_kept_views

ASKED = "a full refresh was asked for"
NO_VIEWS: Mapping[str, View] = MappingProxyType({})


@contextmanager
def open_load(  # noqa: PLR0913 (all but the place by name)
    place: str | HeldLock,
    *,
    as_of: datetime,
    models: Mapping[str, Model],
    views: Mapping[str, View] = NO_VIEWS,
    full_refresh: bool | Collection[str] = False,
    backfill: DateRange | None = None,
) -> Iterator[Load]:
    """Open a load for the length of the block, which builds the models and makes the views.

    `place` is the owner's URL of the database, or the lock where the caller holds it already.
    Where a load was left unfinished it is that one again, with its window, kind and days; what
    was asked for in `backfill` is then for the next. Left normally the load is done; with an
    exception it has failed and will be taken up.

    Raises LoadRunningError at once while another runs, ValueError for models nobody knows,
    HistoryArchivedError where a model built whole would lose what is only in the archive.
    """
    wish = _Wish(as_of, models, views, full_refresh, backfill)
    with ExitStack() as stack:
        held = stack.enter_context(hold_lock(place)) if isinstance(place, str) else place
        own = role_url(held.url, Role.TRANSFORM, application_name="study-load")
        load = _begin(held.url, own, wish)
        try:
            yield load
            finish_load(own, load)
        except BaseException as error:
            fail_load(own, load, error)
            raise


@dataclass(frozen=True)
class _Wish:
    as_of: datetime
    models: Mapping[str, Model]
    views: Mapping[str, View]
    full_refresh: bool | Collection[str]
    backfill: DateRange | None

    def __post_init__(self) -> None:
        if self.as_of.utcoffset() is None:
            raise ValueError(f"as_of {self.as_of} has no UTC offset")
        if self.full_refresh is True and self.backfill:
            raise ValueError("a full refresh takes every day: it has no use for a backfill's")
        if unknown := self.named() - self.models.keys():
            raise ValueError(f"there is no model {', '.join(sorted(unknown))}")

    def named(self) -> set[str]:
        return set() if isinstance(self.full_refresh, bool) else set(self.full_refresh)

    def list_asked(self, restored: str | None) -> dict[str, str]:
        """The models that are built whole whatever their state, with the reason."""
        if restored:
            return dict.fromkeys(self.models, restored)
        return dict.fromkeys(self.models if self.full_refresh is True else self.named(), ASKED)


@dataclass(frozen=True)
class _Past:
    """What earlier loads left: the last of them, and where the next is cut if one is."""

    last: LoadRecord | None
    horizon: Horizon
    restored: str | None

    @property
    def unfinished(self) -> LoadRecord | None:
        return self.last if self.last and self.last.state != "done" else None

    @property
    def is_resumed(self) -> bool:
        return self.unfinished is not None and self.restored is None


def _begin(url: str, own: str, wish: _Wish) -> Load:
    with psycopg.connect(own, autocommit=True) as connection:
        past = _look_back(connection)
        if past.restored:
            start_anew(url, past.horizon)
        with connection.transaction():
            # A model gone from the project and come again has missed logs pruned meanwhile.
            connection.execute(
                "delete from ops.model_states where model <> all(%s)",
                (list_incremental(wish.models),),
            )
            states = read_states(connection)
            tables = find_tables(connection, wish.models)
            asked = wish.list_asked(past.restored)
            reasons = explain_refresh(wish.models, states, tables, asked=asked)
            refuse_losing(connection, wish.models, reasons, wish.list_asked(None))
            # Kept until the model is built: should the load die, a model built whole and one
            # below it that was not would else look as if both were current.
            connection.execute(
                "update ops.model_states set digest = %s where model = any(%s)",
                (WHOLE_DUE, list(reasons)),
            )
            if past.unfinished and past.is_resumed:
                window = _take_up(past.unfinished, wish)
            else:
                window = _cut(connection, wish, past.horizon, states)
                window = window.renewing(past.unfinished, past.restored)
            record = write_start(connection, window, reasons)
            kept = find_kept_views(connection, wish.views, reasons)
    return Load(record, wish.models, wish.views, states, reasons, kept, past.is_resumed)


def _look_back(connection: psycopg.Connection[Any]) -> _Past:
    # Asked before the load writes anything: its own transaction would count as not ended.
    horizon = read_horizon(connection)
    last = next(iter(read_loads(connection)), None)
    states = read_states(connection)
    restored = explain_restored(horizon, last, states)
    if restored is None:
        # A transaction counts as running here until it is seen to run elsewhere: the horizon may
        # seem to lie before a place it had reached.
        horizon = replace(horizon, ended=max(horizon.ended, find_loaded(last, states)))
    return _Past(last, horizon, restored)


def _take_up(unfinished: LoadRecord, wish: _Wish) -> Window:
    return Window(
        load_id=unfinished.load_id,
        kind=Kind(unfinished.kind),
        from_xid=unfinished.from_xid,
        to_xid=unfinished.to_xid,
        as_of=wish.as_of,
        backfill=unfinished.backfill,
        reason=None,
        cluster_id=unfinished.cluster_id,
        event_count=unfinished.event_count,
    )


def _cut(
    connection: psycopg.Connection[Any],
    wish: _Wish,
    horizon: Horizon,
    states: Mapping[str, ModelState],
) -> Window:
    whole = wish.full_refresh is True
    start = None if whole else min((each.to_xid for each in states.values()), default=None)
    kind = Kind.FULL_REFRESH if whole else Kind.BACKFILL if wish.backfill else Kind.LOAD
    return Window(
        load_id=None,
        kind=kind,
        from_xid=start,
        to_xid=horizon.ended,
        as_of=wish.as_of,
        backfill=wish.backfill,
        reason=ASKED if whole else None,
        cluster_id=horizon.cluster_id,
        event_count=count_events(connection, start, horizon.ended),
    )
