"""What the transforms cost: full refresh, loads, point reads; `python -m bench.transform`."""
