"""The timezone names we accept: those of the IANA database that ships with the project."""

from functools import cache
from importlib import resources

# In the database's list of files, but not places on earth.
_NOT_PLACES = frozenset({"Factory", "localtime", "posixrules"})


@cache
def timezone_names() -> frozenset[str]:
    """Read the names once, from the locked `tzdata` package.

    Not from the operating system's copy: then one machine would reject what another accepts.
    """
    names = (resources.files("tzdata") / "zones").read_text(encoding="utf-8").split()
    return frozenset(names) - _NOT_PLACES
