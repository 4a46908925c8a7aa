"""`python -m orchestration.cli`: the same as `study`."""

from orchestration.cli import app

app(prog_name="study")
