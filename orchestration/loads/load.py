"""A load under way, and what dbt is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestration.loads.model import Kind, Model, ModelState, View, list_incremental
from orchestration.loads.record import LoadRecord


@dataclass(frozen=True)
class Load:
    """A load under way: what it takes, and the models it has to build whole (with the reasons),
    and the views it has no need to make.

    `resumed`: it is one that had died. Its window is the old one, so that events landed since
    wait for the load after it.
    """

    record: LoadRecord
    models: Mapping[str, Model]
    views: Mapping[str, View]
    states: Mapping[str, ModelState]
    reasons: Mapping[str, str]
    kept_views: frozenset[str]
    resumed: bool

    @property
    def load_id(self) -> int:
        """Its key in `ops.loads`."""
        return self.record.load_id

    @property
    def kind(self) -> Kind:
        """What it takes."""
        return Kind(self.record.kind)

    @property
    def from_xid(self) -> str | None:
        """The transaction its window starts at, included; None: from the first event on."""
        return None if self.record.from_xid is None else str(self.record.from_xid)

    @property
    def to_xid(self) -> str:
        """The transaction its window ends before."""
        return str(self.record.to_xid)

    @property
    def as_of(self) -> datetime:
        """The instant it is evaluated at."""
        return self.record.as_of

    @property
    def event_count(self) -> int | None:
        """Events of its window."""
        return self.record.event_count

    @property
    def refresh(self) -> frozenset[str]:
        """Models to build whole."""
        return frozenset(self.reasons)

    def dbt_vars(self) -> dict[str, Any]:
        """The variables dbt is run with, fit for JSON."""
        days = self.record.backfill
        load = {
            "load_id": self.load_id,
            # Whoever lost the load to a later attempt must not write any more.
            "attempt": self.record.attempts,
            "kind": str(self.kind),
            "to_xid": self.to_xid,
            "backfill": days and {"from": days.first.isoformat(), "to": days.last.isoformat()},
            "refresh": sorted(self.refresh),
            "states": {
                name: {
                    "step": state.step,
                    "to_xid": str(state.to_xid),
                    "as_of": state.as_of.isoformat(),
                }
                for name, state in sorted(self.states.items())
            },
            "kept_views": sorted(self.kept_views),
            "digests": {
                **{name: self.models[name].digest for name in list_incremental(self.models)},
                **{name: view.digest for name, view in self.views.items()},
            },
        }
        return {"load": load, "as_of": self.as_of.isoformat()}
