"""The command `study`. Every module here keeps its heavy imports inside its commands: Dagster,
dbt and pandas cost seconds that `study --help` must not.
"""

from orchestration.cli import (
    archive,
    audit,
    backup,
    demo,
    events,
    failed,
    forgetting,
    keys,
    pipeline,
    services,
)
from orchestration.cli.app import app

__all__ = [
    "app",
    "archive",
    "audit",
    "backup",
    "demo",
    "events",
    "failed",
    "forgetting",
    "keys",
    "pipeline",
    "services",
]
