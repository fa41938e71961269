"""What `scripts/benchmark.py` measures, and how it tells it."""
