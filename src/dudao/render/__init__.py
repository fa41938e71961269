"""Tagged reports as terminal text, JSON and CSV: one file an output."""
