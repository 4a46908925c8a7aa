"""A case: a few learners' events and when each of them arrives; many cases make a batch.

Cases share no learner, session, question, material or topic, so one database takes a whole batch
through the same loads, and what is wrong with one of them can be replayed alone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tests.dbt_project.streams import StudyEvent, named

Waves = tuple[int, ...]
"""The loads before which an event is offered: at the first of them it arrives, then it is known."""


@dataclass(frozen=True)
class Case:
    """Events in the order of their instants, and the waves in which each is offered."""

    events: tuple[StudyEvent, ...]
    offers: tuple[Waves, ...]

    def arrivals(self) -> list[int]:
        """The wave each event arrives in."""
        return [min(waves) for waves in self.offers]

    def without(self, dropped: Iterable[int]) -> "Case":
        """The case without the events at these places."""
        gone = set(dropped)
        kept = [place for place in range(len(self.events)) if place not in gone]
        return Case(
            tuple(self.events[place] for place in kept), tuple(self.offers[place] for place in kept)
        )

    def __str__(self) -> str:
        lines = [
            f"  waves {','.join(map(str, waves)):>7}  {event.at.isoformat():32} "
            f"{event.event_type:24} {event.learner} {event.session or '-':3} "
            f"{event.ids} {event.properties}"
            for event, waves in zip(self.events, self.offers, strict=True)
        ]
        return "\n".join(lines)


def put_apart(case: Case, namespace: str) -> list[StudyEvent]:
    """The events of a case under names that no other namespace of the batch has."""
    return [
        replace(
            event,
            learner=f"{namespace} {event.learner}",
            session=f"{namespace} {event.session}" if event.session else None,
            # chunks are told apart within their material already
            ids={
                kind: value if kind == "chunk_id" else f"{namespace} {value}"
                for kind, value in event.ids.items()
            },
        )
        for event in case.events
    ]


class Namespaces:
    """Which case of a batch a row of a mart belongs to, told by any of the values of its key."""

    def __init__(self, cases: Sequence[Case]) -> None:
        self.names = [f"c{number:04}" for number in range(len(cases))]
        self.events = [put_apart(case, name) for case, name in zip(cases, self.names, strict=True)]
        self._numbers: dict[str, int] = {}
        for number, events in enumerate(self.events):
            for event in events:
                of_session = [named(event.session)] if event.session else []
                for value in (event.event_id, named(event.learner), *of_session):
                    self._numbers[str(value)] = number
                for name in event.ids.values():
                    if name.startswith(self.names[number]):
                        self._numbers[name] = number

    def find(self, key: Sequence[object]) -> int | None:
        """The number of the case; None for a key that is of no case: a row out of nowhere."""
        return next((self._numbers[str(v)] for v in key if str(v) in self._numbers), None)
