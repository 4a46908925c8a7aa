"""Which processes Dagster is. Apart, so that the command that names them loads no Dagster."""

from enum import StrEnum


class Process(StrEnum):
    """What can be run on its own. Only the code server runs our code, and needs the data."""

    CODE_SERVER = "code-server"
    WEBSERVER = "webserver"
    DAEMON = "daemon"
