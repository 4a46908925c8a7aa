"""Dagster's own records: where they are, and how its runs are queued."""

from pathlib import Path

import dagster as dg

from ingestion.store.locks import hold_exclusive

# One run of this tag is started at a time; the Warehouse's lock holds it for those runs the
# queue never sees (`study materialize`).
PIPELINE_TAG = ("study/pipeline", "warehouse")

_DAGSTER_YAML = f"""\
# Written by study at every start: changes made here are lost.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    tag_concurrency_limits:
      - key: {PIPELINE_TAG[0]}
        value: {PIPELINE_TAG[1]}
        limit: 1
# A run whose process was killed is marked failed instead of running for ever.
run_monitoring:
  enabled: true
"""


def prepare_dagster_home(home: Path) -> Path:
    """Make DAGSTER_HOME with its `dagster.yaml` and the databases of its records; return it."""
    home.mkdir(parents=True, exist_ok=True)
    with hold_exclusive(home / "prepare.lock"):
        config = home / "dagster.yaml"
        if not config.exists() or config.read_text() != _DAGSTER_YAML:
            # A running Dagster may read it at any time: replaced at once, never half written.
            fresh = config.with_suffix(".new")
            fresh.write_text(_DAGSTER_YAML)
            fresh.replace(config)
        # Opening makes the databases. Left to the services they would make them all at once, and
        # Dagster does not bear that: one finds a table without its version and never comes up.
        with dg.DagsterInstance.from_config(str(home)):
            pass
    return home
