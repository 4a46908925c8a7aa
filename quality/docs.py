"""Data Docs: the suites and what they found, as pages to browse."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def write_docs(folder: Path, judged: Sequence[object]) -> Path:
    raise NotImplementedError
