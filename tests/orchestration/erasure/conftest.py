"""Warehouses in which learners are forgotten."""

from tests.custody.conftest import fresh_control, other_project
from tests.exactness.conftest import fresh, project

__all__ = ["fresh", "fresh_control", "other_project", "project"]
