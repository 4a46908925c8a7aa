"""What a schedule asks for at an instant, executed by a process that may be killed."""

import sys
from datetime import datetime

import dagster as dg

from orchestration.settings import read_settings
from tests.operation.desk import Desk
from tests.orchestration.alerts.receiver import Receiver

if __name__ == "__main__":
    url = read_settings().given_url
    assert url
    with dg.DagsterInstance.get() as instance:
        done = Desk(url, instance, Receiver()).tick(
            sys.argv[1], datetime.fromisoformat(sys.argv[2])
        )
    sys.exit(0 if done.success else 1)
