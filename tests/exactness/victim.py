"""A process that runs one load, to be killed by whoever started it: see test_kill.py."""

import sys
from datetime import datetime
from pathlib import Path

from tests.exactness.warehouse import Warehouse, parse


def main(url: str, folder: str, database: str, as_of: str) -> None:
    """Run a load of the project in a folder, on the database of a URL."""
    Warehouse(url, parse(Path(folder), database)).load(datetime.fromisoformat(as_of))


if __name__ == "__main__":
    main(*sys.argv[1:])
