"""Warehouses whose readers are limited to cohorts."""

from tests.exactness.conftest import project

__all__ = ["project"]
