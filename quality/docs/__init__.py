"""Data Docs: what the suites found, as pages to browse."""

from quality.docs.site import KEPT_RUNS, docs_page, write_docs

__all__ = ["KEPT_RUNS", "docs_page", "write_docs"]
