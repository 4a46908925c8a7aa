"""Dagster's instance: its `dagster.yaml`, how its runs are queued and watched, what is kept."""

from pathlib import Path

from ingestion.store.locks import hold_exclusive
from orchestration.records import make_records, records_url
from orchestration.settings import RECORDS, Settings

# One run of this tag is started at a time; the Warehouse's lock holds it for those runs the
# queue never sees (`study materialize`).
PIPELINE_TAG = ("study/pipeline", "warehouse")

_DAGSTER_YAML = f"""\
# Written by study at every start: changes made here are lost.
telemetry:
  enabled: false
nux:
  enabled: false
storage:
  custom:
    module: orchestration.records
    class: Records
    config:
      url:
        env: {RECORDS}
run_launcher:
  module: orchestration.launcher
  class: WatchedRunLauncher
concurrency:
  runs:
    max_concurrent_runs: 4
    tag_concurrency_limits:
      - key: {PIPELINE_TAG[0]}
        value: {PIPELINE_TAG[1]}
        limit: 1
run_queue:
  # a learner who has ended a session waits for this
  dequeue_interval_seconds: 2
  # Runs wait so long for a code server that is being started again: 20 minutes.
  max_user_code_failure_retries: 120
  user_code_failure_retry_delay: 10
# A run whose process was killed, or that outlives its time, is marked failed.
run_monitoring:
  enabled: true
  poll_interval_seconds: 15
  start_timeout_seconds: 300
  cancel_timeout_seconds: 60
# What was marked failed because its process was killed is started once more; what failed by
# itself would fail again.
run_retries:
  enabled: true
  max_retries: 1
  retry_on_asset_or_op_failure: false
# Runs and their events: see `records_job`.
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 1
      success: 30
      failure: 30
      started: 1
code_servers:
  local_startup_timeout: 180
"""


def prepare_dagster(settings: Settings, url: str) -> dict[str, str]:
    """Make all that Dagster needs to run; return the variables it is to be run with.

    `url` is that of the database, whose schema is current. Makes DAGSTER_HOME with its
    `dagster.yaml`, and the tables of its records. Raises StoreError where that is not possible.
    """
    records = records_url(settings.given_records_url or url)
    make_records(records)
    return {"DAGSTER_HOME": str(write_home(settings.dagster_home)), RECORDS: records}


def write_home(home: Path) -> Path:
    """Make DAGSTER_HOME with its `dagster.yaml`; return it."""
    home.mkdir(parents=True, exist_ok=True)
    with hold_exclusive(home / "prepare.lock"):
        config = home / "dagster.yaml"
        if not config.exists() or config.read_text() != _DAGSTER_YAML:
            # A running Dagster may read it at any time: replaced at once, never half written.
            fresh = config.with_suffix(".new")
            fresh.write_text(_DAGSTER_YAML)
            fresh.replace(config)
    return home
