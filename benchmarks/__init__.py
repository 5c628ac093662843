"""Counts and measurements: `python -m benchmarks.NAME` prints a table, benchmarks/results has those that were recorded."""
