"""Benchmark of the archive: a month out of the log and back, against COPY of the same rows."""
