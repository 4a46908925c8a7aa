"""Where the archive lies: a folder, a bucket of S3 or of Google Cloud Storage."""
