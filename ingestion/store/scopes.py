"""What a key lets do: apart, so that `study --help` need not load what reads keys."""

from enum import StrEnum


class Scope(StrEnum):
    """`WRITE` may stand in a browser, where anybody can read it: it lands events and activity.

    `SERVER` besides reads learners and sets the catalogue, in which the right answers are.
    """

    WRITE = "write"
    SERVER = "server"
