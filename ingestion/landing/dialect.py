"""Another protocol's way to say an event, and what the landing must know of it.

What such a sender sent is judged by its translation, but a dead letter keeps what was sent: then a
better translation can be tried on it later.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ingestion.events.refusal import Rejection

PROTOCOL = "protocol"
"""Where the context of an event, or of a dead letter, says by which dialect it came."""


@dataclass(frozen=True, slots=True)
class Translation:
    """An event as the tracking plan knows it. `paths` gives the sender's name for each of ours."""

    event: dict[str, Any]
    paths: Mapping[str, str]


Translate: TypeAlias = Callable[[object], Translation | Rejection]


@dataclass(frozen=True, slots=True)
class Dialect:
    """A protocol, and the names its messages have for the id and the time of an event.

    `translate` raises nothing, whatever it is given, and its words quote no value.
    """

    name: str
    id_field: str
    time_field: str
    translate: Translate
