"""The one error readers raise."""


class ReaderError(Exception):
    """A source cannot be read at all. The message says what, why and what to do, in one line."""
