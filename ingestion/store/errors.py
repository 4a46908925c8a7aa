"""The one error the store raises for what an operator can put right."""


class StoreError(Exception):
    """The store cannot do what was asked.

    The message is one line: what failed, why, and what to do about it. It never holds a password.
    """


def one_line(text: str) -> str:
    """The lines of a foreign error message (libpq's, initdb's) as one line."""
    return " ".join(text.split())
