"""An independent implementation of the marts, written from `docs/metrics.md` alone.

It shares nothing with the SQL in `dbt_project/` but the definitions, so where the two agree row
for row, both are right, or the same sentence was misread twice.
"""

from quality.oracle.comparison import Difference, compare
from quality.oracle.database import read_events, read_mart, verify_marts
from quality.oracle.marts import build_marts

__all__ = ["Difference", "build_marts", "compare", "read_events", "read_mart", "verify_marts"]
