"""What became of every row read: nothing may vanish without a name."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class AccountingLine:
    """One line of the table: `count` rows of `action` on `item` landed as, or dropped for, `what`.

    `what` is the event types joined by " + " where `landed`, else the reason.
    """

    action: str
    item: str
    landed: bool
    what: str
    count: int


@dataclass
class Accounting:
    """Counts rows by action and kind of item, and what became of them; filled while reading.

    `rows_read` is counted where the rows come in and the lines where they end, so that the two
    agreeing (`is_complete`) says something.
    """

    rows_read: int = 0
    sessions: int = 0
    events: Counter[str] = field(default_factory=Counter)
    _fates: Counter[tuple[str, str, bool, str]] = field(default_factory=Counter)

    def land(self, action: str, item: str, event_types: Iterable[str]) -> None:
        """Count one row that became events; one type is named once, however many events."""
        types = list(event_types)
        self.events.update(types)
        self._fates[action, item, True, " + ".join(dict.fromkeys(types))] += 1

    def drop(self, action: str, item: str, reason: str) -> None:
        """Count one row that has no counterpart, by the reason."""
        self._fates[action, item, False, reason] += 1

    def open_session(self) -> None:
        """Count a `session_start`: it comes from a gap between rows, from no row itself."""
        self.sessions += 1
        self.events["session_start"] += 1

    @property
    def landed(self) -> int:
        """Rows that became at least one event."""
        return self._sum(landed=True)

    @property
    def dropped(self) -> int:
        """Rows that became none."""
        return self._sum(landed=False)

    @property
    def is_complete(self) -> bool:
        """Whether every row read is accounted for."""
        return self.rows_read == self.landed + self.dropped

    def lines(self) -> list[AccountingLine]:
        """Give the table: by action and item, what landed first, then what was dropped."""
        ordered = sorted(self._fates.items(), key=lambda fate: (*fate[0][:2], not fate[0][2], fate))
        return [AccountingLine(*fate, count) for fate, count in ordered]

    def _sum(self, *, landed: bool) -> int:
        return sum(count for fate, count in self._fates.items() if fate[2] is landed)
