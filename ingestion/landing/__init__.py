"""The only writer of schema `raw`."""
