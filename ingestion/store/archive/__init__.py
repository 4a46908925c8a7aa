"""The archive of months that are past: Parquet in a folder or bucket, verified, restorable."""
