"""Warehouses in which learners are forgotten."""

from tests.exactness.conftest import fresh, project

__all__ = ["fresh", "project"]
